"""The same errors mean different things, depending on what else of the shop and of its like still answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.watching.diagnose import diagnose, stops_writes
from connectors.watching.evidence import Calls, Diagnosis, Evidence, Reach, Stream, Verdict

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOLDS = 5 * MINUTE


def good(operation: str = "orders.list") -> Calls:
    return Calls(operation, calls=40, last_good_at=NOW - MINUTE)


def bad(fault: str, operation: str = "orders.list", *, times: int = 6, ago: timedelta = MINUTE) -> Calls:
    return Calls(
        operation, calls=40, failures={fault: times}, failing=times, last_fault=fault,
        last_good_at=NOW - timedelta(hours=1), last_failed_at=NOW - ago,
    )  # fmt: skip


def shop(number: int, *calls: Calls, kind: str = "shopee", state: str = "connected", reason: str = "") -> Evidence:
    return Evidence(number, kind, f"Shop {number}", state, reason, calls)


def told(one: Evidence, *peers: Evidence) -> Diagnosis:
    return diagnose(one, [one, *peers], NOW)[0]


@pytest.mark.parametrize(
    ("one", "peers", "verdict", "reach", "says"),
    [
        (shop(1, good()), (), Verdict.WELL, Reach.SHOP, "Shop 1 answers and is read whole."),
        (
            shop(1, bad("down")), (shop(2, bad("down")), shop(3, bad("unknown"))), Verdict.DOWN, Reach.PLATFORM,
            "Shopee is down: none of our 3 shops there gets an answer.",
        ),
        (shop(1, bad("down")), (shop(2, good()),), Verdict.DOWN, Reach.SHOP, "Shop 1 does not answer."),
        (shop(1, bad("down")), (), Verdict.DOWN, Reach.SHOP, "Shop 1 does not answer."),
        (shop(1, bad("down")), (shop(2, bad("down"), kind="stripe"),), Verdict.DOWN, Reach.SHOP,
         "Shop 1 does not answer."),
        (
            shop(1, bad("down", "returns.list"), good()), (), Verdict.DOWN, Reach.PART,
            "Part of Shop 1 does not answer: returns.list.",
        ),
        (shop(1, bad("unknown", "refund.create")), (), Verdict.DOWN, Reach.SHOP, "Shop 1 does not answer."),
        (
            shop(1, bad("throttled")), (shop(2, good()),), Verdict.THROTTLED, Reach.SHOP,
            "Shop 1 turns us away as too fast.",
        ),
        (
            shop(1, bad("throttled")), (shop(2, bad("throttled")),), Verdict.THROTTLED, Reach.PLATFORM,
            "Shopee turns all our 2 shops away as too fast: the limit is on our app.",
        ),
        (shop(1, bad("reconnect")), (shop(2, good()),), Verdict.TOKEN, Reach.SHOP,
         "Shop 1 no longer accepts our token."),
        (
            shop(1, bad("reconnect")), (shop(2, bad("reconnect")),), Verdict.TOKEN, Reach.PLATFORM,
            "Shopee turns all our 2 tokens away: it is our app or their sign-in, not one shop's token.",
        ),
        (
            shop(1, state="needs_reconnect", reason="revoked by the seller"), (shop(2, good()),), Verdict.TOKEN,
            Reach.SHOP, "Shop 1 no longer accepts our permission.",
        ),
        (
            shop(1, state="needs_reconnect"), (shop(2, state="needs_reconnect"),), Verdict.TOKEN, Reach.PLATFORM,
            "All 2 Shopee connections lost their permission: it is our app or their sign-in, "
            "not this shop's token.",
        ),
        (
            shop(1, bad("refused", "returns.list"), good()), (), Verdict.REFUSED, Reach.PART,
            "Shop 1 refuses some of what we ask: returns.list.",
        ),
        (shop(1, state="paused"), (), Verdict.PAUSED, Reach.SHOP, "Shop 1 is paused."),
        (shop(1, bad("down", times=1), good("items.list")), (), Verdict.WELL, Reach.SHOP,
         "Shop 1 answers and is read whole."),
        (shop(1, bad("down", ago=timedelta(hours=2))), (), Verdict.WELL, Reach.SHOP,
         "Shop 1 answers and is read whole."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_the_errors_and_by_the_others(
    one: Evidence, peers: tuple[Evidence, ...], verdict: Verdict, reach: Reach, says: str
) -> None:
    found = told(one, *peers)
    assert (found.verdict, found.reach, found.says) == (verdict, reach, says)


@pytest.mark.parametrize(
    ("fault", "verdict", "says"),
    [
        ("drift", Verdict.DRIFTED, "Shop 1 sends another format than before: orders."),
        ("short_read", Verdict.SHORT, "Shop 1 gives fewer rows than it counts: orders."),
        ("failed", Verdict.OURS, "We fail at reading Shop 1: orders."),
        ("refused", Verdict.REFUSED, "Shop 1 refuses to be read: orders."),
        ("retry", Verdict.DOWN, "Shop 1 has not been read whole for too long: orders."),
        ("stale", Verdict.SILENT, "Nobody has read Shop 1 for too long, and no error was told: orders."),
        ("unread", Verdict.STARTING, "Shop 1 is being read for the first time."),
    ],
)
def test_where_the_calls_say_nothing_the_feeds_do(fault: str, verdict: Verdict, says: str) -> None:
    one = replace(shop(1, good()), feeds=(Stream(1, "orders", fault),))
    assert (told(one).verdict, told(one).says) == (verdict, says)


def test_one_cause_is_told_once_though_calls_and_feeds_both_show_it() -> None:
    one = replace(shop(1, bad("throttled")), feeds=(Stream(1, "orders", "retry"), Stream(2, "items", "drift")))
    assert [each.verdict for each in diagnose(one, [one], NOW)] == [Verdict.THROTTLED, Verdict.DRIFTED]


def test_a_changed_format_is_the_platforms_where_the_others_see_it_too() -> None:
    one, two = (replace(shop(n, good()), feeds=(Stream(n, "orders", "drift", at_source=9, stored=7),)) for n in (1, 2))
    found = told(one, two)
    assert (found.reach, found.shows) == (Reach.PLATFORM, ("orders: drift; 2 rows lacking of 9", "Shop 2 too"))


def test_it_says_what_it_rests_on_and_what_to_do() -> None:
    found = told(shop(1, bad("down")), shop(2, good()))
    assert found.shows == (
        "orders.list: the last 6 calls failed, last good 21 Nov 08:00 UTC",
        "1 shop of the same kind answers",
    )
    assert found.advice.startswith("The other Shopee shops answer, so it is this account")


def test_shops_that_a_person_switched_off_say_nothing_of_the_others() -> None:
    assert told(shop(1, bad("down")), shop(2, state="paused")).reach is Reach.SHOP


@pytest.mark.parametrize(
    ("one", "is_stopped"),
    [
        (shop(1, good()), False),
        (shop(1, bad("down")), True),
        (shop(1, bad("throttled")), True),
        (shop(1, bad("down", ago=6 * MINUTE)), False),  # time for a trial
        (shop(1, bad("down", "returns.list"), good()), False),
        (shop(1, bad("refused")), False),
        (shop(1, state="needs_reconnect"), True),
        (shop(1, bad("reconnect")), True),
        (shop(1, bad("reconnect", "refund.create"), good()), False),
        (replace(shop(1, good()), feeds=(Stream(1, "orders", "drift"),)), False),
        (replace(shop(1, good()), feeds=(Stream(1, "orders", "retry"),)), False),
    ],
)
def test_writes_wait_for_a_lost_permission_and_for_a_whole_shop_that_fails_now(one: Evidence, is_stopped: bool) -> None:
    stopping = stops_writes(diagnose(one, [one], NOW), NOW, HOLDS)
    assert (stopping is not None) is is_stopped
