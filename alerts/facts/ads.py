"""Advertising: campaigns that run with their days, and advertised products with their stock.

An ad platform names a product by the id of the feed that it is given: the SKU (Google in lower case), or for a Shopify
store `shopify_<country>_<product>_<variant>` or the variant's number alone. A day whose figures stand still is not
written again, so a row counts as read when its feed was.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.ad_looks import AdDayLook, AdShareLook, AdvertisedLook, CampaignLook
from alerts.facts import stock as goods
from alerts.facts.rows import Shops, rows
from alerts.looks import ShopLook
from connectors.arrays import text_array

HISTORY_DAYS = 30
SHOPIFY_ITEM = re.compile(r"(?:shopify_[a-z]{2}_\d+_)?(\d{6,})")
HOUR = timedelta(hours=1)

CAMPAIGN_DAYS = """
SELECT c.shop_id, c.external_id AS ref, c.name, c.currency, c.daily_budget, c.budget_shared_by, a.day, a.cost,
       a.clicks, a.conversions, greatest(a.fetched_at, f.last_good_at) AS read_at
FROM connectors_campaign c
JOIN connectors_adspend a ON a.shop_id = c.shop_id AND a.campaign_ref = c.external_id AND a.sku = ''
LEFT JOIN connectors_feed f ON f.shop_id = c.shop_id AND f.name = 'spend'
WHERE c.status = 'active' AND a.currency = c.currency AND a.day >= %(since)s
ORDER BY c.shop_id, c.external_id, a.day
"""

PRODUCT_DAYS = """
SELECT a.shop_id, a.sku AS item, a.campaign_ref, c.name, c.currency, a.day, a.cost,
       greatest(a.fetched_at, f.last_good_at) AS read_at,
       sum(a.cost) OVER (PARTITION BY a.shop_id, a.campaign_ref) AS campaign_cost
FROM connectors_adspend a
JOIN connectors_campaign c ON c.shop_id = a.shop_id AND c.external_id = a.campaign_ref
LEFT JOIN connectors_feed f ON f.shop_id = c.shop_id AND f.name = 'product_spend'
WHERE c.status = 'active' AND a.currency = c.currency AND a.sku <> '' AND a.day >= %(since)s
ORDER BY a.day
"""

SKUS = """
SELECT DISTINCT sku, '' AS variant FROM connectors_stocklevel WHERE lower(sku) = ANY(%(items)s::text[])
UNION
SELECT DISTINCT sku, substring(external_id FROM '[0-9]+$') FROM connectors_listing
WHERE sku <> '' AND substring(external_id FROM '[0-9]+$') = ANY(%(variants)s::text[])
"""


def campaigns(shops: Shops, now: datetime) -> list[CampaignLook]:
    """Every campaign that runs and has spent something in the last weeks."""
    found: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows(CAMPAIGN_DAYS, {"since": (now - timedelta(days=HISTORY_DAYS)).date()}):
        found[row["shop_id"], row["ref"]].append(row)
    return [_campaign(shops[shop_id], held) for (shop_id, _), held in found.items()]


def _campaign(shop: ShopLook, held: list[dict[str, Any]]) -> CampaignLook:
    last = held[-1]
    return CampaignLook(
        shop=shop, ref=last["ref"], name=last["name"], currency=last["currency"], daily_budget=last["daily_budget"],
        budget_shared_by=last["budget_shared_by"], days=tuple(_day(shop, [row]) for row in held),
        read_at=last["read_at"],
    )  # fmt: skip


def _day(shop: ShopLook, held: list[dict[str, Any]]) -> AdDayLook:
    """One day of one or several rows."""
    read_at = max(row["read_at"] for row in held)
    known = [row["conversions"] for row in held if row.get("conversions") is not None]
    return AdDayLook(
        day=held[0]["day"], cost=sum((row["cost"] for row in held), Decimal(0)),
        clicks=sum(row.get("clicks", 0) for row in held), conversions=sum(known, Decimal(0)) if known else None,
        hours=_hours(shop, held[0]["day"], read_at),
    )  # fmt: skip


def _hours(shop: ShopLook, day: Any, read_at: datetime) -> Decimal:
    """How much of the account's day was over when it was read."""
    began = datetime.combine(day, time(), zone_of(shop))
    return min(Decimal(24), max(Decimal(0), Decimal(str(round((read_at - began) / HOUR, 2)))))


def zone_of(shop: ShopLook) -> ZoneInfo:
    try:
        return ZoneInfo(shop.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def advertised(shops: Shops, now: datetime) -> list[AdvertisedLook]:
    """Every product that a running campaign has spent on since yesterday and whose stock some channel counts."""
    found: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows(PRODUCT_DAYS, {"since": (now - timedelta(days=2)).date()}):
        yesterday = now.astimezone(zone_of(shops[row["shop_id"]])).date() - timedelta(days=1)
        if row["day"] >= yesterday:
            found[row["shop_id"], row["item"]].append(row)
    if not found:
        return []
    skus = skus_of({item for _, item in found})
    looks = {look.sku: look for look in goods.stock(shops, now, sorted(set(skus.values())))} if skus else {}
    return [
        _advertised(shops[shop_id], item, held, looks[skus[item]])
        for (shop_id, item), held in found.items()
        if skus.get(item) in looks
    ]


def _advertised(shop: ShopLook, item: str, held: list[dict[str, Any]], stock: Any) -> AdvertisedLook:
    by_day: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    costs: dict[str, Decimal] = defaultdict(Decimal)
    for row in held:
        by_day[row["day"]].append(row)
        costs[row["campaign_ref"]] += row["cost"]
    named: Mapping[str, dict[str, Any]] = {row["campaign_ref"]: row for row in held}
    shares = [
        AdShareLook(ref=ref, name=named[ref]["name"], cost=cost, campaign_cost=named[ref]["campaign_cost"])
        for ref, cost in costs.items()
    ]
    return AdvertisedLook(
        shop=shop, item=item, stock=stock, currency=held[-1]["currency"],
        days=tuple(_day(shop, by_day[day]) for day in sorted(by_day)),
        campaigns=tuple(sorted(shares, key=lambda one: -one.cost)),
        read_at=max(row["read_at"] for row in held),
    )  # fmt: skip


def skus_of(items: Iterable[str]) -> dict[str, str]:
    """The SKU that each item of an ad platform is; those that none of our channels knows are left out."""
    variants = {item: match[1] for item in items if (match := SHOPIFY_ITEM.fullmatch(item.lower()))}
    wanted = {"items": text_array(item.lower() for item in items), "variants": text_array(variants.values())}
    by_sku: dict[str, str] = {}
    by_variant: dict[str, str] = {}
    for row in rows(SKUS, wanted):
        (by_variant if row["variant"] else by_sku)[row["variant"] or row["sku"].lower()] = row["sku"]
    told = {item: by_sku.get(item.lower()) or by_variant.get(variants.get(item, "")) for item in items}
    return {item: sku for item, sku in told.items() if sku}
