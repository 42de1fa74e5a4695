"""Returns, waves, angry messages, first answers; and feeds that went blind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alerts.arithmetic.odds import Tally
from alerts.detectors import BY_NAME, DETECTORS
from alerts.looks import FeedLook, ReturnLook, TicketLook, WaveLook, WaveMember
from alerts.lookup import Rules
from alerts.types import Finding
from tests.alerts.conftest import MAILBOX, NOW, SHOPEE, known

MakeRules = Callable[..., Rules]
HOUR = timedelta(hours=1)


def run(name: str, look: object, rules: Rules) -> list[Finding]:
    return list(BY_NAME[name].detect((look,), NOW, rules))


def request(**changes: object) -> ReturnLook:
    look = ReturnLook(
        shop=SHOPEE, ref="R1", order_ref="O1", number="O1", status="asked", reason="DAMAGED", amount=Decimal(100),
        currency="SGD", asked_at=NOW - 20 * HOUR, decide_by=NOW + 28 * HOUR, won=Tally(5_000_000, 10_000_000),
        read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


def test_a_return_is_worth_the_chance_to_win_less_the_labour(rules: MakeRules) -> None:
    (found,) = run("return_decision", request(), rules("return_decision", known("labour_rate", "30", "USD")))
    assert found.cash is not None
    assert round(found.cash.likely, 2) == Decimal("0.5") * 75 - 1
    assert found.deadline == NOW + 28 * HOUR
    assert found.arguments["return_ref"] == "R1"
    assert found.drafts[0] == "decide_return"


def test_goods_that_come_back_bring_their_freight_into_it(rules: MakeRules) -> None:
    context = rules("return_decision", known("labour_rate", "30", "USD"), known("return_freight", "8", "USD"))
    (found,) = run("return_decision", request(needs_goods_back=True), context)
    assert found.cash is not None
    assert round(found.cash.likely, 2) == Decimal("0.5") * 83 - 1


@pytest.mark.parametrize(
    "changes", [{"status": "accepted"}, {"status": "judging"}, {"status": "closed"}, {"decide_by": NOW + 97 * HOUR}]
)
def test_a_return_that_is_decided_or_far_from_due_is_no_alert(changes: dict[str, object], rules: MakeRules) -> None:
    assert run("return_decision", request(**changes), rules("return_decision")) == []


def test_without_a_deadline_of_the_channel_the_setting_holds(rules: MakeRules) -> None:
    (found,) = run("return_decision", request(decide_by=None), rules("return_decision"))
    assert found.deadline == NOW + 52 * HOUR


def test_photos_of_damage_make_a_win_less_likely_than_a_changed_mind(rules: MakeRules) -> None:
    (shown,) = run("return_decision", request(photos=3, won=Tally()), rules("return_decision"))
    (regret,) = run("return_decision", request(reason="CHANGE_OF_MIND", won=Tally()), rules("return_decision"))
    assert shown.probability is not None
    assert regret.probability is not None
    assert shown.probability < regret.probability


def ticket(**changes: object) -> TicketLook:
    look = TicketLook(
        shop=MAILBOX, ticket_id=7, subject="Order #1042", conversation_ref="C1", address="mei@example.com",
        excerpt="Where is it?", order_ref="55", order_number="#1042", order_total=Decimal(80), order_currency="USD",
        opened_at=NOW - 13 * HOUR, waiting_since=NOW - 13 * HOUR, read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"emotion": "angry"}, "an angry customer waits"),
        ({"emotion": "legal"}, "law, bank or authority"),
        ({"emotion": "safety"}, "reports a danger"),
        ({"is_vip": True, "intent": "complaint"}, "very important customer"),
    ],
)
def test_these_four_go_to_a_person_at_once(changes: dict[str, object], words: str, rules: MakeRules) -> None:
    look = ticket(**changes, waiting_since=NOW - timedelta(minutes=10))
    (found,) = run("angry_message", look, rules("angry_message"))
    assert words in found.title
    assert found.deadline == NOW + timedelta(minutes=50)
    assert found.drafts[:4] == ("reply", "escalation_note", "store_credit", "refund")
    assert found.arguments["conversation_ref"] == "C1"
    assert run("first_answer", replace(look, waiting_since=NOW - 30 * HOUR), rules("first_answer")) == []


@pytest.mark.parametrize("changes", [{}, {"is_vip": True}])
def test_a_calm_message_is_no_angry_one(changes: dict[str, object], rules: MakeRules) -> None:
    assert run("angry_message", ticket(**changes), rules("angry_message")) == []


def test_a_very_important_customer_is_answered_sooner(rules: MakeRules) -> None:
    look = ticket(waiting_since=NOW - 5 * HOUR)
    assert run("first_answer", look, rules("first_answer")) == []
    assert len(run("first_answer", replace(look, is_vip=True), rules("first_answer"))) == 1


def test_a_danger_costs_more_than_a_threat_and_a_threat_more_than_anger(rules: MakeRules) -> None:
    def cash(emotion: str) -> Decimal:
        (found,) = run("angry_message", ticket(emotion=emotion), rules("angry_message"))
        assert found.cash is not None
        return found.cash.likely

    assert cash("safety") > cash("legal") > cash("angry")


def test_an_unknown_order_is_named_as_missing_and_widens_the_range(rules: MakeRules) -> None:
    (known_order,) = run("angry_message", ticket(emotion="angry"), rules("angry_message"))
    (unknown,) = run("angry_message", ticket(emotion="angry", order_ref="", order_total=None), rules("angry_message"))
    assert unknown.missing == ("which order this is about",)
    assert known_order.cash is not None
    assert unknown.cash is not None
    assert unknown.cash.low < known_order.cash.low


@pytest.mark.parametrize(("hours", "shown"), [(11, False), (12, True), (13, True), (30, True)])
def test_a_first_answer_is_asked_for_from_half_its_time_on(hours: int, shown: bool, rules: MakeRules) -> None:
    found = run("first_answer", ticket(waiting_since=NOW - hours * HOUR), rules("first_answer"))
    assert bool(found) is shown


def test_a_first_answer_that_was_given_is_no_alert(rules: MakeRules) -> None:
    assert run("first_answer", ticket(first_answer_at=NOW - HOUR), rules("first_answer")) == []


def wave(count: int, answered: int = 0) -> WaveLook:
    members = tuple(
        WaveMember(
            ticket_id=number, shop_id=4, conversation_ref=f"C{number}", subject=f"Broken {number}",
            opened_at=NOW - timedelta(minutes=number), is_answered=number < answered, order_ref="1",
            order_total=Decimal(40), currency="USD",
        )
        for number in range(count)
    )  # fmt: skip
    return WaveLook(
        wave_id=3, fingerprint="f", title="goods trouble, sku MUG", cause="Because.", shared={"sku": "MUG"},
        members=members, read_at=NOW,
    )  # fmt: skip


def test_a_wave_is_one_decision_for_all_its_open_members(rules: MakeRules) -> None:
    (found,) = run("ticket_wave", wave(12, answered=2), rules("ticket_wave", known("handling_cost", "4", "USD")))
    assert found.arguments["ticket_ids"] == list(range(2, 12))
    assert len(found.members) == 12
    assert found.ignored is not None
    assert round(found.ignored.likely, 2) == 10 * 4 + Decimal("0.35") * 400 + 10 * Decimal("0.12") * 12
    assert found.drafts[0] == "merge_tickets"


@pytest.mark.parametrize(("count", "answered"), [(4, 0), (8, 8)])
def test_few_or_answered_tickets_are_no_wave(count: int, answered: int, rules: MakeRules) -> None:
    assert run("ticket_wave", wave(count, answered), rules("ticket_wave")) == []


def feed(**changes: object) -> FeedLook:
    look = FeedLook(
        shop=SHOPEE, feed_id=1, name="orders", every_seconds=60, last_good_at=NOW - timedelta(minutes=2),
        connected_at=NOW - timedelta(days=9), read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"last_good_at": NOW - 3 * HOUR}, "No good read for 3 hours."),
        ({"last_good_at": NOW - timedelta(minutes=20)}, "No good read for 20 minutes."),
        ({"last_good_at": None, "failures": 1}, "Never read."),
        (
            {"error_class": "reconnect"},
            "Refused until somebody acts. The account's permission is gone: connect it again.",
        ),
        ({"count_at_source": 100, "count_stored": 97}, "3 rows fewer than the source counts."),
        ({"error_class": "short_read"}, "Some rows fewer than the source counts."),
    ],
)
def test_a_blind_feed_says_how_and_since_when(changes: dict[str, object], words: str, rules: MakeRules) -> None:
    (found,) = run("feed_stale", feed(**changes), rules("feed_stale"))
    assert found.why.startswith(words)
    assert found.cash is not None
    assert found.cash.likely > 0


@pytest.mark.parametrize(
    "changes", [{}, {"every_seconds": 3600, "last_good_at": NOW - 2 * HOUR}, {"is_paused": True, "last_good_at": None}]
)
def test_a_feed_that_is_fresh_for_its_pace_or_paused_is_no_alert(changes: dict[str, object], rules: MakeRules) -> None:
    assert run("feed_stale", feed(**changes), rules("feed_stale")) == []


def test_the_blind_spot_is_what_that_shops_alerts_have_been_worth(rules: MakeRules) -> None:
    look = feed(last_good_at=NOW - 3 * HOUR, alert_dollars=Decimal(480), alert_hours=Decimal(48))
    (found,) = run("feed_stale", look, rules("feed_stale"))
    assert found.cash is not None
    assert found.cash.likely == 10 * 3 + 10 * 12
    assert found.cash.assumed() == ()


def test_the_table_holds_each_detector_once_with_its_drafts_and_sources() -> None:
    assert [detector.number for detector in DETECTORS] == [
        1, 8, 21, 22, 27, 29, 30, 31, 34, 35, 40, 41, 42, 43, 45, 48, 54, 55, 56, 57,
    ]  # fmt: skip
    assert all(detector.drafts for detector in DETECTORS)
    assert all(
        threshold.source and threshold.help for detector in DETECTORS for threshold in detector.thresholds.values()
    )
