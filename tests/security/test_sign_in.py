"""Guessing: how often, what is told, how long it takes, and that its victim still gets in. What browsers are told."""

import json
import os
import re
import subprocess
import sys
import time
from statistics import median
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.test import Client

from connectors.vault import new_key
from opsroom.check import PRODUCTION
from opsroom.people.models import User
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN, TWO_FACTOR = "/account/login/", "/account/2fa/authenticate/"
TOO_MANY = "Too many"
GUESSES_OF_AN_ACCOUNT, GUESSES_OF_AN_ADDRESS = 5, 10


@pytest.fixture(autouse=True)
def fresh(empty_cache: None) -> None:
    """No guess of another test counts here."""


def guess(email: str, password: str = "wrong", *, address: str = "198.51.100.1", **more: Any) -> Any:
    return Client(REMOTE_ADDR=address).post(LOGIN, {"login": email, "password": password}, **more)


def told(answer: Any) -> str:
    if answer.status_code == 429:  # the page itself, which takes thirty visits a minute
        return TOO_MANY
    return "" if answer.status_code == 302 else str(answer.context["form"].errors)


def from_everywhere(email: str, times: int, **more: Any) -> list[Any]:
    """Guesses from as many addresses, so that only the account's own limit can stop them."""
    return [guess(email, address=f"198.51.100.{place}", **more) for place in range(1, times + 1)]


def test_an_account_takes_five_guesses_in_five_minutes_from_the_whole_world(owner: User) -> None:
    answers = from_everywhere(owner.email, 12)
    judged = [answer for answer in answers if TOO_MANY not in told(answer)]
    assert len(judged) == GUESSES_OF_AN_ACCOUNT
    assert TOO_MANY in told(guess(owner.email, PASSWORD, address="203.0.113.9"))


def test_neither_a_port_in_the_host_nor_the_case_of_the_letters_gives_more_guesses(owner: User) -> None:
    for place in range(GUESSES_OF_AN_ACCOUNT):
        email = owner.email.upper() if place % 2 else f" {owner.email} "
        guess(email, address=f"198.51.100.{place}", headers={"host": f"localhost:{8000 + place}"})
    later = guess(owner.email, PASSWORD, address="203.0.113.9", headers={"host": "127.0.0.1:9999"})
    assert TOO_MANY in told(later)


def test_an_address_takes_ten_guesses_a_minute_over_all_accounts(owner: User) -> None:
    answers = [guess(f"person{number}@example.com") for number in range(35)]
    assert sum(TOO_MANY not in told(answer) for answer in answers) == GUESSES_OF_AN_ADDRESS
    assert TOO_MANY in told(guess(owner.email, PASSWORD))
    assert told(guess(owner.email, PASSWORD, address="203.0.113.9")) == ""


def test_behind_our_proxy_each_visitor_is_counted_by_the_address_that_the_proxy_wrote(
    owner: User, settings: Any
) -> None:
    """The last address of the list is the proxy's word; what stands before it is the visitor's."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(GUESSES_OF_AN_ADDRESS + 2):
        guess(f"person{number}@example.com", headers={"x-forwarded-for": f"192.0.2.{number}, 203.0.113.7"})
    assert TOO_MANY in told(guess(owner.email, PASSWORD, headers={"x-forwarded-for": "192.0.2.99, 203.0.113.7"}))
    assert told(guess(owner.email, PASSWORD, headers={"x-forwarded-for": "203.0.113.8"})) == ""


def test_a_forwarded_address_that_the_visitor_wrote_is_not_believed(owner: User) -> None:
    answers = [
        guess(f"person{number}@example.com", headers={"x-forwarded-for": f"203.0.113.{number}"}) for number in range(20)
    ]
    assert sum(TOO_MANY not in told(answer) for answer in answers) == GUESSES_OF_AN_ADDRESS


def test_whoever_is_being_guessed_at_gets_in_by_a_code(owner: User) -> None:
    from_everywhere(owner.email, 2 * GUESSES_OF_AN_ACCOUNT)
    client = Client(REMOTE_ADDR="203.0.113.9")
    client.post("/account/login/code/", {"email": owner.email})
    [code] = re.findall(r"^([A-Z0-9-]{6,})$", str(mail.outbox[0].body), re.MULTILINE)
    client.post("/account/login/code/confirm/", {"code": code})
    assert client.session.get("_auth_user_id") == str(owner.pk)


def test_six_digits_are_not_guessed_through(owner: User) -> None:
    TOTP.activate(owner, str(generate_totp_secret()))
    client = Client()
    client.post(LOGIN, {"login": owner.email, "password": PASSWORD})
    answers = [client.post(TWO_FACTOR, {"code": f"{number:06}"}) for number in range(12)]
    assert sum(TOO_MANY not in told(answer) for answer in answers) <= GUESSES_OF_AN_ACCOUNT
    assert client.session.get("_auth_user_id") is None


def test_an_unknown_person_is_told_the_same_after_the_same_time(owner: User, settings: Any) -> None:
    """With the hasher that runs in production; the median of interleaved tries, and a margin for a busy machine."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    settings.ACCOUNT_RATE_LIMITS = False
    owner.set_password(PASSWORD)
    owner.save()
    spent: dict[str, list[float]] = {owner.email: [], "nobody@example.com": []}
    words = {}
    for _ in range(3):
        for email, seconds in spent.items():
            began = time.process_time()
            words[email] = told(guess(email))
            seconds.append(time.process_time() - began)
    known, unknown = (median(seconds) for seconds in spent.values())
    assert len(set(words.values())) == 1
    assert 0.67 < known / unknown < 1.5


def test_a_forgotten_password_tells_nobody_who_has_an_account(owner: User) -> None:
    pages = [
        Client(REMOTE_ADDR=f"198.51.100.{place}").post("/account/password/reset/", {"email": email}, follow=True)
        for place, email in enumerate((owner.email, "nobody@example.com"))
    ]
    assert pages[0].redirect_chain == pages[1].redirect_chain
    assert [page.status_code for page in pages] == [200, 200]


def test_signing_in_makes_a_session_of_another_name(owner: User) -> None:
    """A session that somebody planted before is not the one that is signed in."""
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    client.cookies["opsroom_session"] = str(before)
    client.post(LOGIN, {"login": owner.email, "password": PASSWORD})
    assert client.session.session_key != before
    client.post("/account/logout/")
    assert client.session.get("_auth_user_id") is None


def test_a_new_password_ends_every_other_session(owner: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        client.force_login(owner)
    owner.set_password("another horse, another staple")
    owner.save()
    assert there.get("/")["Location"].startswith(LOGIN)


def test_a_form_without_its_token_changes_nothing(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert client.post("/theme/", {"theme": "dark"}).status_code == 403
    assert client.post(LOGIN, {"login": owner.email, "password": PASSWORD}).status_code == 403


def test_pages_forbid_inline_script_framing_and_sniffing(owner: User) -> None:
    client = Client()
    pages = [client.get(LOGIN)]
    client.force_login(owner)
    pages += [client.get(path) for path in ("/", "/history/", "/profile/", "/connections/", "/admin/")]
    for page in pages:
        policy = page["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "*" not in policy
        assert {"default-src 'none'", "script-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"} <= {
            part.strip() for part in policy.split(";")
        }
        assert page["X-Content-Type-Options"] == "nosniff"
        assert page["X-Frame-Options"] == "DENY"
        assert page["Referrer-Policy"] == "same-origin"
        assert not re.search(rb"<script(?![^>]*\bsrc=)(?![^>]*application/json)|\son\w+=|\sstyle=", page.content)


PROBE = """
import json
from django.conf import settings as s
names = ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE",
  "SESSION_COOKIE_HTTPONLY", "CSRF_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE", "SESSION_COOKIE_DOMAIN",
  "SESSION_COOKIE_PATH", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "DEBUG",
  "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN", "ALLAUTH_TRUSTED_PROXY_COUNT"]
print(json.dumps({name: getattr(s, name) for name in names}))
"""


def test_in_production_cookies_are_tied_to_the_host_and_to_tls() -> None:
    found = in_production(PROBE)
    assert found == {
        "SESSION_COOKIE_NAME": "__Host-session", "CSRF_COOKIE_NAME": "__Host-csrf", "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True, "SESSION_COOKIE_HTTPONLY": True, "CSRF_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax", "SESSION_COOKIE_DOMAIN": None, "SESSION_COOKIE_PATH": "/",
        "SECURE_SSL_REDIRECT": True, "SECURE_HSTS_SECONDS": 31_536_000, "DEBUG": False,
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": False, "ALLAUTH_TRUSTED_PROXY_COUNT": 1,
    }  # fmt: skip


def in_production(script: str) -> dict[str, Any]:
    """What a script prints under the settings of a production start."""
    secrets = {
        "OPSROOM_SECRET_KEY": new_key() + new_key(),
        "OPSROOM_FIELD_KEY": new_key(),
        "OPSROOM_BEHIND_PROXY": "true",
    }
    environment = {**os.environ, **PRODUCTION, **secrets, "DJANGO_SETTINGS_MODULE": "opsroom.settings"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
