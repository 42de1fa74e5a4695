"""What Zoho's envelope says went wrong: `{code, message}` beside the HTTP status; token errors come as HTTP 200.

Messages are in the user's own language, so only codes are compared.
"""

from typing import Any

from connectors.base import Answer, ConnectorError, Reconnect, Refused, Retry, Unknown

GOOD = (0, "0", None)
PER_MINUTE, PER_DAY = "44", "45"
NO_RIGHT = frozenset({"14", "57"})  # a token that is not valid, or without the scope
MISSING = "1002"
INTERNAL = "1000"
PAUSES = {PER_MINUTE: 60.0, PER_DAY: 3_600.0}  # the day turns by a clock that no answer tells
TOO_MANY_TOKENS = 600.0  # ten access tokens in ten minutes, for each refresh token
DEAD_TOKEN = frozenset({"invalid_code", "invalid_grant", "invalid_token", "access_denied"})


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    try:
        body: Any = answer.json()
    except ConnectorError:
        return None
    if not isinstance(body, dict):
        return None
    if "code" not in body and isinstance(body.get("error"), str):
        return token_error(body["error"], str(body.get("error_description") or ""))
    code = body.get("code")
    if code in GOOD and answer.status < 400:
        return None
    return by_code(str(code), str(body.get("message") or ""), answer.status, is_write=is_write)


def by_code(code: str, message: str, status: int, *, is_write: bool) -> ConnectorError | None:
    """None leaves it to the HTTP status."""
    said = f"Zoho says {code}: {message}"
    if code in PAUSES or status == 429:  # turned away before anything was done
        return Retry(said, code=code, after_seconds=PAUSES.get(code, 60.0))
    if code in NO_RIGHT or status == 401:
        return Reconnect(said, code=code)
    if code == INTERNAL or status >= 500:
        return Unknown(said, code=code) if is_write else Retry(said, code=code)
    return Refused(said, code=code)


def token_error(error: str, description: str) -> ConnectorError:
    said = f"{error}: {description or 'no reason given'}"
    if "too many requests" in description.lower():  # this one text is in English whatever the user's language
        return Retry(said, code="too_many_tokens", after_seconds=TOO_MANY_TOKENS)
    return Reconnect(said, code=error) if error in DEAD_TOKEN else Refused(said, code=error)
