"""Asking for money that is open, and giving credit to spend in the shop."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from connectors.base import Permit, Refused
from connectors.money import parse_amount
from connectors.operations import AskPayment, StoreCredit
from connectors.shops.marketplaces.shopify import mutations
from connectors.shops.marketplaces.shopify.acts.orders import exact, one
from connectors.shops.marketplaces.shopify.client import Client
from connectors.shops.reading import Row, must_iso
from connectors.types import Receipt, Sight, Sighting

CLOCKS_APART = timedelta(minutes=2)


def ask_payment(client: Client, operation: AskPayment, permit: Permit, key: str) -> Receipt:
    """Shopify mails the order's invoice with a link to pay what is open by any method of the store."""
    order = one(client, mutations.OUTSTANDING, "order", operation.order_ref)
    if order["cancelledAt"] or parse_amount(order["totalOutstandingSet"]["shopMoney"]["amount"]) <= 0:
        raise Refused(f"nothing of order {order['name']} is open to be paid", code="NOTHING_DUE")
    variables: Row = {"id": operation.order_ref, "email": {"customMessage": operation.text} if operation.text else None}
    _, receipt = client.mutate(mutations.INVOICE_SEND, variables, permit, "orderInvoiceSend")
    return replace(receipt, reference=operation.order_ref)


def see_payment_asked(client: Client, operation: AskPayment, key: str, since: datetime | None) -> Sighting:
    return Sighting(Sight.UNCLEAR, operation.order_ref, "Shopify shows the mails of an order in its admin only")


def give_credit(client: Client, operation: StoreCredit, permit: Permit, key: str) -> Receipt:
    amount = {"amount": exact(operation.amount), "currencyCode": operation.amount.currency}
    given: Row = {"creditAmount": amount, "notify": True}
    if operation.expires_on:
        given["expiresAt"] = _end(operation)
    variables = {"id": operation.customer_ref, "input": given}
    payload, receipt = client.mutate(mutations.GIVE_CREDIT, variables, permit, "storeCreditAccountCredit")
    made = payload.get("storeCreditAccountTransaction") or {}
    return replace(receipt, reference=str(made.get("id") or operation.customer_ref))


def _end(operation: StoreCredit) -> str:
    """The last second of the day, UTC."""
    if operation.expires_on is None:
        return ""
    return datetime.combine(operation.expires_on, time(23, 59, 59), UTC).isoformat().replace("+00:00", "Z")


def see_credit(client: Client, operation: StoreCredit, key: str, since: datetime | None) -> Sighting:
    """A credit carries no words of ours; what proves it is its sum, its end and that it came after we asked."""
    customer = one(client, mutations.CREDITS, "customer", operation.customer_ref)
    accounts = customer["storeCreditAccounts"]["nodes"]
    rows: list[Row] = [row for account in accounts for row in account["transactions"]["nodes"]]
    earliest = since - CLOCKS_APART if since else None
    for row in rows:
        is_new = earliest is None or must_iso(row["createdAt"]) >= earliest
        if row.get("id") and is_new and _is_same(row, operation):
            return Sighting(Sight.SEEN, row["id"], f"a credit of {operation.amount} was added at {row['createdAt']}")
    return Sighting(Sight.ABSENT, operation.customer_ref, f"none of the customer's {len(rows)} movements is this one")


def _is_same(row: Row, operation: StoreCredit) -> bool:
    money = row["amount"]
    is_sum = (parse_amount(money["amount"]), money["currencyCode"]) == (
        operation.amount.amount,
        operation.amount.currency,
    )
    ends = must_iso(row["expiresAt"]).date() if row.get("expiresAt") else None
    return is_sum and ends == operation.expires_on
