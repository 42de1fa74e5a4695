"""What Amazon's error envelope says: `{errors: [{code, message, details}]}`, and Login with Amazon's own words."""

from typing import Any

import orjson

from connectors.base import Answer, Budget, ConnectorError, Reconnect, Refused, Retry, Unknown
from connectors.transport.oauth import token_error

RATE_HEADER = "x-amzn-ratelimit-limit"
DENIED = "denied"  # 401 and 403: an ended token, a revoked grant and a missing role all answer alike
GONE = "NotFound"


def first_error(answer: Answer) -> dict[str, Any]:
    try:
        body: Any = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    errors = body.get("errors") if isinstance(body, dict) else None
    found = errors[0] if isinstance(errors, list) and errors else None
    return found if isinstance(found, dict) else {}


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    if answer.status < 300:
        return None
    if (refused := token_error(answer)) is not None:
        return refused
    error = first_error(answer)
    code, details = str(error.get("code") or ""), str(error.get("details") or "")
    said = ": ".join(
        part for part in (code or f"HTTP {answer.status}", str(error.get("message") or ""), details) if part
    )
    if answer.status in (401, 403):
        return Reconnect(said, code=DENIED)
    if answer.status == 429 or code == "QuotaExceeded":  # turned away before the call ran
        rate = rate_of(answer)
        return Retry(said, code=code or "QuotaExceeded", after_seconds=1 / rate if rate else None)
    if answer.status >= 500:
        return Unknown(said, code=code) if is_write else Retry(said, code=code)
    return Refused(said, code=GONE if answer.status == 404 else code or f"HTTP {answer.status}")


def rate_of(answer: Answer) -> float | None:
    """Calls a second that Amazon allows this account for this operation, where it says so."""
    try:
        rate = float(answer.headers.get(RATE_HEADER, ""))
    except ValueError:
        return None
    return rate if 0 < rate < 1000 else None


def budget(answer: Answer) -> Budget | None:
    """Only the refill is told; how much of the burst is left is counted here."""
    rate = rate_of(answer)
    return None if rate is None else Budget(None, None, rate)
