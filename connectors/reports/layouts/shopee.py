"""Shopee Seller Centre: the order export (Order.all) and the income report (Income.released, sheet "Income").

Amounts of the income report are as money moves: charges are negative. Its header differs by country in what it adds to
a name ("(RM)", "(incl. SST)"), and newer files repeat each order by SKU.
"""

from connectors.reports.layouts.base import Layout, Part
from connectors.reports.mapping import Shape

STATES = {
    "Unpaid": "unpaid", "To ship*": "to_ship", "Ready to ship": "to_ship", "Processed": "packed",
    "Shipping": "shipped", "Shipped": "shipped", "To receive": "shipped", "Delivered": "delivered",
    "Order received*": "delivered", "To confirm receive": "delivered", "Completed": "completed",
    "Cancelled": "cancelled", "Canceled": "cancelled", "*cancel*": "cancel_asked", "*return*": "returning",
}  # fmt: skip
FEES = (
    "Commission Fee*", "Service Fee*", "Transaction Fee*", "AMS Commission Fee*", "Saver Programme Fee*",
    "Support Program Fee*", "Seller Order Processing Fee*", "Campaign Fee*", "Ads Escrow Top Up Fee*",
    "Withholding Tax*",
)  # fmt: skip

ORDERS = Layout(
    name="shopee_orders",
    label="Shopee order export",
    columns=("Order ID", "Order Status", "Order Creation Date", "SKU Reference No.", "Deal Price", "Product Name"),
    parts=(
        Part(
            kind="orders",
            fields={
                "external_id": "Order ID",
                "status": {"column": "Order Status", "values": STATES},
                "platform_status": "Order Status",
                "ordered_at": "Order Creation Date",
                "paid_at": "Order Paid Time",
                "ship_by": "Estimated Ship Out Date",
                "shipped_at": "Ship Time",
                "completed_at": "Order Complete Time",
                "cancel_reason": "Cancel reason",
                "total": "Grand Total|Total Amount",
                "customer_ref": "Username (Buyer)",
                "customer_name": "Receiver Name",
                "region": "Province|State",
                "country": "Country",
                "shipping_method": "Shipping Option",
                "payment_method": "Payment Method*",
                "sku": {"columns": ["SKU Reference No.", "Parent SKU Reference No."], "format": "first"},
                "title": "Product Name",
                "quantity": "Quantity",
                "returned_quantity": "Returned quantity",
                "unit_price": "Deal Price",
            },
        ),
    ),
)

INCOME = Layout(
    name="shopee_income",
    label="Shopee income report",
    columns=("Order ID", "Order Creation Date", "Payout Completed Date|Payout Release Date", "Total Released Amount*"),
    parts=(
        Part(
            kind="settlements",
            fields={
                "external_id": {"column": "Order ID", "format": "income:{0}"},
                "order_ref": "Order ID",
                "kind": {"constant": "sale"},
                "amount": {"columns": ["Total Released Amount*", *(f"-{name}" for name in FEES)]},
                "fee": {"columns": [f"-{name}" for name in FEES]},
                "posted_at": "Payout Completed Date|Payout Release Date",
            },
        ),
    ),
)

# Files that list each order once as a whole and again by SKU say in "View By" which row is which.
INCOME_BY_VIEW = Layout(
    name="shopee_income_by_view",
    label="Shopee income report",
    columns=(*INCOME.columns, "View By"),
    parts=(Part(kind="settlements", fields=INCOME.parts[0].fields, shape=Shape(only={"View By": "(?!(?i:sku)).*"})),),
)

LAYOUTS = (ORDERS, INCOME, INCOME_BY_VIEW)
