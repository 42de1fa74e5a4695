"""Tell the marketing system what happened to a buyer, so that its own flows act on it, or hold back."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from connectors.money import Money
from connectors.operations import Operation, RecordEvent
from connectors.types import Checkout, Order
from drafts.kinds.base import (
    Amount,
    CannotPropose,
    Command,
    CurrencyCode,
    Facts,
    Kind,
    Matter,
    OneLine,
    OptionalRef,
    Preview,
    Proposal,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    named,
    record_or_raise,
    text_of,
)

REMINDER = "Checkout reminder approved"
# What an order's trouble is called in the marketing system; flows wait for these names.
NEWS = {
    "late_shipment": "Order delayed",
    "parcel_stuck": "Parcel delayed",
    "oversold": "Order cannot be filled",
    "angry_message": "Buyer upset",
    "return_decision": "Return asked",
}


class Property(Command):
    name: OneLine
    value: OneLine


class MarketingEventCommand(Command):
    """About a checkout that was left, or about an order."""

    checkout_ref: OptionalRef = ""
    order_ref: OptionalRef = ""
    metric: Ref
    email: OneLine
    properties: Annotated[tuple[Property, ...], Field(max_length=50)] = ()
    value: Amount | None = None
    currency: CurrencyCode


class MarketingEventKind(Kind[MarketingEventCommand]):
    name = "marketing_event"
    label = "Tell the marketing system"
    command = MarketingEventCommand
    undo = Undo("never: flows that the event starts are stopped in the marketing system")
    needs_call = True

    def propose(self, matter: Matter, saved: Saved) -> Proposal[MarketingEventCommand]:
        subject, mine = _subject(matter, saved)
        performer = mine.performer(RecordEvent)
        if not subject.customer_email:
            raise CannotPropose("the buyer's address is not known")
        if not mine.of(performer).can(RecordEvent):
            raise CannotPropose("no marketing system is connected")
        is_checkout, worth = isinstance(subject, Checkout), subject.total or Decimal(0)
        command = MarketingEventCommand(
            checkout_ref=subject.external_id if is_checkout else "",
            order_ref="" if is_checkout else subject.external_id,
            metric=REMINDER if is_checkout else NEWS[matter.detector],
            email=subject.customer_email,
            properties=tuple(Property(name=name, value=value) for name, value in _told(subject).items() if value),
            value=worth if worth > 0 else None,
            currency=subject.currency,
        )
        return Proposal(command, performer, {})

    def read_facts(self, command: MarketingEventCommand, reader: Reader) -> Facts:
        if command.checkout_ref:
            checkout: Checkout = record_or_raise(reader, Checkout, command.checkout_ref)
            return {
                "email": checkout.customer_email,
                "may_be_mailed": checkout.may_be_mailed,
                "completed_at": text_of(checkout.completed_at),
                "order": "",
            }
        order: Order = record_or_raise(reader, Order, command.order_ref)
        return {"email": order.customer_email, "may_be_mailed": None, "completed_at": "", "order": order.number}

    def refusals(self, command: MarketingEventCommand, facts: Facts) -> list[str]:
        reasons = []
        if command.email.casefold() != facts["email"].casefold():
            reasons.append(f"{command.email} is not the buyer's address")
        if facts["completed_at"]:
            reasons.append("the checkout was completed meanwhile; a reminder would annoy")
        if facts["may_be_mailed"] is False:
            reasons.append("the buyer has not agreed to marketing mail")
        return reasons

    def preview(self, command: MarketingEventCommand, facts: Facts) -> Preview:
        rows = [Row("Profile", command.email, f"{command.email}, with the event “{command.metric}”")]
        rows += [Row(one.name.replace("_", " "), "", one.value) for one in command.properties]
        if command.value is not None:
            rows.append(Row("Value", "", str(Money(command.value, command.currency))))
        warnings = ["Every live flow that waits for this event begins; look at them first."]
        if command.order_ref:
            warnings.append("Consent is the flows' own matter: set them to transactional for news of an order.")
        return Preview(f"Record “{command.metric}” for {command.email}", tuple(rows), warnings=tuple(warnings))

    def operation(self, command: MarketingEventCommand, facts: Facts, key: str) -> Operation:
        return RecordEvent(
            metric=command.metric,
            email=command.email,
            properties=tuple((one.name, one.value) for one in command.properties),
            value=None if command.value is None else Money(command.value, command.currency),
        )


def _subject(matter: Matter, saved: Saved) -> tuple[Checkout | Order, Saved]:
    """What the event is about. Raises CannotPropose."""
    if matter.argument("checkout_ref"):
        return named(matter, saved, Checkout, "checkout_ref")
    if matter.detector not in NEWS:
        raise CannotPropose("the marketing system has no use for this news")
    return named(matter, saved, Order, "order_ref")


def _told(subject: Checkout | Order) -> dict[str, str]:
    if isinstance(subject, Checkout):
        return {"checkout_url": subject.recovery_url[:200], "skus": ", ".join(subject.skus)[:200]}
    return {"order": subject.number, "status": str(subject.status)}
