"""Order lines as the database holds them, and promises found by order number and SKU."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from alerts.detect import detect_changes
from alerts.facts import rows as reading
from alerts.facts import stock, supply
from alerts.models import Alert
from alerts.supply import reconcile
from connectors.models import Shop
from connectors.registry import open_connector
from connectors.save import save
from connectors.twin.server import serve
from connectors.types import (
    Account,
    Listing,
    Order,
    OrderLine,
    OrderStatus,
    Product,
    PurchaseOrder,
    Record,
    StockLevel,
    Supplier,
    SupplierOffer,
    SupplierPromise,
)
from tests.factories import ShopFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def days(count: float) -> datetime:
    return NOW + timedelta(days=count)


@pytest.fixture
def books() -> Shop:
    return ShopFactory.create(kind="zoho", currency="USD")


@pytest.fixture
def lists() -> Shop:
    return ShopFactory.create(kind="supplier_feed", currency="USD")


def keep(shop: Shop, *records: Record, at: datetime = NOW) -> None:
    save(shop.pk, records, received_at=at)


def ordered(ref: str = "300:71", **changed: object) -> PurchaseOrder:
    fields: dict[str, object] = {
        "external_id": ref, "number": "PO-300", "supplier_ref": "900", "status": "sent", "sku": "MUG-1",
        "quantity": 200, "unit_cost": Decimal(8), "currency": "USD", "ordered_at": days(-10), "due_at": days(8),
    }  # fmt: skip
    return PurchaseOrder(**fields | changed)  # type: ignore[arg-type]  # the test names the fields


def promised(**said: object) -> SupplierPromise:
    fields: dict[str, object] = {"external_id": "PO-300:MUG-1", "order_number": "PO-300", "sku": "MUG-1"}
    return SupplierPromise(**fields | said)  # type: ignore[arg-type]  # the test names the fields


def sells(shop: Shop, units: int = 10) -> None:
    """A month of sales, a hundred in stock, $25 each."""
    sold = [
        Order(
            external_id=f"o{day}", number=f"#{day}", status=OrderStatus.COMPLETED, ordered_at=days(-day - 0.5),
            updated_at=days(-day), currency="USD", total=Decimal(250),
            lines=(OrderLine(external_id="1", sku="MUG-1", quantity=units, unit_price=Decimal(25)),),
        )
        for day in range(30)
    ]  # fmt: skip
    keep(shop, *sold, StockLevel(external_id="MUG-1", sku="MUG-1", on_hand=100),
         Listing(external_id="l", sku="MUG-1", title="Mug", price=Decimal(25), currency="USD"))  # fmt: skip


def lines(refs: object = None) -> list[str]:
    return [look.ref for look in supply.open_lines(reading.shops(), NOW, refs)]  # type: ignore[arg-type]


def test_only_lines_that_somebody_spoke_of_or_whose_day_has_passed_are_looked_at(books: Shop, lists: Shop) -> None:
    keep(books, ordered(), ordered("301:1", number="PO-301", due_at=days(-2)), ordered("302:1", number="PO-302"),
         ordered("303:1", number="PO-303", due_at=days(-2), status="received"),
         ordered("304:1", number="PO-304", due_at=days(-2), received_quantity=200))  # fmt: skip
    keep(lists, promised(quantity=150, due_at=days(15)))
    assert sorted(lines()) == ["300:71", "301:1"]
    assert lines([(books.pk, "301:1")]) == ["301:1"]


def test_a_promise_is_found_by_order_number_and_sku_and_the_newest_holds(books: Shop, lists: Shop) -> None:
    keep(books, ordered(), Supplier(external_id="900", name="Brightline"))
    keep(lists, promised(external_id="old", quantity=10), at=days(-3))
    keep(lists, promised(quantity=150, due_at=days(15), unit_cost=Decimal("8.5"), currency="USD"))
    keep(lists, promised(external_id="x", sku="MUG-2", quantity=1), promised(external_id="y", order_number="PO-9"))
    (look,) = supply.open_lines(reading.shops(), NOW)
    assert look.promise is not None
    assert (look.promise.quantity, look.promise.due_at, look.promise.unit_cost) == (150, days(15), Decimal("8.5"))
    assert (look.supplier_name, look.stock) == ("Brightline", None)


def test_a_changed_promise_calls_for_its_order_line(books: Shop, lists: Shop) -> None:
    keep(books, ordered(), ordered("301:1", number="PO-301"))
    keep(lists, promised(due_at=days(15)))
    assert supply.lines_of([], [(lists.pk, "PO-300:MUG-1")]) == [(books.pk, "300:71")]
    assert supply.lines_of([(books.pk, "301:1")], []) == [(books.pk, "301:1")]


def test_goods_on_their_way_are_counted_as_they_are_promised(books: Shop, lists: Shop) -> None:
    sells(books)
    keep(books, ordered(), ordered("301:1", number="PO-301", due_at=days(3), quantity=5))
    keep(lists, promised(quantity=150, due_at=days(15)), promised(external_id="z", order_number="PO-301", quantity=0))
    (look,) = stock.stock(reading.shops(), NOW)
    assert [(one.number, one.quantity, one.due_at) for one in look.inbound] == [("PO-300", 150, days(15))]


def test_a_suppliers_own_list_fills_what_the_books_leave_open(books: Shop, lists: Shop) -> None:
    sells(books)
    keep(books, Supplier(external_id="900", name="Brightline", lead_time_days=30, skus=("MUG-1",)))
    offer = SupplierOffer(external_id="MUG-1", sku="MUG-1", unit_cost=Decimal("7.25"), currency="USD",
                          lead_time_days=9, minimum_quantity=50, case_size=10)  # fmt: skip
    keep(lists, offer)
    (look,) = stock.stock(reading.shops(), NOW)
    assert (look.lead_time_days, look.minimum_quantity, look.case_size) == (30, 50, 10)
    assert (look.unit_cost, look.cost_currency, look.supplier_ref) == (Decimal("7.25"), "USD", "900")
    keep(books, Product(external_id="p", sku="MUG-1", title="Mug", unit_cost=Decimal(8), currency="USD"))
    assert stock.stock(reading.shops(), NOW)[0].unit_cost == 8


def test_a_late_promise_becomes_an_alert_and_a_better_one_resolves_it(books: Shop, lists: Shop) -> None:
    sells(books)
    keep(books, ordered(), Supplier(external_id="900", name="Brightline", lead_time_days=30, skus=("MUG-1",)))
    keep(lists, promised(due_at=days(15)))
    detect_changes(now=NOW)
    alert = Alert.objects.get(detector="supplier_late")
    assert (alert.subject_kind, alert.subject_ref, alert.shop) == ("purchase_order", "300:71", books)
    assert alert.cash_likely is not None
    assert alert.cash_likely > 0
    keep(lists, promised(due_at=days(8)), at=NOW + timedelta(minutes=5))
    detect_changes(now=NOW + timedelta(minutes=6))
    alert.refresh_from_db()
    assert alert.state == Alert.State.RESOLVED


def test_what_the_market_planted_is_what_the_books_and_the_lists_say_together(books: Shop, lists: Shop) -> None:
    """Through the real connectors: orders from Zoho, promises from the supplier's file, and nothing else is off."""
    with serve("company", seed=7, has_limits=False) as server, httpx.Client(timeout=10, trust_env=False) as http:
        rows = {row["kind"]: row for row in server.accounts()}
        now = datetime.now(UTC)
        for shop, feed in ((books, "purchase_orders"), (lists, "promises")):
            row = rows[shop.kind]
            account = Account(
                shop.kind, shop.pk, row["name"], row["external_id"], row["base_url"], row["currency"], row["country"],
                row["settings"], row["credentials"],
            )  # fmt: skip
            connector = open_connector(account, clock=lambda: now, client=http)
            save(shop.pk, (one for page in connector.pull(feed, "") for one in page.records), received_at=now)
        planted = {row.subject_ref for row in server.market.truth.of("supplier_late")}
    looks = supply.open_lines(reading.shops(), now)
    assert len(looks) > len(planted)
    assert {look.ref for look in looks if reconcile(look, now).is_off} == planted
    assert len(planted) == 4
