"""Parcels: change the way of one, buy a label or give it back, claim for a lost or damaged one."""

from typing import Any

from connectors.twin.deeds.base import Refusal, amount, label
from connectors.twin.market import Market
from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.parcels import WAITS_FOR_BUYER, WAY_BACK, Claim, Label, Redirect
from connectors.twin.world.trade import Order, Step

FEES = {"reschedule": 1790, "reroute": 2140, "return": 1790, "hold_for_pickup": 1240}
CLAIM_OPENS, CLAIM_CLOSES = 15 * DAY, 60 * DAY


def can_redirect(market: Market, order: Order) -> bool:
    """A parcel can be turned while it is under way: not before the courier has it, nor on its last mile."""
    is_moving = order.step == Step.SHIPPED and not market.parcels.is_out(order, market.now)
    return is_moving and market.parcels.standing(order, market.now) is None and not is_back(market, order)


def is_back(market: Market, order: Order) -> bool:
    change = market.parcels.last(order)
    return change is not None and change.way == "return"


def redirect(
    market: Market, order: Order, way: str, number: str, *, until: int = 0, address: dict[str, str] | None = None
) -> Redirect:
    """Change the way of a parcel. Raises Refusal: not_eligible, bad_day."""
    if not can_redirect(market, order):
        raise Refusal("not_eligible", "The package is not eligible for this delivery change.")
    if way == "reschedule" and until not in days(market, order):
        raise Refusal("bad_day", "The requested delivery date is not available.")
    after = {"reroute": 2 * DAY, "return": WAY_BACK, "hold_for_pickup": WAITS_FOR_BUYER}
    made = Redirect(way, market.now, until or market.now + after[way], FEES[way], address or {})
    market.parcels.redirects.setdefault((order.channel, order.index), []).append(made)
    market.parcels.trouble.pop((order.channel, order.index), None)
    order.scans_end = market.now  # it leaves its planned way
    market.at(made.until, lambda pair: _carry_out(market, *pair), (order, made))
    market.effects.append(
        market.now, "ups", "redirect", subject=number, reference=label(order), amount=amount(made.fee), currency="USD",
        way=way, until=made.until, address=made.address,
    )  # fmt: skip
    market.touch(order, "fulfillments/update")
    return made


def days(market: Market, order: Order) -> list[int]:
    """The days, as noon in Unix seconds, to which a delivery can be put off: the next five but Sundays."""
    noon = market.now // DAY * DAY + 12 * HOUR
    following = [noon + ahead * DAY for ahead in range(1, 8)]
    return [day for day in following if (day // DAY + 4) % 7 != 0][:5]


def _carry_out(market: Market, order: Order, made: Redirect) -> None:
    if made.is_called_off or order.step != Step.SHIPPED:
        return
    if made.way == "return":
        for good, quantity in order.lines:
            market.goods[good].on_hand += quantity
        market.touch(order, "fulfillments/update")
        return
    order.scans_end = 0
    market._deliver(order)


def call_off(market: Market, order: Order, way: str, number: str) -> None:
    """Take back a change that is not carried out yet; the fee stays."""
    standing = market.parcels.standing(order, market.now)
    if standing is None or standing.way != way:
        raise Refusal("not_eligible", "There is no such delivery change to cancel.")
    standing.is_called_off = True
    order.scans_end = 0
    market.at(max(market.parcels.expected(order), market.now + HOUR), market._deliver, order)
    market.effects.append(market.now, "ups", "redirect_called_off", subject=number, reference=label(order), way=way)


def make_shipment(market: Market, **row: Any) -> Label:
    """A shipment without postage: the label service holds it, and it costs nothing."""
    made = Label(len(market.parcels.labels) + 1, created=market.now, **row)
    market.parcels.labels.append(made)
    market.effects.append(market.now, "easypost", "make_shipment", subject=made.reference, reference=str(made.index))
    return made


def buy_label(market: Market, row: Label, rate: int, price: int, reference: str) -> None:
    """Buy the postage of a shipment, once."""
    if row.bought:
        raise Refusal("postage_exists", "Postage already exists for this shipment. A shipment can only be bought once.")
    row.rate, row.price, row.bought = rate, price, market.now
    market.effects.append(
        market.now, "easypost", "buy_label", subject=row.reference, reference=reference, amount=amount(price),
        currency="USD", tracking=row.number, is_return=row.is_return,
    )  # fmt: skip


def void_label(market: Market, row: Label, reference: str) -> None:
    """Ask for the price of an unused label back; the courier takes its time."""
    if not row.bought:
        raise Refusal("no_postage", "The shipment has no postage to refund.")
    if row.refund in ("submitted", "refunded"):
        raise Refusal("refund_exists", "A refund was requested for this shipment already.")
    row.refund, row.voided = "submitted", market.now
    market.effects.append(
        market.now, "easypost", "void_label", subject=row.reference, reference=reference, amount=amount(row.price),
        currency="USD",
    )  # fmt: skip


def file_claim(market: Market, shipped: int, **row: Any) -> Claim:
    """Claim on a parcel that was insured when it left. Raises Refusal: claim_window, claim_exists, attachments."""
    age = market.now - shipped
    if not CLAIM_OPENS <= age <= CLAIM_CLOSES:
        raise Refusal(
            "claim_window", "Claims must be filed between 15-60 days relative to the date of insurance creation."
        )
    made = Claim(len(market.parcels.claims) + 1, created=market.now, **row)
    if any(old.number == made.number and not old.is_cancelled for old in market.parcels.claims):
        raise Refusal("claim_exists", "A claim for this insurance exists already.")
    if made.kind in ("damage", "theft") and not made.attachments:
        raise Refusal(
            "attachments", "At least one supporting documentation attachment is required for theft or damage claims."
        )
    market.parcels.claims.append(made)
    market.effects.append(
        market.now, "easypost", "file_claim", subject=made.number, reference=f"claim {made.index}", key=made.reference,
        amount=amount(made.amount), currency="USD", cause=made.kind,
    )  # fmt: skip
    return made


def cancel_claim(market: Market, row: Claim) -> None:
    """Take a claim back while nobody has decided it."""
    row.is_cancelled = True
    market.effects.append(market.now, "easypost", "cancel_claim", subject=row.number, reference=f"claim {row.index}")
