"""Campaigns, insights and the account as the Graph API tells them: ids and figures as text, budgets in cents."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.twin.market import Market
from connectors.twin.world.ads import STORE, AdCampaign, AdDay, campaign_ref, day_of

ACCOUNT = "1048576001"
NAME = "Lumen & Loft"
EPOCH = date(1970, 1, 1)
OLDEST_DAYS = 37 * 30  # insights are kept for 37 months
SPEND_CAP = 2_000_000  # cents


def account(market: Market) -> dict[str, Any]:
    spent = sum(
        market.ads.day(campaign, day, market.now, market.goods, market.books[STORE].orders).micros
        for campaign in market.ads.of("meta_ads")
        for day in range(day_of(market.now) - 90, day_of(market.now) + 1)
    )
    return {
        "id": f"act_{ACCOUNT}", "account_id": ACCOUNT, "name": NAME, "account_status": 1, "disable_reason": 0,
        "currency": "USD", "timezone_name": "Asia/Singapore", "spend_cap": str(SPEND_CAP),
        "amount_spent": str(spent // 10_000), "balance": "0",
    }  # fmt: skip


def stamp(at: int) -> str:
    """The Graph API's times: "2026-11-20T08:00:00+0000"."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def campaign(market: Market, found: AdCampaign) -> dict[str, Any]:
    """Fields without a value are left out, as the Graph API does."""
    status = "ARCHIVED" if found.is_removed else "ACTIVE" if found.runs(market.now) else "PAUSED"
    is_held_back = status == "ACTIVE" and bool(found.disapproved)
    row: dict[str, Any] = {
        "id": campaign_ref(found), "account_id": ACCOUNT, "name": found.name, "status": status,
        "effective_status": "WITH_ISSUES" if is_held_back else status, "objective": found.kind,
        "created_time": stamp(found.turns[0][0]), "updated_time": stamp(found.updated),
    }  # fmt: skip
    if not found.is_capped_by_set:
        row["daily_budget"] = str(found.budget.at(market.now))
    if is_held_back:
        row["issues_info"] = [
            {"level": "AD", "error_code": 1815869, "error_summary": "Ad rejected", "error_message": "Ad rejected",
             "error_type": "HARD_ERROR"},
        ]  # fmt: skip
    return row


def ads(market: Market) -> Iterator[dict[str, Any]]:
    """One ad a campaign, and those that are held back."""
    for found in market.ads.of("meta_ads"):
        owner = {"id": campaign_ref(found), "name": found.name}
        for number in range(1 + found.disapproved):
            status = "DISAPPROVED" if number else "ACTIVE" if found.runs(market.now) else "CAMPAIGN_PAUSED"
            yield {"id": f"{campaign_ref(found)}{number:02}", "name": f"{found.name} {number + 1}",
                   "effective_status": status, "campaign": owner}  # fmt: skip


def insights(
    market: Market, found: AdCampaign, first: date, last: date, *, by_product: bool
) -> Iterator[dict[str, Any]]:
    """One row a day (and product); days without a view have none."""
    today = EPOCH + timedelta(days=day_of(market.now))
    first = max(first, today - timedelta(days=OLDEST_DAYS))
    for day in range((first - EPOCH).days, (min(last, today) - EPOCH).days + 1):
        parts = market.ads.by_good(found, day, market.now, market.goods, market.books[STORE].orders)
        if by_product:
            for good, part in parts.items():
                if good >= 0:
                    shown = market.goods[good]
                    yield {**insight(found, day, part), "product_id": f"{shown.sku}, {shown.title}"}
            continue
        whole = AdDay()
        for part in parts.values():
            whole.add(part)
        if whole.impressions:
            yield {**insight(found, day, whole), **actions(whole)}


def insight(found: AdCampaign, day: int, part: AdDay) -> dict[str, Any]:
    when = (EPOCH + timedelta(days=day)).isoformat()
    return {
        "campaign_id": campaign_ref(found), "campaign_name": found.name, "account_currency": "USD",
        "spend": f"{part.micros / 1e6:.2f}", "impressions": str(part.impressions), "clicks": str(part.clicks),
        "date_start": when, "date_stop": when,
    }  # fmt: skip


def actions(whole: AdDay) -> dict[str, Any]:
    """One purchase under several names, as Meta tells it; nothing at all where nobody did anything."""
    if not whole.clicks:
        return {}
    names = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase") if whole.orders else ()
    told = [{"action_type": "link_click", "value": str(whole.clicks)}]
    told += [{"action_type": name, "value": f"{whole.orders:g}"} for name in names]
    values = [{"action_type": name, "value": f"{whole.value / 100:.2f}"} for name in names]
    return {"actions": told, **({"action_values": values} if values else {})}
