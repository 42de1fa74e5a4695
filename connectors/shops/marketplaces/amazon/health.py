"""Amazon's account health report → one AccountMetric for each figure, and one for the account's own standing.

Rates come as shares of one and are kept as percent. `targetCondition` is the rule that must hold.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.base import Retry
from connectors.shops.reading import UNREADABLE, Row, amount, bad_row, dump, reason_of
from connectors.types import AccountMetric, BadRow, Boundary, Record

# A rule as Amazon states it → how it is broken.
BROKEN = {
    "LESS_THAN": Boundary.AT_LEAST,
    "LESS_THAN_OR_EQUAL": Boundary.ABOVE,
    "GREATER_THAN": Boundary.AT_MOST,
    "GREATER_THAN_OR_EQUAL": Boundary.BELOW,
    "EQUALS": Boundary.ABOVE,  # of counts, whose target is none at all
}
STANDING = {"NORMAL": 0, "AT_RISK": 1, "DEACTIVATED": 2, "SUSPENDED": 2}
PERCENT = Decimal(100)
# Names of the product's own metrics, where Amazon's differ in more than their spelling.
NAMES = {"prefulfillmentCancelRate": "pre_fulfillment_cancellation_rate"}
COUNTS = ("lateShipmentCount", "cancellationCount", "onTimeDeliveryCount", "validTrackingCount",
          "unitOnTimeDeliveryCount")  # fmt: skip
WHOLES = ("orderCount", "shipmentCountWithValidTracking", "shipmentCount", "totalUnitCount")


def metrics(body: Any, marketplace: str, made: datetime) -> list[Record | BadRow]:
    """Raises Retry where the report says nothing of any marketplace: an empty report is no clean bill."""
    reports = body.get("performanceMetrics") if isinstance(body, dict) else None
    if not isinstance(reports, list):
        raise Retry("the account health report holds no performanceMetrics; its shape may have changed", code="drift")
    mine = [row for row in reports if isinstance(row, dict) and row.get("marketplaceId", marketplace) == marketplace]
    tier = standing(body, marketplace)
    found: list[Record | BadRow] = []
    for report in mine:
        for name, item in figures(report):
            try:
                found.append(metric(name, item, tier, made))
            except UNREADABLE as error:
                found.append(bad_row("accountmetric", {"name": name, "item": item}, "name", reason_of(error)))
    if tier is not None:
        found.append(account(body, tier, marketplace, made))
    elif body.get("accountStatuses"):
        reason = "the account's status is missing or has a new value"
        found.append(
            bad_row("accountmetric", {"name": "account_status", "item": body["accountStatuses"]}, "name", reason)
        )
    return found


def standing(body: Row, marketplace: str) -> int | None:
    """0 where the account is sound, 1 at risk, 2 deactivated; None where the report does not say."""
    for row in body.get("accountStatuses") or ():
        if isinstance(row, dict) and row.get("marketplaceId") == marketplace:
            return STANDING.get(str(row.get("status")))
    return None


def figures(report: Row) -> Iterator[tuple[str, Row]]:
    """(name, figure) of all that has a value and a rule. Warnings without a figure stay in the account's own detail."""
    for name, item in report.items():
        if not isinstance(item, dict):
            continue
        if name in ("orderDefectRate", "warningStates"):
            for part, row in item.items():
                if isinstance(row, dict) and ("rate" in row or "defectsCount" in row):
                    yield (f"{name}_{part}" if name == "orderDefectRate" else part), row
        elif "rate" in item or "defectsCount" in item:
            yield name, item


def metric(name: str, item: Row, tier: int | None, made: datetime) -> AccountMetric:
    is_rate = "rate" in item
    scale = PERCENT if is_rate else Decimal(1)
    value = amount(item["rate"]) if is_rate else amount(item["defectsCount"])
    target = item.get("targetValue")
    span: Row = item.get("reportingDateRange") or {}
    words = f"{str(span.get('reportingDateFrom') or '')[:10]} to {str(span.get('reportingDateTo') or '')[:10]}"
    return AccountMetric(
        external_id=snake(NAMES.get(name, name)),
        raw=dump(item),
        name=snake(NAMES.get(name, name)),
        value=value * scale,
        target=None if target is None else amount(target) * scale,
        boundary=BROKEN[item["targetCondition"]] if target is not None else None,
        unit="percent" if is_rate else "count",
        window=words if span else "",
        numerator=counted(item, COUNTS),
        denominator=counted(item, WHOLES),
        tier=tier,
        measured_at=made,
        detail={"status": item.get("status")},
    )


def counted(item: Row, names: tuple[str, ...]) -> int | None:
    defects = item.get("orderWithDefects")
    if names is COUNTS and isinstance(defects, dict):
        return int(defects["count"])
    found = next((item[name] for name in names if item.get(name) is not None), None)
    return None if found is None else int(found)


def account(body: Row, tier: int, marketplace: str, made: datetime) -> AccountMetric:
    """Whether Amazon lets the account sell: 0 sound, 1 at risk, 2 deactivated."""
    return AccountMetric(
        external_id="account_status",
        raw=dump(body.get("accountStatuses")),
        name="account_status",
        value=Decimal(tier),
        target=Decimal(0),
        boundary=Boundary.ABOVE,
        unit="count",
        window="now",
        tier=tier,
        measured_at=made,
        detail={"statuses": body.get("accountStatuses"), "marketplace": marketplace},
    )


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()
