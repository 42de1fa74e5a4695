"""What changes only our own records is done with its record, and a merge can be taken apart again."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from alerts.models import Alert, Ticket, TicketConversation
from connectors.models import Shop
from drafts.approve import Proof, approve
from drafts.deciding.binding import command_text, digest
from drafts.deciding.errors import Stale
from drafts.execute import run_due
from drafts.kinds import KINDS
from drafts.kinds.base import Command
from drafts.kinds.tickets.escalation_note import EscalationNoteCommand
from drafts.kinds.tickets.merge_tickets import MergeTicketsCommand
from drafts.models import Approval, Draft, Execution
from drafts.preparing.facts import SavedReader
from drafts.running.desk import unmerge
from drafts.states import State
from drafts.verify import verify_due
from tests.factories import AlertFactory, DraftFactory, ShopFactory

pytestmark = pytest.mark.django_db


def carried_out(kind: str, command: Command, by: Any, alert: Alert | None = None) -> Draft:
    text, facts = command_text(command), KINDS[kind].read_facts(command, SavedReader(None))
    draft = DraftFactory.create(
        kind=kind,
        alert=alert or AlertFactory.create(),
        shop=None,
        written=command,
        facts=facts,
        digest=digest(kind, None, 1, text, facts),
    )
    proof = Proof(by.pk, Approval.Method.TOTP, timezone.now(), draft.digest)
    approve(draft, by=by, version=1, digest=draft.digest, proof=proof)
    run_due()
    Execution.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    verify_due()
    draft.refresh_from_db()
    return draft


def ticket(shop: Shop, *refs: str, state: str = "open") -> Ticket:
    made = Ticket.objects.create(shop=shop, subject="Where is it?", last_message_at=timezone.now(), state=state)
    for ref in refs:
        TicketConversation.objects.create(ticket=made, shop=shop, conversation_ref=ref)
    return made


def picture() -> dict[str, Any]:
    tickets = {row.pk: (row.state, row.merged_into_id) for row in Ticket.objects.all()}
    talks = {row.conversation_ref: (row.ticket_id, row.came_from_id) for row in TicketConversation.objects.all()}
    return {"tickets": tickets, "talks": talks}


def test_a_merge_moves_every_conversation_and_is_verified(approver: Any, no_hold: None) -> None:
    shop = ShopFactory.create()
    main, other = ticket(shop, "a"), ticket(shop, "b", "c", state="waiting")
    before = picture()
    draft = carried_out(
        "merge_tickets", MergeTicketsCommand(main=main.pk, tickets=(other.pk,), cause="one batch"), approver
    )
    assert draft.state == State.VERIFIED
    assert picture()["talks"] == {"a": (main.pk, None), "b": (main.pk, other.pk), "c": (main.pk, other.pk)}
    other.refresh_from_db()
    assert (other.state, other.merged_into_id) == ("merged", main.pk)
    unmerge(other, approver)
    assert picture() == before
    with pytest.raises(Stale):
        unmerge(other, approver)


@limits(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 3), min_size=3, max_size=5), order=st.randoms(use_true_random=False))
def test_taking_merges_apart_in_reverse_gives_what_was_there(
    approver: Any, no_hold: None, sizes: list[int], order: Any
) -> None:
    Ticket.objects.update(merged_into=None)
    TicketConversation.objects.all().delete()
    shop = ShopFactory.create()
    tickets = [ticket(shop, *(f"{shop.pk}-{n}-{i}" for i in range(size))) for n, size in enumerate(sizes)]
    pictures, merged = [], []
    while len(tickets) > 1:
        other = tickets.pop(order.randrange(len(tickets)))
        main = order.choice(tickets)
        pictures.append(picture())
        carried_out("merge_tickets", MergeTicketsCommand(main=main.pk, tickets=(other.pk,), cause="x"), approver)
        merged.append(other)
    while merged:
        unmerge(merged.pop(), approver)
        assert picture() == pictures.pop()


def test_a_ticket_closed_meanwhile_stops_the_merge(approver: Any, no_hold: None) -> None:
    shop = ShopFactory.create()
    main, other = ticket(shop, "a"), ticket(shop, "b", state="solved")
    draft = carried_out("merge_tickets", MergeTicketsCommand(main=main.pk, tickets=(other.pk,), cause="x"), approver)
    assert draft.state == State.FAILED
    assert picture()["talks"]["b"] == (other.pk, None)


def test_an_escalation_reaches_the_owners_by_mail(owner: Any, approver: Any, no_hold: None) -> None:
    alert = AlertFactory.create()
    command = EscalationNoteCommand(
        alert=alert.pk,
        subject="A decision today",
        decision="Accept the dispute?",
        text="It costs 15 USD more tomorrow.",
    )
    draft = carried_out("escalation_note", command, approver, alert)
    alert.refresh_from_db()
    assert (draft.state, alert.state) == (State.VERIFIED, Alert.State.DECIDED)  # what the approval moved is no drift
    assert [letter.to for letter in mail.outbox] == [[owner.email]]
    assert mail.outbox[0].extra_headers["Message-ID"] == f"<{draft.execution.key}@opsroom.invalid>"
