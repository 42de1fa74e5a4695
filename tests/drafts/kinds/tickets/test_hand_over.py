"""A case goes to the helpdesk with what another team needs, and nothing of the buyer."""

from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.operations import HandOver
from drafts.kinds.base import CannotPropose
from drafts.kinds.own import AlertRow
from drafts.kinds.tickets.hand_over import HandOverKind
from tests.drafts.kinds.desk import NOW, ORDER, Memory, matter, replace

KIND = HandOverKind()
ALERT = AlertRow(
    external_id="7", title="Order 1042 is late", state="open", cash=Decimal(40), currency="USD",
    deadline=NOW + timedelta(hours=3),
)  # fmt: skip


def memory(alert: AlertRow = ALERT) -> Memory:
    return Memory(alert, ORDER, performer=6, calls=(HandOver,))


def test_the_case_says_what_it_is_about_and_names_no_buyer() -> None:
    about = matter(order_number="1042", sku="MUG", customer_name="Mei Tan", customer_email="mei@example.com")
    proposal = KIND.propose(about, memory())
    facts = KIND.read_facts(proposal.command, memory())
    made = KIND.operation(proposal.command, facts, "k")

    assert proposal.shop_id == 6
    assert KIND.refusals(proposal.command, facts) == []
    assert isinstance(made, HandOver)
    assert (made.subject_ref, made.title) == ("alert-7", "Order 1042 is late")
    assert made.fields == (("exception", "late_shipment"), ("order_number", "1042"), ("sku", "MUG"))
    assert "Ship by: 2026-11-20" in made.text
    assert "mei" not in str(made).casefold()


def test_what_is_resolved_is_not_handed_over_and_dollars_that_move_do_not_matter() -> None:
    command = KIND.propose(matter(), memory()).command
    before = KIND.read_facts(command, memory())
    over = KIND.read_facts(command, memory(replace(ALERT, state="resolved")))
    decided = KIND.read_facts(command, memory(replace(ALERT, state="decided", cash=Decimal(90))))

    assert KIND.refusals(command, over) == ["the matter is resolved; nobody needs to take it on"]
    assert [moved.field for moved in KIND.differences(before, over)] == ["state"]
    assert KIND.differences(before, decided) == []


def test_without_a_helpdesk_nothing_is_proposed() -> None:
    with pytest.raises(CannotPropose, match="no helpdesk or CRM is connected"):
        KIND.propose(matter(), Memory(ALERT))
