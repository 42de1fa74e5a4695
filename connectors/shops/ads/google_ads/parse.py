"""Rows of Google Ads queries → records. JSON is proto3's: int64 as text, enums as names, absent for the default."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.shops import ad_records as figures
from connectors.shops.ad_records import refuse_strange, text, whole
from connectors.shops.reading import Row, Unreadable, amount, currency_of, dump
from connectors.types import AccountMetric, AdSpend, Campaign, CampaignStatus

STATUSES = {
    "ENABLED": CampaignStatus.ACTIVE, "PAUSED": CampaignStatus.PAUSED, "REMOVED": CampaignStatus.ENDED,
}  # fmt: skip
METRICS = frozenset({"costMicros", "clicks", "impressions", "conversions", "conversionsValue"})
CAMPAIGN = frozenset(
    {
        "resourceName", "id", "name", "status", "primaryStatus", "primaryStatusReasons", "advertisingChannelType",
        "campaignBudget",
    }
)  # fmt: skip
BUDGET = frozenset(
    {"resourceName", "amountMicros", "totalAmountMicros", "period", "explicitlyShared", "referenceCount"}
)
# What `campaign.primary_status` says of a campaign that is enabled and yet does not run as it was set.
HINDERED = frozenset({"LIMITED", "NOT_ELIGIBLE", "MISCONFIGURED"})


def micros(value: Any) -> Decimal:
    """Millionths of the account's currency → its major unit."""
    return Decimal(whole(value)).scaleb(-6)


def fraction(value: Any) -> Decimal:
    return Decimal(0) if value is None else amount(value)


def part(row: Row, name: str) -> Row:
    found = row[name]
    if not isinstance(found, dict):
        raise Unreadable(f"`{name}` is no object")
    return found


def spend(row: Row) -> Iterator[AdSpend]:
    """One day of one campaign, or of one product in it."""
    campaign, segments, metrics = part(row, "campaign"), part(row, "segments"), part(row, "metrics")
    refuse_strange(metrics, METRICS)
    ref, day = whole(campaign["id"]), date.fromisoformat(segments["date"])
    item = text(segments.get("productItemId"))
    yield AdSpend(
        external_id="/".join(filter(None, (str(ref), day.isoformat(), item))),
        raw=dump(row),
        campaign=text(campaign.get("name")),
        campaign_ref=str(ref),
        sku=item,
        day=day,
        cost=micros(metrics.get("costMicros")),
        currency=currency_of(part(row, "customer")["currencyCode"]),
        clicks=whole(metrics.get("clicks")),
        impressions=whole(metrics.get("impressions")),
        conversions=fraction(metrics.get("conversions")),
        conversions_value=fraction(metrics.get("conversionsValue")),
    )


def product_spend(row: Row) -> Iterator[AdSpend]:
    """A product's row without its id would overwrite the whole campaign's day."""
    if not text(part(row, "segments").get("productItemId")):
        raise Unreadable("the row of a product names none")
    return spend(row)


def campaign(row: Row) -> Iterator[Campaign]:
    found = part(row, "campaign")
    budget: Row = part(row, "campaignBudget") if "campaignBudget" in row else {}
    refuse_strange(found, CAMPAIGN)
    refuse_strange(budget, BUDGET)
    status, delivery = text(found["status"]), text(found.get("primaryStatus"))
    reasons = found.get("primaryStatusReasons") or []
    is_total = budget.get("period") == "CUSTOM_PERIOD"
    yield Campaign(
        external_id=str(whole(found["id"])),
        raw=dump(row),
        name=text(found["name"]),
        status=STATUSES[status],
        platform_status="/".join(filter(None, (status, delivery))),
        kind=text(found.get("advertisingChannelType")),
        daily_budget=micros(budget["amountMicros"]) if "amountMicros" in budget and not is_total else None,
        total_budget=micros(budget["totalAmountMicros"]) if "totalAmountMicros" in budget else None,
        currency=currency_of(part(row, "customer")["currencyCode"]),
        budget_ref=text(found.get("campaignBudget")),
        budget_shared_by=sharing(budget),
        issue=", ".join(map(str, reasons)) if status == "ENABLED" and delivery in HINDERED else "",
    )


def sharing(budget: Row) -> int | None:
    """How many campaigns spend from this budget; None where the row tells of none."""
    if not budget:
        return None
    is_shared = budget.get("explicitlyShared", False)
    if not isinstance(is_shared, bool):
        raise Unreadable(f"{is_shared!r} does not say whether the budget is shared")
    return max(1, whole(budget.get("referenceCount"))) if is_shared else 1


def account_status(row: Row, now: datetime) -> Iterator[AccountMetric]:
    """CANCELED, SUSPENDED and CLOSED accounts run nothing."""
    status = text(part(row, "customer")["status"])
    yield figures.account_status(is_running=status == "ENABLED", detail={"status": status}, raw=dump(row), now=now)


def disapproved(rows: list[Any], now: datetime) -> AccountMetric:
    """Enabled ads of enabled campaigns."""
    return figures.disapproved_ads((text(part(row, "campaign").get("name")) for row in rows), now)


def account_budget(row: Row, now: datetime) -> Iterator[AccountMetric]:
    """Accounts billed by card have none, and one without a limit tells no limit."""
    budget = part(row, "accountBudget")
    limit, used = micros(budget.get("adjustedSpendingLimitMicros")), micros(budget.get("amountServedMicros"))
    if limit > 0:
        ref = f"account_budget/{whole(budget['id'])}"
        yield figures.cap_used(ref, "account_budget_used", used, limit, "of the approved spending", dump(row), now)
