"""What each resource of a query holds, as rows of plain fields made from the market."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from connectors.twin.market import Market
from connectors.twin.wire.google_ads.gaql import BadQuery, Query
from connectors.twin.world.ads import STORE, AdCampaign, AdDay, campaign_ref, day_of
from connectors.twin.world.goods import Good

CUSTOMER, MANAGER = "4012345678", "7000000001"
NAME, MANAGER_NAME = "Lumen & Loft", "Lumen & Loft Group"
EPOCH = date(1970, 1, 1)
OLDEST_DAYS = 1_100
FIRST_PRODUCT, FIRST_VARIANT = 9_100_000_000_000, 44_000_000_000_000  # as the store's own wire numbers them
SPENDING_LIMIT = 20_000 * 1_000_000

OF_CUSTOMER = {
    "customer.resource_name": "string", "customer.id": "int64", "customer.descriptive_name": "string",
    "customer.currency_code": "string", "customer.time_zone": "string", "customer.manager": "bool",
    "customer.status": "enum",
}  # fmt: skip
OF_CLIENT = {
    "customer_client.id": "int64", "customer_client.descriptive_name": "string", "customer_client.level": "int64",
    "customer_client.currency_code": "string", "customer_client.time_zone": "string",
    "customer_client.manager": "bool", "customer_client.status": "enum",
}  # fmt: skip
OF_CAMPAIGN = {
    "campaign.resource_name": "string", "campaign.id": "int64", "campaign.name": "string", "campaign.status": "enum",
    "campaign.primary_status": "enum", "campaign.primary_status_reasons": "enums",
    "campaign.advertising_channel_type": "enum", "campaign.campaign_budget": "string",
    "campaign_budget.resource_name": "string", "campaign_budget.amount_micros": "int64",
    "campaign_budget.total_amount_micros": "int64", "campaign_budget.period": "enum",
    "campaign_budget.explicitly_shared": "bool", "campaign_budget.reference_count": "int64",
}  # fmt: skip
OF_DAY = {
    "segments.date": "string", "metrics.cost_micros": "int64", "metrics.clicks": "int64",
    "metrics.impressions": "int64", "metrics.conversions": "double", "metrics.conversions_value": "double",
}  # fmt: skip
RESOURCES: Mapping[str, Mapping[str, str]] = {
    "customer": OF_CUSTOMER,
    "customer_client": OF_CLIENT,
    "campaign": OF_CUSTOMER | OF_CAMPAIGN | OF_DAY,
    "shopping_performance_view": OF_CUSTOMER | OF_CAMPAIGN | OF_DAY | {
        "segments.product_item_id": "string", "segments.product_title": "string",
    },
    "ad_group_ad": OF_CUSTOMER | OF_CAMPAIGN | {
        "ad_group_ad.ad.id": "int64", "ad_group_ad.status": "enum",
        "ad_group_ad.policy_summary.approval_status": "enum",
    },
    "account_budget": OF_CUSTOMER | {
        "account_budget.id": "int64", "account_budget.status": "enum",
        "account_budget.adjusted_spending_limit_micros": "int64", "account_budget.amount_served_micros": "int64",
    },
}  # fmt: skip


def rows_of(market: Market, query: Query, customer: str) -> list[dict[str, Any]]:
    """All rows of the query's resource, before its conditions. Raises BadQuery."""
    if customer == MANAGER and any(name.startswith("metrics.") for name in query.select):
        raise BadQuery("REQUESTED_METRICS_FOR_MANAGER", "Metrics cannot be requested for a manager account.")
    if query.resource == "customer":
        return [itself(customer)]
    if query.resource == "customer_client":
        return list(clients(customer))
    if customer == MANAGER:
        return []
    return list(ROWS[query.resource](market, query))


def itself(customer: str) -> dict[str, Any]:
    is_manager = customer == MANAGER
    return {
        "customer.resource_name": f"customers/{customer}", "customer.id": int(customer),
        "customer.descriptive_name": MANAGER_NAME if is_manager else NAME, "customer.currency_code": "USD",
        "customer.time_zone": "Asia/Singapore", "customer.manager": is_manager, "customer.status": "ENABLED",
    }  # fmt: skip


def clients(customer: str) -> Iterator[dict[str, Any]]:
    """A manager's own row and that of its client; an account alone is its own only client."""
    for level, ref in enumerate((MANAGER, CUSTOMER) if customer == MANAGER else (CUSTOMER,)):
        whole = itself(ref)
        yield {
            name: level if name.endswith("level") else whole[name.replace("customer_client", "customer")]
            for name in OF_CLIENT
        }


def of_campaign(market: Market, campaign: AdCampaign) -> dict[str, Any]:
    budget, status, delivery, reasons = campaign.budget, *standing(market, campaign)
    return itself(CUSTOMER) | {
        "campaign.resource_name": f"customers/{CUSTOMER}/campaigns/{campaign_ref(campaign)}",
        "campaign.id": int(campaign_ref(campaign)), "campaign.name": campaign.name, "campaign.status": status,
        "campaign.primary_status": delivery, "campaign.primary_status_reasons": reasons,
        "campaign.advertising_channel_type": campaign.kind, "campaign.campaign_budget": budget_name(budget.index),
        "campaign_budget.resource_name": budget_name(budget.index),
        "campaign_budget.amount_micros": budget.at(market.now) * 10_000, "campaign_budget.total_amount_micros": None,
        "campaign_budget.period": "DAILY", "campaign_budget.explicitly_shared": budget.is_shared,
        "campaign_budget.reference_count": market.ads.sharing(budget),
    }  # fmt: skip


def budget_name(index: int) -> str:
    return f"customers/{CUSTOMER}/campaignBudgets/{FIRST_BUDGET + index}"


FIRST_BUDGET = 13_300_000_000


def standing(market: Market, campaign: AdCampaign) -> tuple[str, str, list[str]]:
    """Status, primary status and its reasons."""
    if campaign.is_removed:
        return "REMOVED", "REMOVED", ["CAMPAIGN_REMOVED"]
    if not campaign.runs(market.now):
        return "PAUSED", "PAUSED", ["CAMPAIGN_PAUSED"]
    if campaign.disapproved:
        return "ENABLED", "LIMITED", ["HAS_ADS_DISAPPROVED"]
    day = market.ads.day(campaign, day_of(market.now) - 1, market.now, market.goods, market.books[STORE].orders)
    is_full = day.micros >= campaign.budget.at(market.now) * 9_900 / max(1, market.ads.sharing(campaign.budget))
    return ("ENABLED", "LIMITED", ["BUDGET_CONSTRAINED"]) if is_full else ("ENABLED", "ELIGIBLE", [])


def campaigns(market: Market, query: Query) -> Iterator[dict[str, Any]]:
    """One row each, or one a day where a day or a figure is asked for."""
    by_day = any(name.startswith(("segments.", "metrics.")) for name in query.select)
    for campaign in market.ads.of("google_ads"):
        row = of_campaign(market, campaign)
        if not by_day:
            yield row
            continue
        for day in days(market, query):
            found = market.ads.day(campaign, day, market.now, market.goods, market.books[STORE].orders)
            if found.impressions:
                yield row | of_day(day, found)


def products(market: Market, query: Query) -> Iterator[dict[str, Any]]:
    for campaign in market.ads.of("google_ads"):
        row = of_campaign(market, campaign) if campaign.goods else {}
        for day in days(market, query) if campaign.goods else ():
            found = market.ads.by_good(campaign, day, market.now, market.goods, market.books[STORE].orders)
            for good, part in found.items():
                item = {
                    "segments.product_item_id": offer_id(market.goods[good]),
                    "segments.product_title": market.goods[good].title.lower(),
                }
                yield row | of_day(day, part) | item


def offer_id(good: Good) -> str:
    """As the store's feed names it, which reports tell in lower case."""
    return f"shopify_us_{FIRST_PRODUCT + good.index}_{FIRST_VARIANT + good.index}"


def days(market: Market, query: Query) -> range:
    """The days that the query's dates leave, none of them to come."""
    span = query.span("segments.date")
    if span is None:
        return range(day_of(market.now), day_of(market.now) + 1)
    try:
        first, last = (date.fromisoformat(one) for one in span)
    except ValueError as error:
        raise BadQuery("BAD_VALUE", "A date is written as YYYY-MM-DD.") from error
    today = EPOCH + timedelta(days=day_of(market.now))
    first = max(first, today - timedelta(days=OLDEST_DAYS))
    return range((first - EPOCH).days, (min(last, today) - EPOCH).days + 1)


def of_day(day: int, found: AdDay) -> dict[str, Any]:
    return {
        "segments.date": (EPOCH + timedelta(days=day)).isoformat(), "metrics.cost_micros": found.micros,
        "metrics.clicks": found.clicks, "metrics.impressions": found.impressions,
        "metrics.conversions": found.orders, "metrics.conversions_value": found.value / 100,
    }  # fmt: skip


def ads(market: Market, query: Query) -> Iterator[dict[str, Any]]:
    """One ad a campaign that runs, and those that are held back."""
    for campaign in market.ads.of("google_ads"):
        for number in range(1 + campaign.disapproved):
            yield of_campaign(market, campaign) | {
                "ad_group_ad.ad.id": int(campaign_ref(campaign)) * 100 + number, "ad_group_ad.status": "ENABLED",
                "ad_group_ad.policy_summary.approval_status": "DISAPPROVED" if number else "APPROVED",
            }  # fmt: skip


def account_budgets(market: Market, query: Query) -> Iterator[dict[str, Any]]:
    """The approved spending of the quarter so far."""
    orders, today = market.books[STORE].orders, day_of(market.now)
    served = sum(
        market.ads.day(campaign, day, market.now, market.goods, orders).micros
        for campaign in market.ads.of("google_ads")
        for day in range(today - 30, today + 1)
    )
    yield itself(CUSTOMER) | {
        "account_budget.id": 5_500_001, "account_budget.status": "APPROVED",
        "account_budget.adjusted_spending_limit_micros": SPENDING_LIMIT, "account_budget.amount_served_micros": served,
    }  # fmt: skip


ROWS: Mapping[str, Callable[[Market, Query], Iterator[dict[str, Any]]]] = {
    "campaign": campaigns,
    "shopping_performance_view": products,
    "ad_group_ad": ads,
    "account_budget": account_budgets,
}


@lru_cache(maxsize=256)
def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
