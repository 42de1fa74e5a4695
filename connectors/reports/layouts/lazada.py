"""Lazada Seller Center: the order export, one row for each unit sold, and the transaction overview."""

from connectors.reports.layouts.base import Layout, Part

STATES = {
    "unpaid": "unpaid", "pending": "to_ship", "topack": "to_ship", "repacked": "to_ship", "packed": "packed",
    "toship": "packed", "ready_to_ship*": "packed", "shipped": "shipped", "shipping": "shipped", "failed*": "shipped",
    "*delivery failed*": "shipped", "lost*": "shipped", "damaged*": "shipped", "shipped_back*": "returning",
    "*back to shipper*": "returning", "package*": "returning", "returned": "returning", "delivered": "delivered",
    "confirmed": "completed", "cancel*": "cancelled",
}  # fmt: skip
# Transaction type / fee name. Older files put the fee's name where newer ones have "Orders-Lazada Fees".
LINES = {
    "*commission*": "commission", "orders-sales / *": "sale", "refunds-sales / *": "refund",
    "*-logistics / *": "shipping", "*-claims / *": "claim", "*-marketing fees / *": "marketing",
    "*-lazada fees / *": "fee", "*reversal item price*": "refund", "*item price*": "sale", "*shipping*": "shipping",
    "*fee*": "fee", "*": "adjustment",
}  # fmt: skip

ORDERS = Layout(
    name="lazada_orders",
    label="Lazada order export",
    columns=("orderItemId|Order Item Id", "orderNumber|Order Number", "createTime|Created at", "sellerSku|Seller SKU",
             "unitPrice|Unit Price", "status|Status"),
    parts=(
        Part(
            kind="orders",
            fields={
                "external_id": "orderNumber|Order Number",
                "status": {"column": "status|Status", "values": STATES},
                "platform_status": "status|Status",
                "ordered_at": "createTime|Created at",
                "updated_at": "updateTime|Updated at",
                "ship_by": "ttsSla|promisedShippingTime|Promised shipping time",
                "delivered_at": "deliveredDate",
                "cancel_reason": "buyerFailedDeliveryReason",
                "customer_name": "customerName|Customer Name",
                "customer_email": "customerEmail|Customer Email",
                "country": "shippingCountry|Shipping Country",
                "region": "shippingRegion|Shipping Region",
                "shipping_method": "shippingProvider|Shipping Provider",
                "payment_method": "payMethod|Payment Method",
                "line_id": {"column": "orderItemId|Order Item Id", "format": "integer"},
                "sku": "sellerSku|Seller SKU",
                "title": "itemName|Item Name",
                "quantity": {"constant": "1"},
                "unit_price": "unitPrice|Unit Price",
            },
        ),
    ),
)  # fmt: skip

TRANSACTIONS = Layout(
    name="lazada_transactions",
    label="Lazada transaction overview",
    columns=("Transaction Date", "Transaction Type", "Fee Name", "Transaction Number", "Amount", "Order No."),
    parts=(
        Part(
            kind="settlements",
            fields={
                "payout_ref": "Statement",
                "order_ref": "Order No.",
                "kind": {"columns": ["Transaction Type", "Fee Name"], "values": LINES},
                "amount": "Amount",
                "posted_at": "Transaction Date",
            },
        ),
    ),
)

LAYOUTS = (ORDERS, TRANSACTIONS)
