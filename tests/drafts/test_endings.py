"""A permission that ends within a week is said above the inbox and in the digest, while there is time to act."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from connectors.base import Reconnect
from connectors.expiry import permission_end
from connectors.models import Shop
from drafts import notify
from drafts.pages.feeds import outlook
from drafts.running.channel import needs_reconnect, open_channel
from opsroom.people.models import User
from tests.factories import NOW, AlertFactory, FeedFactory, ShopFactory
from tests.journeys import scene

pytestmark = pytest.mark.django_db


def shop(days: float, **fields: Any) -> Shop:
    made = ShopFactory.create(kind="shopee", renewable_until=timezone.now() + timedelta(days=days), **fields)
    FeedFactory.create(shop=made, last_good_at=timezone.now())
    return made


def test_only_connected_shops_within_the_week_are_told_the_first_to_end_first() -> None:
    late, soon = shop(6.5, name="Late"), shop(2, name="Soon")
    shop(7.5, name="Next week")
    shop(1, name="Paused", state=Shop.State.PAUSED)
    FeedFactory.create(shop=soon, name="returns", last_good_at=timezone.now())
    assert [one.shop_id for one in outlook(timezone.now()).endings] == [soon.pk, late.pk]


def test_the_inbox_names_the_shop_the_day_and_the_way(client_for: Callable[[User], Client], viewer: User) -> None:
    made = shop(2, name="Harbour SG")
    page = client_for(viewer).get("/").text
    assert "Harbour SG must be connected again by" in page
    assert f'href="/connections/#shop-{made.pk}"' in page


def test_the_digest_says_it_in_both_forms_and_nothing_is_clear(owner: User) -> None:
    shop(2, name="Harbour SG")
    composed = notify.compose_for(owner, timezone.now())
    assert [one.shop for one in composed.endings] == ["Harbour SG"]
    assert not composed.is_all_clear
    letter = notify.letter(owner, composed, "<1@example.com>")
    assert "- Harbour SG: by" in letter.body
    assert "Harbour SG: by" in str(letter.alternatives[0][0])


def test_a_token_that_renews_itself_is_no_end_and_one_that_does_not_is() -> None:
    soon = NOW + timedelta(hours=1)
    assert permission_end("shopee", None, soon) is None
    assert permission_end("stripe", None, soon) == soon
    assert permission_end("shopee", NOW, soon) == NOW


@pytest.mark.parametrize("state", [Shop.State.PAUSED, Shop.State.DISCONNECTED])
def test_what_a_person_stopped_is_not_opened_and_does_not_ask_to_be_connected(state: str) -> None:
    stopped = shop(30, state=state, state_reason="by a person")
    draft = scene.refund(AlertFactory.create(shop=stopped, subject_ref="P1"))
    with pytest.raises(Reconnect, match="is paused" if state == Shop.State.PAUSED else "by a person"):
        open_channel(draft)
    needs_reconnect(draft, "no")
    stopped.refresh_from_db()
    assert stopped.state == state
