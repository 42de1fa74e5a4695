from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.money import Money
from connectors.operations import Appeal, FileClaim
from connectors.types import AccountMetric, Listing, ShipmentStatus
from drafts.forms.command import CommandForm
from drafts.kinds.base import CannotPropose
from drafts.kinds.cases.appeal import AppealCommand, AppealKind
from drafts.kinds.cases.file_claim import FileClaimCommand, FileClaimKind
from tests.drafts.kinds.desk import NOW, ORDER, PARCEL, Memory, matter

SILENT = replace(PARCEL, status=ShipmentStatus.IN_TRANSIT)
LETTER = """Dear claims team,

we claim 60.00 SGD for a parcel of order 1042 (tracking number JT900, sent with J&T): lost.

What our records show: Ship by: 2026-11-20.

The invoice and the receipt of the hand-over can be had from us at any time. Please confirm that you have received \
this claim, and tell us its number.

Kind regards,
Mug House"""


class TestClaim:
    KIND = FileClaimKind()
    SHOP = Memory(ORDER, SILENT, performer=5)

    def command(self, **changes: Any) -> FileClaimCommand:
        given = {
            "order_ref": "o1", "shipment_ref": "s1", "tracking_number": "JT900", "cause": "lost", "amount": "60.00",
            "currency": "SGD", "text": LETTER,
        }  # fmt: skip
        return FileClaimCommand.model_validate(given | changes)

    def refusals(self, shop: Memory = SHOP, **changes: Any) -> list[str]:
        asked = self.command(**changes)
        return self.KIND.refusals(asked, self.KIND.read_facts(asked, shop))

    def test_a_lost_parcel_is_claimed_by_a_whole_letter_from_the_records(self) -> None:
        proposal = self.KIND.propose(matter(order_ref="o1", shipment_ref="s1"), self.SHOP)

        assert self.KIND.write(proposal, ()) == LETTER
        assert proposal.shop_id == 5
        assert proposal.command == self.command(text="")
        operation = self.KIND.operation(self.command(), {}, "k")
        assert isinstance(operation, FileClaim)
        assert (operation.order_ref, operation.tracking_number, operation.amount) == (
            "o1",
            "JT900",
            Money(Decimal("60.00"), "SGD"),
        )

    def test_a_models_words_stand_between_lines_that_are_exact(self) -> None:
        proposal = self.KIND.propose(matter(order_ref="o1"), self.SHOP)

        framed = self.KIND.frame(proposal, "It was last seen twelve days ago.")
        assert framed == LETTER.replace(
            "What our records show: Ship by: 2026-11-20.", "It was last seen twelve days ago."
        )

    @pytest.mark.parametrize(
        ("parcel", "changes", "reasons"),
        [
            (SILENT, {}, []),
            (PARCEL, {}, ["the parcel of order 1042 was delivered; it is not lost"]),
            (PARCEL, {"cause": "damaged"}, []),
            (SILENT, {"amount": "60.01"}, ["60.01 is more than the 60 that order 1042 came to"]),
            (SILENT, {"currency": "USD"}, ["order 1042 is in SGD, not USD"]),
            (SILENT, {"text": ""}, ["the claim has no text"]),
        ],
    )
    def test_a_claim_that_would_be_turned_away_is_refused(
        self, parcel: Any, changes: dict[str, Any], reasons: list[str]
    ) -> None:
        assert self.refusals(Memory(ORDER, parcel), **changes) == reasons

    def test_a_scan_moves_nothing_a_delivery_does(self) -> None:
        before = self.KIND.read_facts(self.command(), self.SHOP)
        scanned = Memory(ORDER, replace(SILENT, last_scan_at=NOW, status=ShipmentStatus.OUT_FOR_DELIVERY))
        delivered = Memory(ORDER, replace(PARCEL, delivered_at=NOW - timedelta(hours=1)))

        assert self.KIND.differences(before, self.KIND.read_facts(self.command(), scanned)) == []
        [moved] = self.KIND.differences(before, self.KIND.read_facts(self.command(), delivered))
        assert (moved.field, moved.now) == ("is_delivered", "True")

    def test_an_unknown_sum_is_not_claimed(self) -> None:
        with pytest.raises(CannotPropose, match="what is claimed for order 1042 is not known"):
            self.KIND.propose(matter(order_ref="o1"), Memory(replace(ORDER, total=None)))

    def test_a_claim_moves_no_money_and_its_letter_is_edited(self) -> None:
        assert self.KIND.money(self.command()) is None
        assert list(CommandForm(self.command()).fields) == ["tracking_number", "cause", "amount", "text"]


class TestAppeal:
    KIND = AppealKind()
    LISTING = Listing(
        external_id="p1", sku="MUG", price=Decimal(20), currency="SGD", status="suppressed", issue="image"
    )
    METRIC = AccountMetric(external_id="lsr", name="late_shipment_rate", measured_at=NOW, points=3, value=Decimal(12))

    def command(self, **changes: Any) -> AppealCommand:
        return AppealCommand.model_validate({"listing_ref": "p1", "subject": "MUG is off", "text": "We ask"} | changes)

    def test_it_says_what_the_records_show_and_what_was_changed_since(self) -> None:
        asked = matter(metric_ref="lsr", shop_id=4, measures="a second courier collects since Monday")
        proposal = self.KIND.propose(asked, Memory(self.METRIC))

        assert proposal.shop_id == 4
        assert self.KIND.write(proposal, ()) == (
            "To whom it may concern,\n\nwe ask you to look again at your decision about Order 1042 is late.\n\n"
            "What our records show: Ship by: 2026-11-20.\n\n"
            "What we have changed since: a second courier collects since Monday.\n\n"
            "We ask that the decision be taken back, or that you name what is still missing.\n\n"
            "Kind regards,\nMug House"
        )

    def test_without_evidence_nothing_is_contested(self) -> None:
        with pytest.raises(CannotPropose, match="nothing is recorded that speaks against the decision"):
            self.KIND.propose(replace(matter(listing_ref="p1"), evidence=()), Memory(self.LISTING))

    def test_a_listing_that_is_live_again_needs_no_appeal(self) -> None:
        live = Memory(replace(self.LISTING, status="live", issue=""))

        assert self.KIND.refusals(self.command(), self.KIND.read_facts(self.command(), Memory(self.LISTING))) == []
        assert self.KIND.refusals(self.command(), self.KIND.read_facts(self.command(), live)) == [
            "the listing is live again; there is nothing left to contest"
        ]
        facts = self.KIND.read_facts(self.command(text=""), Memory(self.LISTING))
        assert self.KIND.refusals(self.command(text=""), facts) == ["the appeal has no text"]

    def test_the_rate_may_move_while_points_stand(self) -> None:
        command = self.command(listing_ref="", metric_ref="lsr")
        before = self.KIND.read_facts(command, Memory(self.METRIC))
        better = self.KIND.read_facts(command, Memory(replace(self.METRIC, value=Decimal(9))))
        worse = self.KIND.read_facts(command, Memory(replace(self.METRIC, points=4)))

        assert self.KIND.differences(before, better) == []
        assert [moved.field for moved in self.KIND.differences(before, worse)] == ["points"]

    def test_its_subject_is_the_listing_the_figure_or_the_words(self) -> None:
        subjects = [
            self.KIND.operation(self.command(**changes), {}, "k")
            for changes in ({}, {"listing_ref": "", "metric_ref": "lsr"}, {"listing_ref": ""})
        ]

        assert [one.subject_ref for one in subjects if isinstance(one, Appeal)] == ["p1", "lsr", "MUG is off"]
        assert list(CommandForm(self.command()).fields) == ["subject", "text"]
