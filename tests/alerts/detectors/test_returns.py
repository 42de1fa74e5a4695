"""Returns that wait for a decision: what speaks for refusing, and what is offered first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from alerts.detectors import BY_NAME
from alerts.looks import ReturnLook
from alerts.lookup import Lookup, Rules, ThresholdRow
from tests.alerts.conftest import NOW, RATES, SHOPEE

MakeRules = Callable[..., Rules]
LOOK = ReturnLook(
    shop=SHOPEE, ref="r1", order_ref="o1", number="1042", status="asked", reason="DAMAGED_ITEM", amount=Decimal(40),
    currency="SGD", asked_at=NOW - timedelta(days=1), decide_by=NOW + timedelta(days=1), photos=1,
    delivered_at=NOW - timedelta(days=4), read_at=NOW,
)  # fmt: skip


def arguments(rules: Rules, **changes: object) -> dict[str, object]:
    (found,) = BY_NAME["return_decision"].detect((replace(LOOK, **changes),), NOW, rules)  # type: ignore[arg-type]  # fields
    return dict(found.arguments)


@pytest.mark.parametrize(
    ("changes", "against"),
    [
        ({}, []),
        ({"photos": 0}, [["no_photos", "Damage is claimed, and no photo of it was sent."]]),
        ({"delivered_at": NOW - timedelta(days=21)},
         [["after_window", "It was asked for 20 days after delivery; returns are taken within 15 days."]]),
        ({"reason": "ITEM_NOT_RECEIVED"}, [["delivered", "The parcel was delivered on 2026-11-17."]]),
        ({"reason": "ITEM_NOT_RECEIVED", "delivered_at": None}, []),
        ({"past_returns": 2}, []),
        ({"past_returns": 3}, [["serial_returner", "The same buyer has asked for 3 returns before."]]),
    ],
)  # fmt: skip
def test_what_speaks_for_refusing_goes_to_the_draft(
    changes: dict[str, object], against: list[list[str]], rules: MakeRules
) -> None:
    assert arguments(rules("return_decision"), **changes)["against"] == against


def test_the_first_offer_is_a_setting_that_each_channel_may_have_its_own_of() -> None:
    row = ThresholdRow(
        detector="return_decision", name="offer_share", channel="shopee", country="", value=Decimal("0.3"),
        unit="share", effective_from=date(2026, 1, 1), source="the owner",
    )  # fmt: skip
    entered = Lookup("USD", NOW.date(), (row,), (), RATES)
    made = entered.of("return_decision", BY_NAME["return_decision"].thresholds)

    assert arguments(made)["offer_share"] == "0.3"
