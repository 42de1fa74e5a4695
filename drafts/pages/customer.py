"""The customer strip of a card: what this buyer ordered, asked, got back and disputed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Sum

from alerts.models import Alert, Ticket
from connectors.models import Customer, Dispute, Order, Return
from drafts.pages.names import record_url
from drafts.pages.wording import dollars


@dataclass(frozen=True, slots=True)
class Strip:
    name: str
    url: str
    is_vip: bool
    facts: tuple[tuple[str, str], ...]


def strip(alert: Alert, *, may_see_names: bool) -> Strip | None:
    """None where the alert is about no customer whom we know. Counts only what was read from this shop."""
    if not alert.customer_ref or alert.shop_id is None:
        return None
    of_shop = {"shop": alert.shop_id}
    customer = Customer.objects.filter(**of_shop, external_id=alert.customer_ref).first()
    orders = Order.objects.filter(**of_shop, customer_ref=alert.customer_ref)
    sums = orders.aggregate(
        count=Count("id"), known=Count("total"), total=Sum("total"), refunded=Sum("refunded"), currency=Max("currency")
    )
    if customer is None and not sums["count"]:
        return None  # the channel hides who wrote; nothing known of them is not nothing bought
    numbers = list(orders.order_by("-ordered_at").values_list("external_id", flat=True)[:200])
    tickets = Ticket.objects.filter(**of_shop, customer_ref=alert.customer_ref).count()
    returns = Return.objects.filter(**of_shop, order_ref__in=numbers).count()
    disputes = Dispute.objects.filter(order_ref__in=numbers).count() if numbers else 0
    name = customer.name if customer and may_see_names else ""
    return Strip(
        name or "Customer",
        record_url("customer", alert.shop_id, alert.customer_ref) if customer else "",
        bool(customer and customer.is_vip),
        (
            ("Orders", f"{sums['count']}"),
            ("Spent", _spent(sums)),
            ("Refunded", dollars(sums["refunded"] or Decimal(0), sums["currency"] or "")),
            ("Tickets", f"{tickets}"),
            ("Returns", f"{returns}"),
            ("Disputes", f"{disputes}"),
        ),
    )


def _spent(sums: Mapping[str, Any]) -> str:
    """Orders without a known total are named, never counted as nothing."""
    unknown = sums["count"] - sums["known"]
    spent = dollars(sums["total"] if sums["count"] else Decimal(0), sums["currency"] or "")
    return f"{spent}, and {unknown} of unknown total" if unknown and sums["known"] else spent
