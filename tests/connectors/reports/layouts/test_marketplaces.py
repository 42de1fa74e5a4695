"""Reports that marketplaces make, known by their columns alone."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from connectors.types import Order, OrderStatus, Payout, Return, ReturnStatus, SettlementLine
from tests.connectors.reports.layouts.files import Rows, only, read_known, reasons, sheet_file, text_file

SETTLEMENT = [
    "settlement-id",
    "settlement-start-date",
    "settlement-end-date",
    "deposit-date",
    "total-amount",
    "currency",
    "transaction-type",
    "order-id",
    "merchant-order-id",
    "adjustment-id",
    "shipment-id",
    "marketplace-name",
    "amount-type",
    "amount-description",
    "amount",
    "fulfillment-id",
    "posted-date",
    "posted-date-time",
    "order-item-code",
    "merchant-order-item-id",
    "merchant-adjustment-item-id",
    "sku",
    "quantity-purchased",
    "promotion-id",
]
RETURNS = [
    "Order ID",
    "Order date",
    "Return request date",
    "Return request status",
    "Amazon RMA ID",
    "Merchant RMA ID",
    "Label type",
    "Label cost",
    "Currency code",
    "Return carrier",
    "Tracking ID",
    "Label to be paid by",
    "A-to-Z Claim",
    "Is prime",
    "ASIN",
    "Merchant SKU",
    "Item Name",
    "Return quantity",
    "Return Reason",
    "In policy",
    "Return type",
    "Resolution",
    "Invoice number",
    "Return delivery date",
    "Order Amount",
    "Order quantity",
    "SafeT Action reason",
    "SafeT claim id",
    "SafeT claim state",
    "SafeT claim creation time",
    "SafeT claim reimbursement amount",
    "Refunded Amount",
]
FBA_RETURNS = [
    "return-date",
    "order-id",
    "sku",
    "asin",
    "fnsku",
    "product-name",
    "quantity",
    "fulfillment-center-id",
    "detailed-disposition",
    "reason",
    "status",
    "license-plate-number",
    "customer-comments",
]


def row(header: list[str], **cells: object) -> list[object]:
    """A row with these cells filled; names are the columns' with _ for any other mark."""
    named = {name.replace("-", "_").replace(" ", "_"): name for name in header}
    assert cells.keys() <= named.keys()
    return [cells.get(plain, "") for plain in named]


def settlement_row(**cells: object) -> list[object]:
    return row(SETTLEMENT, settlement_id="18906543210", **cells)


def test_an_amazon_settlement_is_its_payout_and_its_lines_in_the_payouts_currency(tmp_path: Path) -> None:
    when = {"posted_date": "2026-03-02", "posted_date_time": "2026-03-02 14:23:00 UTC"}
    order = {"transaction_type": "Order", "order_id": "206-1", "sku": "W-1", **when}
    rows: Rows = [
        SETTLEMENT,
        settlement_row(deposit_date="2026-03-17 09:00:00 UTC", total_amount="21.49", currency="GBP"),
        settlement_row(**order, amount_type="ItemPrice", amount_description="Principal", amount="29.99"),
        settlement_row(**order, amount_type="ItemFees", amount_description="Commission", amount="-4.50"),
        settlement_row(**order, amount_type="ItemPrice", amount_description="Shipping", amount="3.99"),
        settlement_row(
            **(order | {"transaction_type": "Refund"}), amount_type="ItemPrice", amount_description="Principal",
            amount="-5.99",
        ),
        settlement_row(
            **(when | {"transaction_type": "other-transaction"}), amount_type="FBA Inventory Reimbursement",
            amount_description="REVERSAL_REIMBURSEMENT", amount="-2.00",
        ),
    ]  # fmt: skip
    name, records = read_known(text_file(tmp_path / "settlement.txt", rows, "\t"))
    (payout,) = only(Payout, records)
    lines = only(SettlementLine, records)
    assert name == "amazon_settlement"
    assert (payout.external_id, payout.amount, payout.currency) == ("18906543210", Decimal("21.49"), "GBP")
    assert payout.paid_at == datetime(2026, 3, 17, 9, tzinfo=UTC)
    assert [(line.kind, line.amount) for line in lines] == [
        ("sale", Decimal("29.99")), ("commission", Decimal("-4.50")), ("shipping", Decimal("3.99")),
        ("refund", Decimal("-5.99")), ("reimbursement", Decimal("-2.00")),
    ]  # fmt: skip
    assert {(line.currency, line.payout_ref) for line in lines} == {("GBP", "18906543210")}
    assert sum(line.amount for line in lines) == payout.amount
    assert (lines[0].order_ref, lines[0].posted_at) == ("206-1", datetime(2026, 3, 2, 14, 23, tzinfo=UTC))


def test_europes_settlement_has_decimal_commas_and_the_day_first(tmp_path: Path) -> None:
    rows: Rows = [
        SETTLEMENT,
        settlement_row(deposit_date="05.04.2026 08:00:00 UTC", total_amount="1.234,50", currency="EUR"),
        settlement_row(
            transaction_type="Order", amount_type="ItemPrice", amount_description="Principal", amount="1.234,50",
            posted_date="04.03.2026", posted_date_time="04.03.2026 10:00:00 UTC",
        ),
    ]  # fmt: skip
    _, records = read_known(text_file(tmp_path / "settlement.txt", rows, "\t"))
    (line,) = only(SettlementLine, records)
    assert (line.amount, line.posted_at) == (Decimal("1234.50"), datetime(2026, 3, 4, 10, tzinfo=UTC))
    assert only(Payout, records)[0].amount == Decimal("1234.50")


def test_an_amazon_return_has_the_connectors_own_id_and_what_was_refunded_or_else_the_orders_amount(
    tmp_path: Path,
) -> None:
    base = {"Order_ID": "113-1", "Currency_code": "USD", "Return_quantity": "1", "Return_Reason": "CR-DEFECTIVE"}
    rows: Rows = [
        RETURNS,
        row(
            RETURNS, **base, Return_request_date="14-Jul-2026", Return_request_status="Approved", Amazon_RMA_ID="Dq1",
            Merchant_SKU="M-1", Order_Amount="59.99", Refunded_Amount="0.00", Return_delivery_date="20-Jul-2026",
        ),
        row(
            RETURNS, **base, Return_request_date="15-Jul-2026", Return_request_status="Closed", Amazon_RMA_ID="Dq2",
            Merchant_SKU="M-1", Order_Amount="59.99", Refunded_Amount="12.50",
        ),
        row(
            RETURNS, **base, Return_request_date="15-Jul-2026", Return_request_status="Sleeping", Amazon_RMA_ID="Dq3",
            Merchant_SKU="M-1", Order_Amount="59.99",
        ),
    ]  # fmt: skip
    name, records = read_known(text_file(tmp_path / "returns.tsv", rows, "\t"))
    first, second = only(Return, records)
    assert name == "amazon_returns"
    assert (first.external_id, first.status, first.amount) == ("Dq1:M-1", ReturnStatus.ACCEPTED, Decimal("59.99"))
    assert (first.asked_at.day, first.updated_at.day, first.needs_goods_back) == (14, 20, True)
    assert (second.status, second.amount, second.updated_at.day) == (ReturnStatus.CLOSED, Decimal("12.50"), 15)
    assert "'Sleeping' is no known state" in reasons(records)[0]


def test_what_came_back_to_amazons_warehouse_is_worth_what_it_was_sold_for(tmp_path: Path) -> None:
    base = {"return_date": "2026-03-02T10:00:00+00:00", "sku": "W-1", "quantity": 2, "reason": "DEFECTIVE"}
    more = {"status": "Unit returned to inventory", "detailed_disposition": "SELLABLE"}
    rows: Rows = [
        FBA_RETURNS,
        row(FBA_RETURNS, **base, **more, order_id="206-1", license_plate_number="LPN1"),
        row(FBA_RETURNS, **base, **more, order_id="206-9", license_plate_number="LPN2"),
    ]
    prices = {("206-1", "W-1"): Decimal("7.25")}
    path = text_file(tmp_path / "fba.tsv", rows, "\t")
    name, records = read_known(path, price=lambda order, sku: prices.get((order, sku)))
    (kept,) = only(Return, records)
    assert name == "amazon_fba_returns"
    assert (kept.external_id, kept.amount, kept.status) == ("LPN1", Decimal("14.50"), ReturnStatus.CLOSED)
    assert kept.platform_status == "Unit returned to inventory / SELLABLE"
    assert reasons(records) == ["no amount is named, and no order 206-9 with SKU W-1 is known: import orders first"]


SHOPEE_ORDERS = [
    "Order ID", "Order Status", "Return / Refund Status", "Tracking Number*", "Shipping Option", "Shipment Method",
    "Estimated Ship Out Date", "Ship Time", "Order Creation Date", "Order Paid Time", "Parent SKU Reference No.",
    "Product Name", "SKU Reference No.", "Variation Name", "Original Price", "Deal Price", "Quantity",
    "Returned quantity", "Product Subtotal", "Grand Total", "Username (Buyer)", "Receiver Name", "Province", "Country",
    "Order Complete Time",
]  # fmt: skip


def shopee_row(number: str, status: str, sku: str, **more: object) -> list[object]:
    cells: dict[str, object] = {
        "Order ID": number, "Order Status": status, "SKU Reference No.": sku, "Parent SKU Reference No.": "PARENT",
        "Order Creation Date": "2026-11-01 08:30", "Product Name": "Lamp", "Deal Price": "10.00", "Quantity": "2",
        "Grand Total": "24.00", "Username (Buyer)": "buyer_1", **more,
    }  # fmt: skip
    return [cells.get(name, "") for name in SHOPEE_ORDERS]


def test_shopees_orders_are_read_from_the_spreadsheet_in_the_shops_own_time(tmp_path: Path) -> None:
    rows: Rows = [
        SHOPEE_ORDERS,
        shopee_row("261101A", "To ship", "L-1", **{"Estimated Ship Out Date": "2026-11-03 23:59"}),
        shopee_row("261101A", "To ship", ""),
        shopee_row("261101B", "Order received, but buyer may still request Return/Refund until 2026-11-20", "L-1"),
        shopee_row("261101C", "Cancelled", "L-1"),
    ]
    path = sheet_file(tmp_path / "Order.all.xlsx", {"orders": rows})
    name, records = read_known(path, currency="SGD", zone="Asia/Singapore")
    first, second, third = only(Order, records)
    assert name == "shopee_orders"
    assert (first.external_id, first.status, first.total, first.currency) == (
        "261101A", OrderStatus.TO_SHIP, Decimal("24.00"), "SGD",
    )  # fmt: skip
    assert [line.sku for line in first.lines] == ["L-1", "PARENT"]
    assert first.ordered_at == datetime(2026, 11, 1, 0, 30, tzinfo=UTC)
    assert first.ship_by == datetime(2026, 11, 3, 15, 59, tzinfo=UTC)
    assert (second.status, third.status) == (OrderStatus.DELIVERED, OrderStatus.CANCELLED)


def test_shopees_income_is_on_its_own_sheet_below_a_title_and_repeats_by_sku(tmp_path: Path) -> None:
    header = [
        "Sequence No.", "View By", "Order ID", "refund id", "Order Creation Date", "Payout Completed Date",
        "Total Released Amount (RM)", "Product Price", "Commission Fee (incl. SST)", "Service Fee (Incl. SST)",
        "Transaction Fee (Incl. SST)",
    ]  # fmt: skip
    income: Rows = [
        ["Income Released"], ["From 2026-11-01", "To 2026-11-15"], [], header,
        [1, "Order", "261101A", "", "2026-11-01", "2026-11-09", 17.0, 20.0, -1.8, -0.8, -0.4],
        [2, "Sku", "261101A", "", "2026-11-01", "2026-11-09", 17.0, 20.0, -1.8, -0.8, -0.4],
    ]  # fmt: skip
    summary: Rows = [["Summary", "Amount"], ["1. Total Revenue", 20.0], ["3. Total Released Amount", 17.0]]
    path = sheet_file(tmp_path / "Income.released.xlsx", {"Summary": summary, "Income": income})
    name, records = read_known(path, currency="MYR", zone="Asia/Kuala_Lumpur")
    (line,) = only(SettlementLine, records)
    assert name == "shopee_income_by_view"
    assert (line.order_ref, line.kind, line.amount, line.fee) == ("261101A", "sale", Decimal("20.0"), Decimal("3.0"))
    assert line.amount - (line.fee or 0) == Decimal("17.0")


def test_rupiah_with_points_between_thousands_are_not_fractions(tmp_path: Path) -> None:
    rows: Rows = [
        SHOPEE_ORDERS,
        shopee_row("A", "Completed", "L-1", **{"Deal Price": "150.000", "Grand Total": "300.000"}),
    ]
    path = text_file(tmp_path / "orders.csv", rows)
    (order,) = only(Order, read_known(path, currency="IDR")[1])
    assert (order.total, order.lines[0].unit_price) == (Decimal(300000), Decimal(150000))
    (other,) = only(Order, read_known(path, currency="KWD")[1])
    assert other.total == Decimal("300.000")


LAZADA_ORDERS = [
    "orderItemId", "orderType", "Guarantee", "deliveryType", "lazadaId", "sellerSku", "lazadaSku", "createTime",
    "updateTime", "ttsSla", "orderNumber", "deliveredDate", "customerName", "shippingCountry", "shippingRegion",
    "payMethod", "paidPrice", "unitPrice", "itemName", "shippingProvider", "trackingCode", "status",
]  # fmt: skip


def lazada_row(item: str, order: str, status: str) -> list[object]:
    cells = {
        "orderItemId": item, "orderNumber": order, "status": status, "sellerSku": f"S-{item[-1]}", "unitPrice": "10.00",
        "paidPrice": "9.00", "createTime": "01 Nov 2026 10:12", "updateTime": "02 Nov 2026 11:00", "itemName": "Lamp",
        "shippingCountry": "Singapore",
    }  # fmt: skip
    return [cells.get(name, "") for name in LAZADA_ORDERS]


def test_lazadas_rows_are_units_and_one_that_is_cancelled_does_not_cancel_its_order(tmp_path: Path) -> None:
    rows: Rows = [
        LAZADA_ORDERS, lazada_row("101", "7001", "canceled"), lazada_row("102", "7001", "shipped"),
        lazada_row("103", "7001", "ready_to_ship"), lazada_row("104", "7002", "canceled"),
    ]  # fmt: skip
    path = sheet_file(tmp_path / "orders.xlsx", {"sheet1": rows})
    name, records = read_known(path, currency="SGD", zone="Asia/Singapore")
    first, second = only(Order, records)
    assert name == "lazada_orders"
    assert first.status is OrderStatus.PACKED
    assert [(line.external_id, line.quantity, line.cancelled_quantity) for line in first.lines] == [
        ("101", 1, 1), ("102", 1, 0), ("103", 1, 0),
    ]  # fmt: skip
    assert (second.status, second.lines[0].cancelled_quantity) == (OrderStatus.CANCELLED, 0)
    assert first.updated_at == datetime(2026, 11, 2, 3, tzinfo=UTC)


def test_lazadas_transactions_are_named_as_the_connector_names_them(tmp_path: Path) -> None:
    header = [
        "Transaction Date", "Transaction Type", "Fee Name", "Transaction Number", "Details", "Seller SKU", "Lazada SKU",
        "Amount", "VAT in Amount", "WHT Amount", "WHT included in Amount", "Statement", "Paid Status", "Order No.",
        "Order Item No.",
    ]  # fmt: skip
    kinds = [
        ("Orders-Sales", "Item Price Credit", "10.00"), ("Orders-Lazada Fees", "Commission", "-0.60"),
        ("Orders-Lazada Fees", "Payment Fee", "-0.20"), ("Orders-Logistics", "Shipping Fee", "-1.00"),
        ("Refunds-Sales", "Reversal Item Price", "-10.00"), ("Item Price Credit", "", "5.00"),
    ]  # fmt: skip
    rows: list[list[object]] = [list(header)]
    for kind, fee, amount in kinds:
        rows.append(["20-Sep-2026", kind, fee, "T1", "", "", "", amount, 0, 0, "No", "SG-1", "paid", "7001", "101"])
    name, records = read_known(text_file(tmp_path / "lazada.csv", rows), currency="SGD")
    lines = only(SettlementLine, records)
    assert name == "lazada_transactions"
    assert [line.kind for line in lines] == ["sale", "commission", "fee", "shipping", "refund", "sale"]
    assert {(line.payout_ref, line.order_ref) for line in lines} == {("SG-1", "7001")}
    assert sum(line.amount for line in lines) == Decimal("3.20")


TIKTOK_ORDERS = [
    "Order ID", "Order Status", "Order Substatus", "Cancelation/Return Type", "SKU ID", "Seller SKU", "Product Name",
    "Variation", "Quantity", "Sku Quantity of return", "SKU Unit Original Price", "SKU Subtotal After Discount",
    "Order Amount", "Order Refund Amount", "Created Time", "Paid Time", "Shipped Time", "Cancelled Time",
    "Delivery Option", "Buyer Username", "Country", "Province", "Payment Method",
]  # fmt: skip


def tiktok_row(number: str, status: str, stage: str, created: str) -> list[object]:
    cells = {
        "Order ID": number, "Order Status": status, "Order Substatus": stage, "Seller SKU": "L-1", "SKU ID": "9",
        "Quantity": "2", "SKU Unit Original Price": "10.00", "SKU Subtotal After Discount": "18.00",
        "Order Amount": "21.00", "Created Time": created, "Product Name": "Lamp",
    }  # fmt: skip
    return [cells.get(name, "") for name in TIKTOK_ORDERS]


def test_tiktoks_row_of_explanations_is_no_order(tmp_path: Path) -> None:
    explained = ["Platform unique order ID.", "Unpaid, To ship…", *["words"] * (len(TIKTOK_ORDERS) - 2)]
    rows: Rows = [
        TIKTOK_ORDERS, explained, tiktok_row("576", "To ship", "Awaiting collection", "15/11/2026 10:20:30"),
        tiktok_row("577", "Completed", "Completed", "14/11/2026 10:20:30"),
        tiktok_row("578", "Canceled", "Canceled", "02/11/2026 10:20:30"),
    ]  # fmt: skip
    name, records = read_known(text_file(tmp_path / "tiktok.csv", rows), currency="MYR")
    assert name == "tiktok_orders"
    assert [(order.external_id, order.status) for order in only(Order, records)] == [
        ("576", OrderStatus.PACKED), ("577", OrderStatus.COMPLETED), ("578", OrderStatus.CANCELLED),
    ]  # fmt: skip
    first = only(Order, records)[0]
    assert (first.total, first.lines[0].quantity, first.ordered_at.month) == (Decimal("21.00"), 2, 11)
    assert reasons(records) == []


def test_a_tiktok_settlement_keeps_revenue_and_what_was_taken_apart(tmp_path: Path) -> None:
    header = [
        "Order/adjustment ID  ", "Type ", "Order created time(UTC)", "Order settled time(UTC)", "Currency",
        "Total settlement amount", "Total revenue", "Total fees", "Related order ID",
    ]  # fmt: skip
    rows: Rows = [
        header,
        ["576", "Order", "2026/11/01", "2026/11/09", "MYR", "17.00", "20.00", "-3.00", ""],
        ["901", "Logistics reimbursement", "2026/11/01", "2026/11/09", "MYR", "4.00", "0", "0", "576"],
    ]
    path = sheet_file(tmp_path / "income.xlsx", {"Reports": [["Settled"]], "Order details": rows})
    name, records = read_known(path)
    order, adjustment = only(SettlementLine, records)
    assert name == "tiktok_settlement"
    assert (order.kind, order.amount, order.fee, order.order_ref) == ("sale", Decimal(20), Decimal(3), "576")
    assert (adjustment.kind, adjustment.amount, adjustment.fee) == ("shipping", Decimal(4), None)
    assert adjustment.order_ref == "576"
    assert order.posted_at == datetime(2026, 11, 9, tzinfo=UTC)
