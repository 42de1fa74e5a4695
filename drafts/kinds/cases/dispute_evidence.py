"""Answer a payment dispute with its evidence, once and for all, or accept it."""

from typing import Literal, cast, get_args

from connectors.llm.offline import written
from connectors.money import Money
from connectors.operations import AcceptDispute, Operation, SubmitEvidence
from connectors.types import Dispute, DisputeStatus, Order, Payment, Shipment
from drafts.kinds.base import (
    Amount,
    Command,
    CurrencyCode,
    Facts,
    Kind,
    Matter,
    Preview,
    Proposal,
    Prose,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    is_past,
    named,
    record_or_raise,
    text_of,
)

FieldName = Literal[
    "customer_name", "customer_email_address", "billing_address", "shipping_address", "shipping_carrier",
    "shipping_tracking_number", "shipping_date", "product_description", "service_date", "access_activity_log",
    "refund_policy_disclosure", "refund_refusal_explanation", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "duplicate_charge_id", "duplicate_charge_explanation",
]  # fmt: skip

# What card networks weigh for each reason, by the processor's own names of the fields.
_PARCEL = ("shipping_carrier", "shipping_tracking_number", "shipping_date")
_BASE = ("product_description", "customer_name", "customer_email_address")
WANTED: dict[str, tuple[str, ...]] = {
    "product_not_received": (*_BASE, *_PARCEL, "shipping_address"),
    "product_unacceptable": (*_BASE, "refund_policy_disclosure", "refund_refusal_explanation"),
    "fraudulent": (*_BASE, *_PARCEL, "billing_address"),
    "duplicate": ("product_description", "duplicate_charge_id", "duplicate_charge_explanation"),
    "credit_not_processed": (*_BASE, "refund_policy_disclosure", "refund_refusal_explanation"),
    "subscription_canceled": (*_BASE, "cancellation_policy_disclosure", "cancellation_rebuttal"),
}
ANSWERABLE = {DisputeStatus.WARNING, DisputeStatus.NEEDS_RESPONSE}


# Which of our written rules a policy field is made of, by the words they hold.
POLICIES = {
    "refund_policy_disclosure": ("refund", "return"),
    "cancellation_policy_disclosure": ("cancel",),
}


class EvidenceField(Command):
    name: FieldName
    text: Prose


class DisputeEvidenceCommand(Command):
    """`narrative` is the account in words; `fields` hold what the records say, under the processor's names."""

    dispute_ref: Ref
    decision: Literal["submit", "accept"]
    amount: Amount
    currency: CurrencyCode
    fields: tuple[EvidenceField, ...] = ()
    narrative: Prose = ""


class DisputeEvidenceKind(Kind[DisputeEvidenceCommand]):
    name = "dispute_evidence"
    label = "Answer the dispute"
    command = DisputeEvidenceCommand
    undo = Undo("never")
    text_field = "narrative"

    def propose(self, matter: Matter, saved: Saved) -> Proposal[DisputeEvidenceCommand]:
        dispute, mine = named(matter, saved, Dispute, "dispute_ref")
        contests = bool(matter.arguments.get("is_worth_contesting", True))
        seller = saved.of(matter.number("order_shop_id") or mine.shop_id)
        order = _order(matter, dispute, mine, seller)
        parcel: Shipment | None = seller.latest(Shipment, "shipped_at", order_ref=order.external_id) if order else None
        number = order.number if order else matter.argument("order_number")
        found = _packet(order, parcel, dispute, matter) if contests else ()
        command = DisputeEvidenceCommand(
            dispute_ref=dispute.external_id,
            decision="submit" if contests else "accept",
            amount=Money(dispute.amount, dispute.currency).quantized().amount,
            currency=dispute.currency,
            fields=found,
        )
        told: dict[str, str] = {
            "amount": f"{command.amount:,}",
            "currency": dispute.currency,
            "order": number,
            "purchase": f"order {number}" if number else f"payment {dispute.payment_ref}",
            "reason": dispute.reason,
            "delivered_at": text_of(parcel.delivered_at) if parcel else "",
            **{field.name: field.text for field in found if not field.name.startswith("customer_")},
            "evidence": matter.proof(),
        }
        return Proposal(command, mine.shop_id, told, keep=(told["order"], told.get("shipping_tracking_number", "")))

    def write(self, proposal: Proposal[DisputeEvidenceCommand], rules: tuple[tuple[str, str], ...]) -> str:
        if proposal.command.decision == "accept":
            return ""
        return written("dispute_narrative" if proposal.told["evidence"] else "dispute_narrative_bare", proposal.told)

    def money(self, command: DisputeEvidenceCommand) -> Money | None:
        return Money(command.amount, command.currency) if command.decision == "accept" else None

    def read_facts(self, command: DisputeEvidenceCommand, reader: Reader) -> Facts:
        dispute: Dispute = record_or_raise(reader, Dispute, command.dispute_ref)
        return {
            "status": str(dispute.status),
            "reason": dispute.reason,
            "amount": text_of(dispute.amount),
            "currency": dispute.currency,
            "payment": dispute.payment_ref,
            "evidence_by": text_of(dispute.evidence_by),
            "is_past_due": is_past(dispute.evidence_by, reader),
            "submissions": dispute.submission_count,
        }

    def refusals(self, command: DisputeEvidenceCommand, facts: Facts) -> list[str]:
        name = f"dispute {command.dispute_ref}"
        if facts["status"] not in ANSWERABLE:
            return [f"{name} takes no answer any more ({facts['status'].replace('_', ' ')})"]
        if facts["submissions"]:
            return [f"evidence for {name} was submitted already, and it goes only once"]
        if facts["is_past_due"]:
            return [f"the last day for evidence in {name} has passed ({facts['evidence_by']})"]
        if (text_of(command.amount), command.currency) != (facts["amount"], facts["currency"]):
            return [f"{name} is about {facts['amount']} {facts['currency']}; the draft says another amount"]
        return _packet_refusals(command)

    def preview(self, command: DisputeEvidenceCommand, facts: Facts) -> Preview:
        money = Money(command.amount, command.currency)
        if command.decision == "accept":
            given_up = (
                Row("Dispute", "needs response", "lost, by our choice"),
                Row(str(money), "held", "with the buyer"),
            )
            return Preview(f"Accept the dispute: give up {money}", given_up, warnings=("It cannot be taken back.",))
        have, absent = completeness(command, facts["reason"])
        rows = (
            Row("Dispute", "needs response", "under review"),
            Row("Packet", "nothing submitted", f"{have} of {have + len(absent)} wanted fields"),
            *(Row(field.name.replace("_", " "), "", field.text) for field in command.fields),
        )
        warnings = ["Evidence goes once: nothing can be added afterwards."]
        if absent:
            warnings.append(
                "Still missing for this reason: " + ", ".join(name.replace("_", " ") for name in absent) + "."
            )
        reason = facts["reason"].replace("_", " ") or "no reason given"
        return Preview(f"Contest {money} ({reason})", rows, text=command.narrative, warnings=tuple(warnings))

    def operation(self, command: DisputeEvidenceCommand, facts: Facts, key: str) -> Operation:
        if command.decision == "accept":
            return AcceptDispute(dispute_ref=command.dispute_ref)
        told = tuple((field.name, field.text) for field in command.fields)
        account = (("uncategorized_text", command.narrative),) if command.narrative else ()
        return SubmitEvidence(dispute_ref=command.dispute_ref, fields=told + account)


def completeness(command: DisputeEvidenceCommand, reason: str) -> tuple[int, tuple[str, ...]]:
    """How many of the fields that count for this reason are filled, and which are not."""
    wanted = WANTED.get(reason, (*_BASE, *_PARCEL))
    filled = {field.name for field in command.fields if field.text}
    absent = tuple(name for name in wanted if name not in filled)
    return len(wanted) - len(absent), absent


def _speaks_of(words: tuple[str, ...], text: str) -> bool:
    return any(word in text.casefold() for word in words)


def _packet_refusals(command: DisputeEvidenceCommand) -> list[str]:
    if command.decision == "accept":
        return []
    names = [field.name for field in command.fields]
    if len(set(names)) != len(names):
        return ["the packet names the same field twice"]
    if not command.narrative and not any(field.text for field in command.fields):
        return ["the packet is empty"]
    return []


def _order(matter: Matter, dispute: Dispute, processor: Saved, seller: Saved) -> Order | None:
    """The order that was paid: as the alert names it, as the dispute or its payment does, or none."""
    payment: Payment | None = processor.fetch(Payment, dispute.payment_ref)
    for ref in (matter.argument("order_ref"), dispute.order_ref, payment.order_ref if payment else ""):
        if ref and (found := seller.fetch(Order, ref)):
            return cast("Order", found)
    number = matter.argument("order_number") or (payment.order_number if payment else "")
    return cast("Order | None", seller.latest(Order, "ordered_at", number=number)) if number else None


def _packet(
    order: Order | None, parcel: Shipment | None, dispute: Dispute, matter: Matter
) -> tuple[EvidenceField, ...]:
    """What our records hold of the processor's fields; a field we know nothing for is left out."""
    values: dict[str, str] = {
        name: "\n".join(f"{source}: {text}" for text, source in matter.rules if _speaks_of(words, text))[:5000]
        for name, words in POLICIES.items()
        if name in WANTED.get(dispute.reason, ())
    }
    if dispute.reason == "duplicate":
        values["duplicate_charge_id"] = matter.argument("kept_payment_ref")
    if order:
        goods = ", ".join(f"{line.quantity} × {line.title or line.sku}" for line in order.lines)
        values |= {
            "customer_name": order.customer_name,
            "customer_email_address": order.customer_email,
            "product_description": goods[:5000],
        }
    if parcel:
        values |= {
            "shipping_carrier": parcel.carrier,
            "shipping_tracking_number": parcel.tracking_number,
            "shipping_date": f"{parcel.shipped_at:%Y-%m-%d}" if parcel.shipped_at else "",
        }
    return tuple(EvidenceField(name=name, text=values[name]) for name in get_args(FieldName) if values.get(name))
