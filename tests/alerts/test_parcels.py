"""A parcel that its seller and a tracker know is one parcel, seen through whichever scan is the latest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alerts.detect import detect_changes, detect_due
from alerts.facts.parcels import moving_parcels
from alerts.facts.rows import shops
from alerts.looks import ParcelLook
from alerts.models import Alert
from connectors.models import Change, Order, Shipment, Shop
from connectors.types import OrderStatus
from tests.factories import NOW, OrderFactory, RowFactory, ShopFactory

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NUMBER = "1Z8A60V50303246798"


class ShipmentFactory(RowFactory):
    class Meta:
        model = Shipment

    status = "in_transit"
    carrier = "UPS"


def seller(**changes: Any) -> Shop:
    shop: Shop = ShopFactory.create(kind="shopify", currency="USD", **changes)
    return shop


def order(shop: Shop, number: str = "#1042", **changes: Any) -> Order:
    made: Order = OrderFactory.create(
        shop=shop, number=number, currency="USD", status=OrderStatus.SHIPPED, ordered_at=NOW - 4 * DAY,
        shipped_at=NOW - 3 * DAY, **changes,
    )  # fmt: skip
    return made


def parcel(of: Order, **changes: Any) -> Shipment:
    values: dict[str, Any] = {
        "shop": of.shop, "order_ref": of.external_id, "tracking_number": NUMBER, "shipped_at": NOW - 3 * DAY,
        "last_scan_at": NOW - 2 * DAY,
    }  # fmt: skip
    made: Shipment = ShipmentFactory.create(**{**values, **changes})
    return made


def told(**changes: Any) -> Shipment:
    """The same parcel at AfterShip."""
    values: dict[str, Any] = {"order_ref": "#1042", "tracking_number": NUMBER, "last_scan_at": NOW - HOUR}
    if "shop" not in changes:
        values["shop"] = ShopFactory.create(kind="aftership")
    made: Shipment = ShipmentFactory.create(**{**values, **changes})
    return made


def looks(silent: timedelta = 5 * DAY) -> list[ParcelLook]:
    return moving_parcels(shops(), NOW, silent)


def test_a_courier_that_reports_a_problem_makes_one_alert_on_the_sellers_parcel() -> None:
    own = parcel(order(seller()))
    report = told(status="exception")
    detect_due(NOW)
    alert = Alert.objects.get()
    assert (alert.detector, alert.subject_kind, alert.subject_ref) == ("parcel_stuck", "shipment", own.external_id)
    assert alert.shop_id == own.shop_id
    [state] = [row for row in alert.evidence if row["claim"] == "State at the courier"]
    assert (state["shop"], state["id"]) == (report.shop_id, report.external_id)


def test_a_scan_that_only_the_tracker_has_keeps_a_parcel_from_counting_as_silent() -> None:
    parcel(order(seller()), last_scan_at=NOW - 9 * DAY, shipped_at=NOW - 9 * DAY)
    assert [look.last_scan_at for look in looks()] == [NOW - 9 * DAY]
    told()
    assert looks() == []


def test_a_delivery_that_the_seller_does_not_know_of_yet_resolves_the_alert() -> None:
    own = parcel(order(seller()), last_scan_at=NOW - 9 * DAY, shipped_at=NOW - 9 * DAY)
    detect_due(NOW)
    assert Alert.objects.get().state == "open"
    report = told(status="delivered", delivered_at=NOW - HOUR)
    Change.objects.create(shop=report.shop, kind="shipment", external_id=report.external_id, at=NOW)
    detect_changes(now=NOW)
    assert Alert.objects.get(subject_ref=own.external_id).state == "resolved"


def test_a_change_at_the_tracker_alone_finds_the_sellers_parcel() -> None:
    own = parcel(order(seller()), tracking_number="1z8a60 v503 0324 6798")
    report = told(status="exception")
    Change.objects.create(shop=report.shop, kind="shipment", external_id=report.external_id, at=NOW)
    detect_changes(now=NOW)
    assert Alert.objects.get().subject_ref == own.external_id


def test_an_older_report_than_the_sellers_own_scan_changes_nothing() -> None:
    parcel(order(seller()), last_scan_at=NOW - HOUR)
    told(status="exception", last_scan_at=NOW - DAY)
    assert looks() == []


def test_a_number_that_an_older_parcel_bore_says_nothing_of_this_one() -> None:
    parcel(order(seller()), last_scan_at=None)
    told(status="exception", last_scan_at=NOW - 40 * DAY)
    assert looks() == []


def test_of_two_trackers_the_latest_scan_counts() -> None:
    parcel(order(seller()))
    told(status="exception", last_scan_at=NOW - 5 * HOUR)
    told(shop=ShopFactory.create(kind="easypost"), order_ref="", last_scan_at=NOW - 2 * HOUR)
    assert looks() == []


def test_a_parcel_that_only_a_tracker_knows_is_its_orders() -> None:
    made = order(seller())
    report = told(status="exception")
    [look] = looks()
    assert (look.record, look.ref, look.shop.id) == ("order", made.external_id, made.shop_id)
    assert (look.status, look.tracking_number, look.told_ref) == ("exception", NUMBER, report.external_id)
    detect_due(NOW)
    assert Alert.objects.get().arguments["shipment_ref"] == report.external_id
    assert Alert.objects.values_list("subject_kind", "subject_ref", "shop_id").get() == (
        "order", made.external_id, made.shop_id,
    )  # fmt: skip


def test_a_number_that_two_shops_orders_bear_is_nobodys() -> None:
    order(seller())
    order(seller())
    told(status="exception")
    assert looks() == []


def test_a_parcel_that_came_back_is_an_alert_until_the_money_is_given_back() -> None:
    made = order(seller())
    parcel(made)
    told(status="returned")
    detect_due(NOW)
    assert "came back" in Alert.objects.get().title
    Order.objects.filter(pk=made.pk).update(refunded=made.total)
    detect_due(NOW)
    assert Alert.objects.get().state == "resolved"
