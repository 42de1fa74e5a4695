"""The cursor moves with the rows, never past rows that are not there, and a bad shop stands alone."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError

from connectors import pull as steps
from connectors.base import Reconnect, Refused, Retry, Unknown
from connectors.models import Feed, Order, QuarantinedRow, Shop
from connectors.pull import claim, make_feeds, pull, pull_due, pull_feed
from connectors.save import save
from connectors.types import BadRow
from connectors.webhooks import hint
from tests.connectors.fakes import FakeShop, page
from tests.factories import NOW, FeedFactory, ShopFactory, order

Channel = type[FakeShop]


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def run(feed: Feed, moment: datetime = NOW) -> Feed:
    pull(feed.pk, clock=at(moment))
    feed.refresh_from_db()
    return feed


def ids() -> list[str]:
    return sorted(Order.objects.values_list("external_id", flat=True))


def orders(first: int, last: int) -> list[object]:
    return [order(number) for number in range(first, last)]


def test_pages_are_saved_and_the_cursor_stands_behind_the_last(feed: Feed, channel: Channel) -> None:
    channel.script = {"": page("a", order(1), order(2)), "a": page("b", order(3), is_last=True)}

    saved = pull(feed.pk, clock=at(NOW))

    feed.refresh_from_db()
    assert (saved.total.read, saved.total.stored, ids()) == (3, 3, ["1", "2", "3"])
    assert (saved.changed, saved.updated, saved.refused) == ({}, {}, {})  # a turn may be long
    assert (feed.cursor, feed.last_good_at, feed.failures, feed.claimed_until) == ("b", NOW, 0, None)
    assert timedelta(seconds=54) <= feed.next_pull_at - NOW <= timedelta(seconds=60)


def test_what_was_read_before_an_error_is_kept(feed: Feed, channel: Channel) -> None:
    channel.script = {"": page("a", order(1)), "a": Retry("gone away")}
    run(feed)
    assert (feed.cursor, ids(), feed.failures, feed.last_good_at) == ("a", ["1"], 1, None)
    channel.script = {"a": page("b", order(2), is_last=True)}
    run(feed, NOW + timedelta(hours=2))
    assert (feed.cursor, ids(), feed.failures) == ("b", ["1", "2"], 0)


def test_a_feed_that_our_own_pace_holds_back_waits_for_its_turn_and_has_not_failed(
    feed: Feed, channel: Channel
) -> None:
    channel.script = {"": page("a", order(1)), "a": Retry("not sent", code="paced", after_seconds=178)}
    run(feed)
    assert (feed.cursor, ids(), feed.failures, feed.error_text) == ("a", ["1"], 0, "")
    assert (feed.next_pull_at, feed.last_good_at, feed.claimed_until) == (NOW + timedelta(seconds=178), None, None)


def test_a_feed_that_is_not_due_or_is_being_read_is_left_alone(feed: Feed, channel: Channel) -> None:
    assert pull(feed.pk, clock=at(NOW - timedelta(seconds=1))).total.read == 0
    claim(feed.pk, NOW)
    assert pull(feed.pk, clock=at(NOW)).total.read == 0
    assert channel.calls == []


def test_a_doubled_task_reads_once(feed: Feed, channel: Channel) -> None:
    channel.script = {"": page("a", order(1), is_last=True)}
    run(feed)
    run(feed)
    assert channel.calls == [""]


def test_a_crash_between_pages_loses_nothing(feed: Feed, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "FULL_BATCH", 1)
    channel.script = {"": page("a", order(1)), "a": page("b", order(2)), "b": OperationalError("server gone")}
    with pytest.raises(OperationalError):
        run(feed)
    feed.refresh_from_db()
    assert (feed.cursor, feed.error_class, feed.last_good_at, ids()) == ("b", "failed", None, ["1", "2"])

    channel.script["b"] = page("c", order(3), is_last=True)
    run(feed, feed.next_pull_at)

    assert channel.calls == ["", "a", "b", "b"]
    assert (feed.cursor, feed.error_class, feed.failures, ids()) == ("c", "", 0, ["1", "2", "3"])


def test_rows_and_cursor_are_kept_together_or_not_at_all(
    feed: Feed, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.script = {"": page("a", order(1), is_last=True)}
    monkeypatch.setattr(steps, "move", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(feed)
    feed.refresh_from_db()
    assert (feed.cursor, ids()) == ("", [])


def test_a_worker_that_lost_its_claim_keeps_nothing(
    feed: Feed, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.script = {"": page("a", order(1), is_last=True)}

    def overtaken(*args: object, **kwargs: object) -> object:
        Feed.objects.filter(pk=feed.pk).update(claimed_until=NOW + timedelta(hours=1), cursor="theirs")
        return save(*args, **kwargs)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(steps, "save", overtaken)
    run(feed)
    assert ids() == []
    assert feed.cursor == ""  # the other's claim was made inside the transaction that was rolled back


def test_a_short_read_keeps_its_rows_and_begins_the_window_again(feed: Feed, channel: Channel) -> None:
    channel.script = {"": page("a", order(1), count=3), "a": page("b", order(2), is_last=True, count=3)}
    run(feed)
    assert (feed.cursor, feed.error_class, feed.last_good_at) == ("", "short_read", None)
    assert (feed.count_at_source, feed.count_stored, ids()) == (3, 2, ["1", "2"])
    assert "counts 3 rows and gave 2" in feed.error_text

    channel.script["a"] = page("b", order(2), order(3), is_last=True, count=3)
    run(feed, feed.next_pull_at)

    assert (feed.cursor, feed.error_class, feed.count_at_source, feed.count_stored) == ("b", "", 3, 3)
    assert ids() == ["1", "2", "3"]


def test_a_window_read_in_two_turns_is_counted_as_one(
    feed: Feed, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "FULL_BATCH", 1)
    channel.script = {"": page("a", order(1)), "a": Retry("busy")}
    run(feed)
    assert (feed.cursor, feed.window_cursor, feed.window_seen) == ("a", "", 1)

    channel.script["a"] = page("b", order(2), is_last=True, count=3)
    run(feed, feed.next_pull_at)

    assert (feed.cursor, feed.error_class, feed.count_stored, feed.window_cursor) == ("", "short_read", 2, None)


def test_several_windows_in_one_pull_are_each_counted(feed: Feed, channel: Channel) -> None:
    channel.script = {"": page("a", order(1), count=1), "a": page("b", order(2), order(3), is_last=True, count=2)}
    run(feed)
    assert (feed.cursor, feed.error_class, feed.count_at_source, feed.count_stored) == ("b", "", 2, 2)


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (Retry("busy"), "retry"),
        (Retry("no orders in the answer", code="drift"), "drift"),
        (Retry("does not move on", code="short_read"), "short_read"),
        (Refused("no such scope"), "refused"),
        (Unknown("cut off"), "unknown"),
    ],
)
def test_what_went_wrong_is_recorded_on_the_feed(feed: Feed, channel: Channel, error: Exception, name: str) -> None:
    channel.script = {"": error}
    run(feed)
    assert (feed.error_class, feed.error_text, feed.failures, feed.claimed_until) == (name, str(error), 1, None)
    assert (feed.cursor, feed.last_good_at, feed.shop.state) == ("", None, Shop.State.CONNECTED)


def test_pauses_double_with_jitter_and_heed_advice(feed: Feed, channel: Channel) -> None:
    channel.script = {"": Retry("busy")}
    moment, pauses = NOW, []
    for _ in range(9):
        run(feed, moment)
        pauses.append((feed.next_pull_at - moment).total_seconds())
        moment = feed.next_pull_at
    ceilings = [min(60 * 2**step, 3600) for step in range(9)]
    assert all(ceiling / 2 <= pause <= ceiling for pause, ceiling in zip(pauses, ceilings, strict=True))

    channel.script = {"": Retry("quota used up", after_seconds=7200)}
    run(feed, moment)
    assert feed.next_pull_at - moment == timedelta(seconds=7200)


def test_a_lost_permission_stops_the_shop_until_it_is_connected_again(feed: Feed, channel: Channel) -> None:
    channel.script = {"": Reconnect("token revoked")}
    run(feed)
    feed.shop.refresh_from_db()
    assert (feed.error_class, feed.shop.state, feed.shop.state_reason) == (
        "reconnect", Shop.State.NEEDS_RECONNECT, "token revoked",
    )  # fmt: skip
    run(feed, feed.next_pull_at)
    assert channel.calls == [""]


def test_a_bad_row_does_not_stop_the_feed(feed: Feed, channel: Channel) -> None:
    bad = BadRow(kind="order", external_id="2", reason="status 'LOST' is unknown", raw=b"{}")
    channel.script = {"": page("a", order(1), bad, order(3), is_last=True, count=3)}
    run(feed)
    assert (feed.cursor, feed.error_class, feed.count_quarantined, ids()) == ("a", "", 1, ["1", "3"])


def test_mostly_bad_rows_mean_that_the_format_has_changed(feed: Feed, channel: Channel) -> None:
    bad = [BadRow(kind="order", external_id=str(n), reason="no status", raw=b"%d" % n) for n in range(20)]
    channel.script = {"": page("a", order(99), *bad, is_last=True)}
    run(feed)
    assert (feed.error_class, feed.last_good_at, feed.count_quarantined) == ("drift", None, 20)
    assert (ids(), QuarantinedRow.objects.count()) == (["99"], 20)


def test_a_long_read_goes_on_in_another_turn(feed: Feed, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "FULL_BATCH", 1)
    channel.script = {"": page("a", order(1)), "a": page("b", order(2)), "b": page("c", order(3), is_last=True)}
    ticks = iter(NOW + timedelta(seconds=step * 25) for step in range(1000))
    pull(feed.pk, clock=lambda: next(ticks))
    feed.refresh_from_db()
    assert (feed.cursor, feed.last_good_at, feed.claimed_until, feed.failures) == ("b", None, None, 0)
    run(feed, feed.next_pull_at)
    assert (feed.cursor, ids()) == ("c", ["1", "2", "3"])


def test_a_push_during_a_read_leaves_the_feed_due(
    feed: Feed, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.script = {"": page("a", order(1), is_last=True)}
    moment = NOW + timedelta(seconds=1)

    def saved_while_a_push_came(*args: object, **kwargs: object) -> object:
        assert hint(feed.shop_id, "orders", moment) == []
        return save(*args, **kwargs)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(steps, "save", saved_while_a_push_came)
    run(feed)
    assert (feed.next_pull_at, feed.claimed_until, feed.cursor) == (moment, None, "a")


def test_a_failed_read_pauses_though_a_push_came(feed: Feed, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    channel.script = {"": page("a", order(1)), "a": Retry("busy")}
    monkeypatch.setattr(steps, "FULL_BATCH", 1)

    def saved_while_a_push_came(*args: object, **kwargs: object) -> object:
        hint(feed.shop_id, "orders", NOW + timedelta(seconds=1))
        return save(*args, **kwargs)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(steps, "save", saved_while_a_push_came)
    run(feed)
    assert feed.next_pull_at - NOW >= timedelta(seconds=30)


def test_a_turn_that_is_not_the_last_rings_for_the_next(
    feed: Feed, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.script = {"": page("a", order(1)), "a": page("b", order(2), is_last=True)}
    monkeypatch.setattr(steps, "FULL_BATCH", 1)
    monkeypatch.setattr(steps, "SPELL", timedelta(0))
    Feed.objects.update(next_pull_at=datetime(2020, 1, 1, tzinfo=NOW.tzinfo))
    rung: list[tuple[object, ...]] = []
    monkeypatch.setattr(pull_feed, "apply_async", lambda args, **_: rung.append(args))

    pull_feed(feed.pk)
    assert (rung, ids()) == ([(feed.pk,)], ["1"])
    pull_feed(feed.pk)
    assert (rung, ids()) == ([(feed.pk,)], ["1", "2"])


def test_one_shop_holds_no_more_than_its_share_of_the_lane(feed: Feed) -> None:
    mates = [FeedFactory.create(shop=feed.shop, name=name) for name in ("returns", "goods")]
    other = FeedFactory.create(shop=ShopFactory.create())
    Feed.objects.update(next_pull_at=NOW)

    taken = [claim(one.pk, NOW) for one in (feed, *mates, other)]

    assert [one is not None for one in taken] == [True, True, False, True]
    again = NOW + steps.LEASE + timedelta(seconds=1)  # whoever held them is gone
    assert claim(mates[1].pk, again) is not None


def test_a_finished_turn_rings_for_what_waits_at_its_shop_alone(
    feed: Feed, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.script = {"": page("a", order(1), is_last=True)}
    waiting = FeedFactory.create(shop=feed.shop, name="returns")
    FeedFactory.create(shop=ShopFactory.create())
    Feed.objects.update(next_pull_at=datetime(2020, 1, 1, tzinfo=NOW.tzinfo))
    rung: list[tuple[object, ...]] = []
    monkeypatch.setattr(pull_feed, "apply_async", lambda args, **_: rung.append(args))

    pull_feed(feed.pk)
    assert rung == [(waiting.pk,)]
    pull_feed(feed.pk)  # not due any more: no turn, and so no ring
    assert rung == [(waiting.pk,)]


def test_pages_are_put_together_before_they_are_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "FULL_BATCH", 500)
    small = [page(str(n), *orders(n * 100, n * 100 + 100)) for n in range(12)]  # type: ignore[arg-type]  # orders are records
    sizes = [sum(len(one.records) for one in batch) for batch in steps.batches(small, lambda: NOW)]
    assert sizes == [500, 500, 200]


def test_what_a_slow_source_gave_is_not_held_for_a_full_batch() -> None:
    seconds = iter(range(0, 1_000, 8))
    slow = [page(str(n), *orders(n, n + 1)) for n in range(6)]  # type: ignore[arg-type]  # orders are records
    batches = list(steps.batches(slow, lambda: NOW + timedelta(seconds=next(seconds))))
    assert [len(batch) for batch in batches] == [3, 3]


def test_each_due_feed_is_rung_for_by_itself(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    later = FeedFactory.create(shop=feed.shop, name="returns")
    Feed.objects.filter(pk=later.pk).update(next_pull_at=datetime(2999, 1, 1, tzinfo=NOW.tzinfo))
    paused = FeedFactory.create(shop=ShopFactory.create(state=Shop.State.PAUSED))
    Feed.objects.filter(pk__in=[feed.pk, paused.pk]).update(next_pull_at=datetime(2020, 1, 1, tzinfo=NOW.tzinfo))
    rung: list[tuple[object, ...]] = []
    monkeypatch.setattr(pull_feed, "apply_async", lambda args, **_: rung.append(args))
    pull_due()
    assert rung == [(feed.pk,)]


def test_a_new_shop_gets_its_feeds_and_keeps_their_cursors(fake_shop: Shop) -> None:
    first = make_feeds(fake_shop)
    Feed.objects.filter(name="orders").update(cursor="kept")
    assert [one.name for one in make_feeds(fake_shop)] == ["orders", "returns"]
    assert [one.every_seconds for one in first] == [60, 300]
    assert Feed.objects.get(name="orders").cursor == "kept"
