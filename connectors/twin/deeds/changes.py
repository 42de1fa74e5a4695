"""Orders held, sent elsewhere, edited, sent again and exchanged; credit given, offers ended, a shop closed."""

from dataclasses import replace
from typing import Any

from connectors.twin.deeds.base import Refusal, amount, label
from connectors.twin.market import Market
from connectors.twin.world.changes import Credit, Exchange, Hold, Promotion
from connectors.twin.world.channels import DAY
from connectors.twin.world.people import Person
from connectors.twin.world.trade import CURRENCY, Order, Return, Step

Lines = tuple[tuple[int, int], ...]
LEFT = (Step.SHIPPED, Step.DELIVERED, Step.COMPLETED, Step.RETURNING, Step.CANCELLED)


def hold(market: Market, order: Order, reason: str, reference: str, note: str = "", handle: str = "") -> Hold:
    """Keep an order from being packed. Raises Refusal: wrong_state, held."""
    key = (order.channel, order.index)
    if order.step not in (Step.UNPAID, Step.TO_SHIP):
        raise Refusal("wrong_state", f"The order is {Step(order.step).name}, it cannot be held.")
    if key in market.changes.holds:
        raise Refusal("held", "The order is held already.")
    made = market.changes.holds[key] = Hold(len(market.effects.since()), reason, note, handle)
    market.effects.append(market.now, order.channel, "hold", subject=reference, reason=reason, order=label(order))
    market.touch(order)
    return made


def release(market: Market, order: Order, reference: str) -> None:
    """Let a held order go on. Raises Refusal: not_held."""
    if market.changes.holds.pop((order.channel, order.index), None) is None:
        raise Refusal("not_held", "The order is not held.")
    market.effects.append(market.now, order.channel, "release", subject=reference, order=label(order))
    market.touch(order)
    market.keep_going(order)


def change_address(market: Market, order: Order, person: Person, reference: str) -> None:
    """Send an order that has not left to another address."""
    market.changes.addresses[(order.channel, order.index)] = person
    market.effects.append(
        market.now, order.channel, "change_address", subject=reference, order=label(order), city=person.city,
        postcode=person.postcode, country=person.country,
    )  # fmt: skip
    market.touch(order)


def edit_order(market: Market, order: Order, lines: Lines, reference: str, note: str = "") -> None:
    """What the order holds from now: units of each line in its place (0 takes it out), new lines behind them.

    Raises Refusal: wrong_state, bad_quantity.
    """
    if order.step in LEFT:
        raise Refusal("wrong_state", f"The order is {Step(order.step).name}, it cannot be edited any more.")
    if any(units < 0 for _, units in lines):
        raise Refusal("bad_quantity", "A quantity cannot be negative.")
    market.changes.originals.setdefault((order.channel, order.index), order.lines)
    market.reserve(order, -1)
    order.lines = lines
    order.pulled_lines = tuple(place for place, (_, units) in enumerate(lines) if not units)
    market.reserve(order, 1)
    market.effects.append(
        market.now, order.channel, "edit_order", subject=reference, order=label(order), note=note,
        lines=[[market.goods[good].sku, units] for good, units in lines],
    )  # fmt: skip
    market.touch(order, "orders/edited")


def ask_payment(market: Market, order: Order, recipient: str, reference: str, text: str = "") -> None:
    """The invoice goes to the buyer by mail."""
    market.effects.append(
        market.now, order.channel, "send_invoice", subject=reference, reference=recipient, order=label(order), text=text
    )


def reship(market: Market, order: Order, lines: Lines, reference: str, **detail: Any) -> Order:
    """A new order of the same buyer, without charge."""
    made = Order(order.channel, 0, order.buyer, market.now, lines, 0, ship_by=market.now + 2 * DAY)
    market.take_order(made)
    moved = market.changes.addresses.get((order.channel, order.index))
    if moved is not None:
        market.changes.addresses[(made.channel, made.index)] = moved
    market.effects.append(
        market.now, order.channel, "reship", subject=reference, reference=made.number, order=label(order),
        lines=[[market.goods[good].sku, units] for good, units in lines], **detail,
    )  # fmt: skip
    return made


def exchange(market: Market, order: Order, taken: Lines, given: Lines, reference: str, note: str = "") -> Return:
    """Open a return for (place, units), with (good, units) that go out for it. Raises Refusal: too_many."""
    back = returned(market, order)
    for place, units in taken:
        if units <= 0 or units > order.lines[place][1] - back.get(place, 0):
            raise Refusal("too_many", "The quantity is more than can be returned.")
    worth = sum(market.goods[order.lines[place][0]].price(order.channel) * units for place, units in taken)
    place, units = taken[0]
    row = Return(
        len(market.returns), order.channel, order.index, place, units, worth, market.now, market.now,
        "CHANGE_MIND", note, status="ACCEPTED",
    )  # fmt: skip
    market.returns.append(row)
    market.returns_of_order.setdefault((order.channel, order.index), []).append(row)
    market.changes.exchanges[row.index] = Exchange(taken, given, note)
    for good, count in given:
        market.goods[good].open_units[order.channel] = market.goods[good].open_at(order.channel) + count
    market.effects.append(
        market.now, order.channel, "exchange", subject=reference, reference=row.sn, order=label(order),
        amount=amount(worth), currency=CURRENCY[order.channel], given=[[market.goods[g].sku, n] for g, n in given],
    )  # fmt: skip
    market.touch(order, "returns/update")
    return row


def returned(market: Market, order: Order) -> dict[int, int]:
    """Units of each line that came back or are to come back."""
    found: dict[int, int] = {}
    for row in market.returns_of_order.get((order.channel, order.index), ()):
        if row.status not in ("CANCELLED", "DECLINED"):
            swapped = market.changes.exchanges.get(row.index)
            for place, units in swapped.taken if swapped else ((row.line, row.quantity),):
                found[place] = found.get(place, 0) + units
    return found


def give_store_credit(
    market: Market, channel: str, buyer: int, minor: int, reference: str, expires: int = 0
) -> Credit:  # fmt: skip
    """Credit to spend in the shop. Raises Refusal: bad_amount, expired."""
    if minor <= 0:
        raise Refusal("bad_amount", "A positive amount must be used to credit a store credit account")
    if expires and expires <= market.now:
        raise Refusal("expired", "The expiry date must be in the future")
    made = Credit(len(market.changes.credits), channel, buyer, minor, market.now, expires)
    market.changes.credits.append(made)
    market.effects.append(
        market.now, channel, "store_credit", subject=reference, reference=str(made.index), amount=amount(minor),
        currency=CURRENCY[channel],
    )  # fmt: skip
    return made


def end_promotion(market: Market, row: Promotion, reference: str) -> None:
    """An offer ends now. Raises Refusal: ended."""
    if row.ends <= market.now:
        raise Refusal("ended", "The promotion has ended already.")
    row.ends = market.now
    market.effects.append(market.now, row.channel, "end_promotion", subject=reference, reference=row.name)


def set_holiday(market: Market, channel: str, is_away: bool) -> None:
    """Close a shop to new orders, or open it."""
    if is_away:
        market.changes.away[channel] = market.now
    else:
        market.changes.away.pop(channel, None)
    market.effects.append(market.now, channel, "set_holiday", subject=channel, is_away=is_away)


def goes_to(market: Market, order: Order) -> Person:
    """Whom the parcel goes to: the buyer, where no other address was set."""
    return market.changes.addresses.get((order.channel, order.index)) or market.buyer(order)


def moved_to(person: Person, **parts: str) -> Person:
    """The same buyer elsewhere."""
    return replace(person, **parts)  # type: ignore[arg-type]
