"""A push is stored once whatever its platform repeats, a forged one leaves nothing, and a hint makes its feeds due."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DataError, connection
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from connectors import webhooks
from connectors.models import Feed, Shop, WebhookEvent, WebhookKey, WebhookRefusal
from connectors.saving.pushes import Push, Slot, settle
from connectors.webhooks import Verdict, drain, forget, receive
from tests.factories import NOW, FeedFactory, ShopFactory


@pytest.fixture(autouse=True)
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(webhooks.drain_webhooks, "apply_async", lambda **_: heard.append("drain"))
    monkeypatch.setattr(webhooks.bell, "silent_until", 0.0)
    webhooks.known.forget()
    return heard


def push(shop: Shop, *, sign: str = "s3cret", event: str = "e1", body: bytes = b"orders", **more: Any) -> HttpResponse:
    client = Client(enforce_csrf_checks=True)
    headers = {"X-Sign": sign, "X-Event": event} | more.pop("headers", {})
    return client.post(  # type: ignore[return-value]  # the test client's answer is an HttpResponse with more
        f"/webhooks/{shop.pk}/", body, content_type="application/octet-stream", headers=headers, **more
    )


def take(shop: Shop, event: str, moment: datetime) -> Verdict:
    return receive(shop, b"orders", {"x-sign": "s3cret", "x-event": event}, ["http://here/"], moment)


def test_a_push_is_stored_before_it_is_answered(
    fake_shop: Shop, rings: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = push(fake_shop)
    assert (answer.status_code, answer.content) == (200, b"stored")
    event = WebhookEvent.objects.get()
    assert (event.shop_id, event.event_id, event.topic, bytes(event.body), event.done_at) == (
        fake_shop.pk, "e1", "orders", b"orders", None,
    )  # fmt: skip
    assert rings == ["drain"]
    assert "Set-Cookie" not in answer


def test_a_repeated_push_is_answered_and_stored_once(fake_shop: Shop) -> None:
    push(fake_shop)
    assert (push(fake_shop).status_code, push(fake_shop).content) == (200, b"stored before")
    assert WebhookEvent.objects.count() == 1


def test_a_push_repeated_over_a_months_end_is_stored_once(fake_shop: Shop) -> None:
    last, first = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC)
    assert (take(fake_shop, "e1", last), take(fake_shop, "e1", first)) == (Verdict.STORED, Verdict.REPEATED)
    assert take(fake_shop, "e2", first) == Verdict.STORED
    assert partitions_of_events() == ["connectors_webhookevent_2026_11", "connectors_webhookevent_2026_12"]


def partitions_of_events() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM connectors_webhookevent ORDER BY received_at")
        return [name for (name,) in cursor.fetchall()]


def test_a_forged_push_leaves_nothing_but_a_count(fake_shop: Shop, rings: list[str]) -> None:
    answers = [push(fake_shop, sign=sign) for sign in ("wrong", "", "ünknown")]
    assert [one.status_code for one in answers] == [401, 401, 401]
    assert b"signature does not hold. Nothing was stored" in answers[0].content
    assert (WebhookEvent.objects.count(), WebhookKey.objects.count(), rings) == (0, 0, [])
    assert WebhookRefusal.objects.get().count == 3


def test_the_signature_of_one_shop_does_not_open_another(fake_shop: Shop) -> None:
    other = ShopFactory.create(kind="fake", credentials={"webhook_secret": "other"})
    assert push(other).status_code == 401
    assert push(other, sign="other").status_code == 200


def test_the_old_secret_holds_while_it_is_kept(fake_shop: Shop) -> None:
    fake_shop.credentials = {"webhook_secret": "new", "old_webhook_secret": "s3cret"}
    fake_shop.save()
    assert push(fake_shop).status_code == 200


def test_a_platform_that_signs_over_the_apps_key_is_told_both_as_one() -> None:
    shop = ShopFactory.build(
        credentials={"app_key": "k", "app_secret": "new", "old_app_secret": "before", "webhook_secret": "w"}
    )
    assert webhooks.secrets_of(shop) == ("w", "k:new", "k:before")
    assert webhooks.secrets_of(ShopFactory.build(credentials={"app_secret": "new"})) == ("new",)


def test_a_body_that_is_too_large_is_refused_unread(fake_shop: Shop) -> None:
    answer = push(fake_shop, body=b"x" * (1024 * 1024 + 1))
    assert answer.status_code == 413
    assert WebhookEvent.objects.count() == 0


def test_only_posts_to_a_shop_with_pushes_are_answered(fake_shop: Shop) -> None:
    files = ShopFactory.create(kind="report_file")
    assert push(files).status_code == 404
    assert Client().get(f"/webhooks/{fake_shop.pk}/").status_code == 405
    assert Client().post("/webhooks/999999/").status_code == 404


def test_a_drained_push_makes_its_feeds_due(feed: Feed) -> None:
    other = FeedFactory.create(shop=feed.shop, name="returns", next_pull_at=NOW + timedelta(hours=1))
    Feed.objects.filter(pk=feed.pk).update(next_pull_at=NOW + timedelta(hours=1))
    take(feed.shop, "e1", NOW)
    take(feed.shop, "e2", NOW)

    assert drain(NOW) == [feed.pk]

    feed.refresh_from_db()
    other.refresh_from_db()
    assert (feed.next_pull_at, other.next_pull_at) == (NOW, NOW + timedelta(hours=1))
    assert set(WebhookEvent.objects.values_list("done_at", flat=True)) == {NOW}
    assert drain(NOW) == []


def test_pushes_do_not_hammer_a_shop_that_is_down(feed: Feed) -> None:
    Feed.objects.filter(pk=feed.pk).update(next_pull_at=NOW + timedelta(hours=1), failures=3)
    take(feed.shop, "e1", NOW)
    assert drain(NOW) == []
    feed.refresh_from_db()
    assert feed.next_pull_at == NOW + timedelta(hours=1)


def test_keys_are_dropped_after_every_platform_has_given_up(fake_shop: Shop) -> None:
    take(fake_shop, "old", NOW - timedelta(days=31))
    take(fake_shop, "new", NOW)
    assert forget(NOW) == 1
    assert take(fake_shop, "new", NOW) == Verdict.REPEATED


def test_pushes_of_one_moment_ring_once(
    fake_shop: Shop, rings: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for event in ("e1", "e2", "e3"):
            assert push(fake_shop, event=event).content == b"stored"
    assert rings == ["drain"]


def test_a_changed_secret_holds_at_once(fake_shop: Shop) -> None:
    assert push(fake_shop).status_code == 200
    fake_shop.credentials = {"webhook_secret": "another"}
    fake_shop.save()
    assert push(fake_shop, sign="another", event="e2").content == b"stored"


@pytest.mark.django_db(transaction=True)
def test_pushes_that_arrive_together_are_each_stored_once(fake_shop: Shop) -> None:
    def one(number: int) -> Verdict:
        try:
            return take(fake_shop, f"e{number % 40}", NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(one, range(120)))
    assert (verdicts.count(Verdict.STORED), verdicts.count(Verdict.REPEATED)) == (40, 80)
    assert WebhookEvent.objects.count() == 40


def test_one_push_that_cannot_be_stored_leaves_the_others(fake_shop: Shop) -> None:
    good = [Slot(Push(fake_shop.pk, bytes([number]) * 16, NOW, f"e{number}", "", b"")) for number in (1, 2)]
    bad = Slot(Push(2**70, b"3" * 16, NOW, "e3", "", b""))
    settle([good[0], bad, good[1]])
    assert [slot.answer() for slot in good] == [True, True]
    with pytest.raises(DataError):
        bad.answer()
    assert WebhookEvent.objects.count() == 2
