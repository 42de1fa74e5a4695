"""The desk: kinds of draft that change only our own records, done in the transaction that records them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.db import transaction

from alerts.models import Alert, Ticket, TicketConversation
from connectors.base import Refused, Retry
from connectors.types import Receipt, Sight, Sighting
from drafts.deciding.errors import Stale
from drafts.deciding.person import Person, approvers
from drafts.deciding.rights import check_draft_right
from drafts.kinds.base import Command, Kind
from drafts.kinds.tickets.escalation_note import EscalationNoteCommand
from drafts.kinds.tickets.merge_tickets import MergeTicketsCommand
from drafts.models import Attempt, Draft
from drafts.move import Lost
from drafts.record import record
from drafts.running import outcome
from drafts.running.claim import Claim
from drafts.states import State

OPEN = (Ticket.State.OPEN, Ticket.State.WAITING)


def do(claim: Claim, attempt: Attempt, kind: Kind[Any], command: Command) -> None:
    """Effect and record stand or fall together; a mail to our own people may come twice after a crash, not never."""
    try:
        with transaction.atomic():
            reference = DEEDS[kind.name](claim, command)
            outcome.done(claim, attempt, Receipt(reference))
            if claim.draft.state != State.SENT:
                raise Lost(f"execution {claim.execution.pk} is no longer held by {claim.worker}")
    except (Refused, Retry) as error:
        outcome.failed(claim, attempt, error)


def see(claim: Claim, command: Command) -> Sighting:
    """Whether the effect is there."""
    if isinstance(command, MergeTicketsCommand):
        merged = Ticket.objects.filter(pk__in=command.tickets, state=Ticket.State.MERGED).count()
        return Sighting(Sight.SEEN if merged == len(command.tickets) else Sight.ABSENT, reference=str(command.main))
    accepted = claim.execution.attempts.filter(outcome=Attempt.Outcome.DONE).first()
    return Sighting(Sight.SEEN, reference=accepted.reference) if accepted else Sighting(Sight.ABSENT)


def _merge(claim: Claim, command: Command) -> str:
    assert isinstance(command, MergeTicketsCommand)
    numbers = [command.main, *command.tickets]
    rows = {row.pk: row for row in Ticket.objects.select_for_update().filter(pk__in=numbers).order_by("pk")}
    shut = [number for number in numbers if number not in rows or rows[number].state not in OPEN]
    if shut:
        raise Refused(f"no longer open: {', '.join(map(str, shut))}; nothing was merged")
    moving = TicketConversation.objects.filter(ticket__in=command.tickets)
    # Where a conversation began is kept through every later merge, so that each can be taken apart.
    for ticket in command.tickets:
        moving.filter(ticket=ticket, came_from=None).update(came_from=ticket)
    moving.update(ticket=command.main)
    Ticket.objects.filter(pk__in=command.tickets).update(state=Ticket.State.MERGED, merged_into=command.main)
    return str(command.main)


@transaction.atomic
def unmerge(ticket: Ticket, by: Person) -> Ticket:
    """Take a merged ticket out again, with its conversations and the state it had. Raises Stale: it is not merged."""
    check_draft_right(by, "take a merge apart")
    ticket = Ticket.objects.select_for_update().get(pk=ticket.pk)
    if ticket.state != Ticket.State.MERGED:
        raise Stale(f"Nothing was done: ticket {ticket.pk} is not merged.")
    main, family = ticket.merged_into_id, _family(ticket.pk)
    TicketConversation.objects.filter(came_from__in=family).update(ticket=ticket)
    TicketConversation.objects.filter(came_from=ticket).update(came_from=None)
    ticket.state, ticket.merged_into = _state_before(ticket.pk), None
    ticket.save(update_fields=["state", "merged_into"])
    record("unmerged", by=by, ticket=ticket.pk, main=main)
    return ticket


def _family(ticket: int) -> list[int]:
    """The ticket and all that were merged into it before."""
    found, fresh = [ticket], [ticket]
    while fresh:
        fresh = list(Ticket.objects.filter(merged_into__in=fresh).values_list("pk", flat=True))
        found += fresh
    return found


def _state_before(ticket: int) -> str:
    """As the draft that merged it saw it; those facts were checked again when it was done."""
    done = Draft.objects.filter(kind="merge_tickets", facts__states__has_key=str(ticket)).exclude(finished_at=None)
    merge = done.order_by("-finished_at").first()
    return str(merge.facts["states"][str(ticket)]) if merge else Ticket.State.OPEN


def _escalate(claim: Claim, command: Command) -> str:
    assert isinstance(command, EscalationNoteCommand)
    people = _audience(command)
    if not people:
        raise Refused(f"there is nobody among our {command.audience} who could be told")
    message_id = f"<{claim.execution.key}@opsroom.invalid>"
    mail = EmailMessage(
        subject=command.subject,
        body=f"{command.decision}\n\n{command.text}\n\n{settings.PUBLIC_URL}/alerts/{command.alert}/\n",
        to=people,
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    try:
        mail.send()
    except OSError as error:
        raise Retry(f"the mail to our own people did not leave: {error}") from error
    return message_id


def _audience(command: EscalationNoteCommand) -> list[str]:
    people: Any = get_user_model().objects
    if command.audience == "assignee":
        alert = Alert.objects.select_related("assignee").filter(pk=command.alert).first()
        return [alert.assignee.email] if alert and alert.assignee else []
    chosen = approvers() if command.audience == "approvers" else people.with_right("administer")
    return sorted(person.email for person in chosen)


DEEDS: dict[str, Callable[[Claim, Command], str]] = {"merge_tickets": _merge, "escalation_note": _escalate}
