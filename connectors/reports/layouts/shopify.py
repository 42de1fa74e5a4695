"""Shopify's order export. Only the first row of an order has more than its name and a line item."""

from connectors.reports.layouts.base import Layout, Part
from connectors.reports.mapping import Shape

# Financial status / fulfilment status: money that is not there, or was given back, says more than a parcel.
STATES = {
    "pending*": "unpaid", "expired*": "unpaid", "authorized*": "to_ship", "voided*": "cancelled",
    "refunded*": "completed", "* / unfulfilled": "to_ship", "* / partial": "to_ship", "* / fulfilled": "shipped",
    "* / restocked": "cancelled",
}  # fmt: skip

ORDERS = Layout(
    name="shopify_orders",
    label="Shopify order export",
    columns=(
        "Id",
        "Name",
        "Financial Status",
        "Fulfillment Status",
        "Lineitem quantity",
        "Lineitem price",
        "Created at",
    ),
    parts=(
        Part(
            kind="orders",
            shape=Shape(together="Name"),
            fields={
                "external_id": {"column": "Id", "format": "gid://shopify/Order/{0}"},
                "number": "Name",
                "status": {"columns": ["Financial Status", "Fulfillment Status"], "values": STATES},
                "platform_status": {"columns": ["Financial Status", "Fulfillment Status"]},
                "ordered_at": "Created at",
                "paid_at": "Paid at",
                "shipped_at": "Fulfilled at",
                "cancelled_at": "Cancelled at",
                "currency": "Currency",
                "total": "Total",
                "refunded": "Refunded Amount",
                "customer_name": "Shipping Name|Billing Name",
                "customer_email": "Email",
                "country": "Shipping Country|Billing Country",
                "region": "Shipping Province Name|Shipping Province",
                "shipping_method": "Shipping Method",
                "payment_method": "Payment Method",
                "risk": {"column": "Risk Level", "values": {"Low": "low", "Medium": "medium", "High": "high"}},
                "sku": "Lineitem sku",
                "title": "Lineitem name",
                "quantity": "Lineitem quantity",
                "unit_price": "Lineitem price",
            },
        ),
    ),
)

LAYOUTS = (ORDERS,)
