"""The seller's performance → one AccountMetric an indicator."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from connectors.shops.marketplaces.lazada.client import Client, part
from connectors.shops.reading import Row, amount, dump, read_rows
from connectors.types import AccountMetric, Boundary, Page, Record

# Lazada states the rule that must hold ("≥ 85%"); kept here is how it is broken.
BROKEN = {"GREATER_THAN": Boundary.BELOW, "LESS_THAN": Boundary.ABOVE}
UNITS = {"PERCENTAGE": "percent", "NUMBER": "count", "INTEGER": "count", "DECIMAL": "count"}


def account_health(client: Client) -> Iterator[Page]:
    now = client.clock()
    data = part(client.get("/seller/performance/get", {"language": "en-US"}), "data", dict)
    rows = part(data, "indicators", list)
    records = read_rows("accountmetric", rows, partial(metric, now=now), "type")
    yield Page(tuple(records), "", len(rows), is_last=True, count_at_source=len(rows), as_of=now)


def metric(row: Row, *, now: datetime) -> Iterator[Record]:
    """`score` and `target` are decimal text; `target_format` is a comparison and a format in one word."""
    name, form = row["type"], row["score_format"]
    boundary = next((broken for word, broken in BROKEN.items() if str(row.get("target_format")).startswith(word)), None)
    target = _number(row.get("target"))
    yield AccountMetric(
        external_id=name,
        raw=dump(row),
        name=name.lower(),
        value=_number(row["score"]),
        target=target if boundary else None,
        boundary=boundary if target is not None else None,
        unit=UNITS.get(form, form.lower()),
        window="as Lazada measures it",
        measured_at=now,
        detail={
            "label": row.get("name") or "",
            "page": row.get("action_url") or "",
            "is_kept": row.get("target_respected"),
        },
    )


def _number(value: Any) -> Decimal | None:
    """None where nothing was measured in the window."""
    return None if value in (None, "", "null", "-") else amount(value)
