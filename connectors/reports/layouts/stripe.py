"""Stripe's balance: the Dashboard's export of transactions, and the itemised balance and payout reports."""

from connectors.reports.layouts.base import Layout, Part

LINES = {
    "charge*": "sale", "payment": "sale", "refund*": "refund", "payment_refund": "refund", "*dispute*": "dispute",
    "payout*": "payout", "transfer*": "transfer", "*fee*": "fee", "tax*": "tax", "platform_earning*": "commission",
    "application_fee*": "commission", "*reserve*": "reserve", "topup*": "topup", "*": "adjustment",
}  # fmt: skip
US = "|%m/%d/%Y %H:%M|%m/%d/%y %H:%M"  # the Dashboard writes ISO; a spreadsheet that saved it again often does not

EXPORT = Layout(
    name="stripe_balance",
    label="Stripe balance export",
    columns=("id", "Type", "Source", "Amount", "Fee", "Net", "Currency", "Created (UTC)"),
    parts=(
        Part(
            kind="settlements",
            fields={
                "external_id": "id",
                "payout_ref": "Transfer",
                "kind": {"column": "Type", "values": LINES},
                "amount": "Amount",
                "fee": "Fee",
                "currency": "Currency",
                "posted_at": {"column": "Created (UTC)", "format": US, "zone": "UTC"},
            },
        ),
    ),
)

REPORT = Layout(
    name="stripe_itemised",
    label="Stripe balance report (itemised)",
    columns=("balance_transaction_id", "created_utc|created", "currency", "gross", "fee", "net", "reporting_category"),
    parts=(
        Part(
            kind="settlements",
            fields={
                "external_id": "balance_transaction_id",
                "payout_ref": "automatic_payout_id",
                "kind": {"column": "reporting_category", "values": LINES},
                "amount": "gross",
                "fee": "fee",
                "currency": "currency",
                "posted_at": {"column": "created_utc|created", "format": US, "zone": "UTC"},
            },
        ),
    ),
)

LAYOUTS = (EXPORT, REPORT)
