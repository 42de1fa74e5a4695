"""Orders: hand over, cancel, answer a buyer who wants to cancel."""

from typing import Any

from connectors.twin.deeds.base import Refusal, amount
from connectors.twin.market import Market, tracking_number
from connectors.twin.world.channels import HOUR
from connectors.twin.world.trade import CURRENCY, Order, Step


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


def confirm(market: Market, order: Order, reference: str, tracking: str, **detail: Any) -> None:
    """The seller tells that the parcel has left, where the channel books no courier; a packed one may be told too."""
    if order.step != Step.PACKED:
        ship(market, order, reference, tracking, **detail)
        return
    order.tracking = tracking
    market.touch(order)
    market.effects.append(
        market.now, order.channel, "ship", subject=reference, reference=tracking, tracking=tracking, **detail
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
