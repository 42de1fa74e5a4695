from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.money import Money
from connectors.operations import Address, BuyReturnLabel, Parcel, VoidLabel
from connectors.types import DeliveryAddress, OrderStatus, ReturnPlace, ShippingLabel
from drafts.forms.command import CommandForm
from drafts.kinds.base import CannotPropose
from drafts.kinds.own import BoughtLabel
from drafts.kinds.parcels.return_label import ASSUMED, ReturnLabelCommand, ReturnLabelKind
from drafts.kinds.parcels.void_label import VoidLabelCommand, VoidLabelKind
from tests.drafts.kinds.desk import ORDER, Memory, matter

HERS = Address(name="Mei Tan", line1="1 Old Road", city="Austin", region="TX", postcode="78701", country="US")
OURS = Address(name="Mug House", line1="1200 Dock", city="Austin", region="TX", postcode="78744", country="US")
SENT = replace(ORDER, status=OrderStatus.DELIVERED, currency="USD")
WENT = DeliveryAddress(external_id="o1", address=HERS)
USUAL = Parcel(weight_grams=900, length_mm=300, width_mm=200, height_mm=100)
PLACE = ReturnPlace(external_id="usual", address=OURS, parcel=USUAL)
BOUGHT = BoughtLabel(external_id="o1", label_ref="shp_1", shop_id=6)


class TestBuying:
    KIND = ReturnLabelKind()
    SELLER = Memory(SENT, WENT, PLACE, performer=6)

    def command(self) -> ReturnLabelCommand:
        return self.KIND.propose(matter(order_ref="o1"), self.SELLER).command

    def refusals(self, *records: Any) -> list[str]:
        return self.KIND.refusals(self.command(), self.KIND.read_facts(self.command(), Memory(*records)))

    def test_the_buyer_sends_to_our_place_of_returns_for_at_most_the_limit(self) -> None:
        proposal = self.KIND.propose(matter(order_ref="o1", label_limit="12"), self.SELLER)
        facts = self.KIND.read_facts(proposal.command, self.SELLER)

        assert proposal.shop_id == 6
        assert self.KIND.refusals(proposal.command, facts) == []
        assert self.KIND.money(proposal.command) == Money(Decimal(12), "USD")
        assert self.KIND.operation(proposal.command, facts, "k") == BuyReturnLabel(
            order_ref="o1", sender=HERS, receiver=OURS, parcel=USUAL, limit=Money(Decimal(12), "USD")
        )

    def test_the_preview_holds_all_that_a_person_would_have_to_enter(self) -> None:
        preview = self.KIND.preview(self.command(), self.KIND.read_facts(self.command(), self.SELLER))

        assert preview.summary == "Buy a return label for order 1042"
        assert preview.text == (
            "From:\nMei Tan\n1 Old Road\n78701 Austin TX\nUS\n\nTo:\nMug House\n1200 Dock\n78744 Austin TX\nUS\n\n"
            "Parcel: 900 g, 300 × 200 × 100 mm\nAt most 30.00 USD"
        )
        assert len(preview.warnings) == 2

    def test_a_parcel_that_nobody_measured_is_an_assumption_that_is_said(self) -> None:
        seller = Memory(SENT, WENT, replace(PLACE, parcel=None), performer=6)
        command = self.KIND.propose(matter(order_ref="o1"), seller).command

        assert command.parcel.weight_grams == ASSUMED.weight_grams
        assert (
            self.KIND.preview(command, self.KIND.read_facts(command, seller)).warnings[0].startswith("Weight and size")
        )

    def test_an_address_that_changes_after_the_approval_brings_the_draft_back(self) -> None:
        before = self.KIND.read_facts(self.command(), self.SELLER)
        moved = Memory(SENT, replace(WENT, address=replace(HERS, line1="2 Old Road")))

        [difference] = self.KIND.differences(before, self.KIND.read_facts(self.command(), moved))
        assert (difference.field, difference.now) == ("went_to", "Mei Tan, 2 Old Road, 78701 Austin TX, US")

    def test_goods_that_never_left_or_have_a_label_get_none(self) -> None:
        assert self.refusals(replace(SENT, status=OrderStatus.TO_SHIP), WENT) == [
            "order 1042 is to ship; nothing of it can come back"
        ]
        assert self.refusals(SENT, WENT, BOUGHT) == [
            "a return label stands for order 1042 already (shp_1); give it back first"
        ]

    @pytest.mark.parametrize(
        ("records", "words"),
        [
            ((SENT, WENT), "no label seller is connected that knows where goods come back to"),
            ((SENT, PLACE), "the channel does not tell where order 1042 went"),
            ((ORDER, WENT, PLACE), "order 1042 has not left, so nothing can come back"),
        ],
    )
    def test_what_is_missing_is_said(self, records: tuple[Any, ...], words: str) -> None:
        with pytest.raises(CannotPropose, match=words):
            self.KIND.propose(matter(order_ref="o1"), Memory(*records))

    def test_addresses_measures_and_limit_are_edited_in_place(self) -> None:
        command = self.command()
        fields = CommandForm(command).fields
        given = {name: field.initial for name, field in fields.items()} | {"parcel.weight_grams": "1500"}
        form = CommandForm(command, given)

        assert list(fields)[:2] == ["sender.name", "sender.line1"]
        assert fields["parcel.weight_grams"].label == "Parcel: weight grams"
        assert form.is_valid(), form.errors
        assert isinstance(form.command, ReturnLabelCommand)
        assert (form.command.parcel.weight_grams, form.command.sender) == (1500, command.sender)


class TestGivingBack:
    KIND = VoidLabelKind()
    COMMAND = VoidLabelCommand(label_ref="shp_1", order_ref="o1")
    LABEL = ShippingLabel(
        external_id="shp_1", carrier="USPS", tracking_number="9400", price=Money(Decimal("7.33"), "USD"), is_return=True
    )

    def test_the_label_that_was_bought_here_goes_back_to_its_seller(self) -> None:
        seller = Memory(self.LABEL, BOUGHT)
        proposal = self.KIND.propose(matter(order_ref="o1"), seller)
        facts = self.KIND.read_facts(self.COMMAND, seller)
        preview = self.KIND.preview(self.COMMAND, facts)

        assert (proposal.command, proposal.shop_id) == (self.COMMAND, 6)
        assert self.KIND.refusals(self.COMMAND, facts) == []
        assert self.KIND.operation(self.COMMAND, facts, "k") == VoidLabel(label_ref="shp_1")
        assert (preview.summary, preview.text) == (
            "Give the label USPS 9400 back",
            "Void label USPS 9400 (7.33 USD).",
        )

    @pytest.mark.parametrize("status", ["submitted", "refunded"])
    def test_one_that_is_given_back_stays_so(self, status: str) -> None:
        facts = self.KIND.read_facts(self.COMMAND, Memory(replace(self.LABEL, refund_status=status)))

        assert self.KIND.refusals(self.COMMAND, facts) == [f"this label is given back already ({status})"]

    def test_without_a_label_of_ours_there_is_nothing_to_give_back(self) -> None:
        with pytest.raises(CannotPropose, match="no return label was bought here for this order"):
            self.KIND.propose(matter(order_ref="o1"), Memory(self.LABEL))
        with pytest.raises(LookupError, match="shippinglabel shp_1 is no longer there"):
            self.KIND.read_facts(self.COMMAND, Memory())
