from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.money import Money
from connectors.operations import AcceptDispute, SubmitEvidence
from connectors.types import Dispute, DisputeStatus
from drafts.kinds.cases.dispute_evidence import DisputeEvidenceCommand, DisputeEvidenceKind, completeness
from tests.drafts.kinds.desk import CHARGE, DISPUTE, NOW, ORDER, PARCEL, Memory, matter

KIND = DisputeEvidenceKind()


def command(**changes: Any) -> DisputeEvidenceCommand:
    given = {
        "dispute_ref": "dp_1",
        "decision": "submit",
        "amount": "80.00",
        "currency": "USD",
        "narrative": "It arrived.",
    }
    return DisputeEvidenceCommand(**(given | changes))


def refusals(dispute: Dispute = DISPUTE, **changes: Any) -> list[str]:
    asked = command(**changes)
    return KIND.refusals(asked, KIND.read_facts(asked, Memory(dispute)))


def test_an_open_dispute_may_be_answered_once() -> None:
    assert refusals() == []
    assert KIND.money(command()) is None
    assert KIND.operation(command(), {}, "k") == SubmitEvidence(
        dispute_ref="dp_1", fields=(("uncategorized_text", "It arrived."),)
    )


@pytest.mark.parametrize(
    ("dispute", "changes", "reason"),
    [
        ({"status": DisputeStatus.UNDER_REVIEW}, {}, "dispute dp_1 takes no answer any more (under review)"),
        ({"submission_count": 1}, {}, "evidence for dispute dp_1 was submitted already, and it goes only once"),
        ({"evidence_by": NOW}, {}, "the last day for evidence in dispute dp_1 has passed (2026-11-21T09:00:00+00:00)"),
        ({}, {"amount": "8"}, "dispute dp_1 is about 80 USD; the draft says another amount"),
        ({}, {"narrative": ""}, "the packet is empty"),
        ({}, {"fields": [{"name": "customer_name", "text": "a"}] * 2}, "the packet names the same field twice"),
    ],
)
def test_what_cannot_be_right_is_refused(dispute: dict[str, Any], changes: dict[str, Any], reason: str) -> None:
    assert refusals(replace(DISPUTE, **dispute), **changes) == [reason]


def test_the_packet_is_made_of_records_and_scored_by_reason() -> None:
    memory = Memory(DISPUTE, ORDER, PARCEL)
    proposal = KIND.propose(matter(dispute_ref="dp_1", order_ref="o1"), memory)

    fields = {field.name: field.text for field in proposal.command.fields}
    assert fields == {
        "customer_name": "Mei Tan",
        "customer_email_address": "mei@example.com",
        "product_description": "2 × Mug, 1 × Cup",
        "shipping_carrier": "J&T",
        "shipping_tracking_number": "JT900",
        "shipping_date": "2026-11-20",
    }
    assert completeness(proposal.command, "product_not_received") == (6, ("shipping_address",))
    assert completeness(proposal.command, "duplicate") == (1, ("duplicate_charge_id", "duplicate_charge_explanation"))
    preview = KIND.preview(proposal.command, KIND.read_facts(proposal.command, memory))
    assert preview.rows[1].after == "6 of 7 wanted fields"
    assert preview.warnings[1] == "Still missing for this reason: shipping address."


def test_the_buyers_name_stays_out_of_what_the_writer_is_told() -> None:
    told = KIND.propose(matter(dispute_ref="dp_1", order_ref="o1"), Memory(DISPUTE, ORDER, PARCEL)).told

    assert "Mei" not in str(told)
    assert told["shipping_tracking_number"] == "JT900"


def test_where_contesting_does_not_pay_accepting_is_proposed_with_its_money() -> None:
    proposal = KIND.propose(matter(dispute_ref="dp_1", is_worth_contesting=False), Memory(DISPUTE))

    assert KIND.operation(proposal.command, {}, "k") == AcceptDispute(dispute_ref="dp_1")
    assert KIND.money(proposal.command) == Money(Decimal("80.00"), "USD")
    assert KIND.write(proposal, ()) == ""
    facts = KIND.read_facts(proposal.command, Memory(DISPUTE))
    assert KIND.refusals(proposal.command, facts) == []
    assert KIND.preview(proposal.command, facts).summary == "Accept the dispute: give up 80.00 USD"


def test_templates_tell_the_account_from_the_records() -> None:
    proposal = KIND.propose(matter(dispute_ref="dp_1", order_ref="o1"), Memory(DISPUTE, ORDER, PARCEL))

    assert KIND.write(proposal, ()) == (
        "The charge of 80.00 USD was made for order 1042. Our records show: Ship by: 2026-11-20. "
        "We ask that the dispute be decided in our favour."
    )


@pytest.mark.parametrize(
    "payment", [{"order_ref": "o1"}, {"order_number": "1042"}], ids=["by the order's id", "by the order's number"]
)
def test_the_order_is_found_through_the_payment_where_the_alert_names_none(payment: dict[str, Any]) -> None:
    memory = Memory(DISPUTE, ORDER, PARCEL, replace(CHARGE, **payment))
    proposal = KIND.propose(matter(dispute_ref="dp_1"), memory)

    assert completeness(proposal.command, "product_not_received") == (6, ("shipping_address",))
    assert proposal.told["order"] == "1042"


def test_our_own_written_rules_go_into_the_packet_where_the_reason_asks_for_them() -> None:
    rules = (
        ("Goods may be returned within 14 days.", "House rules 2.1"),
        ("We dispatch in 2 days.", "House rules 1.1"),
    )
    asked = replace(matter(dispute_ref="dp_1", order_ref="o1"), rules=rules)
    quality = replace(DISPUTE, reason="product_unacceptable")

    fields = {field.name: field.text for field in KIND.propose(asked, Memory(quality, ORDER)).command.fields}
    assert fields["refund_policy_disclosure"] == "House rules 2.1: Goods may be returned within 14 days."
    lost = {field.name for field in KIND.propose(asked, Memory(DISPUTE, ORDER)).command.fields}
    assert "refund_policy_disclosure" not in lost
