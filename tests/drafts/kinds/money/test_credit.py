from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.money import Money
from connectors.operations import CreditNote, StoreCredit
from connectors.types import BooksContact, OrderStatus
from drafts.forms.command import CommandForm
from drafts.kinds.base import CannotPropose
from drafts.kinds.money.credit_note import CreditNoteCommand, CreditNoteKind
from drafts.kinds.money.store_credit import StoreCreditCommand, StoreCreditKind
from tests.drafts.kinds.desk import ORDER, Memory, matter

OWNED = replace(ORDER, customer_ref="cust-7", refunded=Decimal(20))
CONTACT = BooksContact(external_id="mei@example.com", reference="4600001", name="Mei Tan", currency="SGD")


class TestStoreCredit:
    KIND = StoreCreditKind()

    def command(self, **changes: Any) -> StoreCreditCommand:
        given = {"order_ref": "o1", "customer_ref": "cust-7", "amount": "6.00", "currency": "SGD"}
        return StoreCreditCommand.model_validate(given | changes)

    def refusals(self, order: Any = OWNED, **changes: Any) -> list[str]:
        asked = self.command(**changes)
        return self.KIND.refusals(asked, self.KIND.read_facts(asked, Memory(order)))

    def test_goodwill_is_a_part_of_what_the_order_still_holds_for_a_year(self) -> None:
        command = self.KIND.propose(matter(order_ref="o1"), Memory(OWNED)).command
        facts = self.KIND.read_facts(command, Memory(OWNED))
        preview = self.KIND.preview(command, facts)

        assert self.KIND.refusals(command, facts) == []
        assert self.KIND.money(command) == Money(Decimal("6.00"), "SGD")
        assert self.KIND.operation(command, facts, "k") == StoreCredit(
            customer_ref="cust-7",
            amount=Money(Decimal("6.00"), "SGD"),
            note="For order 1042",
            expires_on=date(2027, 11, 21),
        )
        assert (preview.rows[0].label, preview.rows[0].after) == ("Credit added", "6.00 SGD, until 2027-11-21")

    def test_a_sum_that_somebody_named_is_taken_up_to_what_is_left(self) -> None:
        assert self.KIND.propose(matter(order_ref="o1", credit="100"), Memory(OWNED)).command.amount == Decimal("40.00")

    @pytest.mark.parametrize(
        ("order", "changes", "reason"),
        [
            (OWNED, {"amount": "40.01"}, "40.01 is more than the 40 SGD that order 1042 still holds"),
            (OWNED, {"currency": "USD"}, "order 1042 is in SGD, not USD"),
            (replace(OWNED, total=None), {}, "the total of order 1042 is not known; read it again"),
            (replace(OWNED, customer_ref="cust-8"), {}, "order 1042 belongs to another customer now"),
            (OWNED, {"expires_on": "2026-11-21"}, "credit that ends on 2026-11-21 could not be spent"),
        ],
    )
    def test_what_cannot_be_right_is_refused(self, order: Any, changes: dict[str, Any], reason: str) -> None:
        assert self.refusals(order, **changes) == [reason]

    def test_where_the_order_stands_on_its_way_moves_nothing(self) -> None:
        before = self.KIND.read_facts(self.command(), Memory(OWNED))
        after = self.KIND.read_facts(self.command(), Memory(replace(OWNED, status=OrderStatus.DELIVERED)))

        assert self.KIND.differences(before, after) == []

    def test_a_guest_or_a_refunded_order_gets_none(self) -> None:
        with pytest.raises(CannotPropose, match="no customer account that could hold credit"):
            self.KIND.propose(matter(order_ref="o1"), Memory(replace(OWNED, customer_ref="")))
        with pytest.raises(CannotPropose, match="all of it has gone back"):
            self.KIND.propose(matter(order_ref="o1"), Memory(replace(OWNED, refunded=Decimal(60))))

    def test_amount_note_and_end_are_edited(self) -> None:
        assert list(CommandForm(self.command()).fields) == ["amount", "note", "expires_on"]


class TestCreditNote:
    KIND = CreditNoteKind()
    BOOKS = Memory(OWNED, CONTACT, performer=5)

    def test_the_books_credit_the_buyer_as_they_know_them(self) -> None:
        proposal = self.KIND.propose(matter(order_ref="o1", amount="12.5"), self.BOOKS)
        facts = self.KIND.read_facts(proposal.command, self.BOOKS)
        preview = self.KIND.preview(proposal.command, facts)

        assert proposal.shop_id == 5
        assert self.KIND.refusals(proposal.command, facts) == []
        assert self.KIND.money(proposal.command) == Money(Decimal("12.50"), "SGD")
        assert self.KIND.operation(proposal.command, facts, "k") == CreditNote(
            order_ref="1042",
            customer_ref="4600001",
            amount=Money(Decimal("12.50"), "SGD"),
            reason="Order 1042 is late",
        )
        assert preview.text == ("Credit note of 12.50 SGD for Mei Tan, against order 1042. Reason: Order 1042 is late")
        assert preview.warnings == (
            "The books change, the payment does not: refund the payment by a draft of its own.",
        )

    def test_without_a_sum_it_is_what_the_order_still_holds(self) -> None:
        assert self.KIND.propose(matter(order_ref="o1"), self.BOOKS).command.amount == Decimal("40.00")
        assert self.KIND.propose(matter(order_ref="o1", amount="99"), self.BOOKS).command.amount == Decimal("40.00")
        with pytest.raises(CannotPropose, match="nothing is left of it"):
            self.KIND.propose(matter(order_ref="o1"), Memory(replace(OWNED, refunded=Decimal(60)), CONTACT))

    def test_another_customer_in_the_books_is_refused_and_more_than_is_left_too(self) -> None:
        command = CreditNoteCommand(order_ref="o1", customer_ref="1", amount=Decimal(5), currency="SGD", reason="late")
        large = command.model_copy(update={"customer_ref": "4600001", "amount": Decimal(41)})
        facts = self.KIND.read_facts(command, self.BOOKS)

        assert self.KIND.refusals(command, facts) == [
            "the books keep the buyer of order 1042 as Mei Tan; prepare it anew for them"
        ]
        assert self.KIND.refusals(large, facts) == ["41 is more than the 40 SGD that order 1042 still holds"]

    def test_without_books_the_buyer_is_named_in_words(self) -> None:
        command = self.KIND.propose(matter(order_ref="o1"), Memory(OWNED)).command
        preview = self.KIND.preview(command, self.KIND.read_facts(command, Memory(OWNED)))

        assert command.customer_ref == "cust-7"
        assert preview.rows[0].after == "the buyer, as the books name them"

    def test_amount_and_reason_are_edited(self) -> None:
        command = self.KIND.propose(matter(order_ref="o1"), self.BOOKS).command

        assert list(CommandForm(command).fields) == ["amount", "reason"]
