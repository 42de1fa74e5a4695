"""Ask a courier or platform for money back for what was lost, damaged or wrongly charged."""

from decimal import Decimal
from typing import Literal

from connectors.llm.offline import written
from connectors.money import Money
from connectors.operations import FileClaim, Operation
from connectors.types import Order, Shipment, ShipmentStatus
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
    Prose,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    named,
    record_or_raise,
)
from drafts.kinds.orders.standing import account

Cause = Literal["lost", "damaged", "overcharged", "not_returned"]
CAUSES: tuple[Cause, ...] = ("lost", "damaged", "overcharged", "not_returned")


class FileClaimCommand(Command):
    order_ref: Ref
    shipment_ref: OptionalRef = ""
    tracking_number: OneLine = ""
    cause: Cause
    amount: Amount
    currency: CurrencyCode
    text: Prose


class FileClaimKind(Kind[FileClaimCommand]):
    name = "file_claim"
    label = "File a claim"
    command = FileClaimCommand
    undo = Undo("until it is decided, by withdrawing the claim")
    text_field = "text"

    def propose(self, matter: Matter, saved: Saved) -> Proposal[FileClaimCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        parcel = _parcel(matter, order, mine)
        if order.total is None and not matter.argument("claim_amount"):
            raise CannotPropose(f"what is claimed for order {order.number} is not known")
        asked = Decimal(matter.argument("claim_amount") or order.total or 0)
        given = matter.argument("cause")
        command = FileClaimCommand(
            order_ref=order.external_id,
            shipment_ref=parcel.external_id if parcel else "",
            tracking_number=parcel.tracking_number if parcel else matter.argument("tracking_number"),
            cause=next((cause for cause in CAUSES if cause == given), "lost"),
            amount=Money(asked, order.currency).quantized().amount,
            currency=order.currency,
            text="",
        )
        told = {
            "order": order.number,
            "tracking": command.tracking_number or "none",
            "carrier": (parcel.carrier if parcel else matter.argument("carrier")) or "the courier",
            "cause": command.cause.replace("_", " "),
            "amount": str(command.amount),
            "currency": order.currency,
            "evidence": matter.proof() or "the order and its parcel as recorded",
            "shop": matter.company,
        }
        performer = mine.performer(self.operation(command, {}, ""))
        return Proposal(command, performer, told, keep=(told["order"], told["tracking"]))

    def write(self, proposal: Proposal[FileClaimCommand], rules: tuple[tuple[str, str], ...]) -> str:
        return self.frame(proposal, f"What our records show: {proposal.told['evidence']}.")

    def frame(self, proposal: Proposal[FileClaimCommand], body: str) -> str:
        """Amount, order and parcel stand in the letter as the records have them, whoever worded the rest."""
        return written("claim", {**proposal.told, "body": body.strip()})

    def money(self, command: FileClaimCommand) -> Money | None:
        """None: a claim asks for money, it moves none."""
        return None

    def read_facts(self, command: FileClaimCommand, reader: Reader) -> Facts:
        order: Order = record_or_raise(reader, Order, command.order_ref)
        parcel: Shipment | None = reader.fetch(Shipment, command.shipment_ref)
        return account(order) | {
            "is_delivered": parcel is not None and parcel.status == ShipmentStatus.DELIVERED,
            "carrier": parcel.carrier if parcel else "",
        }

    def refusals(self, command: FileClaimCommand, facts: Facts) -> list[str]:
        reasons = []
        if command.cause == "lost" and facts["is_delivered"]:
            reasons.append(f"the parcel of order {facts['number']} was delivered; it is not lost")
        if command.currency != facts["currency"]:
            reasons.append(f"order {facts['number']} is in {facts['currency']}, not {command.currency}")
        if command.cause in ("lost", "damaged") and facts["total"] and command.amount > Decimal(facts["total"]):
            reasons.append(f"{command.amount} is more than the {facts['total']} that order {facts['number']} came to")
        if not command.text:
            reasons.append("the claim has no text")
        return reasons

    def preview(self, command: FileClaimCommand, facts: Facts) -> Preview:
        money = Money(command.amount, command.currency)
        rows = (
            Row("Claimed", "–", str(money)),
            Row("For", "", command.cause.replace("_", " ")),
            Row("Parcel", "", " ".join(filter(None, (facts["carrier"], command.tracking_number))) or "none"),
        )
        warnings = (
            "A claim needs proof of value and of hand-over: keep the invoice and the courier's receipt at hand.",
        )
        return Preview(f"Claim {money} for order {facts['number']}", rows, text=command.text, warnings=warnings)

    def operation(self, command: FileClaimCommand, facts: Facts, key: str) -> Operation:
        return FileClaim(
            order_ref=command.order_ref,
            tracking_number=command.tracking_number,
            cause=command.cause,
            amount=Money(command.amount, command.currency),
            text=command.text,
        )


def _parcel(matter: Matter, order: Order, saved: Saved) -> Shipment | None:
    """The parcel that the matter is about, else the last that left with the order."""
    named: Shipment | None = saved.fetch(Shipment, matter.argument("shipment_ref"))
    return named or saved.latest(Shipment, "shipped_at", order_ref=order.external_id)
