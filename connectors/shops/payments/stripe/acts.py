"""Stripe's writes, each with the key of its intent, and the reads that prove them."""

from dataclasses import replace
from datetime import timedelta

from connectors.base import Permit, Refused
from connectors.operations import AcceptDispute, MarkFraud, RefundPayment, SubmitEvidence
from connectors.shops.payments.stripe.client import Client
from connectors.shops.payments.stripe.parse import ACTION_KEY
from connectors.shops.reading import Row
from connectors.types import Receipt, Sight, Sighting

KEY_LIFETIME = timedelta(hours=24)
WAITING = ("needs_response", "warning_needs_response", "appeal_needs_response")
SUBMITTED = ("under_review", "warning_under_review", "appeal_under_review", "won", "lost")
GIVEN_UP = ("lost", "warning_closed")
# Evidence that is text; the other fields take ids of uploaded files.
TEXT_FIELDS = frozenset(
    {
        "access_activity_log", "billing_address", "cancellation_policy_disclosure", "cancellation_rebuttal",
        "customer_email_address", "customer_name", "customer_purchase_ip", "duplicate_charge_explanation",
        "duplicate_charge_id", "product_description", "refund_policy_disclosure", "refund_refusal_explanation",
        "service_date", "shipping_address", "shipping_carrier", "shipping_date", "shipping_tracking_number",
        "uncategorized_text",
    }
)  # fmt: skip
LONGEST_EVIDENCE = 150_000  # characters over all text fields together


def refund(client: Client, operation: RefundPayment, permit: Permit) -> Receipt:
    """The amount is always sent: without one Stripe gives back everything that is left."""
    form = {
        **target(operation),
        "amount": operation.amount.minor,
        "reason": operation.reason,
        f"metadata[{ACTION_KEY}]": permit.key,
    }
    if operation.note:
        form["metadata[ops_note]"] = operation.note[:500]
    made, receipt = client.write("/v1/refunds", form, permit)
    return replace(receipt, is_final=made.get("status") == "succeeded")


def target(operation: RefundPayment) -> dict[str, object]:
    """The charge or payment intent. Raises Refused where the operation names neither."""
    ref = operation.payment_ref
    if ref.startswith("pi_"):
        return {"payment_intent": ref}
    if ref.startswith(("ch_", "py_")):
        return {"charge": ref}
    raise Refused(f"{ref!r} is no charge or payment intent; name the payment to refund", code="payment_ref")


def see_refund(client: Client, operation: RefundPayment, key: str) -> Sighting:
    seen = 0
    for rows, _ in client.pages("/v1/refunds", target(operation)):
        for row in rows:
            seen += 1
            if (row.get("metadata") or {}).get(ACTION_KEY) == key:
                return Sighting(Sight.SEEN, row["id"], f"a refund with our key stands as {row['status']}")
    return Sighting(Sight.ABSENT, "", f"none of the payment's {seen} refunds carries our key")


def submit(client: Client, operation: SubmitEvidence, permit: Permit) -> Receipt:
    """Evidence goes to the bank once and cannot be changed afterwards."""
    refuse_bad_evidence(operation)
    standing = client.get(f"/v1/disputes/{operation.dispute_ref}")
    if standing.get("status") not in WAITING and not is_ours(standing, permit.key):
        raise Refused(f"the dispute stands as {standing.get('status')}; no evidence is taken any more", code="closed")
    form = {f"evidence[{name}]": text for name, text in operation.fields}
    form |= {"submit": "true", f"metadata[{ACTION_KEY}]": permit.key}
    return client.write(f"/v1/disputes/{operation.dispute_ref}", form, permit)[1]


def refuse_bad_evidence(operation: SubmitEvidence) -> None:
    unknown = sorted({name for name, _ in operation.fields} - TEXT_FIELDS)
    if unknown:
        raise Refused(f"Stripe knows no text evidence named {unknown}", code="evidence")
    if not operation.fields or not any(text.strip() for _, text in operation.fields):
        raise Refused("the evidence is empty", code="evidence")
    if sum(len(text) for _, text in operation.fields) > LONGEST_EVIDENCE:
        raise Refused(f"the evidence is longer than {LONGEST_EVIDENCE} characters; shorten it", code="evidence")


def is_ours(dispute: Row, key: str) -> bool:
    return (dispute.get("metadata") or {}).get(ACTION_KEY) == key


def see_evidence(client: Client, operation: SubmitEvidence, key: str) -> Sighting:
    dispute = client.get(f"/v1/disputes/{operation.dispute_ref}")
    sent = (dispute.get("evidence_details") or {}).get("submission_count") or 0
    detail = f"the dispute stands as {dispute['status']}, evidence sent {sent} times"
    if is_ours(dispute, key) and (sent or dispute["status"] in SUBMITTED):
        return Sighting(Sight.SEEN, operation.dispute_ref, detail)
    return Sighting(Sight.UNCLEAR if sent else Sight.ABSENT, operation.dispute_ref, detail)


def accept(client: Client, operation: AcceptDispute, permit: Permit) -> Receipt:
    return client.write(f"/v1/disputes/{operation.dispute_ref}/close", {}, permit)[1]


def see_acceptance(client: Client, operation: AcceptDispute, key: str) -> Sighting:
    status = client.get(f"/v1/disputes/{operation.dispute_ref}")["status"]
    sight = Sight.SEEN if status in GIVEN_UP else Sight.ABSENT
    return Sighting(sight, operation.dispute_ref, f"the dispute stands as {status}")


def mark_fraud(client: Client, operation: MarkFraud, permit: Permit) -> Receipt:
    """Radar learns from the report; it moves no money, and does not block the card as a refund for fraud does."""
    form = {"fraud_details[user_report]": "fraudulent", f"metadata[{ACTION_KEY}]": permit.key}
    return client.write(f"/v1/charges/{charge_of(client, operation.payment_ref)}", form, permit)[1]


def charge_of(client: Client, ref: str) -> str:
    """The charge behind a charge or payment intent. Raises Refused where there is none."""
    if ref.startswith(("ch_", "py_")):
        return ref
    if not ref.startswith("pi_"):
        raise Refused(f"{ref!r} is no charge or payment intent; name the payment to mark", code="payment_ref")
    latest = client.get(f"/v1/payment_intents/{ref}").get("latest_charge")
    if not isinstance(latest, str) or not latest:
        raise Refused(f"payment {ref} was never charged", code="payment_ref")
    return latest


def see_mark(client: Client, operation: MarkFraud, key: str) -> Sighting:
    ref = charge_of(client, operation.payment_ref)
    told = (client.get(f"/v1/charges/{ref}").get("fraud_details") or {}).get("user_report")
    sight = Sight.SEEN if told == "fraudulent" else Sight.ABSENT
    return Sighting(sight, ref, f"the charge is reported as {told or 'nothing'}")
