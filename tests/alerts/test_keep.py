"""Findings become alerts: one a fingerprint, opened, versioned, decided, resolved and reopened."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.figures import Figure, given
from alerts.keep import keep
from alerts.models import Alert, RankWeight
from alerts.resolve import Swept, resolve, subjects, wake
from alerts.types import Finding, Subject
from connectors.models import ModelCall
from tests.factories import NOW, ShopFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def finding(ref: str = "1", shop_id: int | None = None, **changes: Any) -> Finding:
    values: dict[str, Any] = {
        "detector": "late_shipment", "subject": Subject("order", ref, shop_id, f"#{ref}"), "title": "Order is due",
        "ignored": given(10, "loss", "USD"), "acted": given(1, "rest", "USD"), "deadline": NOW + 5 * HOUR,
        "waiting": ((NOW + 4 * HOUR, Decimal(0)), (NOW + 5 * HOUR, Decimal(1))), "state": "to_ship",
    }  # fmt: skip
    return Finding(**{**values, **changes})


def swept(*kept: Finding, looked: Any = None) -> Swept:
    return Swept(("late_shipment",), looked, frozenset(each.fingerprint for each in kept))


def test_a_finding_becomes_one_open_alert_with_its_money_rank_and_arithmetic() -> None:
    assert keep([finding()], NOW).new == 1
    alert = Alert.objects.get()
    assert (alert.state, alert.cash_likely, alert.subject_version) == ("open", Decimal(9), 1)
    assert alert.rank == alert.computed_rank > 0
    assert alert.safe_until is not None
    assert NOW + 4 * HOUR < alert.safe_until < NOW + 5 * HOUR
    shown = {name: Figure.from_json(data) for name, data in alert.arithmetic.items()}
    assert shown["at_risk"].likely == 9
    assert all(figure.recomputed() == figure for figure in shown.values())


def test_the_same_finding_again_changes_no_version_and_adds_no_row() -> None:
    keep([finding()], NOW)
    kept = keep([finding()], NOW + HOUR)
    alert = Alert.objects.get()
    assert (kept.new, kept.known, alert.subject_version) == (0, 1, 1)
    assert (alert.first_seen_at, alert.last_seen_at) == (NOW, NOW + HOUR)


def test_a_changed_fact_grows_the_version_and_asks_for_drafts_anew() -> None:
    keep([finding()], NOW)
    Alert.objects.update(drafted_at=NOW)
    keep([finding(state="packed")], NOW + HOUR)
    alert = Alert.objects.get()
    assert (alert.subject_version, alert.drafted_at) == (2, None)


def test_a_decided_alert_stays_decided_until_a_fact_changes() -> None:
    keep([finding()], NOW)
    Alert.objects.update(state=Alert.State.DECIDED)
    keep([finding()], NOW + HOUR)
    assert Alert.objects.get().state == "decided"
    keep([finding(state="packed")], NOW + 2 * HOUR)
    assert Alert.objects.get().state == "open"


def test_words_of_a_model_hold_until_a_fact_changes() -> None:
    keep([finding()], NOW)
    call = ModelCall.objects.create(at=NOW, task="weigh", model="m", outcome="used")
    alert = Alert.objects.get()
    Alert.objects.update(why="A model's words.", worded_by=call, rank=alert.computed_rank * 2)
    keep([finding(why="Plain words.")], NOW)
    alert.refresh_from_db()
    assert alert.why == "A model's words."
    assert alert.rank == pytest.approx(2 * alert.computed_rank)
    keep([finding(why="Plain words.", state="packed")], NOW)
    alert.refresh_from_db()
    assert (alert.why, alert.worded_by_id, alert.rank) == ("Plain words.", None, alert.computed_rank)


def test_unknown_dollars_are_kept_as_unknown_and_rank_last() -> None:
    keep([finding(ignored=None, acted=None, missing=("no rate",))], NOW)
    alert = Alert.objects.get()
    assert (alert.cash_likely, alert.rank, alert.missing) == (None, 0.0, ["no rate"])


def test_a_null_character_in_a_buyers_words_sinks_nothing() -> None:
    keep([finding(title="a\0b", arguments={"text": "x\0y"}), finding("2")], NOW)
    assert Alert.objects.count() == 2
    assert Alert.objects.get(subject_ref="1").title == "a\N{REPLACEMENT CHARACTER}b"


def test_the_same_finding_twice_in_a_batch_is_one_alert() -> None:
    assert keep([finding(), finding()], NOW).new == 1


def test_a_learned_weight_of_the_shop_goes_before_that_of_all() -> None:
    shop = ShopFactory.create()
    RankWeight.objects.create(detector="late_shipment", weight=2, reason="all")
    RankWeight.objects.create(detector="late_shipment", shop=shop, weight=3, reason="this one")
    keep([finding("1", shop.pk), finding("2")], NOW)
    ranks = dict(Alert.objects.values_list("subject_ref", "rank"))
    assert ranks["1"] == pytest.approx(ranks["2"] * 1.5)


def test_a_thousand_findings_are_kept_in_a_handful_of_statements() -> None:
    with CaptureQueriesContext(connection) as queries:
        keep([finding(str(number)) for number in range(1_000)], NOW)
    assert Alert.objects.count() == 1_000
    assert len(queries) <= 8


def test_an_alert_whose_cause_is_gone_is_resolved_and_comes_back_as_the_next_version() -> None:
    keep([finding()], NOW)
    assert resolve(swept(), NOW + HOUR) == 1
    assert Alert.objects.get().state == "resolved"
    keep([finding()], NOW + 2 * HOUR)
    alert = Alert.objects.get()
    assert (alert.state, alert.resolved_at, alert.subject_version) == ("open", None, 2)


def test_only_subjects_that_were_looked_at_are_resolved() -> None:
    shop = ShopFactory.create()
    keep([finding("1", shop.pk), finding("2", shop.pk), finding("3")], NOW)
    assert resolve(swept(looked=subjects("order", [(shop.pk, "1"), (None, "3")])), NOW) == 2
    assert Alert.objects.get(state="open").subject_ref == "2"


def test_what_was_found_again_is_not_resolved() -> None:
    keep([finding()], NOW)
    assert resolve(swept(finding()), NOW) == 0


def test_other_detectors_alerts_are_left_alone() -> None:
    keep([finding(detector="parcel_stuck")], NOW)
    assert resolve(swept(), NOW) == 0


def test_a_decided_alert_notes_that_its_cause_has_gone_and_opens_when_it_returns() -> None:
    keep([finding()], NOW)
    Alert.objects.update(state=Alert.State.DECIDED)
    resolve(swept(), NOW)
    assert Alert.objects.get().state == "decided"
    keep([finding()], NOW + HOUR)
    assert Alert.objects.get().state == "open"


@pytest.mark.parametrize(
    ("until", "hours", "state"),
    [
        (NOW + HOUR, 0, "snoozed"),
        (NOW + HOUR, 1, "open"),
        (NOW + 100 * HOUR, 2, "snoozed"),
        (NOW + 100 * HOUR, 4, "open"),
    ],
    ids=["not yet", "its time", "deadline far", "deadline near"],
)
def test_a_snoozed_alert_comes_back_at_its_time_or_before_its_deadline(until: Any, hours: int, state: str) -> None:
    keep([finding()], NOW)
    Alert.objects.update(state=Alert.State.SNOOZED, snoozed_until=until)
    wake(NOW + hours * HOUR)
    assert Alert.objects.get().state == state


def test_a_snoozed_alert_sleeps_on_when_it_is_found_again() -> None:
    keep([finding()], NOW)
    Alert.objects.update(state=Alert.State.SNOOZED, snoozed_until=NOW + HOUR)
    keep([finding()], NOW)
    assert Alert.objects.get().state == "snoozed"
