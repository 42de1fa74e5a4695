"""A past order book as it was known then: what came after changes no alert, it only judges them."""

import csv
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from connectors.reports import Read
from connectors.types import BadRow, Order, OrderStatus
from opsroom.rehearsal.order_book import Hindsight, as_of, known
from opsroom.rehearsal.past import rehearse_report

THEN = datetime(2026, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ALL = ("paid_at", "shipped_at", "delivered_at", "cancelled_at")
COLUMNS = ("order_id", "bought", "left", "arrived", "promised", "state")
MAPPING = {
    "external_id": "order_id", "ordered_at": "bought", "shipped_at": "left", "delivered_at": "arrived",
    "deliver_by": "promised", "region": "state",
}  # fmt: skip
OLIST = {
    "external_id": "order_id", "customer_ref": "customer_id", "status": "order_status",
    "ordered_at": "order_purchase_timestamp", "paid_at": "order_approved_at",
    "shipped_at": "order_delivered_carrier_date", "delivered_at": "order_delivered_customer_date",
    "deliver_by": "order_estimated_delivery_date", "region": "customer_state",
}  # fmt: skip
ORDERS = Path(settings.BASE_DIR).parent / "shared" / "data" / "orders"


def order(**changes: Any) -> Order:
    """Bought, paid, sent and delivered within eight days from five days before the moment: late by a day."""
    values: dict[str, Any] = {
        "external_id": "A", "number": "A", "status": OrderStatus.DELIVERED, "ordered_at": THEN - 5 * DAY,
        "updated_at": THEN + 3 * DAY, "paid_at": THEN - 4 * DAY, "shipped_at": THEN - 2 * DAY,
        "delivered_at": THEN + 3 * DAY, "deliver_by": THEN + 2 * DAY, "currency": "USD", "total": None, "raw": b"later",
    }  # fmt: skip
    return Order(**{**values, **changes})


def test_times_after_the_moment_are_blank_and_the_state_is_what_had_happened() -> None:
    then = known(order(), THEN, ALL)
    assert (then.status, then.delivered_at, then.updated_at, then.raw) == (
        OrderStatus.SHIPPED, None, THEN - 2 * DAY, b"",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"shipped_at": THEN + DAY}, OrderStatus.TO_SHIP),
        ({"shipped_at": THEN + DAY, "paid_at": THEN + DAY}, OrderStatus.ON_HOLD),
        ({"delivered_at": THEN}, OrderStatus.DELIVERED),
        ({"cancelled_at": THEN - DAY}, OrderStatus.CANCELLED),
        ({"cancelled_at": THEN + DAY, "status": OrderStatus.CANCELLED}, OrderStatus.SHIPPED),
    ],
)
def test_where_an_order_stood(changes: dict[str, Any], status: OrderStatus) -> None:
    assert known(order(**changes), THEN, ALL).status == status


def test_a_book_that_dates_nothing_keeps_its_states() -> None:
    bare = order(status=OrderStatus.COMPLETED, shipped_at=None, delivered_at=None)
    assert known(bare, THEN, ("ordered_at",)).status == OrderStatus.COMPLETED


def test_later_orders_are_left_out_and_only_known_outcomes_are_kept_for_scoring() -> None:
    hindsight = Hindsight()
    bad = Read(BadRow("order", "X", "no date", b""), 1)
    book = [order(), order(external_id="B", delivered_at=THEN + DAY), order(external_id="C", delivered_at=None),
            order(external_id="D", delivered_at=THEN - DAY), order(external_id="E", ordered_at=THEN + DAY)]  # fmt: skip
    reads = [*(Read(each, 1) for each in book), bad]
    kept = [each.record.external_id for each in as_of(iter(reads), THEN, ALL, hindsight)]
    assert kept == ["A", "B", "C", "D", "X"]
    assert hindsight.late == {"A": True, "B": False}


def book(path: Path, *, after: timedelta = timedelta(0)) -> Path:
    """Half a year of orders: those to AM take 12 days, those to SP 5, all are promised in 10. `after` moves whatever
    lies behind the moment."""
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        for number in range(360):
            bought = THEN - 175 * DAY + number * DAY / 2
            to = "AM" if number % 3 == 0 else "SP"
            arrived = bought + (12 if to == "AM" else 5) * DAY + (number % 7) * DAY / 4
            left, arrived = (at if at <= THEN else at + after for at in (bought + 2 * DAY, arrived))
            times = [at.isoformat() for at in (bought, left, arrived, bought + 10 * DAY)]
            lines.writerow([f"N{number}", *times, to])
    return path


@pytest.mark.django_db
def test_late_orders_are_foreseen_and_unknown_amounts_are_no_zeros(tmp_path: Path) -> None:
    done = rehearse_report(book(tmp_path / "book.csv"), MAPPING, THEN)
    assert done["auc"] > 0.95
    assert done["average_precision"] > 0.9
    assert (done["quarantined"], done["failed"]) == (0, 0)
    assert [row["rank"] for row in done["alerts"]] == list(range(1, len(done["alerts"]) + 1))
    assert {row["detector"] for row in done["alerts"]} == {"late_shipment", "parcel_stuck"}
    for row in done["alerts"]:
        assert (row["cash"], row["gmv"]) == ({"low": None, "likely": None, "high": None}, None)
        assert row["missing"] == ["the order total is not known"]


@pytest.mark.django_db
def test_a_book_that_ended_weeks_ago_says_nothing_of_today(tmp_path: Path) -> None:
    done = rehearse_report(book(tmp_path / "book.csv", after=300 * DAY), MAPPING, THEN + 90 * DAY)
    assert (done["alerts"], done["scored"] > 0) == ([], True)


@pytest.mark.django_db(transaction=True)
def test_what_happened_after_the_moment_changes_no_alert(tmp_path: Path) -> None:
    """The command's own scratch database each time, and two books that agree until the moment."""
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps(MAPPING))
    one, other = (
        command(
            book(tmp_path / f"book{days}.csv", after=days * DAY), "--mapping", str(mapping), "--as-of", "2026-05-01"
        )
        for days in (0, 30)
    )
    assert one["alerts"] == other["alerts"]
    assert one["alerts"]
    assert one["late"] < other["late"]


def command(path: Path, *more: str) -> dict[str, Any]:
    out = StringIO()
    call_command("rehearse", "--report", str(path), *more, "--json", stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])  # type: ignore[no-any-return]  # JSON


def test_a_report_needs_its_moment(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--report needs --as-of"):
        call_command("rehearse", "--report", str(tmp_path / "book.csv"), "--json")


@pytest.mark.django_db
@pytest.mark.slow
@pytest.mark.skipif(not ORDERS.is_dir(), reason="the real order books are not beside the checkout")
@pytest.mark.parametrize(("moment", "least"), [("2017-11-01", 0.78), ("2018-02-15", 0.68), ("2018-05-01", 0.87)])
def test_late_orders_of_a_real_book_are_foreseen(moment: str, least: float) -> None:
    then = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    done = rehearse_report(ORDERS / "olist_dev_orders.csv.gz", OLIST, then)
    assert done["auc"] > least
    assert done["quarantined"] == 0
