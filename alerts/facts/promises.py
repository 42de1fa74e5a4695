"""How likely each open order misses its promised delivery, from how long the shop's orders before it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from alerts.arithmetic.odds import Forecast
from alerts.arithmetic.transit import Journeys, chances, usual_days
from alerts.facts.rows import rows

HISTORY = timedelta(days=400)
DAY = 86_400.0
# A book whose last order is older than this has not been read again: what became of its orders is not known.
SILENT = timedelta(days=30)
# The hand-over that still leaves this share of the parcels to a place enough time.
SAFE_SHARE = 0.8
MOST_CASES = 200  # more like orders than that say nothing about how sure one may be of this one
SHARE = Decimal("0.0001")

TAKEN = """
SELECT shop_id, external_id, extract(epoch FROM ordered_at)::float8 AS ordered,
       extract(epoch FROM shipped_at)::float8 AS shipped,
       extract(epoch FROM delivered_at)::float8 AS delivered, extract(epoch FROM deliver_by)::float8 AS promised,
       CASE WHEN region <> '' THEN region ELSE country END AS place, shipping_method AS method
FROM connectors_order
WHERE shop_id = ANY(%(shops)s) AND ordered_at BETWEEN %(since)s AND %(now)s AND deliver_by IS NOT NULL
  AND status NOT IN ('unpaid', 'cancelled', 'returning')
  AND (delivered_at IS NOT NULL OR status NOT IN ('delivered', 'completed'))
ORDER BY shop_id, external_id
"""

Key = tuple[int, str]  # shop id, the order's own id
Row = Mapping[str, Any]
Rows = Sequence[Row]


@dataclass(slots=True)
class Promises:
    """Of each open order with a promise: P(late), and by when it must be handed over to arrive in time."""

    late: dict[Key, Forecast] = field(default_factory=dict)
    ship_by: dict[Key, datetime] = field(default_factory=dict)


def forecasts(shops: Collection[int], now: datetime) -> Promises:
    """Of every open order of these shops. Shops are told apart; one without enough history has no forecasts.

    A promise that has passed is certain to be missed, history or not; a shop whose book has ended says nothing of now.
    """
    found = Promises()
    if not shops:
        return found
    taken: dict[int, list[dict[str, Any]]] = {}
    for row in rows(TAKEN, {"shops": sorted(shops), "since": now - HISTORY, "now": now}):
        taken.setdefault(row["shop_id"], []).append(row)
    for those in taken.values():
        if max(row["ordered"] for row in those) < (now - SILENT).timestamp():
            continue
        sent = [row for row in those if row["shipped"] is not None]
        _forecast(those, "ordered", now, found, lambda row: row["shipped"] is None)
        _forecast(sent, "shipped", now, found, lambda row: True)
        _hand_over(those, sent, now, found)
    return found


def _forecast(those: Rows, since: str, now: datetime, found: Promises, is_asked: Callable[[Row], bool]) -> None:
    journeys = _journeys(those, since)
    late = chances(journeys, now.timestamp() / DAY)
    ended = Counter(row["place"] for row in those if row["delivered"] is not None)
    under_way = [row for row in those if row["delivered"] is None]
    for place, row in enumerate(under_way):
        is_past = row["promised"] <= now.timestamp()
        if is_asked(row) and (is_past or late is not None):
            share = Decimal(1) if is_past or late is None else Decimal(float(late[place])).quantize(SHARE)
            cases = min(ended[row["place"]], MOST_CASES)
            found.late[row["shop_id"], row["external_id"]] = Forecast(share, cases, "deliver_by")


def _journeys(those: Rows, since: str) -> Journeys:
    def column(name: str) -> Any:
        return np.array([np.nan if row[name] is None else row[name] for row in those], dtype=np.float64) / DAY

    start = column(since)
    return Journeys(
        start,
        column("delivered"),
        column("promised"),
        np.zeros(len(those)) if since == "ordered" else start - column("ordered"),
        [row["place"] for row in those],
        [row["method"] for row in those],
    )


def _hand_over(those: Rows, sent: Rows, now: datetime, found: Promises) -> None:
    """Promise less the usual days on the way; without any history the promise itself."""
    usual = usual_days(_journeys(sent, "shipped"), SAFE_SHARE)
    for row in those:
        if row["shipped"] is None and (key := (row["shop_id"], row["external_id"])) in found.late:
            days = usual.get(row["place"], usual.get("", 0.0))
            moment = datetime.fromtimestamp(row["promised"] - days * DAY, now.tzinfo)
            found.ship_by[key] = moment.replace(minute=0, second=0, microsecond=0)
