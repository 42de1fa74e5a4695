"""TikTok Shop Seller Center: the order export, whose second row explains its columns, and the settlement export."""

from connectors.reports.layouts.base import Layout, Part
from connectors.reports.mapping import Shape

# Order status / substatus
STATES = {
    "*unpaid*": "unpaid", "*on hold*": "on_hold", "*awaiting shipment*": "to_ship", "*awaiting collection*": "packed",
    "*to ship*": "to_ship", "*in transit*": "shipped", "*delivered*": "delivered", "completed*": "completed",
    "shipped*": "shipped", "cancel*": "cancelled",
}  # fmt: skip
LINES = {
    "*charge*back*": "dispute", "*refund*": "refund", "*commission*": "commission", "*rebate*": "commission",
    "*shipping*": "shipping", "*logistics*": "shipping", "*gmv*": "fee", "*ads*": "fee", "*penalty*": "fee",
    "*fee*": "fee", "*reserve*": "reserve", "*": "adjustment",
}  # fmt: skip
SETTLED = "Order settled time*|Settled time*|Statement date*"
ID = "Order/adjustment ID|Order/Adjustment ID"

ORDERS = Layout(
    name="tiktok_orders",
    label="TikTok Shop order export",
    columns=("Order ID", "Order Status", "Order Substatus", "Seller SKU", "SKU Unit Original Price", "Created Time"),
    parts=(
        Part(
            kind="orders",
            shape=Shape(only={"Order ID": "(?!(?i:platform unique order id)).*"}),
            fields={
                "external_id": "Order ID",
                "status": {"columns": ["Order Status", "Order Substatus"], "values": STATES},
                "platform_status": {"columns": ["Order Status", "Order Substatus"]},
                "ordered_at": "Created Time",
                "paid_at": "Paid Time",
                "shipped_at": "Shipped Time",
                "delivered_at": "Delivered Time",
                "cancelled_at": "Cancelled Time",
                "cancel_reason": "Cancel Reason",
                "total": "Order Amount",
                "refunded": "Order Refund Amount",
                "customer_ref": "Buyer Username",
                "customer_name": "Recipient",
                "country": "Country",
                "region": "State|Province",
                "shipping_method": "Delivery Option",
                "payment_method": "Payment Method",
                "sku": {"columns": ["Seller SKU", "SKU ID"], "format": "first"},
                "title": "Product Name",
                "quantity": "Quantity",
                "returned_quantity": "Sku Quantity of return",
                "line_total": "SKU Subtotal After Discount",
                "unit_price": "SKU Unit Original Price",
            },
        ),
    ),
)

# An order's fee is all that was taken between revenue and settlement, so that amount − fee is what arrives.
SETTLEMENT = Layout(
    name="tiktok_settlement",
    label="TikTok Shop settlement export",
    columns=(ID, "Type", SETTLED, "Currency", "Total settlement amount", "Total revenue"),
    parts=(
        Part(
            kind="settlements",
            shape=Shape(only={"Type": "(?i:order)"}),
            fields={
                "external_id": {"column": ID, "format": "order:{0}"},
                "order_ref": ID,
                "kind": {"constant": "sale"},
                "amount": "Total revenue",
                "fee": {"columns": ["Total revenue", "-Total settlement amount"]},
                "currency": "Currency",
                "posted_at": {"column": SETTLED, "zone": "UTC"},
            },
        ),
        Part(
            kind="settlements",
            shape=Shape(only={"Type": "(?!(?i:order)$).*"}),
            fields={
                "external_id": {"column": ID, "format": "adjustment:{0}"},
                "order_ref": "Related order ID",
                "kind": {"column": "Type", "values": LINES},
                "amount": "Total settlement amount",
                "currency": "Currency",
                "posted_at": {"column": SETTLED, "zone": "UTC"},
            },
        ),
    ),
)

LAYOUTS = (ORDERS, SETTLEMENT)
