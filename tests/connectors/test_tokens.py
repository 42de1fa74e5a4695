"""A token is renewed before it ends, once, and a dead one stops the shop with a clear word."""

from datetime import datetime, timedelta

import pytest

from connectors.base import Reconnect, Renewed, Retry, Unknown
from connectors.models import Shop
from connectors.tokens import keep_fresh
from tests.connectors.fakes import FakeShop
from tests.factories import NOW

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


def test_a_dead_refresh_token_asks_for_a_person(ending: Shop, channel: Channel) -> None:
    channel.renewals = [Reconnect("refresh token revoked")]
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
