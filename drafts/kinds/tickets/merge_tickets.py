"""Put the tickets of one root cause together; each buyer's own answer is a part of this draft."""

from typing import Annotated

from pydantic import Field

from drafts.kinds.base import (
    CannotPropose,
    Command,
    Facts,
    InternalKind,
    Matter,
    OneLine,
    Preview,
    Proposal,
    Reader,
    Row,
    Saved,
    Undo,
    record_or_raise,
)
from drafts.kinds.own import TicketRow

TicketId = Annotated[int, Field(ge=1)]
OPEN = {"open", "waiting"}


class MergeTicketsCommand(Command):
    """`tickets` go into `main`; a merge can be taken apart again, since every conversation keeps where it came from."""

    main: TicketId
    tickets: tuple[TicketId, ...] = Field(min_length=1, max_length=5000)
    wave: TicketId | None = None
    cause: OneLine


class MergeTicketsKind(InternalKind[MergeTicketsCommand]):
    name = "merge_tickets"
    label = "Merge the tickets and answer each buyer"
    command = MergeTicketsCommand
    undo = Undo("the merge: at any time, by taking it apart; the answers: never once sent")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[MergeTicketsCommand]:
        numbers = sorted({int(number) for number in matter.arguments.get("ticket_ids", ())})
        if len(numbers) < 2:
            raise CannotPropose("a merge needs two tickets or more")
        cause = " ".join(matter.title.split())[:200]
        command = MergeTicketsCommand(
            main=numbers[0], tickets=tuple(numbers[1:]), wave=matter.number("wave_id"), cause=cause
        )
        return Proposal(command, None, {"cause": cause})

    def read_facts(self, command: MergeTicketsCommand, reader: Reader) -> Facts:
        main: TicketRow = record_or_raise(reader, TicketRow, str(command.main))
        rows = {number: reader.fetch(TicketRow, str(number)) for number in command.tickets}
        return {
            "subject": main.subject,
            "state": main.state,
            "states": {str(number): row.state if row else "gone" for number, row in rows.items()},
        }

    def refusals(self, command: MergeTicketsCommand, facts: Facts) -> list[str]:
        reasons = []
        if command.main in command.tickets:
            reasons.append("a ticket cannot be merged into itself")
        if len(set(command.tickets)) != len(command.tickets):
            reasons.append("a ticket is named twice")
        if facts["state"] not in OPEN:
            reasons.append(f"ticket {command.main} is {facts['state']}; choose an open one to merge into")
        shut = [number for number, state in facts["states"].items() if state not in OPEN]
        if shut:
            reasons.append(f"no longer open: {', '.join(shut)}; take them out")
        return reasons

    def preview(self, command: MergeTicketsCommand, facts: Facts) -> Preview:
        count = len(command.tickets)
        rows = (
            Row("Tickets", f"{count + 1} open", "1 open"),
            Row("Kept open", "", f"{command.main}: {facts['subject']}"),
            Row("Why together", "", command.cause),
        )
        return Preview(f"Merge {count} tickets into {command.main}: {command.cause}", rows)
