from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.money import Money
from connectors.operations import DecideReturn
from connectors.types import RefusalReason, RefusalReasons, Return, ReturnStatus
from drafts.kinds.base import CannotPropose
from drafts.kinds.cases.decide_return import DecideReturnCommand, DecideReturnKind
from tests.drafts.kinds.desk import NOW, RETURN, Memory, matter

KIND = DecideReturnKind()


def command(**changes: Any) -> DecideReturnCommand:
    given = {"return_ref": "r1", "decision": "accept", "amount": "20.00", "currency": "SGD"} | changes
    return DecideReturnCommand(**given)


def refusals(case: Return = RETURN, **changes: Any) -> list[str]:
    asked = command(**changes)
    return KIND.refusals(asked, KIND.read_facts(asked, Memory(case)))


REJECT = {"decision": "reject", "amount": None}


@pytest.mark.parametrize(
    "changes",
    [{}, {"decision": "offer", "amount": "10"}, REJECT | {"reason_code": "3", "text": "It arrived whole."}],
)
def test_each_of_the_three_decisions_may_be_right(changes: dict[str, Any]) -> None:
    assert refusals(**changes) == []


@pytest.mark.parametrize(
    ("case", "changes", "reason"),
    [
        ({"status": ReturnStatus.CLOSED}, {}, "return r1 is decided already (closed)"),
        (
            {"decide_by": NOW},
            {},
            "return r1 was to be decided by 2026-11-21T09:00:00+00:00; the channel has decided by itself",
        ),
        ({}, {"currency": "USD"}, "return r1 is in SGD, not USD"),
        ({}, {"amount": "19"}, "accepting return r1 pays 20 SGD, not 19"),
        ({}, {"amount": None}, "name the amount that goes to the buyer"),
        ({}, {"decision": "offer"}, "an offer is less than the 20 SGD that was asked for"),
        ({}, REJECT, "a refusal needs the channel's reason code and an explanation in words"),
        (
            {},
            REJECT | {"amount": "5", "reason_code": "3", "text": "No."},
            "a refusal moves no money; leave the amount empty",
        ),
    ],
)
def test_what_cannot_be_right_is_refused(case: dict[str, Any], changes: dict[str, Any], reason: str) -> None:
    assert refusals(replace(RETURN, **case), **changes) == [reason]


def test_a_refusal_moves_no_money_and_an_offer_its_own() -> None:
    assert KIND.money(command(**REJECT)) is None
    assert KIND.money(command(decision="offer", amount="8")) == Money(Decimal(8), "SGD")
    assert KIND.operation(command(), {}, "k") == DecideReturn(
        return_ref="r1", decision="accept", amount=Money(Decimal("20.00"), "SGD")
    )


def test_a_preview_tells_who_holds_goods_and_money_afterwards() -> None:
    preview = KIND.preview(command(), KIND.read_facts(command(), Memory(RETURN)))

    assert preview.summary == "Accept return r1 of order o1: 20.00 SGD"
    assert [(row.before, row.after) for row in preview.rows] == [
        ("asked", "accepted"),
        ("asks 20.00 SGD", "20.00 SGD"),
        ("with the buyer", "the channel does not say"),
    ]
    assert "The buyer attached 1 pictures: look at them before deciding." in preview.warnings


@pytest.mark.parametrize(
    ("case", "decision", "amount"),
    [
        ({"needs_goods_back": False}, "offer", "8.00"),
        ({"needs_goods_back": False, "reason": "DAMAGED_ITEM"}, "accept", "20.00"),
        ({"needs_goods_back": True}, "accept", "20.00"),
        ({}, "accept", "20.00"),
    ],
)
def test_the_proposal_follows_the_reason_and_the_goods(case: dict[str, Any], decision: str, amount: str) -> None:
    memory = Memory(replace(RETURN, **case))
    proposal = KIND.propose(matter(return_ref="r1", offer_share="0.4"), memory)

    assert (proposal.command.decision, proposal.command.amount) == (decision, Decimal(amount))
    assert KIND.refusals(proposal.command, KIND.read_facts(proposal.command, memory)) == []


def test_without_a_share_that_somebody_set_nothing_is_offered() -> None:
    memory = Memory(replace(RETURN, needs_goods_back=False))

    assert KIND.propose(matter(return_ref="r1"), memory).command.decision == "accept"


class TestRefusing:
    AGAINST = (["delivered", "The parcel was delivered on 2026-11-18."],)
    REASONS = RefusalReasons(
        external_id="r1",
        reasons=(
            RefusalReason("2", "Goods are not faulty"),
            RefusalReason("3", "Parcel was delivered"),
            RefusalReason("50", "Goods were used by the buyer", needs_images=True),
        ),
    )

    def asked(self, *against: Any) -> Any:
        return replace(matter(return_ref="r1", against=against), choice="reject")

    def test_it_is_a_further_choice_where_facts_speak_for_it_and_never_the_first(self) -> None:
        first = matter(return_ref="r1", against=self.AGAINST)

        assert KIND.choices(first) == (("reject", "Refuse the return"),)
        assert KIND.choices(matter(return_ref="r1", against=[])) == ()
        assert KIND.propose(first, Memory(RETURN, self.REASONS)).command.decision == "accept"

    def test_it_gives_the_channels_reason_and_what_the_records_show(self) -> None:
        memory = Memory(RETURN, self.REASONS)
        proposal = KIND.propose(self.asked(*self.AGAINST), memory)
        refusal = command(**REJECT, reason_code="3", text=KIND.write(proposal, ()))
        facts = KIND.read_facts(refusal, memory)

        assert (proposal.command.decision, proposal.command.amount, proposal.command.reason_code) == (
            "reject", None, "3",
        )  # fmt: skip
        assert KIND.choice_of(proposal.command) == "reject"
        assert "The parcel was delivered on 2026-11-18." in refusal.text
        assert KIND.refusals(refusal, facts) == []
        preview = KIND.preview(refusal, facts)
        assert preview.summary == "Refuse return r1 of order o1"
        assert [(row.label, row.after) for row in preview.rows][1:] == [
            ("To the buyer", "nothing"),
            ("Goods", "stay with the buyer"),
            ("Reason given to the channel", "Parcel was delivered (3)"),
        ]

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("9", "the channel takes no reason 9; it takes 2: Goods are not faulty; 3: Parcel was delivered; "
                  "50: Goods were used by the buyer"),
            ("50", "the channel asks for pictures with reason 50"),
        ],
    )  # fmt: skip
    def test_a_reason_that_the_channel_would_not_take_is_refused(self, code: str, reason: str) -> None:
        refusal = command(**REJECT, reason_code=code, text="No.")

        assert KIND.refusals(refusal, KIND.read_facts(refusal, Memory(RETURN, self.REASONS))) == [reason]

    def test_no_reason_is_bent_to_fit(self) -> None:
        with pytest.raises(CannotPropose, match="no reason that the channel takes says what our records show"):
            KIND.propose(self.asked(["serial_returner", "4 returns before."]), Memory(RETURN, self.REASONS))
        with pytest.raises(CannotPropose, match="does not tell the reasons"):
            KIND.propose(self.asked(*self.AGAINST), Memory(RETURN))

    def test_a_channel_that_takes_other_reasons_gets_other(self) -> None:
        reasons = RefusalReasons(external_id="r1", reasons=(RefusalReason("OTHER", "Other"),))

        proposal = KIND.propose(self.asked(["serial_returner", "4 returns before."]), Memory(RETURN, reasons))
        assert proposal.command.reason_code == "OTHER"
