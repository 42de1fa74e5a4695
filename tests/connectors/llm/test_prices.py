from datetime import date
from decimal import Decimal

from connectors.llm.prices import Usage, cost, price_of

DAY = date(2026, 11, 21)


def test_each_kind_of_token_has_its_price() -> None:
    usage = Usage(fresh=1_000_000, cache_write=1_000_000, cache_read=1_000_000, output=1_000_000)

    assert cost("claude-sonnet-5-5", usage, DAY) == Decimal("14.600000")  # 2 + 2.50 + 0.10 + 10


def test_a_long_prompt_moves_the_small_model_to_its_second_step() -> None:
    assert cost("claude-haiku-5-5", Usage(fresh=99_999), DAY) == Decimal("0.010000")
    assert cost("claude-haiku-5-5", Usage(fresh=60_000, cache_read=40_000), DAY) == Decimal("0.032000")


def test_a_dated_id_takes_its_family_and_the_longest_name_wins() -> None:
    assert price_of("claude-haiku-4-5-20251001", Usage(), DAY).model == "claude-haiku-4-5"
    assert price_of("claude-opus-5-5", Usage(), DAY).model == "claude-opus-5-5"


def test_an_unknown_model_is_billed_at_the_dearest_line() -> None:
    assert cost("claude-unheard-of", Usage(output=1_000_000), DAY) == Decimal("50.000000")
