"""Stripe's objects: how the market's rows look on the wire."""

from typing import Any

from connectors.twin.market import Market
from connectors.twin.world.channels import DAY, decode, encode
from connectors.twin.world.trade import Charge, Dispute, FraudWarning, Refund

API_VERSION = "2026-10-28.endive"
FEE_SHARE, FEE_FIXED = 0.029, 30
EVIDENCE = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
]


def row_of(id: str, prefix: str) -> int | None:
    """The row number behind an id of ours."""
    return decode(id[len(prefix) : -3]) if id.startswith(prefix) and id.endswith("Ops") else None


def fee(charge: Charge) -> int:
    return round(charge.amount * FEE_SHARE) + FEE_FIXED


def charge(market: Market, row: Charge) -> dict[str, Any]:
    order = market.order("shopify", row.order)
    buyer = market.buyer(order)
    is_paid = row.status == "succeeded"
    return {
        "id": row.id, "object": "charge", "amount": row.amount, "amount_captured": row.amount if is_paid else 0,
        "amount_refunded": row.refunded, "application": None, "application_fee": None, "application_fee_amount": None,
        "balance_transaction": txn_id("charge", row.index) if is_paid else None,
        "billing_details": {
            "address": {"city": buyer.city, "country": buyer.country, "line1": buyer.street, "line2": None,
                        "postal_code": buyer.postcode, "state": buyer.state},
            "email": buyer.email, "name": buyer.name, "phone": None, "tax_id": None,
        },
        "calculated_statement_descriptor": "LUMEN AND LOFT", "captured": is_paid, "created": row.created,
        "currency": "usd",
        "customer": f"cus_Q{encode(order.buyer)}", "description": f"Order {order.number}", "disputed": row.is_disputed,
        "failure_balance_transaction": None, "failure_code": None if is_paid else "card_declined",
        "failure_message": None if is_paid else "Your card was declined.", "livemode": False,
        "fraud_details": {"user_report": row.report} if row.report else {},
        "metadata": {"order_id": str(5_500_000_000_000 + row.order), "order_number": order.number},
        "on_behalf_of": None,
        "outcome": {
            "advice_code": None, "network_advice_code": None, "network_decline_code": None, "reason": None,
            "network_status": "approved_by_network" if is_paid else "declined_by_network",
            "risk_level": "elevated" if order.is_risky else "normal", "risk_score": 71 if order.is_risky else 14,
            "seller_message": "Payment complete." if is_paid else "The bank declined.",
            "type": "authorized" if is_paid else "issuer_declined",
        },
        "paid": is_paid, "payment_intent": row.payment_intent, "payment_method": f"pm_1Q{encode(row.card)}",
        "payment_method_details": {
            "card": {"amount_authorized": row.amount, "brand": "visa", "country": "US", "exp_month": 8,
            "exp_year": 2030,
                     "checks": {"address_line1_check": "pass", "address_postal_code_check": "pass",
                     "cvc_check": "pass"},
                     "fingerprint": f"fp{encode(row.card)}", "funding": "credit", "installments": None, "last4": "4242",
                     "mandate": None, "network": "visa", "three_d_secure": None, "wallet": None},
            "type": "card",
        },
        "receipt_email": buyer.email, "receipt_number": None, "receipt_url": None,
        "refunded": row.refunded >= row.amount,
        "review": None, "shipping": None, "source_transfer": None, "statement_descriptor": None,
        "statement_descriptor_suffix": None, "status": row.status, "transfer_data": None, "transfer_group": None,
    }  # fmt: skip


def payment_intent(market: Market, row: Charge) -> dict[str, Any]:
    order = market.order("shopify", row.order)
    is_paid = row.status == "succeeded"
    return {
        "id": row.payment_intent, "object": "payment_intent", "amount": row.amount, "amount_capturable": 0,
        "amount_details": {"tip": {}}, "amount_received": row.amount if is_paid else 0, "application": None,
        "application_fee_amount": None, "automatic_payment_methods": None, "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic", "client_secret": None, "confirmation_method": "automatic",
        "created": row.created,
        "currency": "usd", "customer": f"cus_Q{encode(order.buyer)}", "description": f"Order {order.number}",
        "last_payment_error": None, "latest_charge": row.id, "livemode": False,
        "metadata": {"order_id": str(5_500_000_000_000 + row.order), "order_number": order.number}, "next_action": None,
        "on_behalf_of": None, "payment_method": f"pm_1Q{encode(row.card)}", "payment_method_options": {},
        "payment_method_types": ["card"], "processing": None, "receipt_email": None, "review": None,
        "setup_future_usage": None,
        "shipping": None, "statement_descriptor": None, "statement_descriptor_suffix": None,
        "status": "succeeded" if is_paid else "requires_payment_method", "transfer_data": None, "transfer_group": None,
    }  # fmt: skip


def refund(market: Market, row: Refund) -> dict[str, Any]:
    paid = market.charges[row.charge]
    return {
        "id": row.id, "object": "refund", "amount": row.amount, "balance_transaction": txn_id("refund", row.index),
        "charge": paid.id, "created": row.created, "currency": "usd",
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "metadata": row.metadata, "payment_intent": paid.payment_intent, "reason": row.reason, "receipt_number": None,
        "source_transfer_reversal": None, "status": "succeeded", "transfer_reversal": None,
    }  # fmt: skip


def dispute(market: Market, row: Dispute) -> dict[str, Any]:
    paid = market.charges[row.charge]
    is_open = row.status in ("needs_response", "warning_needs_response")
    return {
        "id": row.id, "object": "dispute", "amount": row.amount, "balance_transactions": [], "charge": paid.id,
        "created": row.created, "currency": "usd", "enhanced_eligibility_types": [],
        "evidence": {name: row.evidence.get(name) for name in EVIDENCE} | {"enhanced_evidence": {}},
        "evidence_details": {"due_by": row.due_by, "enhanced_eligibility": {}, "has_evidence": bool(row.evidence),
                             "past_due": is_open and row.due_by < market.now, "submission_count": row.submissions},
        "is_charge_refundable": row.status.startswith("warning"), "livemode": False, "metadata": row.metadata,
        "payment_intent": paid.payment_intent, "reason": row.reason, "status": row.status,
        "payment_method_details": {"card": {"brand": "visa", "case_type": "chargeback",
        "network_reason_code": "13.1"}, "type": "card"},
    }  # fmt: skip


def fraud_warning(market: Market, row: FraudWarning) -> dict[str, Any]:
    paid = market.charges[row.charge]
    return {
        "id": row.id, "object": "radar.early_fraud_warning",
        "actionable": not (paid.is_disputed or paid.refunded >= paid.amount),
        "charge": paid.id, "created": row.created, "fraud_type": "made_with_stolen_card", "livemode": False,
        "payment_intent": paid.payment_intent,
    }  # fmt: skip


def txn_id(kind: str, index: int) -> str:
    return f"txn_{'1C' if kind == 'charge' else '1R'}{encode(index)}Ops"


def balance_transaction(market: Market, row: Charge | Refund) -> dict[str, Any]:
    is_charge = isinstance(row, Charge)
    amount = row.amount if is_charge else -row.amount
    cost = fee(row) if isinstance(row, Charge) else 0
    details = [
        {
            "amount": cost,
            "application": None,
            "currency": "usd",
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    return {
        "id": txn_id("charge" if is_charge else "refund", row.index), "object": "balance_transaction", "amount": amount,
        "available_on": row.created + 2 * DAY, "balance_type": "payments", "created": row.created, "currency": "usd",
        "description": None, "exchange_rate": None, "fee": cost, "fee_details": details if cost else [],
        "net": amount - cost,
        "reporting_category": "charge" if is_charge else "refund", "source": row.id,
        "status": "available" if row.created + 2 * DAY < market.now else "pending",
        "type": "charge" if is_charge else "refund",
    }  # fmt: skip


def payout(market: Market, day: int) -> dict[str, Any]:
    """The automatic payout of one day (days since 1970): what became available on it."""
    low, high = (day - 2) * DAY, (day - 1) * DAY
    total = sum(
        row.amount - fee(row) for row in market.charges if low <= row.created < high and row.status == "succeeded"
    )
    total -= sum(row.amount for row in market.refunds if low <= row.created < high)
    return {
        "id": f"po_1Q{encode(day)}Ops", "object": "payout", "amount": total, "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": (day + 1) * DAY, "automatic": True, "balance_transaction": f"txn_1P{encode(day)}Ops",
        "created": day * DAY + 3_600,
        "currency": "usd", "description": "STRIPE PAYOUT", "destination": "ba_1QOps",
        "failure_balance_transaction": None,
        "failure_code": None, "failure_message": None, "livemode": False, "metadata": {}, "method": "standard",
        "original_payout": None,
        "reconciliation_status": "completed", "reversed_by": None, "source_type": "card", "statement_descriptor": None,
        "status": "paid" if (day + 1) * DAY < market.now else "in_transit", "trace_id": None, "type": "bank_account",
    }  # fmt: skip
