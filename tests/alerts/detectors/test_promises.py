"""Promised deliveries: shown by how likely they are missed, with unknown amounts left unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from alerts.arithmetic.odds import Forecast
from alerts.detectors import BY_NAME
from alerts.looks import OrderLook, ParcelLook
from alerts.lookup import Lookup, Rules, ThresholdRow
from alerts.types import Finding
from tests.alerts.conftest import NOW, SHOPIFY

MakeRules = Callable[..., Rules]
DAY = timedelta(days=1)


def likely(share: str) -> Forecast:
    return Forecast(Decimal(share), 100, "deliver_by")


def order(**changes: Any) -> OrderLook:
    """To be shipped; only its delivery is promised."""
    look = OrderLook(
        shop=SHOPIFY, ref="55", number="#1042", status="to_ship", ordered_at=NOW - 2 * DAY, ship_by=NOW - DAY,
        deliver_by=NOW + 5 * DAY, is_derived=True, forecast=likely("0.6"), currency="USD",
        total=Decimal(100), read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)


def parcel(**changes: Any) -> ParcelLook:
    """Under way for nine days without any parcel known."""
    look = ParcelLook(
        shop=SHOPIFY, ref="55", order_ref="55", number="#1042", status="in_transit", order_status="shipped",
        shipped_at=NOW - 9 * DAY, promised_at=NOW + DAY, record="order", forecast=likely("0.6"), currency="USD",
        total=Decimal(100), read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)


def run(name: str, look: object, rules: Rules) -> list[Finding]:
    return list(BY_NAME[name].detect((look,), NOW, rules))


@pytest.mark.parametrize(("name", "look"), [("late_shipment", order()), ("parcel_stuck", parcel())])
def test_a_likely_miss_is_shown_with_its_probability(name: str, look: Any, rules: MakeRules) -> None:
    (found,) = run(name, look, rules(name))
    assert found.probability == Decimal("0.6")
    assert found.subject.kind == "order"
    assert found.deadline == (NOW + 5 * DAY if name == "late_shipment" else NOW + DAY)
    assert found.cash is not None
    assert 0 < found.cash.low < found.cash.likely < found.cash.high
    assert found.cash.recomputed() == found.cash


@pytest.mark.parametrize(("name", "look"), [("late_shipment", order()), ("parcel_stuck", parcel())])
def test_an_unlikely_one_is_shown_only_where_the_setting_says_so(name: str, look: Any, rules: MakeRules) -> None:
    unlikely = replace(look, forecast=likely("0.05"))
    assert run(name, unlikely, rules(name)) == []
    row = ThresholdRow(
        detector=name, name="late_share", channel="", country="", value=Decimal("0.01"), unit="share",
        effective_from=date(2026, 1, 1), source="the owner",
    )  # fmt: skip
    wide = Lookup("USD", NOW.date(), (row,), (), ()).of(name, BY_NAME[name].thresholds)
    (found,) = run(name, unlikely, wide)
    assert found.probability == Decimal("0.05")
    (sure,) = run(name, look, wide)
    assert found.cash is not None
    assert sure.cash is not None
    assert found.cash.likely < sure.cash.likely / 5


@pytest.mark.parametrize(("name", "look"), [("late_shipment", order()), ("parcel_stuck", parcel())])
def test_an_unknown_total_is_missing_and_never_zero(name: str, look: Any, rules: MakeRules) -> None:
    (found,) = run(name, replace(look, total=None), rules(name))
    assert (found.cash, found.gmv, found.missing) == (None, None, ("the order total is not known",))
    assert found.probability == Decimal("0.6")


def test_a_broken_promise_is_certain(rules: MakeRules) -> None:
    (late,) = run("late_shipment", order(deliver_by=NOW - DAY, forecast=likely("1")), rules("late_shipment"))
    assert late.probability == 1
    assert late.title == "Order #1042 is late to ship"
    (under_way,) = run("parcel_stuck", parcel(promised_at=NOW - 3 * DAY, forecast=likely("1")), rules("parcel_stuck"))
    assert under_way.title == "Order #1042 is under way: promised 3 days ago and not delivered"


def test_the_channels_own_hand_over_time_still_counts_beside_a_promise(rules: MakeRules) -> None:
    near = order(is_derived=False, ship_by=NOW + timedelta(hours=3), forecast=likely("0.05"))
    (found,) = run("late_shipment", near, rules("late_shipment"))
    assert found.deadline == NOW + timedelta(hours=3)
