"""Give money back on a payment or an order."""

from decimal import Decimal
from typing import Literal, Self

from pydantic import model_validator

from connectors.money import ZERO, Money
from connectors.operations import Operation, RefundPayment
from connectors.types import Order, OrderStatus, Payment, PaymentKind, PaymentStatus
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
    Part,
    Preview,
    Proposal,
    Reader,
    Row,
    Saved,
    Undo,
    amount_in,
    named,
    record_or_raise,
    text_of,
)


class RefundCommand(Command):
    """Names a payment, an order, or both; the payment is what is read where both are named."""

    order_ref: OptionalRef = ""
    payment_ref: OptionalRef = ""
    amount: Amount
    currency: CurrencyCode
    reason: Literal["requested_by_customer", "duplicate", "fraudulent"] = "requested_by_customer"
    note: OneLine = ""
    lines: tuple[Part, ...] = ()

    @model_validator(mode="after")
    def names_something(self) -> Self:
        if not (self.order_ref or self.payment_ref):
            raise ValueError("name the order or the payment that is refunded")
        return self


class RefundKind(Kind[RefundCommand]):
    name = "refund"
    label = "Refund"
    command = RefundCommand
    undo = Undo("never")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[RefundCommand]:
        found, mine = _paid(matter, saved)
        is_payment = isinstance(found, Payment)
        facts = _payment_facts(found) if isinstance(found, Payment) else _order_facts(found)
        if not facts["total"]:
            raise CannotPropose(f"the total of {facts['name']} is not known; read it again")
        left = _left(facts) or ZERO
        asked = Decimal(matter.argument("amount") or left)
        if min(asked, left) <= 0:
            raise CannotPropose(f"nothing is left to refund on {facts['name']}")
        reason = matter.argument("reason")
        command = RefundCommand(
            payment_ref=found.external_id if is_payment else "",
            order_ref="" if is_payment else found.external_id,
            amount=Money(min(asked, left), found.currency).quantized().amount,
            currency=found.currency,
            reason=reason if reason in ("duplicate", "fraudulent") else "requested_by_customer",  # type: ignore[arg-type]  # pydantic checks the literal
            note=matter.headline,
        )
        return Proposal(command, mine.shop_id, {})

    def money(self, command: RefundCommand) -> Money | None:
        return Money(command.amount, command.currency)

    def read_facts(self, command: RefundCommand, reader: Reader) -> Facts:
        if command.payment_ref:
            return _payment_facts(record_or_raise(reader, Payment, command.payment_ref))
        return _order_facts(record_or_raise(reader, Order, command.order_ref))

    def refusals(self, command: RefundCommand, facts: Facts) -> list[str]:
        name = facts["name"]
        if not facts["is_charge"]:
            return [f"{name} is itself a refund"]
        if not facts["is_paid"]:
            return [f"{name} was never paid ({facts['status']}); there is nothing to give back"]
        if facts["is_disputed"]:
            return [f"{name} is disputed: answer or accept the dispute; a refund now would pay the buyer twice"]
        if command.currency != facts["currency"]:
            return [f"{name} is in {facts['currency']}, not {command.currency}"]
        if not facts["total"]:
            return [f"the total of {name} is not known, so neither is what is left to refund; read it again"]
        left = _left(facts)
        if left is None:
            return [f"the channel does not say how much of {name} was refunded already; read it again"]
        if left <= 0:
            return [f"{name} is refunded in full already"]
        if command.amount > left:
            return [f"{command.amount} is more than the {left} {command.currency} left on {name}"]
        return []

    def preview(self, command: RefundCommand, facts: Facts) -> Preview:
        money, total = Money(command.amount, command.currency), amount_in(facts, "total")
        before = Money(amount_in(facts, "refunded") or ZERO, command.currency)
        if total is None:
            known = Row("Refunded", str(before), str(before + money))
            return Preview(f"Refund {money} on {facts['name']}, whose total is not known", (known,))
        left = Money(total, command.currency) - before
        rows = (
            Row("Refunded", str(before), str(before + money)),
            Row("Left of the payment", str(left), str(left - money)),
            Row("Reason given", "", command.reason.replace("_", " ")),
        )
        share = "the whole" if command.amount == total else f"{command.amount / total:.0%} of {before + left}"
        return Preview(f"Refund {money} on {facts['name']}: {share}", rows, warnings=_ladder(command, left.amount))

    def operation(self, command: RefundCommand, facts: Facts, key: str) -> Operation:
        return RefundPayment(
            order_ref=command.order_ref,
            payment_ref=command.payment_ref,
            amount=Money(command.amount, command.currency),
            reason=command.reason,
            note=command.note,
            lines=tuple((part.line_ref, part.quantity) for part in command.lines),
        )


def _paid(matter: Matter, saved: Saved) -> tuple[Order | Payment, Saved]:
    """What is refunded, and the shop that holds its money.

    The payment that is named; else the order, or the one charge for it at another processor where its own shop took no
    payment: there alone the money can go back.
    """
    if matter.argument("payment_ref"):
        return named(matter, saved, Payment, "payment_ref")
    if not matter.argument("order_ref"):
        raise CannotPropose("neither a payment nor an order is named")
    order, mine = named(matter, saved, Order, "order_ref")
    if mine.latest(Payment, "created_at", order_ref=order.external_id, kind=PaymentKind.CHARGE) is None:
        apart = mine.elsewhere(
            Payment, order_number=order.number, kind=PaymentKind.CHARGE, status=PaymentStatus.SUCCEEDED
        )
        if apart is not None:
            return apart[0], mine.of(apart[1])
    return order, mine


def _payment_facts(payment: Payment) -> Facts:
    return {
        "name": f"payment {payment.external_id}",
        "status": str(payment.status),
        "is_charge": payment.kind == PaymentKind.CHARGE,
        "is_paid": payment.status == PaymentStatus.SUCCEEDED,
        "is_disputed": payment.is_disputed,
        "currency": payment.currency,
        "total": text_of(payment.amount),
        "refunded": text_of(payment.refunded),
    }


def _order_facts(order: Order) -> Facts:
    return {
        "name": f"order {order.number}",
        "status": str(order.status),
        "is_charge": True,
        "is_paid": order.paid_at is not None and order.status != OrderStatus.UNPAID,
        "is_disputed": False,
        "currency": order.currency,
        "total": text_of(order.total),
        "refunded": text_of(order.refunded),
    }


def _left(facts: Facts) -> Decimal | None:
    total, refunded = amount_in(facts, "total"), amount_in(facts, "refunded")
    return None if total is None or refunded is None else total - refunded


def _ladder(command: RefundCommand, left: Decimal) -> tuple[str, ...]:
    warnings = ["Money that has gone back cannot be fetched again."]
    if command.amount < left:
        warnings.append(f"Partial: a full refund would be {Money(left, command.currency)}.")
    else:
        warnings.append("Full: a partial refund is the cheaper step where the buyer keeps the goods.")
    if command.reason == "fraudulent":
        warnings.append("This reason also blocks the buyer's card and address at the payment processor.")
    return tuple(warnings)
