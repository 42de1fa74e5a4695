"""Months are made ahead, and a row whose month was not made in time is kept and moved."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from connectors.models import Order, RawPayload
from connectors.save import save
from connectors.saving.partitions import make_months, months, previous_month
from tests.factories import ShopFactory, order

FAR = datetime(2031, 12, 31, 23, 59, 59, tzinfo=UTC)


def places() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT external_id, tableoid::regclass::text FROM connectors_rawpayload ORDER BY received_at")
        return [(identity, place) for identity, place in cursor.fetchall()]


def test_months_pass_over_the_end_of_a_year() -> None:
    november = datetime(2026, 11, 21, tzinfo=UTC)
    begins = [begin.strftime("%Y-%m") for begin, _ in months(november, 3)]
    assert begins == ["2026-11", "2026-12", "2027-01"]
    assert previous_month(datetime(2027, 1, 9, tzinfo=UTC)) == datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.django_db
def test_the_months_around_now_are_made_once() -> None:
    made = make_months(FAR)
    assert [name for name in made if "rawpayload" in name] == [
        "connectors_rawpayload_2031_11", "connectors_rawpayload_2031_12",
        "connectors_rawpayload_2032_01", "connectors_rawpayload_2032_02",
    ]  # fmt: skip
    assert {name[:-8] for name in made} >= {"connectors_rawpayload", "connectors_webhookevent"}
    assert make_months(FAR) == []


@pytest.mark.django_db
def test_rows_over_a_months_end_land_in_their_months() -> None:
    make_months(FAR)
    shop = ShopFactory.create()
    save(shop.pk, [order(1)], received_at=FAR)
    save(shop.pk, [order(2)], received_at=FAR + timedelta(seconds=1))
    assert places() == [("1", "connectors_rawpayload_2031_12"), ("2", "connectors_rawpayload_2032_01")]


@pytest.mark.django_db
def test_a_row_without_a_month_is_kept_and_moves_when_its_month_is_made() -> None:
    shop = ShopFactory.create()
    save(shop.pk, [order(1)], received_at=FAR)
    assert places() == [("1", "connectors_rawpayload_default")]
    make_months(FAR)
    assert places() == [("1", "connectors_rawpayload_2031_12")]
    assert (RawPayload.objects.get().received_at, Order.objects.count()) == (FAR, 1)
