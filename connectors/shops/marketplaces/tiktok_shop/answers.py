"""What TikTok Shop's own envelope says: `code` 0 is success, whatever the HTTP status.

Codes are from "Common errors" and the error lists of each call of the Partner API.
"""

from collections.abc import Iterable
from typing import Any

from connectors.base import Answer, ConnectorError, Reconnect, Refused, Retry, Unknown

GRANT_IS_GONE = frozenset(
    {
        105000, 105001, 105002, 105003, 105004,  # invalid, taken back, expired
        36004001, 36004004, 36004005,  # the refresh token has ended, the code is used, no grant
        36009033,  # our address is not on the app's list
    }
)  # fmt: skip
# The scope was not granted. TikTok gives some (chat) only on request, and a seller may take any away on the consent
# page: a feed without its scope is refused alone, and only a write asks for the shop to be connected again.
NO_SCOPE = 105005
THROTTLED = frozenset({36009002})
# Turned away by a lock or a full queue before anything was changed: 25001028 another change of the same case runs.
BUSY = frozenset({25001028})
# Their own fault or time-out: a write may have gone through.
ITS_FAULT = frozenset(
    {
        36009001, 36009003, 36009005, 36009007, 11001031, 21001003, 21001008, 21001011, 21022029, 21042001, 21042076,
        25001042, 25001058, 25020008, 45101001,
    }
)  # fmt: skip
NOT_FOUND = frozenset({"not_found", "25007006", "45101003", "12052260"})  # ours, and theirs of returns, talks, goods
CHAT_QUOTA = 45101004  # messages and queries of a day
QUOTA_REST_SECONDS = 3600.0
# 36009004 says a bad credential, time stamp or cipher: only the words tell a dead token from a clock that is wrong.
OVERLOADED_CODE = 36009004
CREDENTIAL_WORDS = ("access_token", "access token", "credential")


def code_of(answer: Answer) -> tuple[int, str]:
    """(code, message); code -1 where the body is no envelope at all."""
    body = answer.json()
    if not isinstance(body, dict) or not isinstance(body.get("code"), int):
        return -1, ""
    return body["code"], str(body.get("message") or "")


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    if not answer.body.lstrip().startswith(b"{") and (answer.status >= 400):
        return None
    code, message = code_of(answer)
    if code == -1:
        said = "TikTok Shop's answer holds no `code`; its shape may have changed"
        return None if answer.status >= 400 else (Unknown if is_write else Retry)(said, code="drift")
    if code == 0:
        return failure_inside(answer)
    return _error(code, message, is_write=is_write, status=answer.status)


def _error(code: int, message: str, *, is_write: bool, status: int) -> ConnectorError:
    said, name = f"{code}: {message}", str(code)
    if code in GRANT_IS_GONE or (code == OVERLOADED_CODE and _is_about_credentials(message)):
        return Reconnect(said, code=name)
    if code == NO_SCOPE:
        return Reconnect(said, code=name) if is_write else Refused(said, code=name)
    if code in THROTTLED or code in BUSY or status == 429:
        return Retry(said, code=name)
    if code == CHAT_QUOTA:
        return Retry(said, code=name, after_seconds=QUOTA_REST_SECONDS)
    if code in ITS_FAULT or status >= 500:
        return Unknown(said, code=name) if is_write else Retry(said, code=name)
    return Refused(said, code=name)


def _is_about_credentials(message: str) -> bool:
    return any(word in message.casefold() for word in CREDENTIAL_WORDS)


def failure_inside(answer: Answer) -> Refused | None:
    """`data.errors[]` beside code 0: a part, or the only part, was turned away. Calls here carry one part each."""
    body: Any = answer.json()
    data = body.get("data")
    errors = data.get("errors") if isinstance(data, dict) else None
    if not isinstance(errors, list) or not errors:
        return None
    return Refused("; ".join(_words(errors)), code=_first_code(errors))


def _words(errors: Iterable[Any]) -> list[str]:
    words = []
    for row in errors:
        detail = row.get("detail") if isinstance(row, dict) else None
        extra = detail.get("extra_errors") if isinstance(detail, dict) else None
        said = [row, *(extra if isinstance(extra, list) else [])]
        words += [f"{each.get('code')}: {each.get('message')}" for each in said if isinstance(each, dict)]
    return words or [str(errors)]


def _first_code(errors: list[Any]) -> str:
    return str(errors[0].get("code") or "") if isinstance(errors[0], dict) else ""
