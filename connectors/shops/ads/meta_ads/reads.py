"""The feeds of Meta Ads: insights by day, campaigns, the account's standing."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import orjson

from connectors.base import Refused, Retry
from connectors.shops import ad_days as days
from connectors.shops.ad_records import Parse, readable
from connectors.shops.ads.meta_ads import parse
from connectors.shops.ads.meta_ads.answers import TOO_MUCH
from connectors.shops.ads.meta_ads.client import Client
from connectors.shops.reading import UNREADABLE, Row, dump_bad, read_rows, reason_of
from connectors.types import AdSpend, BadRow, Campaign, Page

RESTATED_DAYS = 28  # the longest attribution window
INSIGHTS_PAGE = 500
SPEND = "campaign_id,campaign_name,spend,impressions,clicks,actions,action_values,account_currency"
PRODUCTS = "campaign_id,campaign_name,spend,impressions,clicks,account_currency"
CAMPAIGN = "id,account_id,name,status,effective_status,objective,daily_budget,lifetime_budget,updated_time,issues_info"
ACCOUNT = "account_id,name,account_status,disable_reason,currency,timezone_name,spend_cap,amount_spent"
# Without this filter, lists leave out what was archived.
SHOWN = orjson.dumps(
    ["ACTIVE", "PAUSED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES", "PENDING_REVIEW", "DISAPPROVED"]
).decode()  # fmt: skip


def spend(client: Client, cursor: str, today: date, *, first_span: timedelta) -> Iterator[Page]:
    """Whole campaigns by day."""
    return _stretches(client, days.fresh(cursor, today, first_span), today, is_by_product=False, keeps_place=True)


def product_spend(client: Client, cursor: str, today: date, *, first_span: timedelta) -> Iterator[Page]:
    """Catalogue campaigns by product and day."""
    return _stretches(client, days.fresh(cursor, today, first_span), today, is_by_product=True, keeps_place=True)


def restated(client: Client, settings: Any, today: date) -> Iterator[Page]:
    """The trailing window as it stands now, overwriting what was read of it."""
    for is_by_product in (False, True):
        stretches = days.trailing(settings, today, RESTATED_DAYS)
        yield from _stretches(
            client, stretches, today, is_by_product=is_by_product, keeps_place=False, ends_feed=is_by_product
        )


def _stretches(
    client: Client, stretches: Iterator[tuple[date, date]], today: date, *, is_by_product: bool, keeps_place: bool,
    ends_feed: bool = True,
) -> Iterator[Page]:  # fmt: skip
    """Page by page. The cursor passes a stretch with its last page; a page before that points at its first day."""
    read: Parse = parse.product_spend if is_by_product else parse.spend
    for first, last in stretches:
        for rows, is_last in insights(client, first, last, is_by_product=is_by_product):
            place = (last if is_last else first).isoformat() if keeps_place else ""
            records = tuple(readable("ad_spend", rows, read, name_of))
            yield Page(records, place, len(rows), is_last=is_last and last >= today and ends_feed)


def name_of(row: Row) -> Iterator[object]:
    """The parts of "campaign/day/item"."""
    for name in ("campaign_id", "date_start", "product_id"):
        held = row.get(name)
        yield held.partition(",")[0] if isinstance(held, str) else None


def insights(
    client: Client, first: date, last: date, *, is_by_product: bool, campaign: str = ""
) -> Iterator[tuple[list[Any], bool]]:
    """(rows, whether they are the last) of the days. A question that is too large for Meta is asked in two halves, and
    one day's campaign by campaign."""
    query = {
        "level": "campaign", "time_increment": "1", "fields": PRODUCTS if is_by_product else SPEND,
        "time_range": orjson.dumps({"since": first.isoformat(), "until": last.isoformat()}).decode(),
        "use_unified_attribution_setting": "true", **({"breakdowns": "product_id"} if is_by_product else {}),
    }  # fmt: skip
    path = f"{campaign or client.account}/insights"
    pages = client.pages(path, query, operation="insights", limit=INSIGHTS_PAGE)
    try:
        begun = next(pages)
    except Refused as error:
        if error.code != TOO_MUCH or (first == last and campaign):
            raise
    else:
        yield begun
        yield from pages
        return
    for since, until, ref in smaller(client, first, last, campaign):
        for rows, _ in insights(client, since, until, is_by_product=is_by_product, campaign=ref):
            yield rows, False
    yield [], True


def smaller(client: Client, first: date, last: date, campaign: str) -> Iterator[tuple[date, date, str]]:
    """(first day, last day, campaign or empty for all) of the questions that a too large one is cut into."""
    if first < last:
        middle = first + (last - first) // 2
        yield first, middle, campaign
        yield middle + days.DAY, last, campaign
        return
    query = {"fields": "id", "effective_status": SHOWN}
    for rows, _ in client.pages(f"{client.account}/campaigns", query, operation="campaigns"):
        for row in rows:
            if not isinstance(row, dict) or not isinstance(row.get("id"), str):
                raise Retry("Meta lists a campaign without its id; its shape may have changed", code="drift")
            yield first, last, row["id"]


def campaigns(client: Client) -> Iterator[Page]:
    """All of them each time: an edge has no filter by time of change. Archived ones are shown, deleted ones not."""
    query = {"fields": CAMPAIGN, "effective_status": SHOWN}
    for rows, is_last in client.pages(f"{client.account}/campaigns", query, operation="campaigns"):
        records = read_rows("campaign", rows, lambda row: parse.campaign(row, client.currency), "id")
        yield Page(tuple(records), "", len(rows), is_last)


def account(client: Client, now: datetime) -> Iterator[Page]:
    """Whether the account may run, its spending cap, and what its policies hold back."""
    row = client.get(client.account, {"fields": ACCOUNT}, operation="account")
    records = read_rows("account_metric", [row], lambda one: parse.account(one, now), "account_id")
    query = {"fields": "id,campaign{id,name}", "effective_status": '["DISAPPROVED"]'}
    held_back = [one for rows, _ in client.pages(f"{client.account}/ads", query, operation="account") for one in rows]
    try:
        records.append(parse.disapproved(held_back, now))
    except UNREADABLE as error:
        records.append(BadRow("account_metric", "disapproved_ads", reason_of(error), dump_bad(held_back)))
    yield Page(tuple(records), "", 2, is_last=True, as_of=now)


def one_campaign(client: Client, ref: str) -> Campaign | None:
    """One campaign of this account, read now. None where there is none, or it is another account's."""
    if not ref.isdigit():
        return None
    try:
        row = client.get(ref, {"fields": CAMPAIGN}, operation="campaigns")
    except Refused as error:
        if error.code.startswith(("100/33", "803")):
            return None
        raise
    if f"act_{row.get('account_id')}" != client.account:
        return None
    return next(parse.campaign(row, client.currency), None)


def one_day(client: Client, external_id: str) -> AdSpend | None:
    """`external_id` is "campaign/day" or "campaign/day/item"."""
    ref, _, rest = external_id.partition("/")
    day, _, item = rest.partition("/")
    try:
        asked = date.fromisoformat(day)
    except ValueError:
        return None
    if not ref.isdigit():
        return None
    read = parse.product_spend if item else parse.spend
    for rows, _ in insights(client, asked, asked, is_by_product=bool(item), campaign=ref):
        for row in rows:
            found = next(read(row))
            if found.external_id == external_id:
                return found
    return None
