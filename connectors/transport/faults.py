"""What kind of fault a failed call shows, whatever it means for the caller. Pure.

`Retry` says what may be done next; a health record wants to know why: is the other side down, or are we too fast?
"""

import re

from connectors.base import ConnectorError, Reconnect, Refused, Retry, Unknown

DOWN = "down"  # no connection, no answer, a fault of theirs (5xx)
THROTTLED = "throttled"  # we are too fast, or our quota is used up
RECONNECT = "reconnect"  # our permission was turned away
REFUSED = "refused"  # a plain no
UNKNOWN = "unknown"  # a write that ended without a clear answer
RETRY = "retry"  # turned away for now, for a reason of the platform's own

# The platforms' own words for "too fast", where they do not say HTTP 429.
TOO_FAST = re.compile(r"429|rate|throttl|too.?many|quota|busy|call.?limit|frequency", re.IGNORECASE)
# … and for a fault of theirs that comes as a success.
THEIR_FAULT = re.compile(r"server|internal|unavailable|time.?out|maintenance", re.IGNORECASE)


def fault_class(error: ConnectorError) -> str:
    """One of the words above."""
    if isinstance(error, Reconnect):
        return RECONNECT
    if error.status == 429:
        return THROTTLED
    if isinstance(error, Retry):
        return _of_retry(error)
    if isinstance(error, Unknown):
        return UNKNOWN
    return REFUSED if isinstance(error, Refused) else RETRY


def _of_retry(error: Retry) -> str:
    if error.code and TOO_FAST.search(error.code):
        return THROTTLED
    if (error.status or 0) >= 500 or error.status == 408 or THEIR_FAULT.search(error.code):
        return DOWN
    if error.status is None:
        return RETRY if error.code else DOWN  # our own words for what was not sent, or no connection
    return THROTTLED if error.after_seconds else RETRY
