"""Which order a dispute is about: by what the charge names, else by buyer, amount and day."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from alerts.facts.payments import open_disputes
from alerts.facts.rows import shops
from alerts.looks import DisputeLook
from connectors.models import Dispute, Order, Shop
from tests.factories import NOW, OrderFactory, PaymentFactory, ShopFactory

pytestmark = pytest.mark.django_db


def ordered(store: Shop, ref: str = "o1", **changes: Any) -> Order:
    given = {
        "number": f"#{ref}",
        "total": 80,
        "currency": "USD",
        "customer_email": "Mei@example.com",
        "ordered_at": NOW,
    }
    order: Order = OrderFactory.create(shop=store, external_id=ref, **(given | changes))
    return order


def disputed(**changes: Any) -> None:
    """A charge that names no order but its buyer, with a dispute over it."""
    stripe = ShopFactory.create(kind="stripe", currency="USD")
    given = {"order_ref": "", "order_number": "", "customer_ref": "mei@example.com", "created_at": NOW}
    PaymentFactory.create(shop=stripe, external_id="ch_1", amount=80, currency="USD", **(given | changes))
    Dispute.objects.create(
        shop=stripe, external_id="dp_1", status="needs_response", payment_ref="ch_1", amount=Decimal(80),
        currency="USD", opened_at=NOW, evidence_by=NOW + timedelta(days=5), fetched_at=NOW, changed_at=NOW,
    )  # fmt: skip


def look() -> DisputeLook:
    (found,) = open_disputes(shops(), NOW)
    return found


def test_the_buyers_one_order_of_that_amount_and_day_is_meant() -> None:
    disputed()
    order = ordered(ShopFactory.create(kind="shopify"))

    assert (look().order_ref, look().order_shop_id) == ("o1", order.shop_id)


def test_what_the_charge_names_stands_above_what_fits() -> None:
    disputed(order_number="#o2")
    store = ShopFactory.create(kind="shopify")
    ordered(store)
    ordered(store, "o2", total=75)

    assert look().order_ref == "o2"


@pytest.mark.parametrize(
    "changes",
    [
        {"total": 81},
        {"currency": "SGD"},
        {"customer_email": "ben@example.com"},
        {"ordered_at": NOW - timedelta(days=3)},
    ],
)
def test_an_order_that_differs_is_not_meant(changes: dict[str, Any]) -> None:
    disputed()
    ordered(ShopFactory.create(kind="shopify"), **changes)

    assert look().order_ref == ""


def test_a_charge_that_fits_two_orders_names_neither() -> None:
    disputed()
    store = ShopFactory.create(kind="shopify")
    ordered(store)
    ordered(store, "o2")

    assert look().order_ref == ""
