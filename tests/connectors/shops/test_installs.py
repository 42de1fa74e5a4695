"""Every connector with a consent page, against the twin's: what is asked, what is granted, and what is refused."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.base import Refused
from connectors.consent import App, Asking, Grant, Installs, lacking, scopes_for
from connectors.operations import Operation
from connectors.registry import CONNECTORS, open_connector, transport_for
from connectors.shops.marketplaces.shopify.install import (
    callback_signatures,
    check_callback,
    domain_of,
    with_implied,
)
from connectors.twin.server import TwinServer, serve
from connectors.types import Account
from tests.connectors import consenting

BACK = "http://localhost:8000/connect/shopish/back/"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
INSTALLS: dict[str, Any] = {kind: made for kind, made in CONNECTORS.items() if isinstance(made, Installs)}


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinServer]:
    with serve("company", seed=7, orders=200, has_limits=False) as server:
        for desk in server.control.desks.values():
            desk.registered = BACK
        yield server


@pytest.fixture(params=sorted(INSTALLS))
def kind(request: pytest.FixtureRequest, twin: TwinServer) -> str:
    if request.param not in twin.wires:
        pytest.skip(f"the twin does not speak {request.param}")
    return str(request.param)


def account_of(twin: TwinServer, kind: str) -> dict[str, Any]:
    return next(row for row in twin.accounts() if row["kind"] == kind)


def app_of(twin: TwinServer, kind: str) -> App:
    row = account_of(twin, kind)
    mine = {name: row["credentials"][name] for name in INSTALLS[kind].app_credentials}
    return App(kind, mine, row["base_url"], row["base_url"])


def asking_of(twin: TwinServer, kind: str, scopes: tuple[str, ...] | None = None) -> Asking:
    row, made = account_of(twin, kind), INSTALLS[kind]
    typed = {"shop": row["external_id"], "country": row["country"]} | row.get("asks", {})
    given = {
        ask.name: typed[ask.name]
        if typed.get(ask.name) and typed[ask.name] in (ask.choices or (typed[ask.name],))
        else next(iter(ask.choices), ask.example)
        for ask in made.asks
    }
    return Asking("state-1", BACK, made.read_scopes if scopes is None else scopes, VERIFIER, given)


def install(twin: TwinServer, kind: str, scopes: tuple[str, ...] | None = None, **press: Any) -> tuple[Grant, ...]:
    app, asking, made = app_of(twin, kind), asking_of(twin, kind, scopes), INSTALLS[kind]
    callback = consenting.answer(made.consent(app, asking), **press)
    transport = transport_for(CONNECTORS[kind], app.credentials.values(), now)
    granted: tuple[Grant, ...] = made.grant(app, asking, callback, transport, now)
    return granted


def test_the_account_of_the_market_is_let_in_and_can_be_read(twin: TwinServer, kind: str) -> None:
    grants = install(twin, kind)
    whole = account_of(twin, kind)
    mine = next(grant for grant in grants if grant.external_id == whole["external_id"])
    assert mine.name
    assert mine.currency in ("", whole["currency"])
    assert lacking(INSTALLS[kind].read_scopes, mine.scopes or None) == ()
    account = Account(
        kind, 1, mine.name, mine.external_id, mine.base_url, mine.currency, mine.country,
        whole["settings"] | dict(mine.settings), mine.credentials,
    )  # fmt: skip
    assert open_connector(account, clock=now).check()


def test_the_state_comes_back_as_it_was_sent(twin: TwinServer, kind: str) -> None:
    url = INSTALLS[kind].consent(app_of(twin, kind), asking_of(twin, kind))
    assert consenting.answer(url)["state"] == "state-1"


def test_a_person_who_denies_lets_nobody_in(twin: TwinServer, kind: str) -> None:
    with pytest.raises(Refused):
        install(twin, kind, allows=False)


def test_a_code_that_was_used_is_refused_in_words(twin: TwinServer, kind: str) -> None:
    app, asking, made = app_of(twin, kind), asking_of(twin, kind), INSTALLS[kind]
    callback = consenting.answer(made.consent(app, asking))
    transport = transport_for(CONNECTORS[kind], app.credentials.values(), now)
    made.grant(app, asking, callback, transport, now)
    with pytest.raises(Refused):
        made.grant(app, asking, callback, transport, now)


def test_another_apps_secret_is_refused(twin: TwinServer, kind: str) -> None:
    app, asking, made = app_of(twin, kind), asking_of(twin, kind), INSTALLS[kind]
    callback = consenting.answer(made.consent(app, asking))
    secret = next(name for name in reversed(made.app_credentials) if name.endswith(("secret", "key")))
    other = App(kind, {**app.credentials, secret: "not-our-secret-at-all"}, app.base_url, app.consent_url)
    with pytest.raises(Refused):
        made.grant(other, asking, callback, transport_for(CONNECTORS[kind], [], now), now)


@pytest.mark.parametrize("kind", sorted(INSTALLS))
def test_scopes_are_named_for_operations_that_there_are(kind: str) -> None:
    known = {operation.__name__ for operation in Operation.__subclasses__()}
    assert set(INSTALLS[kind].write_scopes) - known == set()


@pytest.mark.parametrize("kind", ["shopify", "stripe"])
def test_no_write_goes_with_what_reading_asks_for(kind: str) -> None:
    for write in CONNECTORS[kind].writes:
        assert lacking(scopes_for(INSTALLS[kind], write.__name__), INSTALLS[kind].read_scopes) != ()


def test_shopify_scopes_that_the_owner_left_out_are_missing_from_the_grant(twin: TwinServer) -> None:
    asked = ("read_orders", "read_returns", "write_orders")
    [grant] = install(twin, "shopify", asked, without=("read_returns",))
    assert lacking(asked, grant.scopes) == ("read_returns",)


def test_shopify_calls_beyond_the_granted_scopes_are_refused(twin: TwinServer) -> None:
    [grant] = install(twin, "shopify", ("read_orders",))
    text = 'mutation { orderCancel(orderId: "gid://shopify/Order/1", reason: OTHER, restock: true) { job { id } } }'
    before = len(twin.market.effects.as_rows(0))
    answer = httpx.post(
        f"{grant.base_url}/admin/api/2026-10/graphql.json", json={"query": text},
        headers={"X-Shopify-Access-Token": grant.credentials["access_token"]},
    )  # fmt: skip
    error = answer.json()["errors"][0]
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert "write_orders" in error["message"]
    assert len(twin.market.effects.as_rows(0)) == before


def test_a_shopify_feed_without_its_scope_is_refused_by_name_and_the_others_are_read(twin: TwinServer) -> None:
    [grant] = install(twin, "shopify", ("read_products", "read_inventory", "read_orders"), without=("read_orders",))
    account = Account("shopify", 1, "S", grant.external_id, grant.base_url, "USD", credentials=grant.credentials)
    connector = open_connector(account, clock=now)
    with pytest.raises(Refused, match="read_orders"):
        list(connector.pull("orders", ""))
    assert next(iter(connector.pull("goods", ""))).seen > 0


def test_stripe_knows_two_scopes_and_the_wider_holds_the_narrower(twin: TwinServer) -> None:
    [narrow], [wide] = install(twin, "stripe"), install(twin, "stripe", ("read_only", "read_write"))
    assert (narrow.scopes, wide.scopes) == (("read_only",), ("read_only", "read_write"))


def test_shopee_says_when_the_sellers_permission_ends(twin: TwinServer) -> None:
    [grant] = install(twin, "shopee")
    assert grant.renewable_until is not None
    assert timedelta(days=340) < grant.renewable_until - now() < timedelta(days=346)
    assert grant.country == "SG"


def test_shopees_page_follows_where_the_server_stands() -> None:
    app, made = App("shopee", {"partner_id": "7", "partner_key": "k"}), INSTALLS["shopee"]
    asking = Asking("s", BACK, (), given={"server": "Brazil or the Americas"})
    url = urlsplit(made.consent(app, asking))
    assert (url.netloc, url.path) == ("open.shopee.com.br", "/auth")
    assert parse_qs(url.query)["redirect_uri"] == [BACK]


@pytest.mark.parametrize("typed", ["evil.example", "shop.myshopify.com.evil.example", "a b", "", "x/y.myshopify.com"])
def test_shopify_secrets_go_to_no_other_host(typed: str) -> None:
    with pytest.raises(Refused, match="own address"):
        domain_of(Asking("s", BACK, (), given={"shop": typed}))


@pytest.mark.parametrize("typed", ["some-shop", "https://Some-Shop.myshopify.com/", "some-shop.myshopify.com"])
def test_a_shopify_store_may_be_typed_in_any_usual_way(typed: str) -> None:
    assert domain_of(Asking("s", BACK, (), given={"shop": typed})) == "some-shop.myshopify.com"


# Published in the test suites of Shopify's own Python library and of a third party's (secret "hush").
KNOWN = [
    ("code=a94a110d86d2452eb3e2af4cfb8a3828&shop=some-shop.myshopify.com&timestamp=1337178173",
     "2cb1a277650a659f1b11e92a4a64275b128e037f2c3390e3c8fd2d8721dac9e2"),
    ("code=0907a61c0c8d55e99db179b68161bc00&shop=some-shop.myshopify.com&state=0.6784241404160823&timestamp=1337178173",
     "700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf"),
    ('ids=["2", "1"]&shop=some-shop.myshopify.com', "b93b9f82996f6f8bf9f1b7bbddec284c8fabacdc4e12dc80550b4705f3003b1e"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "signature"), KNOWN)
def test_shopify_callbacks_are_signed_as_in_the_published_examples(query: str, signature: str) -> None:
    values = dict(pair.split("=", 1) for pair in query.split("&"))
    assert signature in callback_signatures(values | {"hmac": signature}, "hush")


def test_a_space_is_signed_in_either_of_shopifys_renderings() -> None:
    plain, encoded = callback_signatures({"a": "b c"}, "hush")
    assert plain == hmac.new(b"hush", b"a=b c", hashlib.sha256).hexdigest()
    assert encoded == hmac.new(b"hush", b"a=b%20c", hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"hmac": "0" * 64}, "signature"), ({"shop": "other.myshopify.com"}, "signature"), ({"code": "x"}, "signature")],
)
def test_a_forged_shopify_callback_is_refused(change: dict[str, str], reason: str) -> None:
    values = dict(pair.split("=", 1) for pair in KNOWN[0][0].split("&")) | {"hmac": KNOWN[0][1]}
    moment = datetime.fromtimestamp(1337178180, UTC)
    check_callback(values, "some-shop.myshopify.com", "hush", moment)
    with pytest.raises(Refused, match=reason):
        check_callback(values | change, "some-shop.myshopify.com", "hush", moment)
    with pytest.raises(Refused, match="was to be connected"):
        check_callback(values, "another.myshopify.com", "hush", moment)
    with pytest.raises(Refused, match="too old"):
        check_callback(values, "some-shop.myshopify.com", "hush", moment + timedelta(minutes=16))


def test_a_shopify_write_scope_holds_its_read_scope() -> None:
    assert with_implied(["write_orders", " read_products", ""]) == ("write_orders", "read_products", "read_orders")
