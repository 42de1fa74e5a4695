"""Rows of the Marketing API → records. Insights tell amounts as text in the major unit, budgets in the smallest."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.money import parse_amount
from connectors.shops import ad_records as figures
from connectors.shops.ad_records import refuse_strange, text, whole
from connectors.shops.reading import Row, Unreadable, currency_of, dump, must_iso
from connectors.types import AccountMetric, AdSpend, Campaign, CampaignStatus

# Currencies that Meta counts in whole units ("Currency Codes"); all others in hundredths, whatever ISO 4217 says.
WHOLE_UNITS = frozenset({"CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"})
STATUSES = {
    "ACTIVE": CampaignStatus.ACTIVE, "PAUSED": CampaignStatus.PAUSED, "ARCHIVED": CampaignStatus.ENDED,
    "DELETED": CampaignStatus.ENDED,
}  # fmt: skip
HINDERED = frozenset({"WITH_ISSUES", "DISAPPROVED", "PENDING_BILLING_INFO"})
# One purchase is told under several names at once: the first that is there, never their sum.
PURCHASES = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase")
INSIGHTS = frozenset(
    {
        "campaign_id", "campaign_name", "spend", "impressions", "clicks", "actions", "action_values",
        "account_currency", "date_start", "date_stop", "product_id",
    }
)  # fmt: skip
CAMPAIGN = frozenset(
    {
        "id", "account_id", "name", "status", "effective_status", "objective", "daily_budget", "lifetime_budget",
        "updated_time", "issues_info",
    }
)  # fmt: skip
ACCOUNT_STATUSES = {
    1: "ACTIVE", 2: "DISABLED", 3: "UNSETTLED", 7: "PENDING_RISK_REVIEW", 8: "PENDING_SETTLEMENT",
    9: "IN_GRACE_PERIOD", 100: "PENDING_CLOSURE", 101: "CLOSED", 201: "ANY_ACTIVE", 202: "ANY_CLOSED",
}  # fmt: skip
RUNNING = frozenset({1, 9})


def minor_units(currency: str) -> int:
    """How many of Meta's budget units make one of the currency."""
    return 1 if currency in WHOLE_UNITS else 100


def sum_of(value: Any, currency: str) -> Decimal | None:
    """A budget in Meta's units → the major unit; None where none is set ("0")."""
    units = whole(value)
    return Decimal(units) / minor_units(currency) if units else None


def ref_of(value: Any) -> str:
    if not isinstance(value, str) or not value.isdigit():
        raise Unreadable(f"{value!r} is no id")
    return value


def spend(row: Row) -> Iterator[AdSpend]:
    """One day of one campaign. Without any action the row has no `actions`."""
    yield AdSpend(
        **common(row),
        conversions=purchases(row.get("actions")),
        conversions_value=purchases(row.get("action_values")),
    )


def product_spend(row: Row) -> Iterator[AdSpend]:
    """One product's part of a day. What happens off Meta is not split by product, so conversions are not told here."""
    item = text(row["product_id"]).partition(",")[0].strip()  # "retailer id, name"
    if not item:
        raise Unreadable("the row of a product names none")
    shared = common(row)
    yield AdSpend(**{**shared, "external_id": f"{shared['external_id']}/{item}", "sku": item})


def common(row: Row) -> dict[str, Any]:
    refuse_strange(row, INSIGHTS)
    ref, day = ref_of(row["campaign_id"]), date.fromisoformat(row["date_start"])
    if row["date_stop"] != row["date_start"]:
        raise Unreadable("the row is about more than one day")
    return {
        "external_id": f"{ref}/{day.isoformat()}",
        "raw": dump(row),
        "campaign": text(row["campaign_name"]),
        "campaign_ref": ref,
        "day": day,
        "cost": parse_amount(row["spend"]),
        "currency": currency_of(row["account_currency"]),
        "clicks": whole(row.get("clicks")),
        "impressions": whole(row.get("impressions")),
    }


def purchases(actions: Any) -> Decimal:
    if actions is None:
        return Decimal(0)
    told = {one["action_type"]: one["value"] for one in actions}
    return next((parse_amount(told[name]) for name in PURCHASES if name in told), Decimal(0))


def campaign(row: Row, currency: str) -> Iterator[Campaign]:
    refuse_strange(row, CAMPAIGN)
    status, delivery = text(row["status"]), text(row.get("effective_status"))
    yield Campaign(
        external_id=ref_of(row["id"]),
        raw=dump(row),
        name=text(row["name"]),
        status=STATUSES[status],
        platform_status="/".join(filter(None, (status, delivery))),
        kind=text(row.get("objective")),
        daily_budget=sum_of(row.get("daily_budget"), currency),
        total_budget=sum_of(row.get("lifetime_budget"), currency),
        currency=currency,
        budget_ref=ref_of(row["id"]) if row.get("daily_budget") or row.get("lifetime_budget") else "",
        budget_shared_by=1,
        issue=issue_of(row, delivery),
        updated_at=must_iso(row["updated_time"]),
    )


def issue_of(row: Row, delivery: str) -> str:
    told = row.get("issues_info") or []
    words = [str(one.get("error_summary") or one.get("error_message") or "") for one in told]
    return "; ".join(dict.fromkeys(filter(None, words))) or (delivery if delivery in HINDERED else "")


def account(row: Row, now: datetime) -> Iterator[AccountMetric]:
    """Whether the account may run ads, and how much of its own spending cap is used, where it has one."""
    code, currency = row["account_status"], currency_of(row["currency"])
    if type(code) is not int:
        raise Unreadable(f"{code!r} is no account status")
    detail = {"status": ACCOUNT_STATUSES.get(code, str(code)), "disable_reason": row.get("disable_reason") or 0}
    yield figures.account_status(is_running=code in RUNNING, detail=detail, raw=dump(row), now=now)
    cap, spent = sum_of(row.get("spend_cap"), currency), sum_of(row.get("amount_spent"), currency) or Decimal(0)
    if cap:
        yield figures.cap_used("spend_cap_used", "spend_cap_used", spent, cap, "since the cap was set", dump(row), now)


def disapproved(rows: list[Any], now: datetime) -> AccountMetric:
    return figures.disapproved_ads((text(row["campaign"]["name"]) for row in rows), now)
