from dataclasses import replace

import pytest

from connectors.operations import MarkFraud
from connectors.types import PaymentKind, PaymentStatus
from drafts.forms.command import CommandForm
from drafts.kinds.base import CannotPropose
from drafts.kinds.money.mark_fraud import MarkFraudCommand, MarkFraudKind
from tests.drafts.kinds.desk import CHARGE, Memory, matter

KIND = MarkFraudKind()
COMMAND = MarkFraudCommand(payment_ref="ch_1")


def test_a_charge_is_marked_and_no_money_moves() -> None:
    proposal = KIND.propose(matter(payment_ref="ch_1", shop_id=3), Memory(CHARGE))
    facts = KIND.read_facts(COMMAND, Memory(CHARGE))
    preview = KIND.preview(COMMAND, facts)

    assert (proposal.command, proposal.shop_id) == (COMMAND, 3)
    assert KIND.refusals(COMMAND, facts) == []
    assert KIND.money(COMMAND) is None
    assert KIND.operation(COMMAND, facts, "k") == MarkFraud(payment_ref="ch_1")
    assert preview.summary == "Mark charge ch_1 as fraudulent"
    assert preview.warnings == (
        "Moves no money: refund the charge by a draft of its own.",
        "The card, mail and address of this buyer may be blocked from now on.",
    )


def test_a_refund_between_approval_and_call_changes_nothing_about_the_mark() -> None:
    before = KIND.read_facts(COMMAND, Memory(CHARGE))

    assert KIND.differences(before, KIND.read_facts(COMMAND, Memory(replace(CHARGE, refunded=CHARGE.amount)))) == []


def test_a_disputed_charge_is_warned_of() -> None:
    facts = KIND.read_facts(COMMAND, Memory(replace(CHARGE, is_disputed=True)))

    assert KIND.preview(COMMAND, facts).warnings[-1] == (
        "The charge is disputed: this mark weighs against us if the dispute is contested."
    )


def test_what_was_never_paid_or_is_a_refund_is_not_marked() -> None:
    failed = Memory(replace(CHARGE, status=PaymentStatus.FAILED))

    assert KIND.refusals(COMMAND, KIND.read_facts(COMMAND, failed)) == [
        "charge ch_1 was never paid (failed); there is nothing to mark"
    ]
    with pytest.raises(CannotPropose, match="payment ch_1 is a refund, not a charge"):
        KIND.propose(matter(payment_ref="ch_1"), Memory(replace(CHARGE, kind=PaymentKind.REFUND)))


def test_there_is_nothing_to_edit() -> None:
    form = CommandForm(COMMAND)

    assert list(form.fields) == []
    assert form.kept == [("Payment", "ch_1")]
