"""What Google's envelope says: a google.rpc.Status with a GoogleAdsFailure in it, as the answer or inside a good one.

Kinds of error by the fields of `ErrorCode` in errors/errors.proto (v25); the same word may stand in two kinds.
"""

import re
from collections.abc import Iterator
from typing import Any

from connectors.base import Answer, ConnectorError, Reconnect, Refused, Retry, Unknown
from connectors.shops.reading import Row
from connectors.transport.oauth import token_error

FAILURE = "GoogleAdsFailure"
SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")
QUOTA_REST_SECONDS = 3_600.0  # of the sliding 24 hours; a look every hour costs little
COSTLY_REST_SECONDS = 300.0
# Access is gone, or never was: a person must connect again, with another account or through another manager.
NO_ACCESS = frozenset(
    {
        "USER_PERMISSION_DENIED", "INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION", "AUTHORIZATION_ERROR",
        "SERVICE_ACCESS_DENIED", "INCOMPLETE_SIGNUP", "MISSING_TOS",
    }
)  # fmt: skip
THROTTLED = {
    "RESOURCE_TEMPORARILY_EXHAUSTED": None,
    "RESOURCE_EXHAUSTED": QUOTA_REST_SECONDS,
    "EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION": COSTLY_REST_SECONDS,
    "EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION": QUOTA_REST_SECONDS,
}
HINTS = {
    "USER_PERMISSION_DENIED": "connect with a login that reaches this account, or through its manager account",
    "CUSTOMER_NOT_ENABLED": "the ad account is closed or was never set up; open it in Google Ads",
    "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION": "the Google Cloud project needs a higher access level in API Center",
    "SERVICE_DISABLED": "enable the Google Ads API in the Google Cloud project of the app",
}
PASSING = frozenset({"UNAVAILABLE", "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED", "ABORTED", "CANCELLED"})


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    found = status_of(answer)
    if found is None:
        return token_error(answer)
    failures = list(errors_in(found))
    if not failures:
        return by_status(found, answer, is_write=is_write)
    sorted_ = [by_error(kind, word, error, is_write=is_write) for kind, word, error in failures]
    # The most serious decides: a passing fault beside a refusal would be refused again.
    return next((one for one in sorted_ if not isinstance(one, Retry | Unknown)), sorted_[0])


def status_of(answer: Answer) -> Row | None:
    """The google.rpc.Status of an answer that failed as a whole or in part; None where nothing failed."""
    try:
        body: Any = answer.json()
    except ConnectorError:
        return None
    if isinstance(body, list):  # a stream that failed is an array that holds the error
        body = next((part for part in body if isinstance(part, dict) and "error" in part), None)
    if not isinstance(body, dict):
        return None
    for name in ("error", "partialFailureError"):
        found = body.get(name)
        if isinstance(found, dict) and (found.get("code") or found.get("details")):
            return found
    return None


def errors_in(status: Row) -> Iterator[tuple[str, str, Row]]:
    """(kind, word, error) of every error that a GoogleAdsFailure lists: ("quotaError", "RESOURCE_EXHAUSTED", …)."""
    for detail in status.get("details") or ():
        if not isinstance(detail, dict) or FAILURE not in str(detail.get("@type") or ""):
            continue
        for error in detail.get("errors") or ():
            code = error.get("errorCode") if isinstance(error, dict) else None
            kind, word = next(iter(code.items()), ("", "")) if isinstance(code, dict) else ("", "")
            yield str(kind), str(word), error if isinstance(error, dict) else {}


def by_error(kind: str, word: str, error: Row, *, is_write: bool) -> ConnectorError:
    said = ": ".join(part for part in (word, str(error.get("message") or ""), HINTS.get(word, "")) if part)
    if kind == "authenticationError" or (kind == "authorizationError" and word in NO_ACCESS):
        return Reconnect(said, code=word)
    if kind == "quotaError" and word in THROTTLED:
        return Retry(said, code=word, after_seconds=delay_of(error) or THROTTLED[word])
    if word == "CONCURRENT_MODIFICATION":
        return Retry(said, code=word)  # another change came first and this one was not applied
    if kind == "requestError" and word in ("EXPIRED_PAGE_TOKEN", "INVALID_PAGE_TOKEN") and not is_write:
        return Retry(said, code="short_read")
    if kind == "internalError" or word in ("TRANSIENT_ERROR", "INTERNAL_ERROR"):
        return Unknown(said, code=word) if is_write else Retry(said, code=word)
    return Refused(said, code=word or "error")


def delay_of(error: Row) -> float | None:
    """Seconds of `details.quotaErrorDetails.retryDelay` ("40591s"); None where it says nothing."""
    details = error.get("details")
    quota = details.get("quotaErrorDetails") if isinstance(details, dict) else None
    found = SECONDS.fullmatch(str(quota.get("retryDelay") or "")) if isinstance(quota, dict) else None
    return float(found[1]) if found else None


def by_status(status: Row, answer: Answer, *, is_write: bool) -> ConnectorError:
    """A status without a failure of Google Ads in it: the gateway's own word."""
    word, reason = str(status.get("status") or ""), reason_of(status)
    said = ": ".join(part for part in (reason or word, str(status.get("message") or ""), HINTS.get(reason, "")) if part)
    if word == "UNAUTHENTICATED" or answer.status == 401:
        return Reconnect(said, code=word)
    if word == "RESOURCE_EXHAUSTED" or answer.status == 429:
        return Retry(said, code=word or "429")
    if word in PASSING or answer.status >= 500:
        return Unknown(said, code=word) if is_write else Retry(said, code=word)
    return Refused(said, code=reason or word or "error")


def reason_of(status: Row) -> str:
    """The word of a google.rpc.ErrorInfo: SERVICE_DISABLED, ACCESS_TOKEN_SCOPE_INSUFFICIENT …"""
    for detail in status.get("details") or ():
        if isinstance(detail, dict) and detail.get("reason"):
            return str(detail["reason"])
    return ""
