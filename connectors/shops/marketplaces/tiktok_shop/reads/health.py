"""How the shop's customer service did in the last seven days. No other health figure is told by the Partner API."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.shops.marketplaces.tiktok_shop.client import Client
from connectors.shops.reading import UNREADABLE, Row, amount, bad_row, count, dump, reason_of
from connectors.types import AccountMetric, BadRow, Page, Record

PERFORMANCE, SPAN = "/customer_service/202407/performance", timedelta(days=7)
# TikTok's name → ours, unit, and by what the figure is multiplied to be in that unit.
FIGURES = {
    "response_percentage": ("response_rate", "percent", Decimal(1)),
    "satisfaction_percentage": ("satisfaction_rate", "percent", Decimal(1)),
    "response_time_mins": ("response_time", "seconds", Decimal(60)),
}


def pull(client: Client) -> Iterator[Page]:
    now = client.clock()
    query = {"support_date_ge": f"{now - SPAN:%Y-%m-%d}", "support_date_lt": f"{now:%Y-%m-%d}"}
    told = client.get(PERFORMANCE, query).get("performance")
    records = tuple(metrics(told if isinstance(told, dict) else {}, now))
    yield Page(records, "", len(records), is_last=True, count_at_source=len(FIGURES), as_of=now)


def metrics(told: Row, now: datetime) -> Iterator[Record | BadRow]:
    """One figure each. A figure that is there and empty was not measured; one that is missing is drift."""
    for name, (ours, unit, factor) in FIGURES.items():
        try:
            value = told[name]
            yield AccountMetric(
                external_id=name,
                raw=dump(told),
                name=ours,
                value=None if value in ("", None) else amount(value) * factor,
                unit=unit,
                window="last 7 days",
                denominator=count(told["support_session_count"]) if name == "response_percentage" else None,
                measured_at=now,
            )
        except UNREADABLE as error:
            yield bad_row("accountmetric", {"name": name, **told}, "name", reason_of(error))
