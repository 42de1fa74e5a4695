"""Write to a buyer in a form that the channel has approved, where free text is not allowed (any more)."""

import re
import string
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from connectors.llm.offline import language_of, letter, reply_body
from connectors.operations import Operation, SendTemplate
from connectors.types import Conversation, MessageForm, MessageForms, Order, Shipment
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Facts,
    Kind,
    Matter,
    OneLine,
    OptionalRef,
    Preview,
    Proposal,
    Prose,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    named,
    record_or_raise,
)
from drafts.kinds.messages.reply import is_own

PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
ANY = "*"


class Filling(Command):
    """One place of a template and what stands there."""

    place: OneLine
    value: Annotated[str, Field(max_length=1_000, pattern=r"^[^\r\n\t\x00]*$")] = ""


class SendTemplateCommand(Command):
    """`places` fill a form with texts of its own; `text` is ours, where the form leaves the words to us."""

    conversation_ref: OptionalRef = ""
    order_ref: OptionalRef = ""
    to: OneLine
    template: Ref
    language: OneLine = ""
    places: Annotated[tuple[Filling, ...], Field(max_length=20)] = ()
    text: Prose = ""


class SendTemplateKind(Kind[SendTemplateCommand]):
    name = "send_template"
    label = "Send an approved template"
    command = SendTemplateCommand
    undo = Undo("until it is sent, a few seconds after the approval")
    needs_call = True

    def propose(self, matter: Matter, saved: Saved) -> Proposal[SendTemplateCommand]:
        thread: Conversation | None = None
        if matter.argument("conversation_ref"):
            thread, mine = named(matter, saved, Conversation, "conversation_ref")
            order: Order | None = mine.fetch(Order, matter.argument("order_ref"))
            order = order if is_own(thread, order) is not False else None
        else:
            order, mine = named(matter, saved, Order, "order_ref")
        if not mine.can(SendTemplate):
            raise CannotPropose("this channel has no approved forms of message")
        subject = thread or order
        offered: MessageForms | None = mine.fetch(MessageForms, subject.external_id if subject else "")
        language = language_of(matter.argument("language"))
        form = chosen(offered.forms if offered else (), matter, language)
        told = _told(matter, thread, order, mine)
        words = letter(reply_body(matter.detector, language, told), language, told["name"], told["shop"])
        command = SendTemplateCommand(
            conversation_ref=thread.external_id if thread else "",
            order_ref=order.external_id if order else "",
            to=thread.address if thread else (order.number if order else ""),
            template=form.name,
            language=form.language,
            places=tuple(filled(form, told)),
            text=words if form.longest else "",
        )
        return Proposal(command, mine.shop_id, {})

    def read_facts(self, command: SendTemplateCommand, reader: Reader) -> Facts:
        order: Order | None = reader.fetch(Order, command.order_ref)
        subject: Conversation | Order = record_or_raise(
            reader, Conversation if command.conversation_ref else Order, command.conversation_ref or command.order_ref
        )
        thread = subject if isinstance(subject, Conversation) else None
        offered: MessageForms | None = reader.fetch(MessageForms, subject.external_id)
        form = next((one for one in offered.forms if is_it(one, command)), None) if offered else None
        return {
            "address": thread.address if thread else (order.number if order else ""),
            "order": order.number if order else "",
            "is_own_order": is_own(thread, order) if thread else None,
            "is_offered": form is not None,
            "parts": list(form.parts) if form else [],
            "longest": form.longest if form else 0,
        }

    def refusals(self, command: SendTemplateCommand, facts: Facts) -> list[str]:
        if not facts["is_offered"]:
            return [f"the channel does not offer the template {command.template} now"]
        reasons = []
        if command.to != facts["address"]:
            reasons.append(f"{command.to} is not the buyer whom this is about")
        if facts["is_own_order"] is False:
            reasons.append(f"order {facts['order']} belongs to somebody else; telling its details would leak them")
        if [one.place for one in command.places] != places_of(facts["parts"]):
            reasons.append(f"the template {command.template} has other places than were filled")
        empty = [one.place for one in command.places if not one.value]
        if empty:
            reasons.append(f"place {', '.join(empty)} of the template is empty")
        if facts["longest"] and not 0 < len(command.text) <= facts["longest"]:
            reasons.append(f"the channel takes 1 to {facts['longest']} characters, not {len(command.text)}")
        if not facts["longest"] and command.text:
            reasons.append("this form has no room for words of ours")
        return reasons

    def preview(self, command: SendTemplateCommand, facts: Facts) -> Preview:
        rows = [Row("Template", "", " ".join((command.template, command.language)).strip())]
        rows += [Row(f"Place {one.place}", "", one.value) for one in command.places]
        warnings = ["A message that has left cannot be called back."]
        if command.conversation_ref:
            warnings.append("The channel may charge for a template, and counts buyers who block us for it.")
        elif not facts["longest"]:
            warnings.append("The channel words this message itself.")
        text = as_read(command, facts)
        return Preview(f"Write to {command.to}", tuple(rows), text=text, to=command.to, warnings=tuple(warnings))

    def operation(self, command: SendTemplateCommand, facts: Facts, key: str) -> Operation:
        return SendTemplate(
            to=command.to,
            template=command.template,
            language=command.language,
            parameters=tuple(one.value for one in command.places),
            order_ref=command.order_ref,
            text=as_read(command, facts),
        )


def is_it(form: MessageForm, command: SendTemplateCommand) -> bool:
    return (form.name, form.language) == (command.template, command.language)


def chosen(forms: tuple[MessageForm, ...], matter: Matter, language: str) -> MessageForm:
    """The form that is named, else the one set up for this kind of trouble, in the buyer's language if there is one.

    Raises CannotPropose with what is there instead.
    """
    asked = matter.argument("template")
    for use in (matter.detector, ANY):
        fitting = [form for form in forms if (form.name == asked if asked else form.use == use)]
        if fitting:
            mine = [form for form in fitting if form.language.partition("_")[0] == language]
            return (mine or fitting)[0]
    known = ", ".join(dict.fromkeys(form.name for form in forms)) or "none"
    raise CannotPropose(
        f"no template is set up for {asked or matter.detector.replace('_', ' ')} (templates in the shop's settings);"
        f" offered: {known}"
    )


def filled(form: MessageForm, told: Mapping[str, str]) -> list[Filling]:
    """Each place as it was set up ("{name}"), else by its own name, else the buyer's name and then the order's number.

    Raises CannotPropose for a place that nobody has said how to fill.
    """
    numbered = {"1": "{name}", "2": "{order}"}
    fillings = []
    for index, place in enumerate(places_of(form.parts)):
        pattern = form.fills[index] if index < len(form.fills) else numbered.get(place, f"{{{place}}}")
        names = [name for _, name, _, _ in string.Formatter().parse(pattern) if name]
        if not all(told.get(name) for name in names):
            raise CannotPropose(f"nobody has said what fills place {place} of {form.name}")
        fillings.append(Filling(place=place, value=pattern.format_map(told)))
    return fillings


def places_of(parts: tuple[str, ...] | list[str]) -> list[str]:
    """The places of each part in order; one that a part repeats is filled once."""
    return [place for part in parts for place in dict.fromkeys(PLACE.findall(part))]


def as_read(command: SendTemplateCommand, facts: Facts) -> str:
    """The whole as the buyer reads it."""
    left, lines = [one.value for one in command.places], []
    for part in facts["parts"]:
        places = list(dict.fromkeys(PLACE.findall(part)))
        values = dict(zip(places, left, strict=False))
        left = left[len(places) :]
        lines.append(PLACE.sub(lambda found, known=values: known.get(found[1], found[0]), part))  # type: ignore[misc]
    return "\n".join(lines) or command.text


def _told(matter: Matter, thread: Conversation | None, order: Order | None, mine: Saved) -> dict[str, str]:
    # Where nobody can check that the writer is the buyer, the parcel's number stays out.
    is_known = order is not None and (thread is None or is_own(thread, order) is True)
    parcel: Shipment | None = (
        mine.latest(Shipment, "shipped_at", order_ref=order.external_id) if order and is_known else None
    )
    name = (thread.customer_name if thread else "") or (order.customer_name if order else "")
    return {
        "name": name.split("\n")[0][:60],
        "shop": matter.company,
        "order": order.number if order else "",
        "order_status": str(order.status) if order else "",
        "carrier": parcel.carrier if parcel else "",
        "tracking": parcel.tracking_number if parcel else "",
    }
