"""Stripe's own library for Python."""

from collections.abc import Iterator
from typing import Any

import stripe

from connectors.proof.clients.told import Step
from connectors.proof.stand import Stand
from connectors.twin.wire.stripe.api import sign_header

BODY = b'{"id": "evt_1", "object": "event", "type": "charge.refunded", "data": {"object": {}}}'


def session(stand: Stand) -> Iterator[Step]:
    row = stand.rows["stripe"]
    addresses: Any = {"api": row["base_url"], "files": row["base_url"]}
    api = stripe.StripeClient(row["credentials"]["api_key"], base_addresses=addresses, max_network_retries=0).v1
    ids = [charge.id for charge in api.charges.list({"limit": 100}).auto_paging_iter()]
    yield "charges.list", len(ids) == len(set(ids)) == len(stand.server.market.charges)
    whole = [api.charges.retrieve(id) for id in ids[:40]]
    free = next(row for row in whole if row.status == "succeeded" and not row.amount_refunded and not row.disputed)
    yield "charges.retrieve", free.id in ids
    asked: Any = {"charge": free.id, "amount": 150, "reason": "duplicate"}
    before = stand.effects()
    first, again = (api.refunds.create(asked, {"idempotency_key": "sdk-stripe-1"}) for _ in range(2))
    yield "refunds.create", first.status == "succeeded" and first.amount == 150
    yield "refunds.create again under its key", again.id == first.id and stand.effects() == before + 1
    yield "refunds.list", [row.id for row in api.refunds.list({"charge": free.id}).data] == [first.id]
    moved = api.balance_transactions.list({"source": first.id}).data
    yield "balance_transactions.list", [row.amount for row in moved] == [-150]
    disputes = api.disputes.list({"limit": 100}).data
    due = next(row for row in disputes if row.status == "needs_response")
    staged = api.disputes.update(due.id, {"evidence": {"uncategorized_text": "signed for"}, "submit": False})
    yield "disputes.list", bool(disputes)
    yield "disputes.update", staged.status == "needs_response" and staged.evidence_details.has_evidence
    yield "payouts.list", bool(api.payouts.list({"limit": 10}).data)
    yield "events.list", any(row.type == "refund.created" for row in api.events.list({"limit": 20}).data)
    warnings = api.radar.early_fraud_warnings.list({"limit": 3}).data
    yield "radar.early_fraud_warnings.list", all(row.charge for row in warnings)
    yield "a refusal", refuses(api)
    at = int(stand.now().timestamp())
    event = stripe.Webhook.construct_event(BODY, sign_header("whsec_test", BODY, at), "whsec_test", tolerance=10**9)
    yield "Webhook.construct_event", event.id == "evt_1"


def refuses(api: Any) -> bool:
    try:
        api.refunds.create({"charge": "ch_nothing"})
    except stripe.InvalidRequestError as error:
        return error.code == "resource_missing"
    return False
