"""A system is connected by its owner, once for each yes, and only as far as was granted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client

from connectors.models import App, ConsentVisit, Feed, Shop
from connectors.opening import open_shop
from connectors.twin.server import TwinServer
from drafts.models import LedgerEntry
from opsroom.management.commands.connect_twin import register_apps
from opsroom.people.models import User
from tests.connectors import consenting

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]
Accounts = dict[str, dict[str, Any]]
SHOPIFY = {"ask-shop": "lumen-and-loft.myshopify.com"}
GIVEN = {"shopee": {"ask-server": "Asia"}, "shopify": SHOPIFY, "stripe": {}}


def begin(client: Client, kind: str, **more: Any) -> str:
    """Up to the platform's door: the address of the consent page."""
    started = client.post(f"/connections/new/{kind}/consent/", GIVEN[kind] | more)
    assert started.status_code == 302, started.text
    shown = client.get(started.headers["Location"])
    assert shown.status_code == 200
    return client.get(started.headers["Location"] + "go/").headers["Location"]


def come_back(client: Client, kind: str, callback: dict[str, str]) -> Any:
    return client.get(f"/connect/{kind}/back/?{urlencode(callback)}")


@pytest.mark.parametrize("kind", ["shopee", "shopify", "stripe"])
def test_an_owner_connects_a_shop_and_reading_begins(
    kind: str, accounts: Accounts, client_for: ClientFor, owner: User
) -> None:
    client = client_for(owner)
    answer = come_back(client, kind, consenting.answer(begin(client, kind)))
    assert answer.headers["Location"] == "/connections/"
    shop = Shop.objects.get()
    assert (shop.kind, shop.external_id, shop.state) == (kind, accounts[kind]["external_id"], "connected")
    assert open_shop(shop).check()
    assert Feed.objects.filter(shop=shop, next_pull_at__isnull=False).exists()
    assert "is connected. Reading begins now." in client.get("/connections/").text
    entry = LedgerEntry.objects.get(action="shop_connected")
    assert entry.actor_id == owner.pk
    assert shop.credentials.get("access_token", "none") not in bytes(entry.body).decode()


def test_reading_is_asked_for_first(accounts: Accounts, client_for: ClientFor, owner: User) -> None:
    client = client_for(owner)
    come_back(client, "shopify", consenting.answer(begin(client, "shopify")))
    scopes = Shop.objects.get().scopes
    assert scopes
    assert [scope for scope in scopes if scope.startswith("write_")] == []


def test_a_wider_consent_asks_for_what_the_write_needs_and_loses_nothing(
    accounts: Accounts, client_for: ClientFor, owner: User
) -> None:
    client = client_for(owner)
    come_back(client, "shopify", consenting.answer(begin(client, "shopify")))
    before = Shop.objects.get()
    more = {"shop": before.pk, "for": "RefundPayment", "next": "/history/"}
    answer = come_back(client, "shopify", consenting.answer(begin(client, "shopify", **more)))
    assert answer.headers["Location"] == "/history/"
    shop = Shop.objects.get()
    assert set(shop.scopes or ()) == {*(before.scopes or ()), "write_orders"}
    assert shop.pk == before.pk


def test_what_was_not_granted_is_named(accounts: Accounts, client_for: ClientFor, owner: User) -> None:
    client = client_for(owner)
    come_back(client, "shopify", consenting.answer(begin(client, "shopify"), without=("read_returns",)))
    page = client.get("/connections/").text
    assert "Shopify did not grant read_returns." in page
    assert "Not granted: read_returns." in page


def test_connecting_again_keeps_the_row_its_name_and_the_cursors(
    accounts: Accounts, client_for: ClientFor, owner: User
) -> None:
    client = client_for(owner)
    come_back(client, "shopee", consenting.answer(begin(client, "shopee")))
    Shop.objects.update(name="My own name", state="needs_reconnect", state_reason="revoked")
    Feed.objects.update(cursor="here", next_pull_at=F("next_pull_at") + timedelta(days=1), failures=9)
    shop = Shop.objects.get()
    page = client.get(f"/connections/new/shopee/?shop={shop.pk}").text
    assert "Connect My own name again" in page
    come_back(client, "shopee", consenting.answer(begin(client, "shopee", shop=shop.pk)))
    again = Shop.objects.get()
    assert (again.pk, again.name, again.state, again.state_reason) == (shop.pk, "My own name", "connected", "")
    assert again.credentials["access_token"] != shop.credentials["access_token"]
    assert set(Feed.objects.values_list("cursor", "failures")) == {("here", 0)}


def test_another_account_is_not_taken_for_the_shop(accounts: Accounts, client_for: ClientFor, owner: User) -> None:
    other = Shop.objects.create(kind="stripe", name="Other", external_id="acct_other", credentials={"api_key": "rk_1"})
    client = client_for(owner)
    answer = come_back(client, "stripe", consenting.answer(begin(client, "stripe", shop=other.pk)))
    assert answer.status_code == 422
    assert "Other (acct_other) was to be connected again" in answer.text
    other.refresh_from_db()
    assert other.credentials == {"api_key": "rk_1"}
    assert Shop.objects.count() == 1


def test_a_denied_consent_connects_nothing(accounts: Accounts, client_for: ClientFor, owner: User) -> None:
    client = client_for(owner)
    answer = come_back(client, "stripe", consenting.answer(begin(client, "stripe"), allows=False))
    assert answer.status_code == 422
    assert "Nothing was connected" in answer.text
    assert not Shop.objects.exists()


def test_a_callback_counts_once(accounts: Accounts, client_for: ClientFor, owner: User) -> None:
    client = client_for(owner)
    callback = consenting.answer(begin(client, "stripe"))
    assert come_back(client, "stripe", callback).status_code == 302
    assert come_back(client, "stripe", callback).status_code == 422
    assert LedgerEntry.objects.filter(action="shop_connected").count() == 1


@pytest.mark.parametrize("change", ["forged", "missing", "old", "other kind"])
def test_a_state_that_is_not_this_visit_is_refused(
    change: str, accounts: Accounts, client_for: ClientFor, owner: User
) -> None:
    client, kind = client_for(owner), "stripe"
    callback = consenting.answer(begin(client, "stripe"))
    if change == "old":
        ConsentVisit.objects.update(ends_at=F("began_at"))
    if change == "forged":
        callback["state"] = "x" * 43
    if change == "missing":
        del callback["state"]
    if change == "other kind":
        kind = "shopify"
    answer = come_back(client, kind, callback)
    assert answer.status_code == 422
    assert "belongs to no consent that you began" in answer.text
    assert not Shop.objects.exists()


def test_another_owner_cannot_finish_what_somebody_else_began(
    accounts: Accounts, client_for: ClientFor, owner: User
) -> None:
    callback = consenting.answer(begin(client_for(owner), "stripe"))
    second = User.objects.create_user("second@example.com", "x", role="owner")
    assert come_back(client_for(second), "stripe", callback).status_code == 422
    assert client_for(second).get(f"/connections/visits/{ConsentVisit.objects.get().pk}/").status_code == 404
    assert not Shop.objects.exists()


def test_the_state_and_the_verifier_are_sealed(accounts: Accounts, client_for: ClientFor, owner: User) -> None:
    begin(client_for(owner), "stripe")
    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets FROM connectors_consentvisit")
        [[stored]] = cursor.fetchall()
    kept = ConsentVisit.objects.get().secrets
    assert kept["state"].encode() not in bytes(stored)
    assert len(kept["verifier"]) >= 43


@pytest.mark.parametrize("path", ["", "stripe/", "stripe/app/", "stripe/consent/", "stripe/keys/"])
def test_only_owners_connect(path: str, accounts: Accounts, client_for: ClientFor, approver: User) -> None:
    client = client_for(approver)
    url = f"/connections/new/{path}"
    answers = [client.get(url).status_code, client.post(url).status_code]
    assert answers.count(403) == 1
    assert set(answers) == {403, 405}
    assert come_back(client, "stripe", {"state": "x", "code": "y"}).status_code == 403
    assert not ConsentVisit.objects.exists()


def test_an_app_is_registered_once_and_its_secret_is_never_shown(client_for: ClientFor, owner: User) -> None:
    client = client_for(owner)
    assert "First, once: our app at Shopify" in client.get("/connections/new/shopify/").text
    data = {"app-client_id": "id-1", "app-client_secret": "very-secret-1"}
    assert client.post("/connections/new/shopify/app/", data).status_code == 302
    page = client.get("/connections/new/shopify/").text
    assert "very-secret-1" not in page
    assert "/connect/shopify/back/" in page
    client.post("/connections/new/shopify/app/", {"app-client_id": "", "app-client_secret": "very-secret-2"})
    assert App.objects.get().credentials == {"client_id": "id-1", "client_secret": "very-secret-2"}
    bodies = b"".join(bytes(body) for body in LedgerEntry.objects.values_list("body", flat=True))
    assert b"very-secret" not in bodies
    assert bodies.count(b'"changed"') == 2


def test_a_store_that_cannot_be_one_is_refused_before_anything_is_kept(
    accounts: Accounts, client_for: ClientFor, owner: User
) -> None:
    answer = client_for(owner).post("/connections/new/shopify/consent/", {"ask-shop": "evil.example"})
    assert answer.status_code == 422
    assert "own address" in answer.text
    assert not ConsentVisit.objects.exists()


def test_keys_are_proved_before_they_are_kept(accounts: Accounts, client_for: ClientFor, owner: User) -> None:
    client = client_for(owner)
    wrong = client.post("/connections/new/stripe/keys/", {"keys-api_key": "rk_wrong"})
    assert wrong.status_code == 422
    assert "Nothing was stored" in wrong.text
    assert "rk_wrong" not in wrong.text
    assert not Shop.objects.exists()
    right = client.post("/connections/new/stripe/keys/", {"keys-api_key": accounts["stripe"]["credentials"]["api_key"]})
    assert right.status_code == 302
    shop = Shop.objects.get()
    assert (shop.external_id, shop.currency) == (accounts["stripe"]["external_id"], "USD")
    assert set(shop.credentials) == {"api_key"}


def test_a_mailbox_is_connected_by_its_servers(
    accounts: Accounts, twin: TwinServer, client_for: ClientFor, owner: User
) -> None:
    mailbox = accounts["mailbox"]
    data = {f"keys-{name}": value for name, value in mailbox["credentials"].items()}
    data |= {f"keys-option-{name}": str(value) for name, value in mailbox["settings"].items() if name != "address"}
    data["keys-option-use_tls"] = "no"
    answer = client_for(owner).post("/connections/new/mailbox/keys/", data)
    assert answer.status_code == 302, answer.text
    shop = Shop.objects.get()
    assert shop.external_id == mailbox["credentials"]["username"]
    assert shop.settings["use_tls"] is False


def test_a_kind_that_nobody_speaks_is_not_found(client_for: ClientFor, owner: User) -> None:
    assert client_for(owner).get("/connections/new/etsy/").status_code == 404


def test_every_system_of_the_registry_can_be_chosen_and_opened(client_for: ClientFor, owner: User) -> None:
    client = client_for(owner)
    page = client.get("/connections/new/").text
    kinds = [part.split("/")[0] for part in page.split('href="/connections/new/')[1:]]
    assert {"shopee", "shopify", "stripe", "mailbox"} <= set(kinds)
    assert {client.get(f"/connections/new/{kind}/").status_code for kind in kinds} == {200}


def test_the_practice_market_never_takes_the_place_of_a_real_app(accounts: Accounts, twin: TwinServer) -> None:
    App.objects.filter(kind="stripe").update(base_url="", credentials={"client_id": "ca_real", "client_secret": "sk"})
    App.objects.filter(kind="shopify").update(base_url="http://127.0.0.1:1")
    register_apps(twin.accounts())
    apps = {app.kind: app for app in App.objects.all()}
    assert apps["stripe"].credentials["client_id"] == "ca_real"
    assert apps["shopify"].base_url == accounts["shopify"]["base_url"]
