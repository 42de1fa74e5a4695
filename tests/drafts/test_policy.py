"""Which proof a write needs: the narrowest rule holds, and no rule goes under a floor."""

from decimal import Decimal

import pytest

from connectors.money import Money
from drafts.policy import DEFAULT, TIERS, Ask, Flag, Rule, decide, strictest
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
