"""One message to one buyer, in the conversation it answers."""

from connectors.llm.offline import language_of, letter, reply_body
from connectors.operations import Operation, SendMessage
from connectors.types import Conversation, Direction, Message, Order, Shipment
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
    text_of,
)


class ReplyCommand(Command):
    """`order_ref` names the order whose facts the text tells; it must be the recipient's own."""

    conversation_ref: Ref
    to: OneLine
    subject: OneLine = ""
    text: Prose
    in_reply_to: OneLine = ""
    order_ref: OptionalRef = ""
    language: OneLine = "en"


class ReplyKind(Kind[ReplyCommand]):
    name = "reply"
    label = "Reply"
    command = ReplyCommand
    undo = Undo("until it is sent, a few seconds after the approval")
    text_field = "text"

    def propose(self, matter: Matter, saved: Saved) -> Proposal[ReplyCommand]:
        thread, mine = named(matter, saved, Conversation, "conversation_ref")
        if not thread.address:
            raise CannotPropose("there is nobody to answer in this conversation")
        ref = thread.external_id
        last: Message | None = mine.latest(Message, "sent_at", conversation_ref=ref, direction="in")
        order = mine.fetch(Order, matter.argument("order_ref"))
        # A mail may name anybody's order; only the writer's own is talked about.
        order = order if order is not None and is_own(thread, order) is not False else None
        command = ReplyCommand(
            conversation_ref=ref,
            to=thread.address,
            subject=_answer_to(thread.subject or (last.subject if last else "")),
            text="",
            in_reply_to=last.message_id if last else "",
            order_ref=order.external_id if order else "",
            language=language_of(matter.argument("language")),
        )
        told = _told(matter, thread, order, saved)
        outside = (("buyer", last.text),) if last else ()
        return Proposal(command, mine.shop_id, told, outside, keep=(told["order"], told["tracking"]))

    def write(self, proposal: Proposal[ReplyCommand], rules: tuple[tuple[str, str], ...]) -> str:
        told = proposal.told
        return self.frame(proposal, reply_body(told["situation"], proposal.command.language, told, rules))

    def frame(self, proposal: Proposal[ReplyCommand], body: str) -> str:
        return letter(body, proposal.command.language, proposal.told["name"], proposal.told["shop"])

    def read_facts(self, command: ReplyCommand, reader: Reader) -> Facts:
        thread: Conversation = record_or_raise(reader, Conversation, command.conversation_ref)
        order = reader.fetch(Order, command.order_ref) if command.order_ref else None
        return {
            "channel": thread.channel,
            "address": thread.address,
            "last_message_at": text_of(thread.last_message_at),
            "is_waiting": thread.last_direction == Direction.IN,
            "order": order.number if order else "",
            "is_own_order": is_own(thread, order),
        }

    def refusals(self, command: ReplyCommand, facts: Facts) -> list[str]:
        reasons = []
        if not command.text:
            reasons.append("the message is empty")
        if not command.to or command.to.casefold() != facts["address"].casefold():
            reasons.append(f"{command.to or 'nobody'} is not who wrote in this conversation")
        if not facts["is_waiting"]:
            reasons.append("somebody has answered this conversation already")
        if facts["is_own_order"] is False:
            reasons.append(f"order {facts['order']} belongs to another address; telling its details would leak them")
        return reasons

    def preview(self, command: ReplyCommand, facts: Facts) -> Preview:
        warnings = ["A message that has left cannot be called back."]
        if command.order_ref and facts["is_own_order"] is None:
            warnings.append("The order's own address is not known, so nobody could check that the writer is the buyer.")
        rows = (Row("Conversation", "waits for our answer", "answered"),)
        return Preview(f"Answer {command.to}", rows, text=command.text, to=command.to, warnings=tuple(warnings))

    def operation(self, command: ReplyCommand, facts: Facts, key: str) -> Operation:
        return SendMessage(
            to=command.to,
            text=command.text,
            subject=command.subject,
            conversation_ref=command.conversation_ref,
            in_reply_to=command.in_reply_to,
            references=(command.in_reply_to,) if command.in_reply_to else (),
        )


def is_own(thread: Conversation, order: Order | None) -> bool | None:
    """Whether the order is the writer's; None where the channel hides the buyer's address or no order is named."""
    if order is None:
        return None
    if order.customer_email and "@" in thread.address:
        return order.customer_email.casefold() == thread.address.casefold()
    # A mailbox knows people by their address, a marketplace by its own ids: only like is compared with like.
    if order.customer_ref and thread.customer_ref and "@" not in order.customer_ref + thread.customer_ref:
        return order.customer_ref == thread.customer_ref
    return None


def _told(matter: Matter, thread: Conversation, order: Order | None, saved: Saved) -> dict[str, str]:
    seller = saved.of(matter.number("order_shop_id") or matter.number("shop_id") or matter.shop_id)
    # Where nobody can check that the writer is the buyer, the parcel's number stays out of the answer.
    is_known = order is not None and is_own(thread, order) is True
    parcel = seller.latest(Shipment, "shipped_at", order_ref=order.external_id) if order and is_known else None
    return {
        "situation": matter.detector,
        "name": thread.customer_name.split("\n")[0][:60],
        "shop": matter.company,
        "order": order.number if order else "",
        "order_status": str(order.status) if order else "",
        "carrier": parcel.carrier if parcel else "",
        "tracking": parcel.tracking_number if parcel else "",
        "last_scan": f"{parcel.last_scan_at:%Y-%m-%d}" if parcel and parcel.last_scan_at else "",
    }


def _answer_to(subject: str) -> str:
    """The subject of an answer, on one line: mail clients thread by it (RFC 5322 §3.6.5)."""
    plain = " ".join(subject.split())[:190]
    return plain if plain.casefold().startswith("re:") else f"Re: {plain}".strip()
