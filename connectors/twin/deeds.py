"""The company's writes, as the market takes them: each changes the state and logs its effect in one go, or refuses.

The wires translate a protocol's call into one of these and a Refusal into that protocol's error.
"""

from decimal import Decimal
from typing import Any

from connectors.twin.market import Market, tracking_number
from connectors.twin.world.channels import HOUR
from connectors.twin.world.trade import CURRENCY, Charge, Dispute, Mail, Order, Refund, Return, Step


class Refusal(Exception):
    """The market says no and nothing has changed. `code` is a word of ours, translated by each wire."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def amount(minor: int) -> Decimal:
    return Decimal(minor) / 100


def label(order: Order) -> str:
    """How effects name an order."""
    return f"{order.channel}:{order.index}"


def ship(market: Market, order: Order, reference: str, tracking: str = "", **detail: Any) -> None:
    """Book the hand-over; the courier takes it within hours."""
    if order.step in (Step.PACKED, Step.SHIPPED, Step.DELIVERED, Step.COMPLETED, Step.RETURNING):
        raise Refusal("already_shipped", "This package has been shipped already.")
    if order.step != Step.TO_SHIP:
        raise Refusal("wrong_state", f"The order is {Step(order.step).name}, it cannot be shipped.")
    order.step, order.packed, order.is_forgotten = Step.PACKED, market.now, False
    order.tracking = tracking or tracking_number(order)
    market.touch(order)
    market.at(market.now + 2 * HOUR, market._hand_over, order)
    market.effects.append(
        market.now,
        order.channel,
        "ship",
        subject=reference,
        reference=order.tracking,
        tracking=order.tracking,
        **detail,
    )


def cancel(
    market: Market,
    order: Order,
    reference: str,
    reason: str,
    *,
    pulled: tuple[int, ...] = (),
    key: str = "",
    **detail: Any,
) -> None:
    """Cancel before shipping: the whole order, or only the line places in `pulled`."""
    if order.step == Step.CANCELLED:
        raise Refusal("already_cancelled", "The order is cancelled already.")
    if order.step not in (Step.UNPAID, Step.TO_SHIP, Step.PACKED, Step.CANCEL_ASKED):
        raise Refusal("wrong_state", f"The order is {Step(order.step).name}, it cannot be cancelled any more.")
    if pulled and set(pulled) | set(order.pulled_lines) != set(range(len(order.lines))):
        _pull_lines(market, order, pulled)
    else:
        market.cancel(order, by="seller", reason=reason)
    market.effects.append(
        market.now, order.channel, "cancel", subject=reference, key=key, amount=amount(order.total),
        currency=CURRENCY[order.channel], reason=reason, lines=list(pulled), **detail,
    )  # fmt: skip


def _pull_lines(market: Market, order: Order, places: tuple[int, ...]) -> None:
    market.reserve(order, -1)
    order.pulled_lines = tuple(sorted({*order.pulled_lines, *places}))
    market.reserve(order, 1)
    market.touch(order)


def answer_cancellation(market: Market, order: Order, reference: str, is_accepted: bool) -> None:
    """Accept or refuse what the buyer asked."""
    if order.step != Step.CANCEL_ASKED:
        raise Refusal("wrong_state", "The buyer has not asked to cancel this order.")
    if is_accepted:
        market.cancel(order, by="buyer", reason=order.cancel_reason)
    else:
        order.step = Step.TO_SHIP
        market.touch(order)
        market.keep_going(order)
    market.effects.append(
        market.now, order.channel, "answer_cancellation", subject=reference, is_accepted=is_accepted,
        amount=amount(order.total), currency=CURRENCY[order.channel],
    )  # fmt: skip


def refund(market: Market, charge: Charge, minor: int, *, subject: str, shop: str, key: str = "", **row: Any) -> Refund:
    """Give money back on a charge. Raises Refusal: already_refunded, disputed, too_much, bad_amount."""
    left = charge.amount - charge.refunded
    if charge.is_disputed:
        raise Refusal("disputed", "The charge has been charged back; it cannot be refunded.")
    if left <= 0:
        raise Refusal("already_refunded", f"Charge {charge.id} has already been refunded.")
    if minor <= 0:
        raise Refusal("bad_amount", "The amount must be positive.")
    if minor > left:
        raise Refusal(
            "too_much", f"Refund amount (${minor / 100:.2f}) is greater than unrefunded amount (${left / 100:.2f})"
        )
    made = Refund(len(market.refunds), charge.index, minor, market.now, source=shop, **row)
    market.refunds.append(made)
    market.refunds_of_charge.setdefault(charge.index, []).append(made)
    charge.refunded += minor
    order = market.order("shopify", charge.order)
    if charge.twin_of < 0:
        order.refunded += minor
    market.effects.append(
        market.now, shop, "refund", subject=subject, reference=made.id, key=key, amount=amount(minor), currency="USD",
        charge=charge.id, note=made.note,
    )  # fmt: skip
    market.touch(order, "refunds/create")
    market.emit("charge.refunded", charge)
    market.emit("refund.created", made)
    return made


def decide_return(market: Market, row: Return, decision: str, reference: str, minor: int = 0, **detail: Any) -> None:
    """`accept` (refund in full), `offer` (propose `minor`), or `reject` (take it to the platform)."""
    allowed = {
        "accept": ("REQUESTED", "PROCESSING"),
        "offer": ("REQUESTED",),
        "reject": ("REQUESTED", "PROCESSING", "ACCEPTED"),
    }
    if row.status not in allowed[decision]:
        raise Refusal("wrong_state", f"Return status {row.status} does not allow this.")
    if decision == "accept":
        row.status, row.negotiation = "ACCEPTED", "TERMINATED"
    elif decision == "offer":
        if not 0 < minor <= row.amount:
            raise Refusal("bad_amount", "The proposed amount must be above zero and at most the refund amount.")
        row.negotiation, row.offer = "ONGOING", minor
        row.status = "PROCESSING"
    else:
        row.status = "JUDGING" if row.channel == "shopee" else "DECLINED"
    row.updated = market.now
    order = market.order(row.channel, row.order)
    market.touch(order, "returns/update")
    currency = CURRENCY[row.channel]
    paid = minor if decision == "offer" else row.amount
    market.effects.append(
        market.now, row.channel, f"return_{decision}", subject=reference, reference=row.sn, amount=amount(paid),
        currency=currency, order=label(order), **detail,
    )  # fmt: skip


def submit_evidence(market: Market, dispute: Dispute, key: str) -> None:
    """The one submission a dispute takes."""
    _must_be_open(market, dispute)
    dispute.status = "warning_under_review" if dispute.status.startswith("warning") else "under_review"
    dispute.submissions += 1
    market.effects.append(
        market.now, "stripe", "submit_evidence", subject=dispute.id, key=key, amount=amount(dispute.amount),
        currency="USD", fields=sorted(dispute.evidence),
    )  # fmt: skip
    market.emit("charge.dispute.updated", dispute)


def accept_dispute(market: Market, dispute: Dispute, key: str) -> None:
    """Close as lost; this cannot be undone."""
    _must_be_open(market, dispute)
    dispute.status = "lost"
    market.effects.append(
        market.now,
        "stripe",
        "accept_dispute",
        subject=dispute.id,
        key=key,
        amount=amount(dispute.amount),
        currency="USD",
    )
    market.emit("charge.dispute.closed", dispute)


def _must_be_open(market: Market, dispute: Dispute) -> None:
    if dispute.status not in ("needs_response", "warning_needs_response"):
        raise Refusal("wrong_state", f"This dispute is {dispute.status} and takes no evidence any more.")
    if dispute.due_by < market.now:
        raise Refusal("past_due", "The time to answer this dispute has passed.")


def set_stock(market: Market, good: int, quantity: int, shop: str, reference: str, key: str = "") -> None:
    """Set the warehouse count that both storefronts sell from."""
    stock = market.goods[good]
    if quantity < 0:
        raise Refusal("bad_quantity", "Stock cannot be negative.")
    before, stock.on_hand, stock.updated = stock.on_hand, quantity, market.now
    market.effects.append(
        market.now, shop, "set_stock", subject=stock.sku, reference=reference, key=key, before=before, after=quantity
    )
    market.tell(shop, "inventory_levels/update", stock)


def post_mail(market: Market, mail: Mail, recipients: list[str]) -> None:
    """A mail of ours left through SMTP and arrives: one effect for each recipient."""
    market.post.note_answer(mail.in_reply_to)
    for recipient in recipients:
        market.effects.append(
            market.now, "mailbox", "send_mail", subject=recipient, reference=mail.message_id,
            mail_subject=mail.subject, in_reply_to=mail.in_reply_to,
        )  # fmt: skip
