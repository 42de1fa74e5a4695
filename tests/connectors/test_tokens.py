"""A token is renewed before it ends, once, and a dead one stops the shop with a clear word."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import QuerySet

from connectors import tokens
from connectors.base import Reconnect, Refused, Renewed, Retry, Unknown
from connectors.models import Feed, Shop
from connectors.pull import pull
from connectors.tokens import keep_fresh
from connectors.twin.server import TwinServer, serve
from tests.connectors.fakes import FakeShop
from tests.factories import NOW, FeedFactory

Channel = type[FakeShop]


def now() -> datetime:
    return NOW


@pytest.fixture
def ending(fake_shop: Shop) -> Shop:
    fake_shop.credentials = {"access_token": "old", "refresh_token": "r1"}
    fake_shop.credentials_expire_at = NOW + timedelta(minutes=5)
    fake_shop.save()
    return fake_shop


def test_a_token_that_ends_soon_is_replaced_whole(ending: Shop, channel: Channel) -> None:
    fresh = {"access_token": "new", "refresh_token": "r2"}
    channel.renewals = [Renewed(fresh, NOW + timedelta(hours=4))]
    assert keep_fresh(ending, clock=now).credentials == fresh
    ending.refresh_from_db()
    assert (ending.credentials, ending.credentials_expire_at) == (fresh, NOW + timedelta(hours=4))


def test_a_token_that_lasts_is_left_alone(ending: Shop, channel: Channel) -> None:
    Shop.objects.update(credentials_expire_at=NOW + timedelta(minutes=11))
    ending.refresh_from_db()
    assert keep_fresh(ending, clock=now).credentials["access_token"] == "old"


def test_the_second_who_comes_takes_what_the_first_has_renewed(ending: Shop, channel: Channel) -> None:
    stale = Shop.objects.get(pk=ending.pk)
    channel.renewals = [Renewed({"access_token": "new", "refresh_token": "r2"}, NOW + timedelta(hours=4))]
    keep_fresh(ending, clock=now)
    assert keep_fresh(stale, clock=now).credentials["refresh_token"] == "r2"
    assert channel.renewals == []


@pytest.mark.parametrize("kind", [Reconnect, Refused])
def test_a_dead_refresh_token_asks_for_a_person(kind: type[Exception], ending: Shop, channel: Channel) -> None:
    channel.renewals = [kind("refresh token revoked")]
    with pytest.raises(Reconnect, match="revoked"):
        keep_fresh(ending, clock=now)
    ending.refresh_from_db()
    assert (ending.state, ending.state_reason) == (Shop.State.NEEDS_RECONNECT, "refresh token revoked")
    with pytest.raises(Reconnect, match="refresh token revoked; connect it again"):
        keep_fresh(ending, clock=now)
    assert ending.credentials["access_token"] == "old"


@pytest.mark.parametrize("error", [Retry("busy"), Unknown("answer lost")])
def test_a_renewal_that_fails_in_passing_leaves_the_old_token_while_it_lasts(
    ending: Shop, channel: Channel, error: Exception
) -> None:
    channel.renewals = [error]
    assert keep_fresh(ending, clock=now).credentials["access_token"] == "old"
    channel.renewals = [error]
    with pytest.raises(type(error)):
        keep_fresh(ending, clock=lambda: NOW + timedelta(minutes=6))
    ending.refresh_from_db()
    assert ending.state == Shop.State.CONNECTED


def test_the_end_of_the_new_refresh_token_is_kept_and_an_untold_one_leaves_the_old(
    ending: Shop, channel: Channel
) -> None:
    longest = NOW + timedelta(days=30)
    channel.renewals = [Renewed({"access_token": "new"}, NOW + timedelta(minutes=5), longest)]
    keep_fresh(ending, clock=now)
    channel.renewals = [Renewed({"access_token": "newer"}, NOW + timedelta(hours=4))]
    keep_fresh(ending, clock=now)
    ending.refresh_from_db()
    assert (ending.renewable_until, ending.credentials["access_token"]) == (longest, "newer")
    assert ending.renewal_began_at is None


def test_a_lost_answer_leaves_a_mark_and_a_turned_away_call_leaves_none(ending: Shop, channel: Channel) -> None:
    channel.renewals = [Retry("busy")]
    keep_fresh(ending, clock=now)
    ending.refresh_from_db()
    assert ending.renewal_began_at is None
    channel.renewals = [Unknown("answer lost")]
    keep_fresh(ending, clock=now)
    ending.refresh_from_db()
    assert ending.renewal_began_at == NOW


def test_a_shop_that_was_disconnected_meanwhile_gets_no_tokens_back(ending: Shop, channel: Channel) -> None:
    channel.renewals = [Renewed({"access_token": "new"}, NOW + timedelta(hours=4))]
    Shop.objects.update(state=Shop.State.DISCONNECTED, credentials={})
    tokens.renew(ending, now)
    assert Shop.objects.get().credentials == {}


def test_a_database_that_fails_once_is_asked_again_with_the_pair_in_hand(
    ending: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = QuerySet.update, [OperationalError("the connection is gone")]

    def update(self: Any, **values: Any) -> int:
        if "credentials" in values and failures:
            raise failures.pop()
        return real(self, **values)

    monkeypatch.setattr(QuerySet, "update", update)
    monkeypatch.setattr(tokens, "connection", Idle())
    tokens.keep(ending, Renewed({"access_token": "new"}, NOW + timedelta(hours=4)))
    ending.refresh_from_db()
    assert ending.credentials == {"access_token": "new"}


class Idle:
    """A database connection outside of a transaction."""

    in_atomic_block = False

    def close(self) -> None:
        """Opened again by the next query."""


class Crash(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinServer]:
    with serve("week", seed=7, has_limits=False) as server:
        yield server


def from_twin(twin: TwinServer, kind: str, **credentials: str) -> Shop:
    row = next(account for account in twin.accounts() if account["kind"] == kind)
    return Shop.objects.create(
        kind=kind, name=row["name"], external_id=row["external_id"], base_url=row["base_url"],
        credentials=row["credentials"] | credentials, credentials_expire_at=datetime.now(UTC) + timedelta(minutes=1),
        settings=row["settings"],
    )  # fmt: skip


def crash_between_rotation_and_commit(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(tokens, "keep", crash)
        keep_fresh(shop)
    shop.refresh_from_db()
    assert shop.renewal_began_at is not None


def crash(shop: Shop, renewed: Renewed) -> None:
    raise Crash


@pytest.mark.django_db
def test_shopify_forgives_a_crash_between_its_rotation_and_our_commit(
    twin: TwinServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire: Any = twin.wires["shopify"]
    shop = from_twin(twin, "shopify", refresh_token=wire.tokens.give(wire.domain, ("*",)).refresh)
    crash_between_rotation_and_commit(shop, monkeypatch)
    old = shop.credentials["access_token"]
    assert keep_fresh(shop).credentials["access_token"] != old
    shop.refresh_from_db()
    assert (shop.state, shop.renewal_began_at) == (Shop.State.CONNECTED, None)
    assert shop.renewable_until is not None


@pytest.mark.django_db
def test_shopee_spends_its_token_so_a_crash_asks_for_a_person_and_says_what_happened(
    twin: TwinServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = from_twin(twin, "shopee")
    crash_between_rotation_and_commit(shop, monkeypatch)
    with pytest.raises(Reconnect):
        keep_fresh(shop)
    shop.refresh_from_db()
    assert shop.state == Shop.State.NEEDS_RECONNECT
    assert "a renewal was cut off at" in shop.state_reason


@pytest.mark.django_db
def test_a_token_whose_end_nobody_knew_is_renewed_when_it_is_refused_and_reading_goes_on(twin: TwinServer) -> None:
    wire: Any = twin.wires["shopify"]
    pair = wire.tokens.give(wire.domain, ("*",))
    shop = from_twin(twin, "shopify", refresh_token=pair.refresh, access_token="shpat_ended")
    Shop.objects.update(credentials_expire_at=None)
    feed = FeedFactory.create(shop=shop, name="returns")
    pull(feed.pk)
    shop.refresh_from_db()
    feed.refresh_from_db()
    assert (shop.state, feed.error_class, feed.failures) == (Shop.State.CONNECTED, "retry", 1)
    assert shop.credentials_expire_at is not None
    Feed.objects.update(next_pull_at=datetime.now(UTC))
    pull(feed.pk)
    feed.refresh_from_db()
    assert (feed.error_class, feed.failures) == ("", 0)


@pytest.mark.django_db
def test_a_shop_that_refuses_the_new_token_too_is_given_up(twin: TwinServer) -> None:
    wire: Any = twin.wires["shopify"]
    shop = from_twin(twin, "shopify", refresh_token="shprt_spent", access_token="shpat_ended")
    Shop.objects.update(credentials_expire_at=None)
    feed = FeedFactory.create(shop=shop, name="returns")
    before = len(wire.tokens.by_access)
    pull(feed.pk)
    pull(feed.pk)
    shop.refresh_from_db()
    assert shop.state == Shop.State.NEEDS_RECONNECT
    assert len(wire.tokens.by_access) == before


@pytest.mark.django_db
def test_credentials_that_lack_what_a_renewal_takes_say_so(twin: TwinServer) -> None:
    shop = from_twin(twin, "shopify", refresh_token="shprt_1", client_id="")
    del shop.credentials["client_id"]
    shop.save()
    with pytest.raises(Reconnect, match="lack 'client_id'"):
        keep_fresh(shop)
    shop.refresh_from_db()
    assert shop.state == Shop.State.NEEDS_RECONNECT
