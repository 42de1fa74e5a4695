"""Cancel an order that has not left, or answer a buyer's request to cancel it."""

from decimal import Decimal
from typing import Literal

from connectors.money import ZERO, Money
from connectors.operations import AnswerCancellation, CancelOrder, Operation
from connectors.types import Order, OrderStatus
from drafts.kinds.base import (
    Amount,
    CannotPropose,
    CurrencyCode,
    Facts,
    Kind,
    Matter,
    OneLine,
    OptionalRef,
    Part,
    Preview,
    Proposal,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    amount_in,
    named,
    record_or_raise,
    text_of,
)
from drafts.kinds.orders.asked import Asked

GONE = {OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.COMPLETED, OrderStatus.RETURNING}


class CancelOrderCommand(Asked):
    """`amount` is what goes back to the buyer with it; empty where nothing was paid. No lines: the whole order.

    `refund_ref` names a payment at another processor, whose refund is a draft of its own: then nothing goes back here,
    since the shop would pay the buyer a second time. `buyer_reason` is why the buyer wants it, in the shop's own words.
    """

    order_ref: Ref
    answer: Literal["cancel", "accept_request", "refuse_request"] = "cancel"
    reason: Literal["out_of_stock", "customer_request", "undeliverable", "fraud", "other"] = "other"
    buyer_reason: OneLine = ""
    lines: tuple[Part, ...] = ()
    amount: Amount | None = None
    refund_ref: OptionalRef = ""
    currency: CurrencyCode
    should_restock: bool = True
    should_notify: bool = True


class CancelOrderKind(Kind[CancelOrderCommand]):
    name = "cancel_order"
    label = "Cancel the order"
    command = CancelOrderCommand
    undo = Undo("never")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[CancelOrderCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        asked = order.status == OrderStatus.CANCEL_ASKED
        parts = _short_parts(order, matter)
        back = _open_amount(order) if order.paid_at else ZERO
        if back is None:
            raise CannotPropose(f"the total of order {order.number} is not known, so neither is what would go back")
        if parts:
            back = min(back, sum((_price(order, part) for part in parts), ZERO))
        payer = matter.number("shop_id") or matter.shop_id
        apart = matter.argument("payment_ref") if payer != mine.shop_id else ""
        reason: Literal["customer_request", "out_of_stock", "fraud", "other"]
        reason = "customer_request" if asked else _reason(matter, parts)
        command = CancelOrderCommand(
            asked_by_ref=order.customer_ref if asked else "",
            order_ref=order.external_id,
            answer="accept_request" if asked else "cancel",
            reason=reason,
            should_restock=reason != "out_of_stock",  # what is short must not be sold again
            lines=() if asked else parts,
            amount=Money(back, order.currency).quantized().amount if back > 0 and not apart else None,
            refund_ref=apart,
            currency=order.currency,
        )
        return Proposal(command, mine.shop_id, {})

    def money(self, command: CancelOrderCommand) -> Money | None:
        if command.amount is None or command.answer == "refuse_request":
            return None
        return Money(command.amount, command.currency)

    def read_facts(self, command: CancelOrderCommand, reader: Reader) -> Facts:
        order: Order = record_or_raise(reader, Order, command.order_ref)
        return {
            "number": order.number,
            "status": str(order.status),
            "is_paid": order.paid_at is not None or order.status not in (OrderStatus.UNPAID, OrderStatus.CANCELLED),
            "currency": order.currency,
            "total": text_of(order.total),
            "refunded": text_of(order.refunded),
            "lines": {line.external_id: [line.quantity - line.cancelled_quantity, line.sku] for line in order.lines},
        }

    def refusals(self, command: CancelOrderCommand, facts: Facts) -> list[str]:
        reasons = _state_refusals(command, facts)
        for part in command.lines:
            left, sku = facts["lines"].get(part.line_ref, (0, part.line_ref))
            if part.quantity > left:
                reasons.append(f"order {facts['number']} has {left} of {sku} left to cancel, not {part.quantity}")
        if command.reason == "out_of_stock" and command.answer == "cancel" and not command.lines:
            reasons.append("name the lines that are out of stock; the channel asks for them with this reason")
        return reasons + _money_refusals(command, facts)

    def preview(self, command: CancelOrderCommand, facts: Facts) -> Preview:
        number = facts["number"]
        if command.answer == "refuse_request":
            return Preview(
                f"Refuse the buyer's request to cancel order {number}", (Row("Order", facts["status"], "to ship"),)
            )
        back = f"{Money(command.amount, command.currency)}" if command.amount else "nothing was paid"
        if command.refund_ref:
            back = f"nothing here; payment {command.refund_ref} is refunded apart"
        what = f"{sum(part.quantity for part in command.lines)} units of" if command.lines else "the whole of"
        rows = (
            Row("Order", facts["status"].replace("_", " "), "part cancelled" if command.lines else "cancelled"),
            Row("Back to the buyer", facts["refunded"] or "0", back),
            Row("Stock", "sold", "back on sale" if command.should_restock else "stays off sale"),
        )
        warnings = ["A cancelled order cannot be brought back."]
        if command.refund_ref:
            warnings.append(f"Gives no money back: refund payment {command.refund_ref} by its own draft as well.")
        if command.answer == "cancel" and command.reason in ("out_of_stock", "other"):
            warnings.append("The channel counts this against the shop as the seller's fault.")
        return Preview(f"Cancel {what} order {number}", rows, warnings=tuple(warnings))

    def operation(self, command: CancelOrderCommand, facts: Facts, key: str) -> Operation:
        if command.answer != "cancel":
            return AnswerCancellation(order_ref=command.order_ref, is_accepted=command.answer == "accept_request")
        return CancelOrder(
            order_ref=command.order_ref,
            reason=command.reason,
            lines=tuple((part.line_ref, part.quantity) for part in command.lines),
            should_restock=command.should_restock,
            should_refund=command.amount is not None,
            should_notify=command.should_notify,
        )


def _state_refusals(command: CancelOrderCommand, facts: Facts) -> list[str]:
    status, number = facts["status"], facts["number"]
    if status in GONE:
        return [f"order {number} has left already ({status}); ask for a return instead"]
    if status == OrderStatus.CANCELLED:
        return [f"order {number} is cancelled already"]
    if command.answer != "cancel" and status != OrderStatus.CANCEL_ASKED:
        return [f"the buyer is not asking to cancel order {number} any more"]
    return []


def _money_refusals(command: CancelOrderCommand, facts: Facts) -> list[str]:
    if command.answer == "refuse_request":
        return []
    if command.currency != facts["currency"]:
        return [f"order {facts['number']} is in {facts['currency']}, not {command.currency}"]
    if command.refund_ref:
        apart = f"payment {command.refund_ref} is refunded by its own draft; leave the amount empty"
        return [apart] if command.amount is not None else []
    total, refunded = amount_in(facts, "total"), amount_in(facts, "refunded") or ZERO
    if total is None:
        is_moved = facts["is_paid"] or command.amount
        return [f"the total of order {facts['number']} is not known; read it again"] if is_moved else []
    back, left = command.amount or ZERO, total - refunded
    if back > left:
        return [f"{back} is more than the {left} {command.currency} that order {facts['number']} still holds"]
    if facts["is_paid"] and not command.lines and back != left:
        return [f"cancelling order {facts['number']} gives back {left} {command.currency}; the draft says {back}"]
    return []


def _reason(matter: Matter, parts: tuple[Part, ...]) -> Literal["out_of_stock", "fraud", "other"]:
    if matter.argument("reason") == "fraudulent":
        return "fraud"
    return "out_of_stock" if parts else "other"


def _short_parts(order: Order, matter: Matter) -> tuple[Part, ...]:
    """The open units of the SKUs that the matter says are short; none where it names none."""
    skus = set(matter.arguments.get("skus") or ())
    if matter.argument("reason") == "out_of_stock" and matter.argument("sku"):
        skus.add(matter.argument("sku"))
    left = [(line, line.quantity - line.cancelled_quantity) for line in order.lines if line.sku in skus]
    return tuple(Part(line_ref=line.external_id, quantity=units) for line, units in left if units > 0)


def _open_amount(order: Order) -> Decimal | None:
    return None if order.total is None else order.total - (order.refunded or ZERO)


def _price(order: Order, part: Part) -> Decimal:
    return next(line.unit_price for line in order.lines if line.external_id == part.line_ref) * part.quantity
