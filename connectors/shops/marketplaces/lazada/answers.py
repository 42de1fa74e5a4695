"""What Lazada's own envelope says, at HTTP 200 as a rule: `code` "0" is success, unless a part inside it says no.

Codes are from the platform's error tables and the error lists of each call.
"""

import re
from typing import Any

from connectors.base import Answer, ConnectorError, Reconnect, Refused, Retry, Unknown

FINE = ("0", "", "null", "none")
GRANT_IS_GONE = frozenset(
    {"IllegalAccessToken", "IllegalRefreshToken", "InvalidAccessToken", "AUTH_TYPE_UNSUPPORTED", "InvalidRefreshToken"}
)
# Turned away before the call ran. 901 is the throttle of the product calls.
THROTTLED = frozenset({"ApiCallLimit", "AppCallLimit", "SellerCallLimit", "901"})
THROTTLE_WORDS = "call times exceeds"
# Their own fault or time-out: a write may have gone through. 106 is "ROC internal error" of the reverse calls.
ITS_FAULT = frozenset(
    {"ServiceTimeout", "UnknownRuntimeException", "ServiceUnavailable", "SystemError", "106", "E0106"}
)
PAUSE_SECONDS = 1.0
BAN = re.compile(r"(\d+)\s*second")
EXPLAINED = {
    "4170": "the stock is frozen by a campaign",
    "Mp3SellerApiLimit": "this call is not open to sellers in Marketplace Ease Mode",
    "InsufficientPermission": "the app's category does not include this call",
}


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    if answer.status >= 400 and not answer.body.lstrip().startswith(b"{"):
        return None
    body: Any = answer.json()
    if not isinstance(body, dict):
        return None
    if "code" not in body:
        drifted = answer.status < 400 and is_write
        return Unknown("Lazada's answer holds no `code`; its shape may have changed", code="drift") if drifted else None
    code = str(body["code"])
    if code not in FINE:
        said = f"{body.get('message') or ''} {detail_of(body)}".strip()
        return classified(code, said, is_write=is_write, status=answer.status)
    inside = failure_inside(body)
    return classified(*inside, is_write=is_write, status=answer.status) if inside else None


def classified(code: str, message: str, *, is_write: bool, status: int = 200) -> ConnectorError:
    said = f"{code}: {EXPLAINED.get(code, '')} {message}".replace("  ", " ").strip()
    if code in GRANT_IS_GONE:
        return Reconnect(said, code=code)
    if code in THROTTLED or THROTTLE_WORDS in message.casefold() or status == 429:
        told = BAN.search(message)
        return Retry(said, code=code, after_seconds=float(told[1]) if told else PAUSE_SECONDS)
    if code in ITS_FAULT or status >= 500:
        return Unknown(said, code=code) if is_write else Retry(said, code=code)
    return Refused(said, code=code)


def failure_inside(body: dict[str, Any]) -> tuple[str, str] | None:
    """(code, message) of a part that failed inside a good envelope: `success` false, or a chat's own `err_code`."""
    for holder in (body, body.get("result")):
        if not isinstance(holder, dict):
            continue
        code = str(holder.get("err_code") or holder.get("error_code") or "")
        message = str(holder.get("err_message") or holder.get("error_msg") or holder.get("msg") or "")
        # A filled error_code beside success true is common; only chat tells failure by its code.
        is_chat_error = str(holder.get("err_code") or "0") not in FINE
        if str(holder.get("success", True)).casefold() == "false" or is_chat_error:
            return code or "failed", message
    return None


def detail_of(body: dict[str, Any]) -> str:
    """What the `detail` of an error says for each SKU (code 501 and its kin)."""
    rows = body.get("detail")
    if not isinstance(rows, list):
        return ""
    words = [f"{row.get('seller_sku') or row.get('field') or ''}: {row.get('message') or row.get('msg') or ''}"
             for row in rows if isinstance(row, dict)]  # fmt: skip
    return "; ".join(words)
