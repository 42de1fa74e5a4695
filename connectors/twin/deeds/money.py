"""Money: refunds on charges and on a channel's own orders, and disputes."""

from typing import Any

from connectors.twin.deeds.base import Refusal, amount, label
from connectors.twin.market import Market
from connectors.twin.world.trade import CURRENCY, Charge, Dispute, Order, Refund, Step


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


def refund_order(market: Market, order: Order, minor: int, *, reference: str, key: str = "", **detail: Any) -> None:
    """Give money back on an order whose channel holds the payment itself.

    Raises Refusal: not_paid, already_refunded, bad_amount, too_much.
    """
    left = order.total - order.refunded
    if order.step == Step.UNPAID:
        raise Refusal("not_paid", "The order has not been paid.")
    if left <= 0:
        raise Refusal("already_refunded", f"Order {order.number} has been refunded in full.")
    if minor <= 0:
        raise Refusal("bad_amount", "The amount must be positive.")
    if minor > left:
        raise Refusal("too_much", f"{minor / 100:.2f} is more than the {left / 100:.2f} left on order {order.number}.")
    order.refunded += minor
    market.effects.append(
        market.now, order.channel, "refund", subject=order.number, reference=reference, key=key, amount=amount(minor),
        currency=CURRENCY[order.channel], order=label(order), **detail,
    )  # fmt: skip
    market.touch(order, "refunds/create")


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


def report_charge(market: Market, charge: Charge, report: str, key: str = "") -> None:
    """Tell the processor what the company thinks of a charge. Raises Refusal: bad_report."""
    if report not in ("fraudulent", "safe"):
        raise Refusal("bad_report", "Invalid user_report: must be one of fraudulent or safe")
    charge.report = report
    market.effects.append(market.now, "stripe", "mark_fraud", subject=charge.id, key=key, report=report)
    market.emit("charge.updated", charge)


def _must_be_open(market: Market, dispute: Dispute) -> None:
    if dispute.status not in ("needs_response", "warning_needs_response"):
        raise Refusal("wrong_state", f"This dispute is {dispute.status} and takes no evidence any more.")
    if dispute.due_by < market.now:
        raise Refusal("past_due", "The time to answer this dispute has passed.")
