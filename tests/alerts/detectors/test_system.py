"""Golden examples of what goes wrong with the machinery itself: connections, payments, doubtful writes, model money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alerts.detectors import BY_NAME
from alerts.looks import ConnectionLook, GatewayLook, ModelBudgetLook, ShopLook, UnknownWriteLook
from alerts.lookup import Rules
from alerts.types import Finding
from tests.alerts.conftest import NOW, SHOPEE, STRIPE, known

MakeRules = Callable[..., Rules]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SECOND_SHOPEE = ShopLook(9, "shopee", "Lumen MY", "MY", "MYR")


def run(name: str, look: object, rules: Rules) -> list[Finding]:
    return list(BY_NAME[name].detect((look,), NOW, rules))


# --- 55 -----------------------------------------------------------------------------------------------------


def connection(**changes: object) -> ConnectionLook:
    look = ConnectionLook(
        shop=SHOPEE, shops=(SHOPEE,), verdict="down", verdict_words="they are down", reach="shop",
        says="Lumen SG does not answer.", advice="Nothing for you to do unless it lasts.",
        shows=("orders.list: the last 6 calls failed",), where=("orders.list",), since=NOW - 2 * HOUR,
        alert_dollars=Decimal(480), alert_hours=Decimal(48), read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


def test_an_outage_costs_what_its_shops_alerts_are_worth_an_hour(rules: MakeRules) -> None:
    (found,) = run("connection_fault", connection(), rules("connection_fault"))
    assert found.title == "Lumen SG: they are down"
    assert found.cash is not None
    assert found.cash.likely == 10 * 2 + 10 * 12
    assert found.cash.recomputed() == found.cash
    assert found.cash.assumed() == ()
    assert found.why == "Lumen SG does not answer. Nothing for you to do unless it lasts."


def test_a_platform_that_is_down_is_one_alert_for_all_its_shops(rules: MakeRules) -> None:
    one = connection(reach="platform", shops=(SHOPEE, SECOND_SHOPEE))
    other = replace(one, shop=SECOND_SHOPEE, shops=(SECOND_SHOPEE, SHOPEE))
    (found,), (again,) = (run("connection_fault", each, rules("connection_fault")) for each in (one, other))
    assert found.title == "Lumen SG, Lumen MY: they are down"
    assert found.fingerprint == again.fingerprint
    assert found.subject.shop_id is None


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({"since": NOW - 5 * MINUTE}, False),
        ({"since": NOW - 10 * MINUTE}, True),
        ({"verdict": "throttled", "since": NOW - 5 * MINUTE}, False),
        ({"verdict": "token", "since": NOW}, True),
        ({"verdict": "refused", "since": NOW, "reach": "part"}, True),
        ({"verdict": "drifted"}, False),
        ({"reach": "part"}, False),
        ({"verdict": "throttled", "reach": "part"}, False),
        ({"verdict": "short"}, False),
        ({"verdict": "silent"}, False),
        ({"verdict": "well"}, False),
    ],
)
def test_what_heals_by_itself_is_told_once_it_lasts(
    changes: dict[str, object], is_told: bool, rules: MakeRules
) -> None:
    assert bool(run("connection_fault", connection(**changes), rules("connection_fault"))) is is_told


def gateway(**changes: object) -> ConnectionLook:
    seen = GatewayLook(
        what="declines", says="30 of the last 100 charges were declined.", advice="See the decline codes.", tried=100,
        declined=30, usual_share=Decimal("0.05"), an_hour=Decimal(4), amount=Decimal(40), currency="USD",
        silent_since=NOW - 3 * HOUR,
    )  # fmt: skip
    seen = replace(seen, **changes)  # type: ignore[arg-type]  # the test names the fields
    return connection(shop=STRIPE, shops=(STRIPE,), verdict="payments", gateway=seen)


def test_a_shift_of_declines_costs_the_charges_that_would_have_gone_through(rules: MakeRules) -> None:
    (found,) = run("connection_fault", gateway(), rules("connection_fault", known("margin", "0.25")))
    assert found.cash is not None
    assert found.cash.likely == (30 - Decimal("0.05") * 100) * Decimal("0.5") * 40 * Decimal("0.25")  # 125.00
    assert found.cash.recomputed() == found.cash
    assert found.title == "Lumen Pay: more charges are declined than usual"


def test_payments_that_stop_cost_what_those_hours_used_to_take(rules: MakeRules) -> None:
    (found,) = run("connection_fault", gateway(what="no_payments"), rules("connection_fault", known("margin", "0.25")))
    assert found.cash is not None
    assert found.cash.likely == 4 * 3 * 40 * Decimal("0.25")


def test_an_amount_that_cannot_be_converted_is_not_zero_and_pushes_cost_nothing(rules: MakeRules) -> None:
    (unknown,) = run("connection_fault", gateway(currency="XAU"), rules("connection_fault"))
    assert unknown.cash is None
    assert unknown.missing == ("no XAU→USD exchange rate, so its dollars are unknown",)
    (pushes,) = run("connection_fault", gateway(what="no_pushes"), rules("connection_fault"))
    assert pushes.cash is not None
    assert pushes.cash.likely == 0


# --- 56 -----------------------------------------------------------------------------------------------------


def doubt(**changes: object) -> UnknownWriteLook:
    look = UnknownWriteLook(
        shop=STRIPE, draft_id=7, kind="refund", summary="Refund $120.00", state="unknown", sent_at=NOW - 6 * MINUTE,
        amount=Decimal(120), currency="USD", reads=2, next_look_at=NOW + MINUTE, reason="The connection was reset.",
        read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


def test_a_doubtful_write_is_worth_its_amount_times_the_chance_that_it_did_not_happen(rules: MakeRules) -> None:
    (found,) = run("write_unknown", doubt(), rules("write_unknown", known("labour_rate", "24", "USD")))
    assert found.ignored is not None
    assert [int(each) for each in (found.ignored.low, found.ignored.likely, found.ignored.high)] == [12, 60, 108]
    assert found.cash is not None
    assert found.cash.likely == 60 - Decimal(3) / 60 * 24
    assert found.cash.assumed() == ("it did not happen",)
    assert found.deadline == NOW + 24 * MINUTE
    assert found.why == "The connection was reset. 2 reads so far did not show it. We look again at 09:01 UTC."


def test_a_message_is_worth_what_its_matter_has_at_stake(rules: MakeRules) -> None:
    stake = (Decimal(10), Decimal(20), Decimal(40))
    (found,) = run("write_unknown", doubt(amount=None, stake=stake), rules("write_unknown"))
    assert found.ignored is not None
    assert found.ignored.likely == 10
    (blank,) = run("write_unknown", doubt(amount=None), rules("write_unknown"))
    assert (blank.cash, blank.missing) == (None, ("what the write is worth",))


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({"sent_at": NOW - 4 * MINUTE}, False),
        ({"sent_at": NOW - 5 * MINUTE}, True),
        ({"sent_at": NOW - MINUTE, "state": "needs_human"}, True),
    ],
)
def test_our_own_reads_come_first_and_what_only_a_person_can_settle_is_told_at_once(
    changes: dict[str, object], is_told: bool, rules: MakeRules
) -> None:
    assert bool(run("write_unknown", doubt(**changes), rules("write_unknown"))) is is_told


# --- 57 -----------------------------------------------------------------------------------------------------


def money(**changes: object) -> ModelBudgetLook:
    look = ModelBudgetLook(
        day=NOW.date(), limit=Decimal(10), spent=Decimal("10.40"), last_hour=Decimal(1), refused=2, unweighed=50,
        mean_cash=Decimal(60), dearest_task="dispute_evidence", dearest_cost=Decimal("6.10"), read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


def test_a_spent_budget_costs_the_overrun_and_what_a_worse_order_of_the_unweighed_loses(rules: MakeRules) -> None:
    (found,) = run("model_budget", money(), rules("model_budget"))
    assert found.cash is not None
    assert found.cash.likely == Decimal("0.40") + 50 * 60 * Decimal("0.02")
    assert (found.cash.low, found.cash.high) == (Decimal("0.40"), Decimal("300.40"))
    assert found.title == "Today's model budget of $10.00 is spent"
    assert "dispute_evidence took $6.10 of it" in found.why


@pytest.mark.parametrize(
    ("spent", "last_hour", "title", "deadline"),
    [
        ("8.00", "0.01", "is nearly spent", None),
        ("6.00", "2.00", "will be spent by 11:00 UTC", NOW + 2 * HOUR),
        ("6.00", "0.10", "", None),
        ("1.00", "5.00", "", None),
    ],
)
def test_it_warns_near_the_limit_and_where_the_pace_ends_it_before_the_day(
    spent: str, last_hour: str, title: str, deadline: object, rules: MakeRules
) -> None:
    found = run("model_budget", money(spent=Decimal(spent), last_hour=Decimal(last_hour)), rules("model_budget"))
    assert [each.title.removeprefix("Today's model budget of $10.00 ") for each in found] == ([title] if title else [])
    assert [each.deadline for each in found] == ([deadline] if title else [])
