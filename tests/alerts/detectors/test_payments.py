"""Double charges, disputes and fraud warnings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alerts.detectors import BY_NAME
from alerts.detectors.payments.dispute_evidence import value_of_contesting
from alerts.detectors.payments.fraud_warning import waiting_is_worth
from alerts.figures import Figure, between, given
from alerts.looks import ChargeLook, ChargesLook, DisputeLook
from alerts.lookup import Rules
from alerts.types import Finding
from tests.alerts.conftest import NOW, STRIPE, known

MakeRules = Callable[..., Rules]


def run(name: str, look: object, rules: Rules) -> list[Finding]:
    return list(BY_NAME[name].detect((look,), NOW, rules))


def usd(amount: str) -> Figure:
    return given(Decimal(amount), amount, "USD")


# --- golden example 4 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("win", "expected"), [("0.45", "39.75"), ("0.14", "-2.10")])
def test_contesting_is_worth_its_chance_less_its_fee_and_labour(win: str, expected: str) -> None:
    gain = value_of_contesting(usd("120"), usd("15"), given(Decimal(win), "P(win)", "share"), usd("6"))
    assert gain.likely == Decimal(expected)
    assert gain.recomputed() == gain


def dispute(**changes: object) -> DisputeLook:
    look = DisputeLook(
        shop=STRIPE, ref="dp_1", status="needs_response", reason="product_not_received", amount=Decimal(120),
        currency="USD", opened_at=NOW - timedelta(days=2), evidence_by=NOW + timedelta(days=5), payment_ref="ch_1",
        order_ref="55", order_number="#1042", tracking_number="TH1", read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


CONTEST = (known("win_rate", "0.45"), known("counter_fee", "15", "USD"), known("labour_rate", "24", "USD"))


def test_a_dispute_worth_contesting_is_shown_with_its_value_and_the_platforms_deadline(rules: MakeRules) -> None:
    (found,) = run("dispute_evidence", dispute(), rules("dispute_evidence", *CONTEST))
    assert found.cash is not None
    assert found.cash.likely == Decimal("39.75")
    assert found.deadline == NOW + timedelta(days=5)
    assert found.arguments["dispute_ref"] == "dp_1"
    assert found.arguments["is_worth_contesting"] is True
    assert found.drafts[0] == "dispute_evidence"


def test_a_dispute_not_worth_contesting_has_no_dollars_at_risk_and_says_so(rules: MakeRules) -> None:
    lost = (known("win_rate", "0.14"), *CONTEST[1:])
    (found,) = run("dispute_evidence", dispute(), rules("dispute_evidence", *lost))
    assert found.cash is not None
    assert found.cash.likely == 0
    assert "Accepting is better" in found.tradeoff


@pytest.mark.parametrize(
    "changes",
    [
        {"has_evidence": True},
        {"submission_count": 1},
        {"evidence_by": None},
        {"evidence_by": NOW - timedelta(hours=1)},
        {"status": "under_review"},
    ],
)
def test_a_dispute_that_cannot_be_answered_any_more_is_no_alert(changes: dict[str, object], rules: MakeRules) -> None:
    assert run("dispute_evidence", dispute(**changes), rules("dispute_evidence", *CONTEST)) == []


def test_amounts_are_told_with_the_digits_of_their_currency(rules: MakeRules) -> None:
    (found,) = run("dispute_evidence", dispute(amount=Decimal("1431.9000")), rules("dispute_evidence", *CONTEST))
    assert found.title == "Dispute over 1,431.90 USD needs evidence"
    assert found.evidence[0].value == "1,431.90 USD"
    assert "Contesting is worth 630.10 USD on average" in found.tradeoff
    (yen,) = run("dispute_evidence", dispute(amount=Decimal("1431.0000"), currency="JPY"), rules("dispute_evidence"))
    assert yen.title == "Dispute over 1,431 JPY needs a decision"
    assert yen.arguments["amount"] == "1431.0000"


def test_without_an_exchange_rate_the_dollars_are_unknown_and_named_as_missing(rules: MakeRules) -> None:
    (found,) = run("dispute_evidence", dispute(currency="PLN"), rules("dispute_evidence", *CONTEST))
    assert found.cash is None
    assert found.missing == ("no PLN→USD exchange rate, so its dollars are unknown",)


# --- golden example 5 -------------------------------------------------------------------------------------


def test_waiting_on_a_warning_is_worth_what_is_kept_less_the_fee() -> None:
    assert waiting_is_worth(usd("80"), usd("15"), given(Decimal("0.6"), "p", "share")).likely == 23


def warning(**changes: object) -> DisputeLook:
    look = dispute(
        status="warning", reason="made_with_stolen_card", amount=Decimal(80), evidence_by=None, goods_cost=Decimal(30),
        goods_currency="USD", order_status="to_ship", opened_at=NOW - timedelta(hours=3),
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


def test_a_warning_on_goods_still_here_puts_their_value_above_waiting_at_risk(rules: MakeRules) -> None:
    (found,) = run("fraud_warning", warning(), rules("fraud_warning", known("dispute_fee", "15", "USD")))
    assert found.cash is not None
    assert found.cash.likely == 7
    assert found.drafts == ("refund", "cancel_order", "escalation_note", "hold_order", "mark_fraud", "ask_buyer")
    assert found.arguments["amount"] == "80"
    assert found.arguments["reason"] == "fraudulent"


def test_a_warning_on_goods_that_have_left_is_no_reason_to_refund(rules: MakeRules) -> None:
    shipped = warning(is_shipped=True, order_status="shipped")
    assert run("fraud_warning", shipped, rules("fraud_warning", known("dispute_fee", "15", "USD"))) == []


@pytest.mark.parametrize("changes", [{"payment_refunded": Decimal(80)}, {"is_refundable": False}, {"status": "closed"}])
def test_a_warning_that_is_settled_is_no_alert(changes: dict[str, object], rules: MakeRules) -> None:
    assert run("fraud_warning", warning(**changes), rules("fraud_warning")) == []


# --- duplicate charges ----------------------------------------------------------------------------------------------


def charge(ref: str, amount: str = "50", minutes: float = 0, **changes: object) -> ChargeLook:
    when = NOW - timedelta(hours=2) + timedelta(minutes=minutes)
    return replace(ChargeLook(ref=ref, amount=Decimal(amount), currency="USD", created_at=when), **changes)  # type: ignore[arg-type]  # fields


def charges(*these: ChargeLook, total: str | None = "50", number: str = "#1042") -> ChargesLook:
    return ChargesLook(
        shop=STRIPE, group=number, order_number=number, order_ref="55" if number else "",
        order_total=Decimal(total) if total else None, order_currency="USD", charges=these, read_at=NOW,
    )  # fmt: skip


def test_the_second_of_two_equal_charges_is_to_be_given_back(rules: MakeRules) -> None:
    context = rules("duplicate_charge", known("dispute_fee", "15", "USD"))
    (found,) = run("duplicate_charge", charges(charge("ch_1"), charge("ch_2", minutes=3)), context)
    assert found.subject.ref == "ch_2"
    assert found.arguments["amount"] == "50"
    assert found.arguments["kept_payment_ref"] == "ch_1"
    assert found.cash is not None
    assert found.cash.likely == 50 + Decimal("0.4") * 15
    assert found.deadline == NOW + timedelta(hours=22, minutes=3)


def test_three_equal_charges_are_two_too_many(rules: MakeRules) -> None:
    look = charges(charge("ch_1"), charge("ch_2", minutes=3), charge("ch_3", minutes=5))
    assert [found.subject.ref for found in run("duplicate_charge", look, rules("duplicate_charge"))] == ["ch_2", "ch_3"]


@pytest.mark.parametrize(
    "look",
    [
        charges(charge("ch_1", "25"), charge("ch_2", "25", minutes=3)),
        charges(charge("ch_1"), charge("ch_2", minutes=3, refunded=Decimal(50))),
        charges(charge("ch_1"), charge("ch_2", "20", minutes=3)),
        charges(charge("ch_1"), charge("ch_2", minutes=3, is_disputed=True)),
        charges(charge("ch_1"), charge("ch_2", minutes=-60 * 72), total=None),
        charges(charge("ch_1"), charge("ch_2", minutes=30), total=None, number=""),
        charges(charge("ch_1", fingerprint="a"), charge("ch_2", minutes=3, fingerprint="b"), total=None, number=""),
    ],
    ids=[
        "parts of one total",
        "given back",
        "another amount",
        "disputed",
        "days apart",
        "no order, too far",
        "other card",
    ],
)
def test_what_only_looks_like_a_double_charge_is_none(look: ChargesLook, rules: MakeRules) -> None:
    assert run("duplicate_charge", look, rules("duplicate_charge")) == []


def test_without_an_order_the_same_card_and_amount_within_minutes_is_double(rules: MakeRules) -> None:
    look = charges(charge("ch_1", fingerprint="a"), charge("ch_2", minutes=3, fingerprint="a"), total=None, number="")
    assert [found.subject.ref for found in run("duplicate_charge", look, rules("duplicate_charge"))] == ["ch_2"]


def test_an_assumed_fee_widens_the_range_and_is_named(rules: MakeRules) -> None:
    (found,) = run("duplicate_charge", charges(charge("ch_1"), charge("ch_2", minutes=3)), rules("duplicate_charge"))
    assert found.cash is not None
    assert found.cash.low < found.cash.likely < found.cash.high
    assert "dispute fee" in found.cash.assumed()


def test_every_figure_shown_works_out_again_from_its_inputs(rules: MakeRules) -> None:
    (found,) = run("fraud_warning", warning(), rules("fraud_warning"))
    for figure in (found.ignored, found.acted, found.cash, found.gmv):
        assert figure is not None
        assert figure.recomputed() == figure
    assert between("x", 1, 2, 3).recomputed() == between("x", 1, 2, 3)
