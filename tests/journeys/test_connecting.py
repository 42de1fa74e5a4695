"""A founder connects every system of the market through its own pages, in a real browser; then everything is well."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from connectors import account as account_module
from connectors.consent import Installs
from connectors.install import keys_of, options_of
from connectors.intake import onboarding
from connectors.models import Feed, Shop
from connectors.pull import pull
from connectors.registry import CONNECTORS
from connectors.transport.throttle import LocalBucket
from connectors.twin.client import TwinClient
from connectors.twin.server import TwinServer, serve
from connectors.twin.wire.web import pace
from drafts.models import LedgerEntry
from opsroom.management.commands.connect_twin import register_apps, return_addresses
from opsroom.people.models import User
from tests.journeys.conftest import SignIn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.slow]
Account = dict[str, Any]


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinServer]:
    with serve("company", seed=7, orders=200, has_limits=False) as server:
        server.faults.clear()
        yield server


@pytest.fixture(autouse=True)
def no_brakes_of_earlier_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shared buckets outlive a test run, and a test's shops bear the numbers of the last one's."""
    monkeypatch.setattr(account_module, "SharedBucket", lambda client, name, start: LocalBucket(start))


@pytest.fixture
def market(twin: TwinServer, live_server: LiveServer, settings: Any) -> list[Account]:
    """The accounts of the market; our apps there are registered, and nothing is connected."""
    settings.PUBLIC_URL = live_server.url
    register_apps(twin.accounts())
    client = TwinClient(twin.url)
    client.return_to(return_addresses(twin.accounts()))
    client.close()
    return twin.accounts()


def open_system(page: Page, kind: str) -> None:
    page.goto(page.url.partition("/connections")[0].rstrip("/") + "/connections/")
    page.get_by_role("link", name="Connect a system").click()
    page.locator(f'a[href="/connections/new/{kind}/"]').click()


def through_consent(page: Page, account: Account) -> None:
    """What a person does: type what is asked, go, allow, and be back."""
    made: Any = CONNECTORS[account["kind"]]
    typed = {"shop": account["external_id"], "country": account["country"]} | account.get("asks", {})
    for ask in made.asks:
        field = page.locator(f'[name="ask-{ask.name}"]')
        if ask.choices:
            field.select_option(typed[ask.name] if typed.get(ask.name) in ask.choices else ask.choices[0])
        else:
            field.fill(typed.get(ask.name) or ask.example)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Go to").click()
    page.get_by_role("button", name="Allow").click()


def with_keys(page: Page, account: Account) -> None:
    made = CONNECTORS[account["kind"]]
    typed = account["credentials"] | account.get("keys", {})
    for key in keys_of(made) or ():
        page.locator(f'[name="keys-{key.name}"]').fill(typed.get(key.name, ""))
    for option in options_of(made):
        value = account["settings"].get(option.name, "")
        field = page.locator(f'[name="keys-option-{option.name}"]')
        if option.choices:
            chosen = {True: "yes", False: "no"}.get(value, value) or option.choices[0]
            field.select_option(str(chosen))
        else:
            field.fill(str(value))
    page.get_by_role("button", name="Try and connect").click()


def test_every_system_is_connected_by_its_pages_read_fresh_and_well(
    sign_in: SignIn, owner: User, market: list[Account], twin: TwinServer
) -> None:
    page = sign_in(owner)
    for account in market:
        if account["settings"].get("is_test_market"):  # its page refuses an address of this machine
            onboarding.connect(account)
            continue
        open_system(page, account["kind"])
        way = through_consent if isinstance(CONNECTORS[account["kind"]], Installs) else with_keys
        way(page, account)
        expect(page.locator(".notice.good").first, account["kind"]).to_contain_text("is connected")
    assert set(Shop.objects.values_list("kind", flat=True)) == {account["kind"] for account in market}
    by_page = [account for account in market if not account["settings"].get("is_test_market")]
    assert LedgerEntry.objects.filter(action="shop_connected", actor=owner.pk).count() >= len(by_page)

    for shop in Shop.objects.all():  # what the market's accounts know besides, as its founder would set it
        known = next(row for row in market if row["kind"] == shop.kind)
        Shop.objects.filter(pk=shop.pk).update(settings=known["settings"] | shop.settings | pace(False))
    for feed in Feed.objects.all():
        pull(feed.pk)
    page.goto(f"{page.url.partition('/connections')[0]}/connections/")
    expect(page.get_by_text("Every feed is fresh and whole.")).to_be_visible()
    out = StringIO()
    call_command("doctor", stdout=out)
    assert ", 0 bad" in out.getvalue()


def test_a_person_who_denies_comes_back_to_a_page_that_says_so(
    sign_in: SignIn, owner: User, market: list[Account]
) -> None:
    page = sign_in(owner)
    open_system(page, "stripe")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Go to").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was connected")
    assert not Shop.objects.exists()


def test_the_keyboard_alone_connects_a_store(sign_in: SignIn, owner: User, market: list[Account]) -> None:
    page = sign_in(owner)
    open_system(page, "shopify")
    page.locator('[name="ask-shop"]').focus()
    page.keyboard.type("lumen-and-loft")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Go to").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Allow").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".notice.good").first).to_contain_text("Lumen & Loft is connected")


def test_a_shop_is_paused_resumed_and_disconnected_with_its_records_kept(
    sign_in: SignIn, owner: User, market: list[Account]
) -> None:
    page = sign_in(owner)
    open_system(page, "stripe")
    with_keys(page, next(row for row in market if row["kind"] == "stripe"))
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".notice.good").first).to_contain_text("is paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".notice.good").first).to_contain_text("is read again")
    page.locator("summary", has_text="Disconnect").click()
    page.get_by_role("button", name="Disconnect").click()
    expect(page.locator(".notice.good").first).to_contain_text("its credentials are erased")
    shop = Shop.objects.get()
    assert (shop.credentials, shop.state, shop.feeds.count()) == ({}, Shop.State.DISCONNECTED, 7)
