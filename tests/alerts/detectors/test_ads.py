"""Ads for what is sold out, and campaigns that spend far above their usual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alerts.ad_looks import AdDayLook, AdShareLook, AdvertisedLook, CampaignLook
from alerts.detectors import BY_NAME
from alerts.looks import InboundLook, ShopLook, StockLook
from alerts.lookup import Rules
from alerts.types import Finding
from tests.alerts.conftest import NOW

MakeRules = Callable[..., Rules]
GOOGLE = ShopLook(7, "google_ads", "Google Ads", "US", "USD")
TODAY = NOW.date()
NOTHING: tuple[InboundLook, ...] = ()


def arriving(hours: float) -> tuple[InboundLook, ...]:
    return (InboundLook(ref="p", number="PO-1", quantity=500, due_at=NOW + timedelta(hours=hours)),)


def stock(**changes: object) -> StockLook:
    look = StockLook(
        sku="LAMP-1", title="Desk Lamp", on_hand=0, reserved=0, offers=(), inbound=arriving(31), lead_time_days=18,
        read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


def advertised(**changes: object) -> AdvertisedLook:
    """Golden example 7: $4.20 an hour, back in 31 hours; $138.60 of 33 hours are spent already."""
    days = (
        AdDayLook(day=TODAY - timedelta(days=1), cost=Decimal("100.80")),
        AdDayLook(day=TODAY, cost=Decimal("37.80"), hours=Decimal(9)),
    )
    share = AdShareLook(ref="77", name="Spotlight", cost=Decimal("138.60"), campaign_cost=Decimal("138.60"))
    look = AdvertisedLook(
        shop=GOOGLE, item="shopify_us_1_2", stock=stock(), currency="USD", days=days, campaigns=(share,), read_at=NOW
    )
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


def run(name: str, look: object, rules: Rules) -> list[Finding]:
    return list(BY_NAME[name].detect((look,), NOW, rules))


def test_four_dollars_twenty_an_hour_for_31_hours_are_at_risk_and_what_went_is_only_shown(rules: MakeRules) -> None:
    (found,) = run("ads_out_of_stock", advertised(), rules("ads_out_of_stock"))
    assert found.cash is not None
    assert found.cash.likely == Decimal("130.20")
    assert found.cash.low == Decimal("130.20")  # both days burnt at one pace
    assert found.cash.recomputed() == found.cash
    assert "138.60 USD went since yesterday and is lost already" in found.why
    assert found.drafts == ("pause_campaign", "escalation_note")
    assert found.arguments == {"campaign_ref": "77", "shop_id": 7, "is_active": False}
    assert (found.subject.kind, found.subject.ref, found.subject.shop_id) == ("sku", "LAMP-1", 7)


@pytest.mark.parametrize(("on_hand", "reserved"), [(1, 0), (50, 49)])
def test_what_can_still_be_bought_may_be_advertised(on_hand: int, reserved: int, rules: MakeRules) -> None:
    look = advertised(stock=stock(on_hand=on_hand, reserved=reserved))
    assert run("ads_out_of_stock", look, rules("ads_out_of_stock")) == []


def test_stock_that_is_all_promised_is_sold_out(rules: MakeRules) -> None:
    look = advertised(stock=stock(on_hand=20, reserved=20))
    assert len(run("ads_out_of_stock", look, rules("ads_out_of_stock"))) == 1


def test_small_change_is_nobodys_time(rules: MakeRules) -> None:
    look = advertised(days=(AdDayLook(day=TODAY, cost=Decimal("1.40"), hours=Decimal(9)),))
    assert run("ads_out_of_stock", look, rules("ads_out_of_stock")) == []


def test_without_a_delivery_it_counts_until_somebody_would_see_it(rules: MakeRules) -> None:
    (found,) = run("ads_out_of_stock", advertised(stock=stock(inbound=NOTHING)), rules("ads_out_of_stock"))
    assert found.cash is not None
    assert found.cash.likely == Decimal("4.20") * 72
    assert "nothing is on its way" in found.why


def test_a_product_among_many_is_taken_out_and_not_the_whole_campaign_paused(rules: MakeRules) -> None:
    share = AdShareLook(ref="77", name="Best sellers", cost=Decimal(10), campaign_cost=Decimal(100))
    (found,) = run("ads_out_of_stock", advertised(campaigns=(share,)), rules("ads_out_of_stock"))
    assert found.drafts == ("escalation_note",)
    assert "exclude the product there" in found.tradeoff
    assert "10%" in found.tradeoff


def test_days_of_different_pace_widen_the_range(rules: MakeRules) -> None:
    days = (
        AdDayLook(day=TODAY - timedelta(days=1), cost=Decimal(24)),
        AdDayLook(day=TODAY, cost=Decimal(27), hours=Decimal(9)),
    )
    (found,) = run("ads_out_of_stock", advertised(days=days), rules("ads_out_of_stock"))
    assert found.cash is not None
    assert (found.cash.low, found.cash.high) == (Decimal(31), Decimal(3) * Decimal(31) * Decimal("1.3"))
    assert found.cash.low < found.cash.likely < found.cash.high


def test_a_currency_without_a_rate_is_shown_apart_and_never_as_zero(rules: MakeRules) -> None:
    (found,) = run("ads_out_of_stock", advertised(currency="XXX"), rules("ads_out_of_stock"))
    assert found.cash is None
    assert found.missing == ("no XXX→USD exchange rate, so its dollars are unknown",)


def test_another_currency_is_counted_at_its_rate(rules: MakeRules) -> None:
    (found,) = run("ads_out_of_stock", advertised(currency="SGD"), rules("ads_out_of_stock"))
    assert found.cash is not None
    assert found.cash.likely == Decimal("130.20") * Decimal("0.75")
    assert found.cash.unit == "USD"


def campaign(
    yesterday: str = "150", today: str = "60", conversions: str | None = "1", **changes: object
) -> CampaignLook:
    """28 days of about $50 and two conversions each, then what the test says; nine hours of today are over."""
    before = [
        AdDayLook(
            day=TODAY - timedelta(days=ago), cost=Decimal(48 + ago % 5), clicks=100, conversions=Decimal(2)
        )
        for ago in range(29, 1, -1)
    ]  # fmt: skip
    told = None if conversions is None else Decimal(conversions)
    latest = [
        AdDayLook(day=TODAY - timedelta(days=1), cost=Decimal(yesterday), clicks=110, conversions=told),
        AdDayLook(day=TODAY, cost=Decimal(today), clicks=40, conversions=told, hours=Decimal(9)),
    ]
    look = CampaignLook(
        shop=GOOGLE, ref="77", name="Generic", currency="USD", days=(*before, *latest), daily_budget=Decimal(400),
        read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


def test_what_is_spent_above_the_usual_until_it_is_noticed_is_at_risk(rules: MakeRules) -> None:
    (found,) = run("ad_spend_anomaly", campaign(), rules("ad_spend_anomaly"))
    pace = Decimal(210) / 33 * 24
    assert found.ignored is not None
    assert found.ignored.likely == (pace - 50) * 3
    assert found.ignored.low == (pace - 75) * 3
    assert found.cash is not None
    assert found.cash.likely == (pace - 50) * 3 * Decimal("0.94")
    assert found.cash.recomputed() == found.cash
    assert found.drafts == ("campaign_budget", "pause_campaign")
    assert found.arguments["daily_budget"] == "75"
    assert found.title == "Generic spends 3.1 times its usual"
    assert found.subject.ref == "77"


@pytest.mark.parametrize(
    "look",
    [
        campaign(yesterday="55", today="20"),
        campaign(yesterday="80", today="20"),
        campaign(conversions="6"),
        campaign(days=campaign().days[-6:]),
        campaign(days=()),
    ],
    ids=["usual", "one dear morning", "earned by conversions", "too little history", "no day at all"],
)
def test_a_campaign_that_spends_as_usual_or_earns_it_is_left_alone(look: CampaignLook, rules: MakeRules) -> None:
    assert run("ad_spend_anomaly", look, rules("ad_spend_anomaly")) == []


def test_a_campaign_that_never_brought_a_conversion_is_judged_by_its_cost_alone(rules: MakeRules) -> None:
    quiet = tuple(replace(day, conversions=None) for day in campaign().days)
    assert len(run("ad_spend_anomaly", campaign(days=quiet), rules("ad_spend_anomaly"))) == 1


@pytest.mark.parametrize("changes", [{"daily_budget": None}, {"daily_budget": Decimal(60)}, {"budget_shared_by": 3}])
def test_a_campaign_that_cannot_be_capped_by_itself_is_paused(changes: dict[str, object], rules: MakeRules) -> None:
    (found,) = run("ad_spend_anomaly", campaign(**changes), rules("ad_spend_anomaly"))  # type: ignore[arg-type]
    assert found.drafts == ("pause_campaign", "escalation_note")


def test_a_small_excess_is_nobodys_time(rules: MakeRules) -> None:
    cheap = tuple(replace(day, cost=day.cost / 20) for day in campaign().days)
    assert run("ad_spend_anomaly", campaign(days=cheap), rules("ad_spend_anomaly")) == []


def test_a_campaign_of_an_unknown_currency_is_shown_apart(rules: MakeRules) -> None:
    (found,) = run("ad_spend_anomaly", campaign(currency="XXX"), rules("ad_spend_anomaly"))
    assert found.cash is None
    assert found.missing
