"""What kinds ask of our own rows: what spends on a SKU, what was ordered for a matter, how a shop stands."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from connectors.models import AdSpend, Shop
from connectors.types import OrderStatus
from drafts.kinds.own import AdvertisedSku, OrderedHere, ShopRow
from drafts.kinds.stock.create_purchase_order import CreatePurchaseOrderCommand
from drafts.preparing.facts import SavedReader
from drafts.states import State
from tests.drafts.test_following import FACTS
from tests.factories import AlertFactory, DraftFactory, OrderFactory, ShopFactory

pytestmark = pytest.mark.django_db


def spend(shop: Shop, sku: str, cost: str, campaign: str = "c1", days_ago: int = 0) -> None:
    now = timezone.now()
    day = now.date() - timedelta(days=days_ago)
    AdSpend.objects.create(
        shop=shop, external_id=f"{campaign}/{sku}/{day}", campaign=campaign, campaign_ref=campaign, sku=sku, day=day,
        cost=Decimal(cost), currency="USD", changed_at=now, fetched_at=now,
    )  # fmt: skip


def advertised(sku: str = "LAMP") -> AdvertisedSku | None:
    found: AdvertisedSku | None = SavedReader(None).fetch(AdvertisedSku, sku)
    return found


def test_the_campaign_that_a_sku_mostly_pays_for_is_found_whatever_the_case_of_its_letters() -> None:
    shop = ShopFactory.create(kind="google_ads")
    for sku, cost, campaign in (("lamp", "30", "c1"), ("", "40", "c1"), ("lamp", "20", "c2"), ("", "21", "c2")):
        spend(shop, sku, cost, campaign)

    assert advertised() == AdvertisedSku(external_id="LAMP", campaign_ref="c1", shop_id=shop.pk)
    assert advertised("MUG") is None


def test_a_campaign_of_many_products_is_not_paused_for_one() -> None:
    shop = ShopFactory.create(kind="google_ads")
    spend(shop, "lamp", "10")
    spend(shop, "", "100")

    assert advertised() is None


def test_what_was_spent_last_week_does_not_count() -> None:
    shop = ShopFactory.create(kind="google_ads")
    spend(shop, "lamp", "30", days_ago=7)
    spend(shop, "", "30", days_ago=7)

    assert advertised() is None


@pytest.mark.parametrize(("state", "is_there"), [(State.SENT, True), (State.VERIFIED, True), (State.FAILED, False)])
def test_an_order_stands_in_the_books_once_it_was_sent_there(state: State, is_there: bool) -> None:
    alert, books = AlertFactory.create(), ShopFactory.create(kind="zoho")
    command = CreatePurchaseOrderCommand(
        supplier_ref="sup1", number="PO-9", sku="MUG", quantity=120, unit_cost=Decimal("2.50"), currency="USD"
    )
    DraftFactory.create(
        alert=alert, kind="create_purchase_order", written=command, facts=FACTS, shop=books, state=state
    )

    wanted = OrderedHere(external_id=str(alert.pk), number="PO-9", shop_id=books.pk) if is_there else None
    assert SavedReader(None).fetch(OrderedHere, str(alert.pk)) == wanted
    assert SavedReader(None).fetch(OrderedHere, "999999") is None


def test_a_shop_is_told_with_what_waits_to_be_sent() -> None:
    shop = ShopFactory.create(name="Mug House")
    for status in (OrderStatus.TO_SHIP, OrderStatus.PACKED, OrderStatus.SHIPPED):
        OrderFactory.create(shop=shop, status=status)

    assert SavedReader(None).fetch(ShopRow, str(shop.pk)) == ShopRow(
        external_id=str(shop.pk), name="Mug House", state="connected", to_ship=2
    )
