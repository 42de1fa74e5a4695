from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import CannotDo
from drafts.kinds.base import CannotPropose
from drafts.kinds.own import AlertRow, TicketRow
from drafts.kinds.tickets.escalation_note import EscalationNoteCommand, EscalationNoteKind
from drafts.kinds.tickets.merge_tickets import MergeTicketsCommand, MergeTicketsKind
from tests.drafts.kinds.desk import NOW, Memory, matter

MERGE, NOTE = MergeTicketsKind(), EscalationNoteKind()
ONE, TWO, THREE = (TicketRow(external_id=str(n), subject=f"Ticket {n}", state="open") for n in (1, 2, 3))
ALERT = AlertRow(external_id="7", title="Late", state="open", cash=Decimal(120), currency="USD", deadline=NOW)


def merge(**changes: Any) -> MergeTicketsCommand:
    return MergeTicketsCommand.model_validate({"main": 1, "tickets": [2, 3], "cause": "Bad batch of MUG"} | changes)


def test_open_tickets_may_be_merged_and_no_channel_hears_of_it() -> None:
    facts = MERGE.read_facts(merge(), Memory(ONE, TWO, THREE))

    assert MERGE.refusals(merge(), facts) == []
    assert MERGE.preview(merge(), facts).summary == "Merge 2 tickets into 1: Bad batch of MUG"
    assert MERGE.is_internal
    with pytest.raises(CannotDo):
        MERGE.operation(merge(), facts, "k")


@pytest.mark.parametrize(
    ("rows", "changes", "reason"),
    [
        ((ONE, TWO, replace(THREE, state="merged")), {}, "no longer open: 3; take them out"),
        ((ONE, TWO), {}, "no longer open: 3; take them out"),
        ((ONE, TWO, THREE), {"tickets": [2, 2]}, "a ticket is named twice"),
        ((ONE, TWO, THREE), {"tickets": [1, 2]}, "a ticket cannot be merged into itself"),
        ((replace(ONE, state="solved"), TWO, THREE), {}, "ticket 1 is solved; choose an open one to merge into"),
    ],
)
def test_a_merge_that_cannot_be_right_is_refused(rows: Any, changes: dict[str, Any], reason: str) -> None:
    assert MERGE.refusals(merge(**changes), MERGE.read_facts(merge(**changes), Memory(*rows))) == [reason]


def test_a_wave_is_merged_into_its_oldest_ticket() -> None:
    proposal = MERGE.propose(matter(ticket_ids=[9, 4, 6, 4], wave_id=2), Memory())

    assert (proposal.command.main, proposal.command.tickets, proposal.command.wave) == (4, (6, 9), 2)
    with pytest.raises(CannotPropose, match="two tickets"):
        MERGE.propose(matter(ticket_ids=[4]), Memory())


def test_a_note_names_the_decision_its_cost_and_its_deadline() -> None:
    proposal = NOTE.propose(replace(matter(), cash="120.00 USD", per_hour="5.00 USD"), Memory())
    text = NOTE.write(proposal, ())

    assert proposal.shop_id is None
    assert text == (
        "Order 1042 is late\n\nDecision needed: What to do about: Order 1042 is late\nAt risk: 120.00 USD. "
        "Waiting costs about 5.00 USD an hour.\nDeadline: none.\n\nWhat the records show: Ship by: 2026-11-20"
    )


def test_a_note_is_refused_once_the_matter_is_resolved_and_only_much_moved_dollars_count() -> None:
    command = EscalationNoteCommand(alert=7, subject="s", decision="d", text="t")
    facts = NOTE.read_facts(command, Memory(ALERT))
    dearer = NOTE.read_facts(command, Memory(replace(ALERT, cash=Decimal(140))))
    another = NOTE.read_facts(command, Memory(replace(ALERT, cash=Decimal(500))))
    decided = NOTE.read_facts(command, Memory(replace(ALERT, state="decided")))
    resolved = NOTE.read_facts(command, Memory(replace(ALERT, state="resolved")))

    assert NOTE.refusals(command, facts) == []
    assert NOTE.differences(facts, dearer) == []
    assert [moved.field for moved in NOTE.differences(facts, another)] == ["cash"]
    assert NOTE.differences(facts, decided) == []
    assert [moved.field for moved in NOTE.differences(facts, resolved)] == ["state"]
    assert NOTE.refusals(command, resolved) == ["the matter is resolved; nobody needs to be called"]
    assert [row.after for row in NOTE.preview(command, facts).rows] == ["d", "120.00 USD", "2026-11-21T09:00:00+00:00"]
