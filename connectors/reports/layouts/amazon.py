"""Amazon's settlement report V2 and its two reports of returns, as Seller Central and the Reports API give them.

Sources: report types GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2, GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE and
GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA of the Selling Partner API.
"""

from connectors.reports.layouts.base import Layout, Part
from connectors.reports.mapping import Shape

# ISO in America, day.month.year in Europe.
MOMENTS = "|%d.%m.%Y %H:%M:%S|%d.%m.%Y"
DAYS = "%d-%b-%Y|"

# transaction-type / amount-type / amount-description -> the product's word for a line
LINES = {
    "*guarantee*": "dispute", "*chargeback*": "dispute",
    "*reimbursement*": "reimbursement", "*withheldtax*": "tax", "* / tax": "tax", "*shippingtax": "tax",
    "*reserve*": "reserve",
    "*commission*": "commission", "*shippinghb": "shipping", "*shippingchargeback": "shipping",
    "* / shipping": "shipping", "*postage*": "shipping",
    "*itemfees*": "fee", "*servicefee*": "fee", "*advertising*": "fee", "*fba*fee*": "fee", "*storage*": "fee",
    "*subscription*": "fee",
    "refund*": "refund", "order / *": "sale", "*": "adjustment",
}  # fmt: skip
RETURN_STATES = {
    "Pending*": "asked", "Requested": "asked", "Approved": "accepted", "Authorized": "accepted", "Denied": "rejected",
    "Rejected": "rejected", "Closed": "closed", "Completed": "closed", "Cancel*": "cancelled",
}  # fmt: skip

# Its first row is the payout itself; currency and dates stand there alone.
SETTLEMENT = Layout(
    name="amazon_settlement",
    label="Amazon settlement report (flat file V2)",
    columns=(
        "settlement-id",
        "deposit-date",
        "total-amount",
        "currency",
        "transaction-type",
        "amount-type",
        "amount-description",
        "amount",
        "posted-date-time|posted-date",
    ),
    parts=(
        Part(
            kind="payouts",
            fields={
                "external_id": "settlement-id",
                "status": {"constant": "paid"},
                "amount": "total-amount",
                "currency": "currency",
                "expected_at": {"column": "deposit-date", "format": MOMENTS, "zone": "UTC"},
                "paid_at": {"column": "deposit-date", "format": MOMENTS, "zone": "UTC"},
            },
            shape=Shape(only={"total-amount": ".+"}),
        ),
        Part(
            kind="settlements",
            fields={
                "payout_ref": "settlement-id",
                "order_ref": "order-id",
                "kind": {"columns": ["transaction-type", "amount-type", "amount-description"], "values": LINES},
                "amount": "amount",
                "currency": "currency",
                "posted_at": {"column": "posted-date-time|posted-date", "format": MOMENTS, "zone": "UTC"},
            },
            shape=Shape(only={"total-amount": ""}, carried=("currency",)),
        ),
    ),
)

RETURNS = Layout(
    name="amazon_returns",
    label="Amazon returns of seller-fulfilled orders",
    columns=(
        "Order ID",
        "Return request date",
        "Return request status",
        "Amazon RMA ID",
        "Merchant SKU",
        "Order Amount|Refunded Amount",
    ),
    parts=(
        Part(
            kind="returns",
            fields={
                "external_id": {"columns": ["Amazon RMA ID", "Merchant SKU"], "format": "{0}:{1}"},
                "order_ref": "Order ID",
                "status": {"column": "Return request status", "values": RETURN_STATES},
                "platform_status": "Return request status",
                "reason": "Return Reason",
                "text": "Resolution",
                "sku": "Merchant SKU",
                "quantity": "Return quantity",
                "amount": {"columns": ["Refunded Amount", "Order Amount"], "format": "first"},
                "currency": "Currency code",
                "asked_at": {"column": "Return request date", "format": DAYS, "zone": "UTC"},
                "updated_at": {
                    "columns": ["Return delivery date", "Return request date"],
                    "format": DAYS,
                    "zone": "UTC",
                },
                "needs_goods_back": {"constant": "yes"},
            },
        ),
    ),
)

# Rows are units that came back to a warehouse; what they were sold for stands in the order alone.
FBA_RETURNS = Layout(
    name="amazon_fba_returns",
    label="Amazon FBA customer returns",
    columns=("return-date", "order-id", "sku", "license-plate-number", "detailed-disposition", "reason"),
    parts=(
        Part(
            kind="returns",
            is_priced_by_order=True,
            fields={
                "external_id": "license-plate-number",
                "order_ref": "order-id",
                "status": {"constant": "closed"},
                "platform_status": {"columns": ["status", "detailed-disposition"]},
                "reason": "reason",
                "text": "customer-comments",
                "sku": "sku",
                "quantity": "quantity",
                "asked_at": {"column": "return-date", "format": MOMENTS, "zone": "UTC"},
                "updated_at": {"column": "return-date", "format": MOMENTS, "zone": "UTC"},
                "needs_goods_back": {"constant": "yes"},
            },
        ),
    ),
)

LAYOUTS = (SETTLEMENT, RETURNS, FBA_RETURNS)
