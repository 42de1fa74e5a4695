"""Stripe on the wire, with the official SDK as the client and the published specification as the judge."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import stripe
from django.conf import settings

from connectors.twin.wire.stripe.api import sign_header
from connectors.twin.wire.stripe.forms import parse_form
from tests.connectors.twin.conftest import Client

SPEC = Path(settings.BASE_DIR).parent / "shared/contracts/stripe/stripe.com.apis-guru.2025-10-15.json"


def sdk(client: Client) -> stripe.StripeClient:
    shop = client.shops["stripe"]
    addresses: Any = {"api": shop["base_url"], "files": shop["base_url"]}
    return stripe.StripeClient(shop["credentials"]["api_key"], base_addresses=addresses, max_network_retries=0)


def test_the_sdk_pages_through_every_charge_once(twin: Client) -> None:
    ids = [charge.id for charge in sdk(twin).v1.charges.list({"limit": 100}).auto_paging_iter()]
    assert len(ids) == len(set(ids)) == len(twin.server.market.charges)


def test_a_time_range_is_obeyed_and_newest_comes_first(twin: Client) -> None:
    since = int(time.time()) - 3 * 86_400
    page = sdk(twin).v1.charges.list({"limit": 100, "created": {"gte": since}})
    times = [charge.created for charge in page.auto_paging_iter()]
    assert times == sorted(times, reverse=True)
    assert min(times) >= since


@pytest.mark.skipif(not SPEC.exists(), reason="Stripe's published specification is not beside this checkout")
@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("charges", "charge"), ("disputes", "dispute"), ("refunds", "refund"), ("balance_transactions",
        "balance_transaction"),
        ("radar/early_fraud_warnings", "radar.early_fraud_warning"), ("payment_intents", "payment_intent"), ("events",
        "event"),
    ],
)  # fmt: skip
def test_objects_have_every_required_field_and_none_unknown(twin: Client, path: str, schema: str) -> None:
    known = json.loads(SPEC.read_text())["components"]["schemas"][schema]
    row = twin.stripe("GET", f"{path}?limit=1").json()["data"][0]
    assert set(known["required"]) - set(row) == set()
    sample = json.loads(SPEC.with_name("fixtures3.json").read_text())["resources"].get(schema, {})
    assert set(row) - set(known["properties"]) - set(sample) == set()  # the samples are newer than the specification


def charge_of(client: Client) -> str:
    rows = client.stripe("GET", "charges?limit=100").json()["data"]
    return str(next(row["id"] for row in rows if row["status"] == "succeeded" and not row["amount_refunded"]))


def test_the_sdk_refunds_with_a_key_once(fresh: Client) -> None:
    api, charge = sdk(fresh), charge_of(fresh)
    params: Any = {"charge": charge, "amount": 150, "reason": "duplicate", "metadata": {"ops_action_id": "a1"}}
    first, again = (api.v1.refunds.create(params, {"idempotency_key": "k1"}) for _ in range(2))
    assert first.id == again.id
    assert first.status == "succeeded"
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert [(row["key"], row["amount"], row["subject"]) for row in fresh.effects("refund")] == [("k1", "1.5", charge)]
    listed = api.v1.refunds.list({"charge": charge}).data
    assert [row.metadata and row.metadata["ops_action_id"] for row in listed] == ["a1"]
    moved = api.v1.balance_transactions.list({"source": first.id}).data
    assert [row.amount for row in moved] == [-150]


def test_a_key_with_other_parameters_is_an_idempotency_error(fresh: Client) -> None:
    api, charge = sdk(fresh), charge_of(fresh)
    api.v1.refunds.create({"charge": charge, "amount": 100}, {"idempotency_key": "k1"})
    with pytest.raises(stripe.IdempotencyError):
        api.v1.refunds.create({"charge": charge, "amount": 101}, {"idempotency_key": "k1"})
    assert len(fresh.effects("refund")) == 1


def test_without_an_amount_the_whole_rest_goes_back_and_then_nothing_is_left(fresh: Client) -> None:
    api, charge = sdk(fresh), charge_of(fresh)
    whole = api.v1.charges.retrieve(charge).amount
    api.v1.refunds.create({"charge": charge, "amount": 100})
    assert api.v1.refunds.create({"charge": charge}).amount == whole - 100
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.v1.refunds.create({"charge": charge}, {"idempotency_key": "again"})
    assert refused.value.code == "charge_already_refunded"
    assert api.v1.charges.retrieve(charge).refunded is True


def test_a_key_in_flight_is_a_conflict(fresh: Client) -> None:
    wire: Any = fresh.server.wires["stripe"]
    wire.in_flight.add("busy")
    answer = fresh.stripe("POST", "refunds", {"charge": charge_of(fresh)}, key="busy")
    assert answer.status_code == 409
    assert fresh.effects() == []


def test_a_validation_error_does_not_use_up_its_key(fresh: Client) -> None:
    charge = charge_of(fresh)
    assert (
        fresh.stripe("POST", "refunds", {"charge": charge, "colour": "red"}, key="k").json()["error"]["param"]
        == "colour"
    )
    assert fresh.stripe("POST", "refunds", {"charge": charge, "amount": "100"}, key="k").status_code == 200


def test_a_disputed_charge_cannot_be_refunded(fresh: Client) -> None:
    charge = fresh.truth("dispute_evidence")[0]["refs"][1]
    answer = fresh.stripe("POST", "refunds", {"charge": charge})
    assert answer.json()["error"]["code"] == "charge_disputed"
    assert fresh.effects() == []


def test_evidence_is_staged_then_submitted_once(fresh: Client) -> None:
    api, dispute = sdk(fresh), fresh.truth("dispute_evidence")[0]["subject_ref"]
    staged = api.v1.disputes.update(dispute, {"evidence": {"uncategorized_text": "signed for"}, "submit": False})
    assert (staged.status, staged.evidence_details.submission_count) == ("needs_response", 0)
    assert staged.evidence_details.has_evidence is True
    assert fresh.effects() == []
    sent = api.v1.disputes.update(dispute, {"evidence": {"shipping_tracking_number": "1Z"}})
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    with pytest.raises(stripe.InvalidRequestError):
        api.v1.disputes.update(dispute, {"evidence": {"uncategorized_text": "more"}})
    assert [row["detail"]["fields"] for row in fresh.effects("submit_evidence")] == [
        ["shipping_tracking_number", "uncategorized_text"]
    ]


def test_a_charge_is_reported_as_fraud_and_keeps_the_report(fresh: Client) -> None:
    api, charge = sdk(fresh), charge_of(fresh)
    report: Any = {"fraud_details": {"user_report": "fraudulent"}}
    told = api.v1.charges.update(charge, report, {"idempotency_key": "k1"})
    assert told.fraud_details is not None
    assert told.fraud_details.user_report == "fraudulent"
    assert api.v1.charges.retrieve(charge).amount_refunded == 0
    with pytest.raises(stripe.InvalidRequestError):
        api.v1.charges.update(charge, {"fraud_details": {"user_report": "odd"}})
    [effect] = fresh.effects("mark_fraud")
    assert (effect["subject"], effect["key"]) == (charge, "k1")


def test_a_dispute_is_closed_for_good(fresh: Client) -> None:
    api, dispute = sdk(fresh), fresh.truth("dispute_evidence")[0]["subject_ref"]
    assert api.v1.disputes.close(dispute).status == "lost"
    with pytest.raises(stripe.InvalidRequestError):
        api.v1.disputes.close(dispute)
    assert len(fresh.effects("accept_dispute")) == 1


def test_a_file_can_be_evidence(fresh: Client, tmp_path: Path) -> None:
    proof = tmp_path / "proof.png"
    proof.write_bytes(b"\x89PNG proof")
    api, dispute = sdk(fresh), fresh.truth("dispute_evidence")[0]["subject_ref"]
    with proof.open("rb") as file:
        uploaded = api.v1.files.create({"purpose": "dispute_evidence", "file": file})
    api.v1.disputes.update(dispute, {"evidence": {"receipt": uploaded.id}, "submit": False})
    assert api.v1.disputes.retrieve(dispute).evidence.receipt == uploaded.id
    with pytest.raises(stripe.InvalidRequestError):
        api.v1.disputes.update(dispute, {"evidence": {"receipt": "file_1Qunknown"}, "submit": False})


def test_a_wrong_key_is_refused(twin: Client) -> None:
    shop = twin.shops["stripe"]
    answer = twin.http.get(f"{shop['base_url']}/v1/charges", headers={"Authorization": "Bearer sk_test_wrong"})
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_refund_makes_events(fresh: Client) -> None:
    charge = charge_of(fresh)
    fresh.stripe("POST", "refunds", {"charge": charge, "amount": "100"})
    events = fresh.stripe("GET", "events?types[]=refund.created&types[]=charge.refunded").json()["data"]
    assert [row["type"] for row in events] == ["refund.created", "charge.refunded"]
    assert events[1]["data"]["object"]["amount_refunded"] == 100


def test_the_sdk_takes_our_webhook_signature() -> None:
    body, now = (
        b'{"id": "evt_1", "object": "event", "type": "charge.refunded", "data": {"object": {}}}',
        int(time.time()),
    )
    event = stripe.Webhook.construct_event(body, sign_header("whsec_test_secret", body, now), "whsec_test_secret")
    assert event.id == "evt_1"


def test_forms_nest() -> None:
    text = "a=1&metadata[k]=v&types[]=x&types[]=y&rows[0][id]=7&rows[1][id]=8"
    nested = {"a": "1", "metadata": {"k": "v"}, "types": ["x", "y"], "rows": [{"id": "7"}, {"id": "8"}]}
    assert parse_form(text) == nested
