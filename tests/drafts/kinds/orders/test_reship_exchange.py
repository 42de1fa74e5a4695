from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.money import Money
from connectors.operations import Exchange, Reship
from connectors.types import Listing, OrderStatus
from drafts.forms.command import CommandForm
from drafts.kinds.base import CannotPropose
from drafts.kinds.orders.exchange import ExchangeCommand, ExchangeKind
from drafts.kinds.orders.reship import ReshipCommand, ReshipKind
from tests.drafts.kinds.desk import ORDER, Memory, matter

MUG, CUP = ORDER.lines
LOST = replace(
    ORDER, status=OrderStatus.SHIPPED, lines=(replace(MUG, listing_ref="p1"), replace(CUP, cancelled_quantity=1))
)
BOWL = Listing(external_id="p9", sku="BOWL", price=Decimal("25.00"), currency="SGD")
SAME = Listing(external_id="p1", sku="MUG", price=Decimal("20.00"), currency="SGD")


class TestSendingAgain:
    KIND = ReshipKind()

    def command(self, **changes: Any) -> ReshipCommand:
        given = {"order_ref": "o1", "lines": [{"line_ref": "l1", "quantity": 2}], "worth": "40.00", "currency": "SGD"}
        return ReshipCommand.model_validate(given | changes)

    def refusals(self, order: Any = LOST, **changes: Any) -> list[str]:
        asked = self.command(**changes)
        return self.KIND.refusals(asked, self.KIND.read_facts(asked, Memory(order)))

    def test_what_left_and_was_not_cancelled_goes_again_for_what_it_was_sold_for(self) -> None:
        proposal = self.KIND.propose(matter(order_ref="o1"), Memory(LOST))
        facts = self.KIND.read_facts(proposal.command, Memory(LOST))
        preview = self.KIND.preview(proposal.command, facts)

        assert self.KIND.refusals(proposal.command, facts) == []
        assert self.KIND.money(proposal.command) == Money(Decimal("40.00"), "SGD")
        assert self.KIND.operation(proposal.command, facts, "k") == Reship(
            order_ref="o1", lines=(("l1", 2),), note="Replacement for order 1042"
        )
        assert preview.summary == "Send 2 × MUG again for order 1042 (sold for 40.00 SGD)"
        assert preview.text == ("Send again for order 1042, without charge: 2 × MUG. Replacement for order 1042")

    @pytest.mark.parametrize(
        ("order", "changes", "reason"),
        [
            (ORDER, {}, "order 1042 is to ship; only what has left can be sent again"),
            (LOST, {"lines": [{"line_ref": "l1", "quantity": 3}]}, "line l1 of order 1042 has 2 units, not 3"),
            (LOST, {"lines": [{"line_ref": "l9", "quantity": 1}]}, "line l9 is not of order 1042"),
            (LOST, {"worth": "20.00"}, "these goods were sold for 40.00 SGD; the draft is for 20.00"),
            (LOST, {"currency": "USD"}, "order 1042 is in SGD, not USD"),
        ],
    )
    def test_more_than_the_buyer_was_sent_is_refused(self, order: Any, changes: dict[str, Any], reason: str) -> None:
        assert self.refusals(order, **changes) == [reason]

    def test_returned_units_are_not_sent_again(self) -> None:
        back = replace(LOST, lines=(replace(MUG, returned_quantity=1),))

        [part] = self.KIND.propose(matter(order_ref="o1"), Memory(back)).command.lines
        assert part.quantity == 1

    def test_money_that_went_back_and_a_delivery_are_warned_of_first(self) -> None:
        order = replace(LOST, refunded=Decimal(10), status=OrderStatus.DELIVERED)
        warnings = self.KIND.preview(self.command(), self.KIND.read_facts(self.command(), Memory(order))).warnings

        assert warnings[:2] == (
            "The courier reports the first parcel as delivered.",
            "10 SGD of this order has gone back already.",
        )

    def test_a_delivery_after_the_approval_brings_the_draft_back(self) -> None:
        before = self.KIND.read_facts(self.command(), Memory(LOST))
        after = self.KIND.read_facts(self.command(), Memory(replace(LOST, status=OrderStatus.DELIVERED)))

        assert [moved.field for moved in self.KIND.differences(before, after)] == ["status"]

    def test_nothing_that_left_is_nothing_to_send_again(self) -> None:
        with pytest.raises(CannotPropose, match="nothing that left"):
            self.KIND.propose(matter(order_ref="o1"), Memory(ORDER))
        with pytest.raises(ValidationError, match="lines"):
            self.command(lines=[])

    def test_units_are_edited_and_the_worth_stays_the_ceiling(self) -> None:
        form = CommandForm(self.command())

        assert list(form.fields) == ["lines.0.quantity", "note"]
        assert ("Worth", "40.00") in form.kept


class TestExchanging:
    KIND = ExchangeKind()
    SHOP = Memory(LOST, BOWL, SAME)

    def facts(self, command: ExchangeCommand, shop: Memory = SHOP) -> dict[str, Any]:
        return self.KIND.read_facts(command, shop)

    def test_goods_are_exchanged_for_what_the_matter_names(self) -> None:
        command = self.KIND.propose(matter(order_ref="o1", taken={"l1": 1}, given={"p9": 1}), self.SHOP).command
        preview = self.KIND.preview(command, self.facts(command))
        operation = self.KIND.operation(command, self.facts(command), "k")

        assert isinstance(operation, Exchange)
        assert (operation.taken, operation.given) == ((("l1", 1),), (("p9", 1),))
        assert preview.summary == "Exchange 1 × MUG of order 1042 for 1 × BOWL"
        assert preview.warnings[0] == (
            "What comes back was sold for 20.00 SGD, what goes out costs 25.00 SGD: settle that apart."
        )

    def test_without_another_wish_the_same_goods_go_out_again(self) -> None:
        command = self.KIND.propose(matter(order_ref="o1", sku="MUG", quantity=1), self.SHOP).command

        assert [(one.listing_ref, one.quantity) for one in command.given] == [("p1", 1)]
        assert self.KIND.refusals(command, self.facts(command)) == []
        assert len(self.KIND.preview(command, self.facts(command)).warnings) == 1

    def test_what_is_off_sale_or_too_much_is_refused(self) -> None:
        command = self.KIND.propose(matter(order_ref="o1", taken={"l1": 3}, given={"p9": 1}), self.SHOP).command
        off = Memory(LOST, replace(BOWL, status="suppressed"))

        assert self.KIND.refusals(command, self.facts(command, off)) == [
            "line l1 of order 1042 has 2 units, not 3",
            "BOWL is not for sale (suppressed)",
        ]

    def test_an_open_order_is_changed_instead_and_an_unknown_wish_is_asked_for(self) -> None:
        command = self.KIND.propose(matter(order_ref="o1", taken={"l1": 1}, given={"p9": 1}), self.SHOP).command
        unsent = Memory(replace(LOST, status=OrderStatus.TO_SHIP), BOWL)

        assert self.KIND.refusals(command, self.facts(command, unsent)) == [
            "order 1042 is to ship: change its items instead of exchanging them"
        ]
        with pytest.raises(CannotPropose, match="has not left yet"):
            self.KIND.propose(matter(order_ref="o1"), unsent)
        with pytest.raises(CannotPropose, match="exchanged for what is not known"):
            self.KIND.propose(matter(order_ref="o1", sku="CUP"), self.SHOP)

    def test_units_of_both_sides_are_edited(self) -> None:
        command = self.KIND.propose(matter(order_ref="o1", taken={"l1": 1}, given={"p9": 1}), self.SHOP).command

        assert list(CommandForm(command).fields) == ["taken.0.quantity", "given.0.quantity"]
