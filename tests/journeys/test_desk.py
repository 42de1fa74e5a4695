"""What people meet besides the keys: two at one card, new alerts, no script, a narrow screen, a passkey, bad text."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from drafts.models import Approval, Draft
from drafts.states import State
from opsroom.people.models import User
from tests.factories import AlertFactory
from tests.journeys.conftest import SignIn

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NARROW = {"width": 360, "height": 740}


def session_of(person: User, server: LiveServer) -> Any:
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    return [{"name": name, "value": client.cookies[name].value, "url": server.url}]


def test_two_people_at_one_card_see_each_other_and_each_others_decision(
    desk: Page, drafts: dict[str, Draft], chromium: Browser, owner: User, live_server: LiveServer
) -> None:
    address = f"{live_server.url}/alerts/{drafts['reply'].alert_id}/"
    desk.goto(address)
    second = chromium.new_context()
    second.add_cookies(session_of(owner, live_server))
    other = second.new_page()
    other.goto(address)
    expect(other.locator("#live")).to_contain_text("Approver is looking at this")
    other.get_by_role("button", name="Approve").click()
    expect(other.locator("#live")).to_contain_text("held")
    expect(desk.locator("#live")).to_contain_text("approved by Owner", timeout=15_000)
    expect(desk.get_by_role("button", name="Approve")).to_have_count(0)
    second.close()


def test_new_alerts_are_announced_without_moving_what_is_read(desk: Page, drafts: dict[str, Draft]) -> None:
    before = desk.locator(".rows .open").first.inner_text()
    AlertFactory.create(shop=drafts["reply"].shop, title="Brand new", rank=9999)
    banner = desk.get_by_role("link", name="1 new alert: show")
    expect(banner).to_be_visible(timeout=20_000)
    assert desk.locator(".rows .open").first.inner_text() == before
    banner.click()
    expect(desk.locator(".rows .open").first).to_have_text("Brand new")


def test_without_script_a_draft_is_approved_and_undone(
    chromium: Browser, approver: User, drafts: dict[str, Draft], live_server: LiveServer
) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport=NARROW)  # type: ignore[arg-type]  # a typed dict
    context.add_cookies(session_of(approver, live_server))
    page = context.new_page()
    page.goto(live_server.url)
    page.get_by_role("link", name="Order 1042 is stuck").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#live")).to_contain_text("held, can be undone")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#live")).to_contain_text("Reply: ready")
    page.get_by_text("Reject", exact=False).first.click()
    page.get_by_label("Not worth doing").check()
    page.locator("form.popover button.danger").click()
    expect(page.locator("#live")).to_contain_text("rejected")
    context.close()


@pytest.mark.parametrize("path", ["/", "card", "/history/", "/connections/", "/profile/", "edit", "confirm", "batch"])
def test_nothing_sticks_out_at_360_pixels(
    sign_in: SignIn, owner: User, drafts: dict[str, Draft], live_server: LiveServer, path: str
) -> None:
    draft = drafts["refund"]
    places = {
        "card": f"/alerts/{draft.alert_id}/", "edit": f"/drafts/{draft.pk}/edit/",
        "confirm": f"/drafts/{draft.pk}/confirm/", "batch": f"/batch/?draft={drafts['reply'].pk}",
    }  # fmt: skip
    page = sign_in(owner)
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # a typed dict
    page.goto(live_server.url + places.get(path, path))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.evaluate(
        "[...document.querySelectorAll('button, a.button, summary.button, input[type=checkbox]')]"
        ".filter(e => e.checkVisibility()).map(e => e.closest('label') ?? e)"
        ".filter(e => Math.min(e.getBoundingClientRect().height, e.getBoundingClientRect().width) < 24)"
        ".map(e => e.outerHTML.slice(0, 80))"
    )
    assert small == []


def test_a_passkey_whose_challenge_is_the_digest_approves(
    desk: Page, drafts: dict[str, Draft], live_server: LiveServer
) -> None:
    devtools = desk.context.new_cdp_session(desk)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    desk.goto(f"{live_server.url}/account/2fa/webauthn/add/")
    if desk.locator("input[type=password]").count():
        desk.locator("input[type=password]").fill("correct horse battery staple")
        desk.get_by_role("button").last.click()
    desk.locator("#id_name").fill("Laptop")
    desk.locator("#mfa_webauthn_add").click()
    desk.wait_for_url("**/recovery-codes/**")
    draft = drafts["large"]
    desk.goto(f"{live_server.url}/drafts/{draft.pk}/confirm/")
    desk.get_by_role("button", name="Approve with a passkey").click()
    expect(desk.locator("#live")).to_contain_text("held", timeout=15_000)
    assert Draft.objects.get(pk=draft.pk).state == State.HELD
    assert Approval.objects.get(draft=draft).method == Approval.Method.WEBAUTHN


def test_hostile_text_runs_nothing(desk: Page, drafts: dict[str, Draft], live_server: LiveServer) -> None:
    attack = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    alert = AlertFactory.create(
        shop=drafts["reply"].shop, title=attack, why=attack, tradeoff=attack, missing=[attack], subject_label=attack,
        evidence=[{"claim": attack, "value": attack, "source": None}],
    )  # fmt: skip
    desk.goto(f"{live_server.url}/alerts/{alert.pk}/")
    expect(desk.locator(".card h1")).to_contain_text("<script>")
    assert desk.title() != "owned"


def test_the_theme_follows_the_system_until_somebody_chooses(desk: Page) -> None:
    desk.emulate_media(color_scheme="dark")
    dark = desk.evaluate("getComputedStyle(document.body).color")
    desk.get_by_role("button", name="theme: change").click()
    expect(desk.locator("html")).to_have_attribute("data-theme", "light")
    assert desk.evaluate("getComputedStyle(document.body).color") != dark
