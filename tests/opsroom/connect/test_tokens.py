"""The page of API tokens: shown once, after the password was given again; one's own, an owner's everybody's."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from opsroom.people.models import ApiToken, User
from opsroom.people.tokens import find_token, make_token
from tests.conftest import PASSWORD
from tests.factories import ShopFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache")]
ClientFor = Callable[[User], Client]
TOKEN = re.compile(r"ops_[\w-]{43}")
ASKED = {"name": "price bot", "lasts": "90", "may_propose": "on"}


def signed_in(person: User) -> Client:
    """A browser in which the password was given a moment ago."""
    client = Client()
    client.force_login(person)
    assert client.post("/account/reauthenticate/", {"password": PASSWORD}).status_code == 302
    return client


def of(person: User, name: str = "bot") -> ApiToken:
    return make_token(person, name, ["read"], now=timezone.now(), lasts=timedelta(days=1))[0]


def test_a_token_is_shown_this_once(drafter: User) -> None:
    browser = signed_in(drafter)
    answer = browser.post("/profile/tokens/make/", ASKED)
    [text] = TOKEN.findall(answer.text)
    assert "no-store" in answer["Cache-Control"]
    token = find_token(text, timezone.now())
    assert token is not None
    assert (token.person, token.name, token.scopes, token.all_shops) == (
        drafter,
        "price bot",
        ["propose", "read"],
        True,
    )
    assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)
    later = browser.get("/profile/tokens/").text
    assert TOKEN.findall(later) == []
    assert text[:12] in later


def test_the_password_is_asked_for_again_before_one_is_made(drafter: User, client_for: ClientFor) -> None:
    browser = client_for(drafter)
    answer = browser.post("/profile/tokens/make/", ASKED)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/reauthenticate/")
    assert not ApiToken.objects.exists()
    resumed = browser.post(answer["Location"], {"password": PASSWORD})
    assert len(TOKEN.findall(resumed.text)) == 1
    assert ApiToken.objects.get().name == "price bot"


def test_the_same_page_sent_again_makes_no_second_one(drafter: User) -> None:
    browser = signed_in(drafter)
    browser.post("/profile/tokens/make/", ASKED)
    answer = browser.post("/profile/tokens/make/", ASKED)
    assert answer.status_code == 422
    assert "You have a token of that name." in answer.text
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    "change", [{"lasts": "366"}, {"lasts": "0"}, {"name": ""}, {"name": "x" * 61}, {"shops": "999"}]
)
def test_what_cannot_be_is_refused(drafter: User, change: dict[str, str]) -> None:
    assert signed_in(drafter).post("/profile/tokens/make/", ASKED | change).status_code == 422
    assert not ApiToken.objects.exists()


def test_a_viewer_is_offered_and_given_reading_alone(viewer: User) -> None:
    browser = signed_in(viewer)
    assert "May also propose" not in browser.get("/profile/tokens/").text
    browser.post("/profile/tokens/make/", ASKED)
    assert ApiToken.objects.get().scopes == ["read"]


def test_a_token_may_be_for_some_shops_alone(drafter: User) -> None:
    shop, _ = ShopFactory.create(name="Lumen SG"), ShopFactory.create()
    browser = signed_in(drafter)
    browser.post("/profile/tokens/make/", ASKED | {"shops": str(shop.pk)})
    token = ApiToken.objects.get()
    assert (token.all_shops, list(token.shops.all())) == (False, [shop])
    assert '<td data-label="Shops">Lumen SG</td>' in browser.get("/profile/tokens/").text


def test_a_revoked_token_is_listed_as_such(drafter: User, client_for: ClientFor) -> None:
    token = of(drafter)
    answer = client_for(drafter).post(f"/profile/tokens/{token.pk}/revoke/", follow=True)
    assert "bot is revoked: no call with it is answered any more." in answer.text
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert "Ended or revoked: 1" in answer.text


def test_nobody_sees_or_revokes_anothers_but_an_owner(
    drafter: User, approver: User, owner: User, client_for: ClientFor
) -> None:
    token = of(drafter, "price bot")
    other = client_for(approver)
    assert "price bot" not in other.get("/profile/tokens/").text
    assert other.post(f"/profile/tokens/{token.pk}/revoke/").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None
    boss = client_for(owner)
    assert "of Drafter" in boss.get("/profile/tokens/").text
    boss.post(f"/profile/tokens/{token.pk}/revoke/")
    token.refresh_from_db()
    assert token.revoked_at is not None


@pytest.mark.parametrize(("path", "method"), [("", "get"), ("make/", "post"), ("1/revoke/", "post")])
def test_strangers_are_sent_to_sign_in(client: Client, path: str, method: str) -> None:
    answer: Any = getattr(client, method)(f"/profile/tokens/{path}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")
