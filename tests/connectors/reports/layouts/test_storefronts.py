"""Shopify's orders and Stripe's balance; and what makes a report known, or not."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.reports.layouts import LAYOUTS, Layout, recognise
from connectors.reports.mapping import required_fields
from connectors.types import Order, OrderStatus, SettlementLine
from tests.connectors.reports.layouts.files import Rows, only, read_known, reasons, text_file

SHOPIFY = [
    "Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at", "Currency", "Subtotal",
    "Total", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku", "Shipping Name",
    "Shipping Country", "Cancelled at", "Refunded Amount", "Id", "Risk Level",
]  # fmt: skip


def shopify_row(**cells: object) -> list[object]:
    named = {name.replace(" ", "_"): name for name in SHOPIFY}
    assert cells.keys() <= named.keys()
    return [cells.get(plain, "") for plain in named]


def order_row(number: str, **more: object) -> list[object]:
    given: dict[str, object] = {
        "Name": f"#{number}", "Email": "a@example.com", "Financial_Status": "paid", "Currency": "EUR", "Total": "45.00",
        "Fulfillment_Status": "unfulfilled", "Created_at": "2026-11-20 10:00:00 +0100", "Id": f"55{number}",
        "Lineitem_quantity": 1, "Lineitem_price": "20.00", "Lineitem_name": "Lamp", "Lineitem_sku": "L-1",
        "Risk_Level": "Low",
    }  # fmt: skip
    return shopify_row(**(given | more))


def test_shopifys_later_rows_of_an_order_are_its_other_lines(tmp_path: Path) -> None:
    second = shopify_row(
        Name="#1001", Email="a@example.com", Lineitem_quantity=5, Lineitem_price="5.00", Lineitem_name="Bulb",
        Lineitem_sku="B-1",
    )  # fmt: skip
    path = text_file(tmp_path / "orders_export.csv", [SHOPIFY, order_row("1001"), second])
    name, records = read_known(path)
    (order,) = only(Order, records)
    assert name == "shopify_orders"
    assert (order.external_id, order.number) == ("gid://shopify/Order/551001", "#1001")
    assert (order.total, order.currency, order.risk) == (Decimal("45.00"), "EUR", "low")
    assert [(line.sku, line.quantity) for line in order.lines] == [("L-1", 1), ("B-1", 5)]
    assert order.ordered_at == datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cells", "status"),
    [
        ({"Financial_Status": "pending"}, OrderStatus.UNPAID),
        ({"Fulfillment_Status": "fulfilled"}, OrderStatus.SHIPPED),
        ({"Fulfillment_Status": "partial"}, OrderStatus.TO_SHIP),
        ({"Financial_Status": "partially_refunded", "Fulfillment_Status": "fulfilled"}, OrderStatus.SHIPPED),
        ({"Financial_Status": "refunded", "Cancelled_at": "2026-11-21 10:00:00 +0100"}, OrderStatus.CANCELLED),
        ({"Financial_Status": "voided"}, OrderStatus.CANCELLED),
    ],
)
def test_where_a_shopify_order_stands(tmp_path: Path, cells: dict[str, object], status: OrderStatus) -> None:
    path = text_file(tmp_path / "orders_export.csv", [SHOPIFY, order_row("1001", **cells)])
    assert [order.status for order in only(Order, read_known(path)[1])] == [status]


def test_stripes_export_and_its_itemised_report_give_the_same_lines(tmp_path: Path) -> None:
    export: Rows = [
        ["id", "Type", "Source", "Amount", "Fee", "Net", "Currency", "Created (UTC)", "Available On (UTC)", "Transfer"],
        ["txn_1", "charge", "ch_1", "120.00", "3.78", "116.22", "usd", "2026-09-01 14:03", "2026-09-03 00:00", "po_1"],
        ["txn_2", "refund", "re_1", "-20.00", "0.00", "-20.00", "usd", "2026-09-02 14:03", "2026-09-04 00:00", ""],
    ]
    itemised: Rows = [
        [
            "balance_transaction_id", "created_utc", "created", "currency", "gross", "fee", "net", "reporting_category",
            "automatic_payout_id",
        ],
        ["txn_1", "2026-09-01 14:03:00", "2026-09-01 10:03:00", "usd", "120.00", "3.78", "116.22", "charge", "po_1"],
        ["txn_2", "2026-09-02 14:03:00", "2026-09-02 10:03:00", "usd", "-20.00", "0.00", "-20.00", "refund", ""],
    ]  # fmt: skip
    name, first = read_known(text_file(tmp_path / "balance.csv", export), zone="America/New_York")
    other, second = read_known(text_file(tmp_path / "itemised.csv", itemised), zone="America/New_York")
    assert (name, other) == ("stripe_balance", "stripe_itemised")

    def told(line: SettlementLine) -> tuple[object, ...]:
        return line.external_id, line.kind, line.amount, line.fee, line.currency, line.payout_ref, line.posted_at

    assert [told(line) for line in only(SettlementLine, first)] == [told(line) for line in only(SettlementLine, second)]
    assert told(only(SettlementLine, first)[0]) == (
        "txn_1", "sale", Decimal("120.00"), Decimal("3.78"), "USD", "po_1", datetime(2026, 9, 1, 14, 3, tzinfo=UTC),
    )  # fmt: skip


def test_a_bad_row_of_a_known_report_is_set_aside_alone(tmp_path: Path) -> None:
    rows: Rows = [SHOPIFY, order_row("1001"), order_row("1002", Lineitem_price="?"), order_row("1003")]
    _, records = read_known(text_file(tmp_path / "orders_export.csv", rows))
    assert [order.number for order in only(Order, records)] == ["#1001", "#1003"]
    assert reasons(records) == ["Lineitem price: '?' is not an amount"]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_report_with_its_columns_in_another_order_and_case_is_still_known(layout: Layout) -> None:
    header = [names.split("|")[0].rstrip("*").upper() for names in reversed(layout.columns)]
    assert recognise(header) is layout


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_report_without_one_of_its_telling_columns_is_not_taken_for_it(layout: Layout) -> None:
    header = [names.split("|")[0].rstrip("*") for names in layout.columns]
    for gone in header:
        assert recognise([name for name in header if name != gone]) is not layout


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_what_makes_a_report_known_is_enough_to_read_it(layout: Layout) -> None:
    """A file that is recognised is never refused for a field that no row can do without."""
    header = [names.split("|")[0].rstrip("*") for names in layout.columns]
    for part in layout.parts:
        mapped = part.mapped(header)
        given = {"amount"} if part.is_priced_by_order else set()
        assert set(required_fields(part.kind)) <= mapped.keys() | given


def test_an_ordinary_order_book_is_no_known_report() -> None:
    assert recognise(["Order ID", "Order Date", "SKU", "Quantity", "Unit Price"]) is None
