"""Stock and price of a listing: absolute, within reach of what stands, and honest about what is not known."""

from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.money import Money
from connectors.operations import SetPrice, SetStock
from connectors.types import Listing, StockLevel
from drafts.kinds.base import CannotPropose
from drafts.kinds.listings.set_price import SetPriceCommand, SetPriceKind
from drafts.kinds.listings.set_stock import SetStockCommand, SetStockKind
from drafts.kinds.own import SupplyPosition
from tests.drafts.kinds.desk import Memory, matter

STOCK, PRICE = SetStockKind(), SetPriceKind()
LEVEL = StockLevel(external_id="l1@w1", sku="MUG", location="w1", listing_ref="l1", on_hand=9, reserved=4)
LISTING = Listing(external_id="l1", sku="MUG", title="Blue mug", price=Decimal("20.00"), currency="USD")
SUPPLY = SupplyPosition(external_id="MUG", unit_cost=Decimal("8.00"), currency="USD")


def price(amount: str, currency: str = "USD") -> SetPriceCommand:
    return SetPriceCommand(listing_ref="l1", sku="MUG", price=Decimal(amount), currency=currency)


def test_selling_is_stopped_by_a_stock_of_none() -> None:
    proposal = STOCK.propose(matter(stock_ref="l1@w1"), Memory(LEVEL))
    facts = STOCK.read_facts(proposal.command, Memory(LEVEL))
    shown = STOCK.preview(proposal.command, facts)

    assert proposal.command == SetStockCommand(stock_ref="l1@w1", sku="MUG", quantity=0)
    assert (shown.summary, shown.rows[0].before, shown.rows[0].after) == ("Stop selling MUG", "5", "0")
    assert STOCK.operation(proposal.command, facts, "k") == SetStock(
        listing_ref="l1", sku="MUG", quantity=0, location="w1"
    )


def test_what_the_channel_shows_already_is_not_proposed() -> None:
    with pytest.raises(CannotPropose, match="MUG shows 5 already"):
        STOCK.propose(matter(stock_ref="l1@w1", sellable=5), Memory(LEVEL))


def test_more_than_the_channel_shows_is_warned_of_and_another_sku_refused() -> None:
    command = SetStockCommand(stock_ref="l1@w1", sku="MUG", quantity=7)
    facts = STOCK.read_facts(command, Memory(LEVEL))

    assert "make sure that the goods are there" in STOCK.preview(command, facts).warnings[0]
    assert STOCK.refusals(command, facts) == []
    moved = STOCK.read_facts(command, Memory(replace(LEVEL, sku="CUP")))
    assert STOCK.refusals(command, moved) == ["this listing is CUP now, not MUG"]


def test_a_price_is_proposed_with_the_margin_that_it_leaves() -> None:
    proposal = PRICE.propose(matter(listing_ref="l1", price="25"), Memory(LISTING))
    facts = PRICE.read_facts(proposal.command, Memory(LISTING, SUPPLY))
    shown = PRICE.preview(proposal.command, facts)

    assert proposal.command == price("25.00")
    assert (shown.rows[1].before, shown.rows[1].after) == ("60%", "68%")
    assert PRICE.refusals(proposal.command, facts) == []
    assert PRICE.operation(proposal.command, facts, "k") == SetPrice(
        listing_ref="l1", sku="MUG", price=Money(Decimal("25.00"), "USD")
    )


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (price("20"), "MUG costs 20 USD already"),
        (price("31"), "31 is more than 50% away from 20: move in steps, it may be a slip"),
        (price("9.00"), "9.00 is more than 50% away from 20: move in steps, it may be a slip"),
        (price("25", "SGD"), "MUG is sold in USD, not SGD"),
    ],
)
def test_a_price_that_looks_like_a_slip_is_refused(command: SetPriceCommand, reason: str) -> None:
    assert PRICE.refusals(command, PRICE.read_facts(command, Memory(LISTING, SUPPLY))) == [reason]


def test_nothing_is_sold_below_its_cost() -> None:
    dear = replace(SUPPLY, unit_cost=Decimal("15.00"))

    assert PRICE.refusals(price("14.00"), PRICE.read_facts(price("14.00"), Memory(LISTING, dear))) == [
        "14.00 is below what one unit costs us (15 USD)"
    ]


def test_a_cost_in_another_currency_is_said_to_be_unknown() -> None:
    facts = PRICE.read_facts(price("25"), Memory(LISTING, replace(SUPPLY, currency="SGD")))

    assert "the margin is not checked" in PRICE.preview(price("25"), facts).warnings[1]
