"""Which proof a write needs: the narrowest rule holds, and no rule goes under a floor."""

from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.money import Money
from drafts.policy import DEFAULT, TIERS, Ask, Flag, Operator, Requirement, Rule, decide, strictest
from drafts.states import Tier

CLICK = Rule("click", kind="refund", note="Small refunds.")
FACTOR = Rule("second_factor", kind="refund", amount_from=Decimal("200.01"), note="Above 200.")


def ask(amount: str | None = None, **more: object) -> Ask:
    money = Money(Decimal(amount), "USD") if amount else None
    return Ask("refund", 1, money, money.amount if money else None, **more)  # type: ignore[arg-type]  # as given


def test_the_words_are_those_of_the_states() -> None:
    assert [str(tier) for tier in Tier] == list(TIERS)


def test_without_a_rule_a_person_looks_at_it_alone() -> None:
    assert decide(ask(), []).tier == DEFAULT == "review"


@pytest.mark.parametrize(("amount", "tier"), [("200.00", "click"), ("200.01", "second_factor"), (None, "click")])
def test_the_amount_decides_between_rules_of_one_breadth(amount: str | None, tier: str) -> None:
    assert decide(ask(amount), [CLICK, FACTOR]).tier == tier


def test_a_narrower_rule_stands_above_a_stricter_one() -> None:
    own = Rule("click", kind="refund", shop_id=1)
    assert decide(ask("900"), [FACTOR, own]).tier == "click"
    assert decide(ask("900"), [FACTOR, Rule("click", kind="refund", shop_id=2)]).tier == "second_factor"
    assert decide(ask("900"), [Rule("refuse"), CLICK]).tier == "click"


def test_among_equals_the_strictest_holds() -> None:
    assert decide(ask("5"), [CLICK, Rule("second_person", kind="refund")]).tier == "second_person"


def test_a_rule_in_a_currency_compares_amounts_of_that_currency_alone() -> None:
    yen = Rule("second_person", kind="refund", currency="JPY", amount_from=Decimal(1))
    assert decide(ask("900"), [CLICK, yen]).tier == "click"
    told = Ask("refund", 1, Money(Decimal(900), "JPY"), Decimal(6))
    assert decide(told, [CLICK, yen]).tier == "second_person"


@pytest.mark.parametrize("flag", list(Flag))
def test_no_rule_loosens_a_floor(flag: Flag) -> None:
    verdict = decide(ask("5", flags=frozenset({flag})), [CLICK])
    assert verdict.tier == "review"
    assert len(verdict.reasons) == 2


def test_money_without_a_rate_is_looked_at_and_says_why() -> None:
    verdict = decide(Ask("refund", 1, Money(Decimal(5), "SGD"), None), [CLICK])
    assert verdict.tier == "review"
    assert "no exchange rate for SGD" in verdict.reasons[1]


def test_many_items_may_ask_for_more_and_never_for_less() -> None:
    bulk = Rule("second_factor", items_from=11)
    assert decide(ask("5", items=10), [CLICK, bulk]).tier == "click"
    assert decide(ask("5", items=11), [CLICK, bulk]).tier == "second_factor"
    assert decide(ask("5", items=11), [Rule("second_person", kind="refund"), bulk]).tier == "second_person"


def test_strictest_orders_by_rising_proof() -> None:
    assert strictest("click", "refuse", "review") == "refuse"


def required(operator: Operator, *values: object, **more: object) -> Requirement:
    return Requirement("days", operator, values, kind="refund", **more)  # type: ignore[arg-type]  # as given


@pytest.mark.parametrize(
    ("requirement", "value", "tier"),
    [
        (required(Operator.AT_MOST, Decimal(30)), 30, "click"),
        (required(Operator.AT_MOST, Decimal(30)), 31, "refuse"),
        (required(Operator.AT_LEAST, Decimal("0.5")), Decimal("0.5"), "click"),
        (required(Operator.IS, True), False, "refuse"),
        (required(Operator.ONE_OF, "Gift", "card"), "gift", "click"),
        (required(Operator.NONE_OF, "gift"), "gift", "refuse"),
        (required(Operator.AT_MOST, Decimal(30)), None, "refuse"),
        (required(Operator.AT_MOST, Decimal(30), tier="second_factor"), 31, "second_factor"),
    ],
)
def test_what_a_requirement_asks_for_holds_or_takes_its_tier(
    requirement: Requirement, value: object, tier: str
) -> None:
    assert decide(ask("5", terms={"days": value}), [CLICK], [requirement]).tier == tier


def test_a_requirement_speaks_of_its_kind_and_shop_and_of_writes_that_have_its_term() -> None:
    late = required(Operator.AT_MOST, Decimal(30))
    assert decide(ask("5"), [CLICK], [late]).tier == "click"
    assert decide(Ask("reply", 1, terms={"days": 31}), [Rule("click")], [late]).tier == "click"
    assert decide(ask("5", terms={"days": 31}), [CLICK], [replace(late, shop_id=2)]).tier == "click"


def test_a_requirement_never_loosens_and_says_its_own_words() -> None:
    soft = required(Operator.IS, True, tier="click", note="Ours.")
    verdict = decide(ask("900", terms={"days": False}), [FACTOR], [soft])
    assert verdict.tier == "second_factor"
    assert verdict.reasons == ("Above 200.", "Ours.")


def test_a_rule_on_risk_asks_for_more_and_never_for_less() -> None:
    risky = Rule("second_factor", risk_from="high")
    assert decide(ask("5", risk="medium"), [CLICK, risky]).tier == "click"
    assert decide(ask("5", risk="high"), [CLICK, risky]).tier == "second_factor"
    assert decide(ask("5", risk="the channel's own word"), [CLICK, risky]).tier == "second_factor"
    assert (
        decide(ask("900", risk="high"), [FACTOR, Rule("click", kind="refund", risk_from="low")]).tier == "second_factor"
    )


def test_a_rule_for_new_customers_is_narrower_than_one_for_all() -> None:
    new = Rule("second_person", kind="refund", customer="new")
    assert decide(ask("5", customer="new"), [CLICK, new]).tier == "second_person"
    assert decide(ask("5", customer="vip"), [CLICK, new]).tier == "click"
    assert decide(ask("5"), [CLICK, new]).tier == "click"


def test_a_rule_of_one_side_of_a_trial_holds_on_that_side_alone() -> None:
    other = Rule("second_factor", kind="refund", side="b")
    assert decide(ask("5", side="b"), [CLICK, other]).tier == "second_factor"
    assert decide(ask("5", side="a"), [CLICK, other]).tier == decide(ask("5"), [CLICK, other]).tier == "click"
