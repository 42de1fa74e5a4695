"""What Meta's envelope says. Nearly every refusal is an HTTP 400, throttling too, so the code decides.

Codes: Graph API "Handle Errors" and Marketing API "Error Codes"; usage headers: "Rate Limits".
"""

from typing import Any

import orjson

from connectors.base import Answer, Budget, ConnectorError, Reconnect, Refused, Retry, Unknown
from connectors.shops.reading import Row

TOKEN_IS_DEAD = frozenset({102, 190, 463, 467})
THROTTLED = frozenset({4, 17, 32, 341, 613, *range(80_000, 80_015)})
PASSING = frozenset({1, 2})
NO_PERMISSION = frozenset({3, 10, *range(200, 300)})
TOO_MUCH = "too_much_data"  # ours: the same question over fewer days will be answered
TOO_MUCH_SUBCODES = frozenset({1_504_018, 1_487_534})
BUDGET_TOO_OFTEN = 1_487_632  # an ad set's budget may be changed four times an hour
REST_SECONDS = 60.0
USAGE_HEADERS = ("x-business-use-case-usage", "x-ad-account-usage", "x-fb-ads-insights-throttle", "x-app-usage")
USAGE = ("call_count", "total_cputime", "total_time", "acc_id_util_pct", "app_id_util_pct")
ROOM, SLOW_FROM, PACE, CRAWL = 10.0, 75.0, 5.0, 0.02


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    error = error_of(answer)
    if error is None:
        return None
    code, subcode = number(error.get("code")), number(error.get("error_subcode"))
    said = f"{code}{f'/{subcode}' if subcode else ''}: {error.get('error_user_msg') or error.get('message') or ''}"
    word = f"{code}/{subcode}" if subcode else str(code)
    if code in TOKEN_IS_DEAD:
        return Reconnect(said, code=word)
    if not is_write and (subcode in TOO_MUCH_SUBCODES or "reduce the amount of data" in said.lower()):
        return Refused(said, code=TOO_MUCH)
    if code in THROTTLED:
        wait = 3_600 / 4 if subcode == BUDGET_TOO_OFTEN else waiting(answer)
        return Retry(said, code=word, after_seconds=wait)  # turned away before anything was done
    if code in NO_PERMISSION:
        return without_permission(said, word, is_write=is_write)
    if code in PASSING or error.get("is_transient") is True or answer.status >= 500:
        return Unknown(said, code=word) if is_write else Retry(said, code=word)
    if code == 2635:
        said += "; this version of the Marketing API has ended, so the app itself must be updated"
    return Refused(said, code=word)


def without_permission(said: str, word: str, *, is_write: bool) -> ConnectorError:
    """A write that the token does not cover leaves the reads as they are."""
    if is_write:
        return Refused(f"{said}; connect again and allow managing ads (ads_management)", code=word)
    return Reconnect(f"{said}; connect again with a person who may see this ad account", code=word)


def error_of(answer: Answer) -> Row | None:
    """The `error` object; None where there is none."""
    if not answer.body.lstrip().startswith(b"{"):
        return None
    try:
        body: Any = answer.json()
    except ConnectorError:
        return None
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else None


def number(value: Any) -> int:
    return int(value) if type(value) is int or (isinstance(value, str) and value.isdigit()) else 0


def usages(answer: Answer) -> list[Row]:
    """Every meter that the reply's headers hold: percentages used, by app, account or business."""
    found: list[Row] = []
    for name in USAGE_HEADERS:
        try:
            told = orjson.loads(answer.headers.get(name) or "{}")
        except orjson.JSONDecodeError:
            continue
        groups = [told] if name != "x-business-use-case-usage" else list(told.values()) if told else []
        for group in groups:
            found += [meter for meter in (group if isinstance(group, list) else [group]) if isinstance(meter, dict)]
    return found


def waiting(answer: Answer) -> float:
    """Seconds until the meters let us in again (they tell minutes)."""
    minutes = [number(meter.get("estimated_time_to_regain_access")) for meter in usages(answer)]
    return max([REST_SECONDS, *(60.0 * each for each in minutes)])


def used_percent(answer: Answer) -> float | None:
    """The fullest meter of the reply; None where it has none."""
    figures = [meter[name] for meter in usages(answer) for name in USAGE if isinstance(meter.get(name), int | float)]
    return float(max(figures)) if figures else None


def budget(answer: Answer) -> Budget | None:
    """Meta tells percentages of a limit it does not tell. Up to 75 % we go at our own pace, then ever slower."""
    percent = used_percent(answer)
    if percent is None:
        return None
    left = min(1.0, max(0.0, (100.0 - percent) / (100.0 - SLOW_FROM)))
    return Budget(available=max(1.0, ROOM * left), capacity=ROOM, per_second=max(CRAWL, PACE * left))
