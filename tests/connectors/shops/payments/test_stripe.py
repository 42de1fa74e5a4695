"""Stripe: feeds by creation, event and sweep; keyed writes; the webhook's known answer."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import httpx
import orjson
import pytest

from connectors.base import CannotDo, Connector, NotApproved, Reconnect, Refused, Retry, Unknown, closed_gate
from connectors.money import Money
from connectors.operations import AcceptDispute, CancelOrder, MarkFraud, Operation, RefundPayment, SubmitEvidence
from connectors.shops.payments.stripe import Stripe, parse
from connectors.shops.payments.stripe.client import operation_of
from connectors.shops.reading import read_rows
from connectors.types import (
    BadRow,
    Dispute,
    DisputeStatus,
    Order,
    Payment,
    PaymentKind,
    PaymentStatus,
    Payout,
    SettlementLine,
    Sight,
)
from tests.connectors.shops.stand import NOW, SHARED, open_with, payloads, permit, reply

KEYS = {"api_key": "sk_test_0123456789", "webhook_secret": "whsec_x"}
CREATED = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())


def charge(ref: str = "ch_1", **changed: Any) -> dict[str, Any]:
    return {
        "id": ref,
        "object": "charge",
        "amount": 4000,
        "amount_refunded": 0,
        "captured": True,
        "created": CREATED,
        "currency": "usd",
        "customer": None,
        "billing_details": {"email": "ann@example.com"},
        "description": "Order #1001",
        "disputed": False,
        "metadata": {},
        "payment_intent": "pi_1",
        "payment_method_details": {"type": "card", "card": {"fingerprint": "fp1"}},
        "status": "succeeded",
        **changed,
    }


def refund(ref: str = "re_1", **changed: Any) -> dict[str, Any]:
    return {
        "id": ref,
        "object": "refund",
        "amount": 1250,
        "charge": "ch_1",
        "created": CREATED,
        "currency": "usd",
        "metadata": {},
        "status": "succeeded",
        **changed,
    }


def dispute(ref: str = "dp_1", **changed: Any) -> dict[str, Any]:
    return {
        "id": ref,
        "object": "dispute",
        "amount": 4000,
        "charge": "ch_1",
        "created": CREATED,
        "currency": "usd",
        "evidence_details": {"due_by": CREATED + 86_400, "has_evidence": False, "submission_count": 0},
        "is_charge_refundable": False,
        "metadata": {},
        "reason": "product_not_received",
        "status": "needs_response",
        **changed,
    }


class Outside:
    """Answers by method and path, and keeps queries, forms and headers."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.calls: list[tuple[str, dict[str, list[str]]]] = []
        self.sent: list[tuple[str, dict[str, str], httpx.Headers]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.path.removeprefix('/v1/')}"
        query = parse_qs(request.url.query.decode())
        self.calls.append((name, query))
        if request.method == "POST":
            form = {
                key: values[0] for key, values in parse_qs(request.content.decode(), keep_blank_values=True).items()
            }
            self.sent.append((name, form, request.headers))
        answer = self.answers[name]
        found = answer(query) if callable(answer) else answer
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, httpx.Response) else reply(found)


def listed(*rows: Any, more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(rows), "has_more": more}


def error(status: int, code: str, kind: str = "invalid_request_error") -> httpx.Response:
    return reply({"error": {"type": kind, "code": code, "message": "said"}}, status)


def shop(answers: dict[str, Any], **account: Any) -> tuple[Connector, Outside]:
    outside = Outside(answers)
    return open_with(outside, "stripe", KEYS, currency="USD", **account), outside


def test_a_charge_is_read_with_the_order_it_pays() -> None:
    [found] = read_rows("payment", [charge()], parse.charge, "id")
    assert isinstance(found, Payment)
    assert (found.amount, found.currency, found.order_number, found.status) == (
        Decimal("40.00"),
        "USD",
        "1001",
        PaymentStatus.SUCCEEDED,
    )
    assert (found.customer_ref, found.method_fingerprint, found.parent_ref) == ("ann@example.com", "fp1", "pi_1")


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"metadata": {"order_number": "#1002"}}, "#1002"),
        ({"metadata": {"order_id": "77"}, "description": "Order 1001"}, "77"),
        ({"description": "order no. SG-10023"}, "SG-10023"),
        ({"description": "A gift of 100 pieces"}, ""),
        ({"description": None}, ""),
    ],
)
def test_the_order_number_is_found_where_shops_put_it(changed: dict[str, Any], number: str) -> None:
    assert parse.order_number(charge(**changed)) == number


def test_a_currency_without_minor_units_is_not_divided() -> None:
    [found] = read_rows("payment", [charge(currency="jpy")], parse.charge, "id")
    assert isinstance(found, Payment)
    assert found.amount == Decimal(4000)


def test_an_uncaptured_charge_has_moved_no_money_yet() -> None:
    [found] = read_rows("payment", [charge(captured=False)], parse.charge, "id")
    assert isinstance(found, Payment)
    assert found.status is PaymentStatus.PENDING


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "quantum"},
        {"amount": 12.5},
        {"amount": float("nan")},
        {"amount": True},
        {"currency": "dollar"},
        {"created": None},
        {"object": "source"},
    ],
)
def test_a_row_that_cannot_be_read_is_kept_with_its_reason(changed: dict[str, Any]) -> None:
    bad, good = read_rows("payment", [charge(**changed), charge("ch_2")], parse.charge, "id")
    assert isinstance(bad, BadRow)
    assert bad.external_id == "ch_1"
    assert bad.reason
    assert good.external_id == "ch_2"


def test_every_recorded_sample_is_read() -> None:
    parsers: dict[str, Any] = {
        "charge.json": parse.charge,
        "refund.json": parse.refund,
        "dispute.json": parse.dispute,
        "payout.json": parse.payout,
        "balance_transaction.json": parse.settlement,
        "radar.early_fraud_warning.json": parse.fraud_warning,
    }
    found: dict[str, str] = {}
    for name, body in payloads("stripe"):
        if name in parsers:
            whole = {**body, "charge": charge()} if name.startswith("radar") else body
            found[name] = type(read_rows("x", [whole], parsers[name], "id")[0]).__name__
    print(f"Stripe samples: {found}")
    assert found == {
        "charge.json": "Payment",
        "refund.json": "Payment",
        "dispute.json": "Dispute",
        "payout.json": "Payout",
        "balance_transaction.json": "SettlementLine",
        "radar.early_fraud_warning.json": "Dispute",
    }


def test_charges_are_paged_by_id_below_a_fixed_end_and_resumed() -> None:
    def pages(query: dict[str, list[str]]) -> Any:
        return (
            listed(charge("ch_3")) if "starting_after" in query else listed(charge("ch_1"), charge("ch_2"), more=True)
        )

    connector, outside = shop({"GET charges": pages})
    first, last = connector.pull("charges", "")
    assert [page.is_last for page in (first, last)] == [False, True]
    assert outside.calls[1][1]["starting_after"] == ["ch_2"]
    assert outside.calls[0][1]["created[lte]"] == outside.calls[1][1]["created[lte]"] == [str(int(NOW.timestamp()))]
    outside.calls.clear()
    [resumed] = connector.pull("charges", first.cursor)
    assert outside.calls[0][1]["starting_after"] == ["ch_2"]
    assert resumed.cursor == last.cursor
    outside.calls.clear()
    list(connector.pull("charges", last.cursor))
    assert outside.calls[0][1]["created[gte]"] == [str(int((NOW - timedelta(minutes=10)).timestamp()))]


def test_a_list_that_does_not_move_on_is_a_short_read() -> None:
    connector, _ = shop({"GET charges": listed(more=True)})
    with pytest.raises(Retry) as caught:
        list(connector.pull("charges", ""))
    assert caught.value.code == "short_read"


def test_what_the_event_log_says_has_changed_is_read_as_it_is_now() -> None:
    old = {"type": "refund.failed", "data": {"object": refund(status="pending")}}
    events = listed(old, old, {"type": "charge.refunded", "data": {"object": charge()}}, {"data": None}, "junk")
    connector, outside = shop(
        {
            "GET events": events,
            "GET refunds/re_1": refund(status="failed"),
            "GET charges/ch_1": charge(amount_refunded=1250),
        }
    )
    [page] = connector.pull("changes", "")
    failed, changed = page.records
    assert isinstance(failed, Payment)
    assert isinstance(changed, Payment)
    assert (failed.kind, failed.status, changed.refunded) == (
        PaymentKind.REFUND,
        PaymentStatus.FAILED,
        Decimal("12.50"),
    )
    assert [name for name, _ in outside.calls] == ["GET events", "GET refunds/re_1", "GET charges/ch_1"]


def test_a_dispute_that_takes_no_answer_costs_no_second_call() -> None:
    connector, outside = shop({"GET disputes": listed(dispute(status="won"))})
    [page] = connector.pull("disputes", "")
    assert [type(row) for row in page.records] == [Dispute]
    assert [name for name, _ in outside.calls] == ["GET disputes"]


def test_disputes_and_warnings_are_swept() -> None:
    warning = {"id": "issfr_1", "actionable": True, "charge": "ch_1", "created": CREATED, "fraud_type": "misc"}
    connector, _ = shop(
        {
            "GET disputes": listed(dispute()),
            "GET radar/early_fraud_warnings": listed(warning, {**warning, "id": "issfr_2", "actionable": False}),
            "GET charges/ch_1": charge(),
        }
    )
    [page] = connector.pull("disputes", "")
    found, paid = page.records
    assert isinstance(found, Dispute)
    assert isinstance(paid, Payment)
    assert (paid.external_id, page.seen) == ("ch_1", 1)
    assert (found.status, found.evidence_by) == (
        DisputeStatus.NEEDS_RESPONSE,
        datetime.fromtimestamp(CREATED + 86_400, UTC),
    )
    [page] = connector.pull("fraud_warnings", "")
    first, second = page.records
    assert isinstance(first, Dispute)
    assert isinstance(second, Dispute)
    assert (first.status, first.amount, first.payment_ref, first.is_refundable) == (
        DisputeStatus.WARNING,
        Decimal("40.00"),
        "ch_1",
        True,
    )
    assert second.status is DisputeStatus.CLOSED


def test_a_paid_payout_names_itself_on_its_lines() -> None:
    payout = {
        "id": "po_1",
        "amount": 3840,
        "currency": "usd",
        "created": CREATED,
        "arrival_date": CREATED + 100,
        "status": "paid",
        "automatic": True,
    }
    line = {
        "id": "txn_1",
        "amount": 4000,
        "fee": 160,
        "currency": "usd",
        "created": CREATED,
        "type": "charge",
        "reporting_category": "charge",
        "exchange_rate": None,
    }
    connector, outside = shop({"GET payouts": listed(payout), "GET balance_transactions": listed(line)})
    [page] = connector.pull("payouts", "")
    paid, found = page.records
    assert isinstance(paid, Payout)
    assert isinstance(found, SettlementLine)
    assert (found.payout_ref, found.kind, found.amount, found.fee) == (
        "po_1",
        "sale",
        Decimal("40.00"),
        Decimal("1.60"),
    )
    assert outside.calls[1][1]["payout"] == ["po_1"]


REFUND = RefundPayment(payment_ref="ch_1", amount=Money(Decimal("12.50"), "USD"), note="broken", reason="duplicate")


def test_a_refund_sends_its_amount_its_key_and_our_reference() -> None:
    connector, outside = shop({"POST refunds": refund()})
    receipt = connector.perform(REFUND, permit())
    [(_, form, headers)] = outside.sent
    assert form == {
        "charge": "ch_1",
        "amount": "1250",
        "reason": "duplicate",
        "metadata[ops_action_id]": "intent-0001",
        "metadata[ops_note]": "broken",
    }
    assert headers["idempotency-key"] == "intent-0001"
    assert headers["stripe-version"] == "2026-10-28.endive"
    assert (receipt.reference, receipt.is_final, receipt.is_replay) == ("re_1", True, False)


def test_a_replayed_answer_says_so_and_a_pending_refund_is_not_final() -> None:
    answer = httpx.Response(
        200, json=refund(status="pending"), headers={"Idempotent-Replayed": "true", "Request-Id": "q"}
    )
    receipt = shop({"POST refunds": answer})[0].perform(REFUND, permit())
    assert (receipt.is_replay, receipt.is_final, receipt.request_id) == (True, False, "q")


@pytest.mark.parametrize(
    "operation",
    [
        RefundPayment(order_ref="1001", amount=Money(Decimal(5), "USD")),
        SubmitEvidence(dispute_ref="dp_1", fields=(("receipt", "file"),)),
        SubmitEvidence(dispute_ref="dp_1", fields=(("uncategorized_text", " "),)),
        SubmitEvidence(dispute_ref="dp_1", fields=()),
        SubmitEvidence(dispute_ref="dp_1", fields=(("uncategorized_text", "x" * 150_001),)),
        CancelOrder(order_ref="1001", reason="fraud"),
    ],
)
def test_what_cannot_be_sent_right_is_not_sent(operation: Operation) -> None:
    connector, outside = shop({})
    with pytest.raises(Refused):
        connector.perform(operation, permit())
    assert outside.sent == []


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        (error(400, "charge_already_refunded"), Refused),
        (error(400, "parameter_mismatch", "idempotency_error"), Unknown),
        (error(401, ""), Reconnect),
        (error(402, "card_declined", "card_error"), Refused),
        (error(403, "permission"), Refused),
        (error(409, "lock"), Unknown),
        (error(424, "external"), Unknown),
        (error(429, "rate_limit"), Retry),
        (error(500, "api_error", "api_error"), Unknown),
        (httpx.Response(502, text="<html>"), Unknown),
        (httpx.Response(200, text='{"id": "re_'), Unknown),
        (reply({"object": "refund"}), Unknown),
        (httpx.ReadTimeout("slow"), Unknown),
        (httpx.RemoteProtocolError("cut"), Unknown),
        (httpx.ConnectError("refused"), Retry),
    ],
)
def test_each_ending_of_a_refund_is_sorted_and_sent_once(ending: Any, kind: type[Exception]) -> None:
    connector, outside = shop({"POST refunds": ending})
    with pytest.raises(kind):
        connector.perform(REFUND, permit())
    assert len(outside.sent) == 1


def test_no_write_leaves_without_an_approval() -> None:
    connector, outside = shop({"POST refunds": refund()}, gate=closed_gate)
    with pytest.raises(NotApproved):
        connector.perform(REFUND, permit())
    assert outside.sent == []


EVIDENCE = SubmitEvidence(
    dispute_ref="dp_1", fields=(("shipping_tracking_number", "1Z"), ("uncategorized_text", "signed"))
)


def test_evidence_is_submitted_once_and_for_all() -> None:
    connector, outside = shop({"GET disputes/dp_1": dispute(), "POST disputes/dp_1": dispute(status="under_review")})
    connector.perform(EVIDENCE, permit())
    assert outside.sent[0][1] == {
        "evidence[shipping_tracking_number]": "1Z",
        "evidence[uncategorized_text]": "signed",
        "submit": "true",
        "metadata[ops_action_id]": "intent-0001",
    }


def test_no_evidence_is_sent_to_a_dispute_that_takes_none() -> None:
    connector, outside = shop({"GET disputes/dp_1": dispute(status="under_review")})
    with pytest.raises(Refused, match="under_review"):
        connector.perform(EVIDENCE, permit())
    assert outside.sent == []


def test_a_repeated_submission_of_ours_replays() -> None:
    ours = dispute(status="under_review", metadata={"ops_action_id": "intent-0001"})
    answer = httpx.Response(200, json=ours, headers={"Idempotent-Replayed": "true"})
    connector, _ = shop({"GET disputes/dp_1": ours, "POST disputes/dp_1": answer})
    assert connector.perform(EVIDENCE, permit()).is_replay


def test_a_dispute_is_accepted_by_closing_it() -> None:
    connector, outside = shop({"POST disputes/dp_1/close": dispute(status="lost")})
    assert connector.perform(AcceptDispute(dispute_ref="dp_1"), permit()).reference == "dp_1"
    assert outside.sent[0][2]["idempotency-key"] == "intent-0001"


def test_a_charge_is_reported_as_fraud_under_the_key_of_its_intent() -> None:
    connector, outside = shop({"POST charges/ch_1": charge()})
    assert connector.perform(MarkFraud(payment_ref="ch_1"), permit()).reference == "ch_1"
    [(name, form, headers)] = outside.sent
    assert name == "POST charges/ch_1"
    assert form == {"fraud_details[user_report]": "fraudulent", "metadata[ops_action_id]": "intent-0001"}
    assert headers["idempotency-key"] == "intent-0001"


@pytest.mark.parametrize("ref", ["pi_1", "gid://shopify/OrderTransaction/7"])
def test_what_was_never_charged_is_not_reported(ref: str) -> None:
    connector, outside = shop({"GET payment_intents/pi_1": {"latest_charge": None}})
    with pytest.raises(Refused) as caught:
        connector.perform(MarkFraud(payment_ref=ref), permit())
    assert caught.value.code == "payment_ref"
    assert outside.sent == []


SPEC = SHARED / "contracts" / "stripe" / "stripe.com.apis-guru.2025-10-15.json"
FORMS: list[tuple[Operation, str, dict[str, Any]]] = [
    (REFUND, "/v1/refunds", {"POST refunds": refund()}),
    (EVIDENCE, "/v1/disputes/{dispute}", {"GET disputes/dp_1": dispute(), "POST disputes/dp_1": dispute()}),
    (MarkFraud(payment_ref="ch_1"), "/v1/charges/{charge}", {"POST charges/ch_1": charge()}),
]


@pytest.mark.parametrize(("operation", "path", "answers"), FORMS, ids=["refund", "evidence", "fraud"])
def test_every_form_names_what_the_published_specification_takes(
    operation: Operation, path: str, answers: dict[str, Any]
) -> None:
    if not SPEC.exists():
        pytest.skip(f"the published specification is not here ({SPEC})")
    body = orjson.loads(SPEC.read_bytes())["paths"][path]["post"]["requestBody"]["content"]
    taken = body["application/x-www-form-urlencoded"]["schema"]["properties"]
    connector, outside = shop(answers)
    connector.perform(operation, permit())
    [(_, form, _)] = outside.sent
    for name, value in form.items():
        outer, _, inner = name.removesuffix("]").partition("[")
        assert outer in taken
        known = taken[outer].get("properties")
        if inner and known is not None:
            assert value in known[inner].get("enum", [value])


OURS = {"ops_action_id": "intent-0001"}
SENT = {"due_by": None, "has_evidence": True, "submission_count": 1}


@pytest.mark.parametrize(
    ("operation", "answers", "sight"),
    [
        (REFUND, {"GET refunds": listed(refund("re_9"), refund(metadata=OURS))}, Sight.SEEN),
        (REFUND, {"GET refunds": listed(refund())}, Sight.ABSENT),
        (EVIDENCE, {"GET disputes/dp_1": dispute()}, Sight.ABSENT),
        (EVIDENCE, {"GET disputes/dp_1": dispute(evidence_details=SENT, metadata=OURS)}, Sight.SEEN),
        (EVIDENCE, {"GET disputes/dp_1": dispute(evidence_details=SENT)}, Sight.UNCLEAR),
        (AcceptDispute(dispute_ref="dp_1"), {"GET disputes/dp_1": dispute()}, Sight.ABSENT),
        (AcceptDispute(dispute_ref="dp_1"), {"GET disputes/dp_1": dispute(status="lost")}, Sight.SEEN),
        (MarkFraud(payment_ref="ch_1"), {"GET charges/ch_1": charge(fraud_details={})}, Sight.ABSENT),
        (
            MarkFraud(payment_ref="pi_1"),
            {
                "GET payment_intents/pi_1": {"latest_charge": "ch_1"},
                "GET charges/ch_1": charge(fraud_details={"user_report": "fraudulent"}),
            },
            Sight.SEEN,
        ),
    ],
)
def test_a_probe_looks_for_the_effect(operation: Operation, answers: dict[str, Any], sight: Sight) -> None:
    seen = shop(answers)[0].probe(operation, "intent-0001", NOW)
    assert (seen.sight, seen.read_at) == (sight, NOW)


def test_single_records_can_be_read_again() -> None:
    connector, _ = shop(
        {
            "GET charges/ch_1": charge(),
            "GET charges/ch_2": error(404, "resource_missing"),
            "GET disputes/dp_1": dispute(),
        }
    )
    assert isinstance(connector.fetch(Payment, "ch_1"), Payment)
    assert isinstance(connector.fetch(Dispute, "dp_1"), Dispute)
    assert connector.fetch(Payment, "ch_2") is None
    for record, ref in ((Order, "1"), (Payment, "../secrets")):
        with pytest.raises(CannotDo):
            connector.fetch(record, ref)


def test_an_operation_is_named_without_ids() -> None:
    paths = ["/v1/disputes/dp_1/close", "/v1/radar/early_fraud_warnings/issfr_1A", "/v1/refunds"]
    assert [operation_of(path) for path in paths] == ["disputes/close", "radar/early_fraud_warnings", "refunds"]


SIGNED_AT = 1533204620
V1 = "2220f87ef101a04665f11cdf770523143f875572008577fa0f20882ddb9cc3c7"
V0 = "63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef"
EVENT = (
    orjson.dumps(
        {
            "id": "evt_123",
            "object": "event",
            "account": "acct_123",
            "api_version": "2017-05-25",
            "created": SIGNED_AT,
            "data": {
                "object": {
                    "id": "cus_123",
                    "object": "customer",
                    "created": 123456789,
                    "email": "test@stripe.com",
                    "livemode": False,
                    "metadata": {},
                }
            },
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": "req_123", "idempotency_key": "idempotency-key-123"},
            "type": "customer.created",
        },
        option=orjson.OPT_INDENT_2,
    )
    + b"\n"
)
SIGNED = datetime.fromtimestamp(SIGNED_AT, UTC)


def verified(header: str, body: bytes = EVENT, secret: str = "webhook_secret", now: datetime = SIGNED) -> bool:
    return Stripe.verify(body, {"stripe-signature": header}, "", ("other", secret), now)


def test_a_webhook_is_signed_as_in_the_known_answer() -> None:
    assert len(EVENT) == 484
    assert verified(f"t={SIGNED_AT},v1={V1},v0={V0}")
    assert verified(f"t={SIGNED_AT},v1={'0' * 64},v1={V1}")


@pytest.mark.parametrize(
    ("header", "changed"),
    [
        ("", {}),
        (f"t={SIGNED_AT},v0={V1}", {}),
        (f"t={SIGNED_AT + 1},v1={V1}", {}),
        (f"t=x,v1={V1}", {}),
        (f"t={SIGNED_AT},v1={V1}", {"body": EVENT + b" "}),
        (f"t={SIGNED_AT},v1={V1}", {"secret": "wrong"}),
        (f"t={SIGNED_AT},v1={V1}", {"now": SIGNED + timedelta(seconds=301)}),
        (f"t={SIGNED_AT},v1=ü", {}),
    ],
)
def test_a_webhook_that_is_not_theirs_is_refused(header: str, changed: dict[str, Any]) -> None:
    assert not verified(header, **changed)


def test_a_webhook_names_its_event_and_the_feeds_that_it_touches() -> None:
    assert Stripe.event_id(EVENT, {}) == "evt_123"
    assert Stripe.touched(EVENT, {}) == ()
    assert Stripe.touched(b'{"type": "charge.dispute.created"}', {}) == ("disputes", "charges")
    assert Stripe.touched(b'{"type": "refund.failed"}', {}) == ("refunds", "changes")
    assert Stripe.touched(b"no json", {}) == ()
