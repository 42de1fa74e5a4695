"""Buying: an order to a supplier is written, made binding, mailed, taken back; a customer is given credit."""

from connectors.twin.deeds.base import Refusal, amount
from connectors.twin.market import Market
from connectors.twin.world.supply import Credit, Ordered, Purchase, due_in, expected


def order_goods(
    market: Market, supplier: int, lines: list[Ordered], *, number: str, reference: str, due_at: int, note: str = ""
) -> Purchase:
    """Write the order down as a draft; the supplier hears nothing of it."""
    if not lines or any(line.quantity <= 0 or line.cost < 0 for line in lines):
        raise Refusal("bad_lines", "Each line needs a quantity above zero and a rate.")
    if market.supply.numbered(number):
        raise Refusal("number_taken", f"A purchase order with the number {number} already exists.")
    order = Purchase(
        len(market.supply.purchases), number, supplier, lines, market.now, due_at or market.now, reference=reference,
        note=note, changed=market.now,
    )  # fmt: skip
    market.supply.purchases.append(order)
    _log(market, order, "create_purchase_order", reference=reference)
    return order


def issue_order(market: Market, order: Purchase) -> None:
    """Make it binding: the supplier answers within a day, and the goods come at the lead time."""
    if order.status != "draft":
        raise Refusal("wrong_state", f"The purchase order is {order.status}.")
    order.status = "issued"
    if order.due_at <= market.now:
        order.due_at = due_in(market.now, market.suppliers[order.supplier].lead_days)
    for inbound in expected(order):
        market.goods[inbound.good].inbound.append(inbound)
    market.at(market.now + 20 * 3_600, lambda one: confirm(market, one), order)
    market.at(order.due_at, lambda one: arrive(market, one), order)
    _log(market, order, "issue_purchase_order")


def confirm(market: Market, order: Purchase) -> None:
    """The supplier's own word, by itself: as ordered."""
    if order.status == "issued" and not order.promised_at:
        order.promised_at, order.changed = order.due_at, market.now
        for line in order.lines:
            line.promised, line.promised_cost = line.quantity, line.cost


def arrive(market: Market, order: Purchase) -> None:
    """What was promised stands in the warehouse; an order that came short is closed all the same."""
    if order.status == "issued":
        is_whole = all(line.promised in (None, line.quantity) for line in order.lines)
        order.status, order.changed = "received" if is_whole else "closed", market.now
        for line in order.lines:
            good = market.goods[line.good]
            line.received = line.quantity if line.promised is None else line.promised
            good.on_hand, good.updated = good.on_hand + line.received, market.now
            good.inbound = [one for one in good.inbound if one.number != order.number]


def mail_order(market: Market, order: Purchase, to: str, subject: str, text: str) -> None:
    """The supplier has it in writing."""
    if order.status not in ("issued", "partially_received"):
        raise Refusal("wrong_state", f"The purchase order is {order.status}.")
    order.is_mailed = True
    _log(market, order, "mail_purchase_order", to=to, mail_subject=subject, text=text)


def cancel_order(market: Market, order: Purchase) -> None:
    if order.status not in ("draft", "issued") or any(line.received for line in order.lines):
        raise Refusal("wrong_state", f"The purchase order is {order.status}.")
    order.status = "cancelled"
    for line in order.lines:
        good = market.goods[line.good]
        good.inbound = [one for one in good.inbound if one.number != order.number]
    _log(market, order, "cancel_purchase_order")


def give_credit(market: Market, customer: int, cents: int, reference: str, reason: str) -> Credit:
    if cents <= 0:
        raise Refusal("bad_amount", "The amount must be above zero.")
    note = Credit(len(market.supply.credits), customer, cents, reference, reason, market.now)
    market.supply.credits.append(note)
    market.effects.append(
        market.now, "zoho", "credit_note", subject=f"customer {customer}", reference=reference, amount=amount(cents),
        currency="USD", reason=reason,
    )  # fmt: skip
    return note


def _log(market: Market, order: Purchase, operation: str, **detail: str) -> None:
    order.changed = market.now
    reference = detail.pop("reference", order.reference)
    market.effects.append(
        market.now, "zoho", operation, subject=order.number, reference=reference, amount=amount(order.cents),
        currency="USD", supplier=market.suppliers[order.supplier].name, **detail,
    )  # fmt: skip
