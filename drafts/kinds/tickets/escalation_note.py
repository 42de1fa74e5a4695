"""Tell our own people which decision is needed, by when, and what each hour costs."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from connectors.llm.offline import written
from connectors.money import Money
from drafts.kinds.base import (
    Command,
    Difference,
    Facts,
    InternalKind,
    Matter,
    OneLine,
    Preview,
    Proposal,
    Prose,
    Reader,
    Row,
    Saved,
    Undo,
    amount_in,
    record_or_raise,
    text_of,
)
from drafts.kinds.own import AlertRow

DRIFT = Decimal("0.25")  # of the dollars that the note tells


class EscalationNoteCommand(Command):
    alert: Annotated[int, Field(ge=1)]
    audience: Literal["owners", "approvers", "assignee"] = "owners"
    subject: OneLine
    decision: OneLine
    text: Prose


class EscalationNoteKind(InternalKind[EscalationNoteCommand]):
    name = "escalation_note"
    label = "Escalate to our own people"
    command = EscalationNoteCommand
    undo = Undo("the note can be deleted; a mail that has left cannot")
    text_field = "text"

    def propose(self, matter: Matter, saved: Saved) -> Proposal[EscalationNoteCommand]:
        title = " ".join(matter.title.split())[:170]
        command = EscalationNoteCommand(
            alert=matter.alert_id, subject=f"Decision needed: {title}", decision=f"What to do about: {title}", text=""
        )
        told = {
            "title": title,
            "decision": command.decision,
            "cash": matter.cash,
            "per_hour": matter.per_hour,
            "deadline": matter.deadline,
            "evidence": matter.proof() or "nothing further",
        }
        return Proposal(command, None, told)

    def write(self, proposal: Proposal[EscalationNoteCommand], rules: tuple[tuple[str, str], ...]) -> str:
        return written("escalation_note", proposal.told)

    def read_facts(self, command: EscalationNoteCommand, reader: Reader) -> Facts:
        alert: AlertRow = record_or_raise(reader, AlertRow, str(command.alert))
        return {
            "title": alert.title,
            "state": alert.state,
            "cash": text_of(alert.cash),
            "currency": alert.currency,
            "deadline": text_of(alert.deadline),
        }

    def refusals(self, command: EscalationNoteCommand, facts: Facts) -> list[str]:
        if facts["state"] == "resolved":
            return ["the matter is resolved; nobody needs to be called"]
        return [] if command.decision and command.text else ["name the decision that is needed, and why"]

    def differences(self, approved: Facts, now: Facts) -> list[Difference]:
        """That the matter is resolved counts, and dollars far from those told; a little they move with every hour."""
        counts = {"state"} if now["state"] == "resolved" else set[str]()
        before, after = amount_in(approved, "cash"), amount_in(now, "cash")
        if before is not None and after is not None and abs(after - before) > abs(before) * DRIFT:
            counts.add("cash")
        return [moved for moved in super().differences(approved, now) if moved.field in counts]

    def preview(self, command: EscalationNoteCommand, facts: Facts) -> Preview:
        cash = amount_in(facts, "cash")
        rows = (
            Row("Decision asked for", "", command.decision),
            Row("At risk", "", str(Money(cash, facts["currency"])) if cash is not None else "not known"),
            Row("Deadline", "", facts["deadline"] or "none"),
        )
        return Preview(f"Ask our {command.audience}: {command.decision}", rows, text=command.text, to=command.audience)
