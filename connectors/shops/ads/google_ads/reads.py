"""The feeds of Google Ads, each one query (GAQL) a stretch of days or a sweep."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from connectors.shops import ad_days as days
from connectors.shops.ad_records import Parse, readable
from connectors.shops.ads.google_ads import parse
from connectors.shops.ads.google_ads.client import Client
from connectors.shops.reading import UNREADABLE, Row, dump_bad, reason_of
from connectors.types import AdSpend, BadRow, Campaign, Page, Record

RESTATED_DAYS = 90  # the longest that a conversion may come after its click
SHARED = "customer.currency_code, campaign.id, campaign.name, segments.date"
METRICS = "metrics.cost_micros, metrics.clicks, metrics.impressions, metrics.conversions, metrics.conversions_value"
SPEND = f"SELECT {SHARED}, {METRICS} FROM campaign"  # noqa: S608  # GAQL of constants
PRODUCTS = f"SELECT {SHARED}, segments.product_item_id, {METRICS} FROM shopping_performance_view"  # noqa: S608  # likewise
CAMPAIGNS = (
    "SELECT customer.currency_code, campaign.id, campaign.name, campaign.status, campaign.primary_status, "
    "campaign.primary_status_reasons, campaign.advertising_channel_type, campaign.campaign_budget, "
    "campaign_budget.amount_micros, campaign_budget.total_amount_micros, campaign_budget.period, "
    "campaign_budget.explicitly_shared, campaign_budget.reference_count FROM campaign"
)
CUSTOMER = "SELECT customer.id, customer.descriptive_name, customer.status FROM customer"
DISAPPROVED = (
    "SELECT campaign.id, campaign.name, ad_group_ad.ad.id FROM ad_group_ad "
    "WHERE ad_group_ad.policy_summary.approval_status = 'DISAPPROVED' AND ad_group_ad.status = 'ENABLED' "
    "AND campaign.status = 'ENABLED'"
)
ACCOUNT_BUDGET = (
    "SELECT account_budget.id, account_budget.adjusted_spending_limit_micros, account_budget.amount_served_micros "
    "FROM account_budget WHERE account_budget.status = 'APPROVED'"
)


def between(query: str, first: date, last: date) -> str:
    return f"{query} WHERE segments.date BETWEEN '{first}' AND '{last}' ORDER BY segments.date, campaign.id"


def spend(client: Client, cursor: str, today: date, *, first_span: timedelta) -> Iterator[Page]:
    """Whole campaigns by day."""
    return _stretches(client, SPEND, parse.spend, days.fresh(cursor, today, first_span), today, keeps_place=True)


def product_spend(client: Client, cursor: str, today: date, *, first_span: timedelta) -> Iterator[Page]:
    stretches = days.fresh(cursor, today, first_span)
    return _stretches(client, PRODUCTS, parse.product_spend, stretches, today, keeps_place=True)


def restated(client: Client, settings: Any, today: date) -> Iterator[Page]:
    """The trailing window as it stands now, overwriting what was read of it: conversions come late."""
    for query, read in ((SPEND, parse.spend), (PRODUCTS, parse.product_spend)):
        stretches = days.trailing(settings, today, RESTATED_DAYS)
        is_end = query is PRODUCTS
        yield from _stretches(client, query, read, stretches, today, keeps_place=False, ends_feed=is_end)


def _stretches(
    client: Client, query: str, read: Parse, stretches: Iterator[tuple[date, date]], today: date, *,
    keeps_place: bool, ends_feed: bool = True,
) -> Iterator[Page]:  # fmt: skip
    """Page by page. The cursor passes a stretch with its last page; a page before that points at its first day."""
    for first, last in stretches:
        for found in client.search(between(query, first, last), operation="spend"):
            records = tuple(readable("ad_spend", found.rows, read, name_of))
            place = (last if found.is_last else first).isoformat() if keeps_place else ""
            is_end = found.is_last and last >= today and ends_feed
            yield Page(records, place, len(found.rows), is_end, count_at_source=found.total)


def name_of(row: Row) -> Iterator[object]:
    """The parts of "campaign/day/item"."""
    for owner, name in (("campaign", "id"), ("segments", "date"), ("segments", "productItemId")):
        held = row.get(owner)
        yield held.get(name) if isinstance(held, dict) else None


def campaigns(client: Client) -> Iterator[Page]:
    """All of them each time, the removed ones too: nothing tells when one was changed."""
    for found in client.search(f"{CAMPAIGNS} ORDER BY campaign.id", operation="campaigns"):
        records = tuple(readable("campaign", found.rows, parse.campaign, name_of))
        yield Page(records, "", len(found.rows), found.is_last, count_at_source=found.total)


def account(client: Client, now: datetime) -> Iterator[Page]:
    """Whether the account may run, what its policies hold back, and how much of its approved spending is used."""
    records: list[Record | BadRow] = []
    rows = everything(client, CUSTOMER, "account")
    records += readable("account_metric", rows, lambda row: parse.account_status(row, now), name_of)
    held_back = everything(client, DISAPPROVED, "account")
    try:
        records.append(parse.disapproved(held_back, now))
    except UNREADABLE as error:
        records.append(BadRow("account_metric", "disapproved_ads", reason_of(error), dump_bad(held_back)))
    budgets = everything(client, ACCOUNT_BUDGET, "account")
    records += readable("account_metric", budgets, lambda row: parse.account_budget(row, now), name_of)
    yield Page(tuple(records), "", len(rows) + 1 + len(budgets), is_last=True, as_of=now)


def everything(client: Client, query: str, operation: str) -> list[Any]:
    return [row for found in client.search(query, operation=operation) for row in found.rows]


def one_campaign(client: Client, ref: str) -> Campaign | None:
    """One campaign, read now. `ref` is its id in digits."""
    if not ref.isdigit():
        return None
    for row in everything(client, f"{CAMPAIGNS} WHERE campaign.id = {ref}", "campaigns"):
        return next(parse.campaign(row), None)
    return None


def one_day(client: Client, external_id: str) -> AdSpend | None:
    """`external_id` is "campaign/day" or "campaign/day/item"."""
    ref, _, rest = external_id.partition("/")
    day, _, item = rest.partition("/")
    if not ref.isdigit() or not is_date(day):
        return None
    query = f"{PRODUCTS if item else SPEND} WHERE segments.date BETWEEN '{day}' AND '{day}' AND campaign.id = {ref}"
    read = parse.product_spend if item else parse.spend
    for row in everything(client, query, "spend"):
        for record in read(row):
            if record.external_id == external_id:
                return record
    return None


def is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
