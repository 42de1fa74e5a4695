"""Our own rows as records, for kinds whose facts no channel can tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone

from alerts.facts.stock import pool
from alerts.models import Alert, Ticket
from connectors import models, types
from drafts.kinds.own import (
    AdvertisedSku,
    AlertRow,
    BoughtLabel,
    OrderDeeds,
    OrderedHere,
    ShopRow,
    SupplyPosition,
    TicketRow,
)
from drafts.models import Draft, Execution
from drafts.states import State

TO_SHIP = (types.OrderStatus.TO_SHIP, types.OrderStatus.PACKED)
MAY_HAVE_HAPPENED = (State.SENDING, State.SENT, State.VERIFIED, State.UNKNOWN, State.NEEDS_HUMAN)
ADVERTISED_FOR, MOST_OF_IT = timedelta(days=3), Decimal("0.5")
INBOUND = ("sent", "confirmed", "part_received")


def _ticket(number: str) -> TicketRow | None:
    row = Ticket.objects.filter(pk=number).first()
    if row is None:
        return None
    return TicketRow(
        external_id=number, subject=row.subject, state=row.state, customer_ref=row.customer_ref,
        order_ref=row.order_ref, conversations=row.conversations.count(),
    )  # fmt: skip


def _alert(number: str) -> AlertRow | None:
    row = Alert.objects.filter(pk=number).first()
    if row is None:
        return None
    return AlertRow(
        external_id=number, title=row.title, state=row.state, cash=row.cash_likely, currency=row.currency,
        deadline=row.deadline,
    )  # fmt: skip


def _label(order_ref: str) -> BoughtLabel | None:
    """The last label of ours for an order that was not given back by a draft of ours since."""
    done = Execution.objects.filter(draft__state=State.VERIFIED, draft__command__contains=f'"order_ref":"{order_ref}"')
    bought = done.filter(draft__kind="return_label").exclude(reference="").order_by("-pk").first()
    if bought is None or bought.draft.shop_id is None:
        return None
    given_back = Draft.objects.filter(kind="void_label", state=State.VERIFIED)
    if given_back.filter(command__contains=f'"label_ref":"{bought.reference}"').exists():
        return None
    return BoughtLabel(external_id=order_ref, label_ref=bought.reference, shop_id=bought.draft.shop_id)


def _supply(sku: str) -> SupplyPosition | None:
    """None for a SKU that no product, stock level or purchase order names."""
    product = models.Product.objects.filter(sku=sku).exclude(unit_cost=None).order_by("-changed_at").first()
    product = product or models.Product.objects.filter(sku=sku).first()
    levels = models.StockLevel.objects.filter(sku=sku).order_by().values("shop_id", "shop__settings__own_stock")
    shown = [
        {"on_hand": level["units"], "is_own": bool(level["shop__settings__own_stock"])}
        for level in levels.annotate(units=Sum("on_hand"))
    ]
    reserved = models.StockLevel.objects.filter(sku=sku).aggregate(units=Sum("reserved"))["units"]
    coming = models.PurchaseOrder.objects.filter(sku=sku, status__in=INBOUND)
    totals = coming.aggregate(ordered=Sum("quantity"), received=Sum("received_quantity"))
    if product is None and not shown and totals["ordered"] is None:
        return None
    return SupplyPosition(
        external_id=sku,
        title=product.title if product else "",
        on_hand=pool(shown) if shown else None,  # every channel shows the same goods
        reserved=reserved,
        inbound=(totals["ordered"] or 0) - (totals["received"] or 0),
        unit_cost=product.unit_cost if product else None,
        currency=product.currency if product else "",
    )


def _ordered(alert: str) -> OrderedHere | None:
    """Of the last order that went into the books for this alert."""
    made = Draft.objects.filter(alert_id=alert, kind="create_purchase_order", state__in=(State.SENT, State.VERIFIED))
    draft = made.order_by("-id").first()
    if draft is None or draft.shop_id is None:
        return None
    return OrderedHere(external_id=alert, number=json.loads(draft.command)["number"], shop_id=draft.shop_id)


def _deeds(order: str) -> OrderDeeds:
    """By drafts that were sent, or may have been."""
    made = Draft.objects.filter(order_ref=order, state__in=MAY_HAVE_HAPPENED)
    times = made.values_list("kind").annotate(times=Count("pk")).order_by("kind")
    return OrderDeeds(external_id=order, times=tuple(times))


def _advertised(sku: str) -> AdvertisedSku | None:
    """By what the last days cost; a campaign that shows many products is not paused for one."""
    recent = models.AdSpend.objects.filter(day__gte=timezone.now().date() - ADVERTISED_FOR)
    spent = recent.filter(sku__iexact=sku).values("shop_id", "campaign_ref").annotate(cost=Sum("cost"))
    most = spent.exclude(campaign_ref="").order_by("-cost").first()
    if most is None:
        return None
    campaign = recent.filter(sku="", shop_id=most["shop_id"], campaign_ref=most["campaign_ref"])
    whole = campaign.aggregate(cost=Sum("cost"))["cost"]
    if not whole or most["cost"] < whole * MOST_OF_IT:
        return None
    return AdvertisedSku(external_id=sku, campaign_ref=most["campaign_ref"], shop_id=most["shop_id"])


def _shop(number: str) -> ShopRow | None:
    shop = models.Shop.objects.filter(pk=number).first()
    if shop is None:
        return None
    waiting = models.Order.objects.filter(shop=shop, status__in=TO_SHIP)
    return ShopRow(external_id=number, name=shop.name, state=shop.state, to_ship=waiting.count())


OWN: dict[type[Any], Callable[[str], Any]] = {
    BoughtLabel: _label,
    TicketRow: _ticket,
    AlertRow: _alert,
    SupplyPosition: _supply,
    OrderedHere: _ordered,
    ShopRow: _shop,
    AdvertisedSku: _advertised,
    OrderDeeds: _deeds,
}
