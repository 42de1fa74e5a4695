"""42 · More units are promised over all channels than there are: choose which orders to short, by least penalty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import cliff_then_slope, slope
from alerts.arithmetic.dollars import cash, no_rate
from alerts.figures import Figure, Source, between, given, total
from alerts.looks import OpenAllocation, StockLook
from alerts.pace import arriving
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold

NAME = "oversold"
DRAFTS = ("cancel_order", "reply", "set_stock", "purchase_order", "create_purchase_order", "send_template")
# Without a hand-over time the channel gives, an open order is taken to be due this long after it was placed.
USUAL_HANDLING = timedelta(days=3)

THRESHOLDS = {
    "cancel_penalty": Threshold(Decimal(4), "USD", "own estimate of one seller-fault cancellation's share of points",
                                "Marginal cost of a cancellation that the channel counts against the shop."),
    "saved_by_acting": Threshold(Decimal("0.55"), "share", "own default",
                                 "Share of the loss that an early, agreed cancellation or restock avoids."),
}  # fmt: skip


def detect(looks: Iterable[StockLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        if not look.open_orders:
            continue
        first_due = min(_due(order) for order in look.open_orders)
        units = sum(order.quantity for order in look.open_orders)
        short = units - max(look.on_hand, 0) - arriving(look.inbound, first_due)
        if short > 0:
            yield finding(look, short, first_due, now, context)


def orders_to_short(orders: Iterable[OpenAllocation], short: int) -> list[OpenAllocation]:
    """Which orders go without until `short` is met: least cost per unit first, among equals the latest due."""
    chosen: list[OpenAllocation] = []
    left = short
    for order in sorted(orders, key=lambda o: (o.unit_price, -_due(o).timestamp(), o.order_ref)):
        if left <= 0:
            break
        chosen.append(order)
        left -= order.quantity
    return chosen


def _due(order: OpenAllocation) -> datetime:
    return order.ship_by or order.ordered_at + USUAL_HANDLING


def finding(look: StockLook, short: int, first_due: datetime, now: datetime, context: Context) -> Finding:
    chosen = orders_to_short(look.open_orders, short)
    ignored, unpriced = _ignored(look, chosen, short, context)
    saved = context.threshold("saved_by_acting")
    is_past = first_due <= now
    end = max(first_due, now) + timedelta(days=2)
    promised = sum(order.quantity for order in look.open_orders)
    return Finding(
        detector=NAME,
        subject=Subject("sku", look.sku, None, look.title or look.sku),
        title=f"{look.title or look.sku}: {short} more sold than there are",
        ignored=ignored,
        acted=(ignored * (given(1) - saved)).named("loss left after acting early", context.base) if ignored else None,
        saves=ignored * saved if ignored else None,
        gmv=None,
        deadline=None if is_past else first_due,
        waiting=slope(now, end) if is_past else cliff_then_slope(first_due, Decimal("0.6"), end),
        minutes=Decimal(3),
        probability=None,
        why=f"{promised} units are promised on {_channels(look)}, {look.on_hand} are on hand.",
        tradeoff="Telling the buyers with the least to lose today is cheaper than having the channel cancel for us.",
        missing=unpriced,
        evidence=_evidence(look, promised),
        drafts=DRAFTS,
        arguments=_arguments(look, chosen, short),
        members=tuple(
            Subject("order", order.order_ref, order.shop.id, order.number) for order in look.open_orders[:200]
        ),
        state=f"{short}|{look.on_hand}",
    )


def _channels(look: StockLook) -> str:
    return ", ".join(sorted({order.shop.name for order in look.open_orders}))


def _ignored(
    look: StockLook, chosen: list[OpenAllocation], short: int, context: Context
) -> tuple[Figure | None, tuple[str, ...]]:
    losses, unpriced = [], set()
    left = short
    for order in chosen:
        units = min(order.quantity, left)
        left -= units
        place = Source("order line", "unit_price", order.shop.id, order.order_ref, look.read_at)
        price = cash(context, "price", order.unit_price, order.currency, order.ordered_at, place)
        if price is None:
            unpriced.add(no_rate(context, order.currency))
            continue
        losses.append(given(units, "units short", "units") * price * context.dollar("margin", order.shop.id, look.sku))
    if not losses:
        return None, tuple(sorted(unpriced))
    per_order = context.dollar("handling_cost") + _penalty(context)
    buyers = given(len(chosen), "orders that go without", "orders")
    return (total("margins lost", losses) + buyers * per_order).named("loss if ignored", context.base), tuple(
        sorted(unpriced)
    )


def _penalty(context: Context) -> Figure:
    likely = context.threshold("cancel_penalty")
    return between("penalty of a cancellation", likely.likely / 2, likely.likely, likely.likely * 3, context.base,
                   source=likely.source, is_assumed=True)  # fmt: skip


def _arguments(look: StockLook, chosen: list[OpenAllocation], short: int) -> dict[str, object]:
    first = chosen[0]
    return {
        "sku": look.sku,
        "short": short,
        "shop_id": first.shop.id,
        "order_ref": first.order_ref,
        "order_number": first.number,
        "orders": [
            {
                "shop_id": order.shop.id,
                "order_ref": order.order_ref,
                "order_number": order.number,
                "quantity": order.quantity,
            }
            for order in chosen
        ],
        "reason": "out_of_stock",
        "quantity": short,
        "supplier_ref": look.supplier_ref,
        "supplier_shop_id": look.supplier_shop_id,
        **_still_offered(look),
    }


def _still_offered(look: StockLook) -> dict[str, object]:
    """The channel that goes on offering the most, where selling is to stop; nothing where all show none."""
    offering = [offer for offer in look.offers if offer.stock_ref and offer.on_hand > offer.reserved]
    most = max(offering, key=lambda offer: offer.on_hand - offer.reserved, default=None)
    return {"stock_ref": most.stock_ref, "stock_shop_id": most.shop.id, "sellable": 0} if most else {}


def _evidence(look: StockLook, promised: int) -> tuple[Evidence, ...]:
    place = Source("stock level", "on_hand", external_id=look.sku, read_at=look.read_at)
    lines = [Evidence("On hand", place, str(look.on_hand))]
    lines.append(
        Evidence("Promised to open orders", Source("order line", "quantity", external_id=look.sku), str(promised))
    )
    for shop_id, name in sorted({(order.shop.id, order.shop.name) for order in look.open_orders}):
        units = sum(order.quantity for order in look.open_orders if order.shop.id == shop_id)
        lines.append(Evidence(f"Promised on {name}", Source("order line", "quantity", shop_id, look.sku), str(units)))
    return tuple(lines)


DETECTOR = Detector(NAME, 42, "Oversold across channels", StockLook, detect, THRESHOLDS, DRAFTS)
