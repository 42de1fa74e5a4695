"""Give a case to the company's helpdesk or CRM, where another team takes it on."""

from typing import Annotated

from pydantic import Field

from connectors.llm.offline import written
from connectors.operations import HandOver, Operation
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Difference,
    Facts,
    Kind,
    Matter,
    OneLine,
    Preview,
    Proposal,
    Prose,
    Reader,
    Row,
    Saved,
    Undo,
    record_or_raise,
    text_of,
)
from drafts.kinds.own import AlertRow

# Of a detector's arguments, what the other side needs to find the matter; no names, no addresses.
TOLD = ("order_number", "sku", "tracking_number", "purchase_number", "reason")


class CaseField(Command):
    name: OneLine
    value: OneLine


class HandOverCommand(Command):
    alert: Annotated[int, Field(ge=1)]
    title: OneLine
    text: Prose
    fields: Annotated[tuple[CaseField, ...], Field(max_length=30)] = ()


class HandOverKind(Kind[HandOverCommand]):
    name = "hand_over"
    label = "Hand the case over"
    command = HandOverCommand
    undo = Undo("reversible: the case is closed at the helpdesk")
    needs_call = True

    def propose(self, matter: Matter, saved: Saved) -> Proposal[HandOverCommand]:
        helpdesk = saved.performer(HandOver)
        if not saved.of(helpdesk).can(HandOver):
            raise CannotPropose("no helpdesk or CRM is connected")
        title = " ".join(matter.title.split())[:190]
        told = {
            "title": title,
            "decision": "please take this case on",
            "cash": matter.cash,
            "per_hour": matter.per_hour,
            "deadline": matter.deadline,
            "evidence": matter.proof() or "nothing further",
        }
        given = {"exception": matter.detector, **{name: matter.argument(name) for name in TOLD}}
        command = HandOverCommand(
            alert=matter.alert_id,
            title=title,
            text=written("escalation_note", told),
            fields=tuple(CaseField(name=name, value=value[:200]) for name, value in given.items() if value),
        )
        return Proposal(command, helpdesk, {})

    def read_facts(self, command: HandOverCommand, reader: Reader) -> Facts:
        alert: AlertRow = record_or_raise(reader, AlertRow, str(command.alert))
        return {"title": alert.title, "state": alert.state, "deadline": text_of(alert.deadline)}

    def refusals(self, command: HandOverCommand, facts: Facts) -> list[str]:
        if facts["state"] == "resolved":
            return ["the matter is resolved; nobody needs to take it on"]
        return [] if command.title and command.text else ["say what the case is about"]

    def differences(self, approved: Facts, now: Facts) -> list[Difference]:
        """The approval itself decides the alert, so only that the matter is resolved counts."""
        if now["state"] != "resolved":
            return []
        return [moved for moved in super().differences(approved, now) if moved.field == "state"]

    def preview(self, command: HandOverCommand, facts: Facts) -> Preview:
        rows = [Row("Case at the helpdesk", "none", command.title)]
        rows += [Row(one.name.replace("_", " "), "", one.value) for one in command.fields]
        warnings = ("What leaves here is kept by the helpdesk's own rules: write no more of a buyer than it needs.",)
        return Preview(f"Hand over: {command.title}", tuple(rows), text=command.text, warnings=warnings)

    def operation(self, command: HandOverCommand, facts: Facts, key: str) -> Operation:
        return HandOver(
            subject_ref=f"alert-{command.alert}",
            title=command.title,
            text=command.text,
            fields=tuple((one.name, one.value) for one in command.fields),
        )
