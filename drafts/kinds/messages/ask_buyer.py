"""Ask the buyer for what is missing before anything can be decided."""

from typing import Literal

from connectors.llm.offline import asked_for, language_of, letter
from connectors.operations import Operation, SendMessage
from connectors.types import Conversation, Message, Order
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
    Row,
    Saved,
    Undo,
    named,
    record_or_raise,
    text_of,
)
from drafts.kinds.messages.reply import is_own

Topic = Literal["address", "photos", "payment", "choice", "receipt"]
WANTED: dict[Topic, str] = {
    "address": "the whole postal address and a phone number",
    "photos": "pictures of the goods and of the packing",
    "payment": "whether the payment is theirs",
    "choice": "a refund, a replacement or other goods",
    "receipt": "whether the parcel has come after all",
}
# What is missing where these exceptions are met, before anybody has said it.
MISSING: dict[str, Topic] = {
    "return_decision": "photos",
    "fraud_warning": "payment",
    "duplicate_charge": "payment",
    "oversold": "choice",
    "late_shipment": "choice",
    "parcel_stuck": "receipt",
}


class AskBuyerCommand(Command):
    """In the conversation that stands, or by mail to the address of the order."""

    asks: Topic
    conversation_ref: OptionalRef = ""
    order_ref: OptionalRef = ""
    to: OneLine
    subject: OneLine = ""
    text: Prose
    in_reply_to: OneLine = ""
    language: OneLine = "en"


class AskBuyerKind(Kind[AskBuyerCommand]):
    name = "ask_buyer"
    label = "Ask the buyer"
    command = AskBuyerCommand
    undo = Undo("until it is sent, a few seconds after the approval")
    text_field = "text"

    def propose(self, matter: Matter, saved: Saved) -> Proposal[AskBuyerCommand]:
        named_topic = (topic for topic in WANTED if topic == matter.argument("asks"))
        topic: Topic = next(named_topic, MISSING.get(matter.detector, "address"))
        proposed = self._in_thread(matter, saved, topic) if matter.argument("conversation_ref") else None
        return proposed or self._by_mail(matter, saved, topic)

    def _in_thread(self, matter: Matter, saved: Saved, topic: Topic) -> Proposal[AskBuyerCommand] | None:
        thread, mine = named(matter, saved, Conversation, "conversation_ref")
        if not thread.address:
            return None
        order: Order | None = mine.fetch(Order, matter.argument("order_ref"))
        order = order if order is not None and is_own(thread, order) is not False else None
        last: Message | None = mine.latest(Message, "sent_at", conversation_ref=thread.external_id, direction="in")
        command = AskBuyerCommand(
            asks=topic,
            conversation_ref=thread.external_id,
            order_ref=order.external_id if order else "",
            to=thread.address,
            subject=" ".join(thread.subject.split())[:190],
            text="",
            in_reply_to=last.message_id if last else "",
            language=language_of(matter.argument("language")),
        )
        outside = (("buyer", last.text),) if last else ()
        return Proposal(command, mine.shop_id, _told(matter, command, thread.customer_name, order), outside)

    def _by_mail(self, matter: Matter, saved: Saved, topic: Topic) -> Proposal[AskBuyerCommand]:
        order, _ = named(matter, saved, Order, "order_ref")
        if not order.customer_email or matter.mailbox_id is None:
            raise CannotPropose(f"nobody has written about order {order.number}, and no mail can be sent to its buyer")
        command = AskBuyerCommand(
            asks=topic,
            order_ref=order.external_id,
            to=order.customer_email,
            subject=f"Your order {order.number}",
            text="",
            language=language_of(matter.argument("language")),
        )
        return Proposal(command, matter.mailbox_id, _told(matter, command, order.customer_name, order))

    def write(self, proposal: Proposal[AskBuyerCommand], rules: tuple[tuple[str, str], ...]) -> str:
        command = proposal.command
        return self.frame(proposal, asked_for(command.asks, command.language, proposal.told))

    def frame(self, proposal: Proposal[AskBuyerCommand], body: str) -> str:
        return letter(body, proposal.command.language, proposal.told["name"], proposal.told["shop"])

    def read_facts(self, command: AskBuyerCommand, reader: Reader) -> Facts:
        order: Order | None = reader.fetch(Order, command.order_ref)
        facts: Facts = {"order": order.number if order else "", "is_own_order": None}
        if not command.conversation_ref:
            address = record_or_raise(reader, Order, command.order_ref).customer_email
            return facts | {"address": address, "last_message_at": ""}
        thread: Conversation = record_or_raise(reader, Conversation, command.conversation_ref)
        return facts | {
            "address": thread.address,
            "last_message_at": text_of(thread.last_message_at),
            "is_own_order": is_own(thread, order),
        }

    def refusals(self, command: AskBuyerCommand, facts: Facts) -> list[str]:
        reasons = []
        if not command.text:
            reasons.append("the message is empty")
        if not command.to or command.to.casefold() != facts["address"].casefold():
            reasons.append(f"{command.to or 'nobody'} is not the buyer whom this is about")
        if facts["is_own_order"] is False:
            reasons.append(f"order {facts['order']} belongs to another address; telling its details would leak them")
        return reasons

    def preview(self, command: AskBuyerCommand, facts: Facts) -> Preview:
        about = f"order {facts['order']}" if facts["order"] else "this conversation"
        rows = (Row(f"The buyer of {about}", "not asked", f"asked for {WANTED[command.asks]}"),)
        warnings = ("A message that has left cannot be called back.", "The platform's own deadline runs on meanwhile.")
        summary = f"Ask {command.to} for {WANTED[command.asks]}"
        return Preview(summary, rows, text=command.text, to=command.to, warnings=warnings)

    def operation(self, command: AskBuyerCommand, facts: Facts, key: str) -> Operation:
        return SendMessage(
            to=command.to,
            text=command.text,
            subject=command.subject,
            conversation_ref=command.conversation_ref,
            in_reply_to=command.in_reply_to,
            references=(command.in_reply_to,) if command.in_reply_to else (),
        )


def _told(matter: Matter, command: AskBuyerCommand, name: str, order: Order | None) -> dict[str, str]:
    return {
        "situation": matter.detector,
        "name": name.split("\n")[0][:60],
        "shop": matter.company,
        "order": order.number if order else "",
        "wanted": WANTED[command.asks],
    }
