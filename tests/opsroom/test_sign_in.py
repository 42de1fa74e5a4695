"""Every way in, and what each refuses."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page

from connectors.vault import VaultError, new_key
from opsroom.people.models import User
from tests.conftest import PASSWORD

LOGIN = "/account/login/"
ACCOUNT = "/account/2fa/"


def signed_in(client: Client) -> bool:
    return client.session.get("_auth_user_id") is not None


def sign_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"login": email, "password": password})


def current_code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def test_password_signs_in(client: Client, owner: User) -> None:
    assert sign_in(client, "OWNER@example.com").status_code == 302
    assert signed_in(client)


def test_a_wrong_password_and_an_unknown_person_read_the_same(client: Client, owner: User) -> None:
    wrong = sign_in(client, owner.email, "wrong").context["form"].errors
    unknown = sign_in(client, "nobody@example.com", "wrong").context["form"].errors
    assert wrong == unknown
    assert wrong
    assert not signed_in(client)


def test_a_person_who_left_is_refused(client: Client, owner: User) -> None:
    User.objects.update(is_active=False)
    sign_in(client, owner.email)
    assert not signed_in(client)


def test_the_sixth_guess_is_refused_even_with_the_right_password(
    client: Client, owner: User, empty_cache: None
) -> None:
    for _ in range(5):
        sign_in(client, owner.email, "wrong")
    assert "Too many" in str(sign_in(client, owner.email).context["form"].errors)
    assert not signed_in(client)


def test_nobody_signs_up(client: Client, db: None) -> None:
    page = client.post("/account/signup/", {"email": "eve@example.com", "password1": PASSWORD})
    assert "added by an owner" in page.content.decode()
    assert not User.objects.filter(email="eve@example.com").exists()


def test_a_code_by_mail_signs_in(client: Client, viewer: User, empty_cache: None) -> None:
    client.post("/account/login/code/", {"email": viewer.email})
    [letter] = mail.outbox
    [code] = re.findall(r"^([A-Z0-9-]{6,})$", str(letter.body), re.MULTILINE)
    client.post("/account/login/code/confirm/", {"code": code})
    assert signed_in(client)


def test_a_wrong_code_by_mail_is_refused(client: Client, viewer: User, empty_cache: None) -> None:
    client.post("/account/login/code/", {"email": viewer.email})
    client.post("/account/login/code/confirm/", {"code": "AAAAAA"})
    assert not signed_in(client)


@pytest.fixture
def seed(owner: User) -> str:
    secret = str(generate_totp_secret())
    TOTP.activate(owner, secret)
    return secret


def test_totp_is_asked_after_the_password(client: Client, owner: User, seed: str, empty_cache: None) -> None:
    assert sign_in(client, owner.email)["Location"].startswith("/account/2fa/authenticate/")
    assert not signed_in(client)
    client.post("/account/2fa/authenticate/", {"code": current_code(seed)})
    assert signed_in(client)


def test_a_used_totp_code_is_refused(owner: User, seed: str, empty_cache: None) -> None:
    code, first, second = current_code(seed), Client(), Client()
    for client in (first, second):
        sign_in(client, owner.email)
        client.post("/account/2fa/authenticate/", {"code": code})
    assert signed_in(first)
    assert not signed_in(second)


def test_used_codes_are_kept_in_the_database(settings: Any) -> None:
    assert cache.__class__.__module__ == "django.utils.connection"
    assert settings.CACHES["default"]["BACKEND"].endswith("db.DatabaseCache")


def test_the_totp_seed_is_sealed_at_rest(owner: User, seed: str, settings: Any) -> None:
    stored = Authenticator.objects.get(user=owner)
    assert seed not in str(stored.data)
    settings.FIELD_KEYS = [new_key()]
    with pytest.raises(VaultError, match="not present"):
        stored.wrap().validate_code("000000")


def test_trusting_a_browser_is_not_offered(settings: Any) -> None:
    assert settings.MFA_TRUST_ENABLED is False
    assert settings.MFA_WEBAUTHN_USER_VERIFICATION == "required"


@pytest.mark.parametrize(
    "path", [ACCOUNT, "/account/password/change/", "/account/email/", "/account/2fa/recovery-codes/", "/admin/"]
)
def test_a_stranger_is_sent_to_sign_in(client: Client, db: None, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert "login" in answer["Location"]


@pytest.mark.parametrize("role", ["owner", "approver", "drafter", "viewer"])
def test_every_role_keeps_its_own_account(
    role: str, request: pytest.FixtureRequest, client_for: Callable[[User], Client]
) -> None:
    person: User = request.getfixturevalue(role)
    pages = [ACCOUNT, "/account/password/change/", "/account/email/", "/account/logout/"]
    assert [client_for(person).get(page).status_code for page in pages] == [200] * len(pages)


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("approver", 403), ("drafter", 403), ("viewer", 403)])
def test_owners_alone_administer(
    role: str, status: int, request: pytest.FixtureRequest, client_for: Callable[[User], Client]
) -> None:
    person: User = request.getfixturevalue(role)
    assert client_for(person).get("/admin/people/user/", follow=True).status_code == status


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_passkey_signs_in(browser: Page, live_server: Any, owner: User) -> None:
    add_authenticator(browser)
    browser.goto(f"{live_server.url}{LOGIN}?next=/account/2fa/webauthn/add/")
    browser.get_by_label("Email").fill(owner.email)
    browser.get_by_label("Password").fill(PASSWORD)
    browser.get_by_role("button", name="Sign in", exact=True).click()
    browser.get_by_label("Password").fill(PASSWORD)
    browser.get_by_role("button", name="Confirm").click()
    browser.get_by_label("Passwordless").check()
    browser.get_by_role("button", name="Add").click()
    browser.wait_for_url("**/recovery-codes/**")
    browser.goto(f"{live_server.url}/account/2fa/webauthn/")
    assert browser.get_by_text("Passkey", exact=True).is_visible()
    browser.context.clear_cookies()
    browser.goto(f"{live_server.url}{LOGIN}?next={ACCOUNT}")
    browser.get_by_role("button", name="Sign in with a passkey").click()
    browser.wait_for_url(f"**{ACCOUNT}")


def add_authenticator(page: Page) -> None:
    """A phone that is always unlocked and says yes (Chrome's WebAuthn domain of the DevTools protocol)."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
