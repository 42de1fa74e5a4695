from dataclasses import replace

import pytest

from connectors.operations import AskPayment
from connectors.types import OrderStatus
from drafts.forms.command import CommandForm
from drafts.kinds.base import CannotPropose
from drafts.kinds.orders.ask_payment import AskPaymentKind
from tests.drafts.kinds.desk import ORDER, Memory, matter

KIND = AskPaymentKind()
UNPAID = replace(ORDER, status=OrderStatus.UNPAID, paid_at=None)
TEXT = "Your order 1042 is not paid yet. You can choose how to pay on the page behind this link."


def test_an_unpaid_order_is_asked_for_with_its_total_and_the_exact_text() -> None:
    command = KIND.propose(matter(order_ref="o1"), Memory(UNPAID)).command
    facts = KIND.read_facts(command, Memory(UNPAID))
    preview = KIND.preview(command, facts)

    assert KIND.refusals(command, facts) == []
    assert KIND.operation(command, facts, "k") == AskPayment(order_ref="o1", text=TEXT)
    assert (preview.summary, preview.text) == ("Ask the buyer of order 1042 to pay 60 SGD", TEXT)
    assert KIND.undo.label.startswith("never")


def test_what_is_paid_meanwhile_is_not_asked_for() -> None:
    command = KIND.propose(matter(order_ref="o1"), Memory(UNPAID)).command

    assert KIND.refusals(command, KIND.read_facts(command, Memory(ORDER))) == [
        "order 1042 is to ship; there is nothing to ask for"
    ]
    with pytest.raises(CannotPropose, match="order 1042 is not unpaid; it is to ship"):
        KIND.propose(matter(order_ref="o1"), Memory(ORDER))


def test_only_the_text_is_edited() -> None:
    command = KIND.propose(matter(order_ref="o1"), Memory(UNPAID)).command

    assert list(CommandForm(command).fields) == ["text"]
