"""Every address of the urlconf, by every method, for everybody: the table says what comes back. Nothing else may."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import timezone

from drafts.models import Approval, Draft, Execution, LedgerEntry
from opsroom.people.models import ApiToken, User
from opsroom.people.roles import Role
from opsroom.people.tokens import make_token, revoke_token
from tests.conftest import person
from tests.security.privileges import (
    ACCOUNT,
    ADMIN,
    ADMIN_PAGES,
    FORBIDDEN,
    METHODS,
    MISSING,
    NO_METHOD,
    PAGES,
    SIGN_IN,
)
from tests.security.urls import Address, addresses

pytestmark = pytest.mark.django_db
WHO = ("stranger", *map(str, Role))


@pytest.fixture
def browsers(settings: Any, empty_cache: None) -> list[Client]:
    """A stranger's and one of each role. The pace of sign-ins has its own tests."""
    settings.ACCOUNT_RATE_LIMITS = False
    found = [Client(raise_request_exception=False)]
    for role in Role:
        found.append(Client(raise_request_exception=False))
        found[-1].force_login(person(role))
    return found


def statuses(browsers: list[Client], method: str, path: str) -> tuple[int, ...]:
    return tuple(getattr(browser, method)(path).status_code for browser in browsers)


def tables() -> set[str]:
    return {one.name for one in addresses() if not one.path.startswith(("/admin/", "/api/v1/"))}


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    api = {"api_description", "api_nothing"}
    assert tables() == (set(PAGES) | set(ACCOUNT)) - api


@pytest.mark.parametrize("table", [PAGES, ACCOUNT], ids=["pages", "account"])
def test_each_address_answers_each_person_as_its_row_says(table: dict[str, Any], browsers: list[Client]) -> None:
    found: dict[str, Any] = {}
    for one in addresses():
        if one.name not in table:
            continue
        found[one.name] = tuple(statuses(browsers, method, one.path) for method in METHODS)
        if one.name == "account_logout":
            for browser, user in zip(browsers[1:], User.objects.order_by("pk"), strict=True):
                browser.force_login(user)
    wrong = {name: f"{found[name]} instead of {row}" for name, row in table.items() if found[name] != row}
    assert wrong == {}


def admin_pages() -> list[Address]:
    return [one for one in addresses() if one.path.startswith("/admin/")]


def owners_answer(one: Address) -> tuple[int, int] | None:
    """By GET and by POST, from the table; None for an address that the table does not know. There is no such row, so
    whoever may see it is led back to the list, and whoever may not is refused before it is looked for."""
    if one.name in ADMIN_PAGES:
        return ADMIN_PAGES[one.name]
    if not one.name.startswith("admin:"):  # without a name: the old address of a row, and what is nowhere
        return (MISSING, MISSING) if one.name.endswith("$") else (302, 302)
    label, _, page = one.name.removeprefix("admin:").rpartition("_")
    rights = ADMIN.get(label.replace("_", ".", 1))
    if rights is None:
        return None
    if page in ("add", "delete"):
        able = 200 if page == "add" else 302
        return (able, able) if page in rights else (FORBIDDEN, FORBIDDEN)
    if page == "change":
        return (302, 302) if "change" in rights else (302, FORBIDDEN)
    return (200, 200) if page == "changelist" else (302, 302)


def test_an_owner_alone_gets_past_the_door_of_the_admin(browsers: list[Client]) -> None:
    wrong = {}
    for one in admin_pages():
        for place, method in enumerate(("get", "post")):
            *others, owner = statuses(browsers, method, one.path)
            if one.name == "admin:logout":
                browsers[-1].force_login(User.objects.get(role=Role.OWNER))
            known = owners_answer(one)
            door = [SIGN_IN, *[FORBIDDEN if one.name == "admin:login" else SIGN_IN] * 3]
            if known is None or owner != known[place] or others != door:
                wrong[f"{method} {one.path}"] = f"{others} {owner} instead of {known}"
    assert wrong == {}


def test_the_admins_sign_in_refuses_who_is_no_owner_and_shows_nothing(browsers: list[Client]) -> None:
    pages = [browser.get("/admin/drafts/policy/", follow=True) for browser in browsers[1:-1]]
    assert [page.status_code for page in pages] == [FORBIDDEN] * 3
    assert not any(b"changelist" in page.content for page in pages)


def test_every_model_of_the_admin_has_its_row() -> None:
    assert {model._meta.label_lower for model in admin.site._registry} == set(ADMIN)


def test_walking_all_of_it_decided_nothing(browsers: list[Client]) -> None:
    before = [table.objects.count() for table in (Draft, Approval, Execution, ApiToken)]
    for one in addresses():
        if one.name in PAGES:
            statuses(browsers[:-1], "post", one.path)
    assert [table.objects.count() for table in (Draft, Approval, Execution, ApiToken)] == before == [0, 0, 0, 0]
    assert not LedgerEntry.objects.filter(action__in=["draft_approved", "draft_rejected", "api_token_made"]).exists()


def test_each_address_for_programs_asks_for_a_token_of_its_scope(approver: User) -> None:
    """Without a token in force 401, whatever browser; with another scope 403; no scope decides anything."""
    now, day = timezone.now(), timedelta(days=1)
    made = {scope: make_token(approver, scope, [scope], now=now, lasts=day) for scope in ("read", "propose")}
    gone, gone_text = make_token(approver, "gone", ["read", "propose"], now=now, lasts=day)
    revoke_token(gone, by=approver, now=now)
    session = Client()
    session.force_login(approver)
    read, propose = (Client(headers={"authorization": f"Bearer {made[scope][1]}"}) for scope in made)
    none = [Client(), session, Client(headers={"authorization": f"Bearer {gone_text}"})]
    wrong = {}
    for one in addresses():
        if not one.path.startswith("/api/v1/") or one.name in PAGES:
            continue
        takes_proposals = one.name == "api_drafts"
        wanted = {"get": [401] * 3 + [FORBIDDEN], "post": [401] * 3, "delete": [401] * 3 + [NO_METHOD]}
        wanted["post"] += [400 if takes_proposals else NO_METHOD]
        found = {method: list(statuses([*none, propose], method, one.path)) for method in METHODS}
        seen = read.get(one.path).status_code
        refused = read.post(one.path, {}, content_type="application/json").status_code
        if found != wanted or seen not in (200, MISSING, 422) or refused != (403 if takes_proposals else NO_METHOD):
            wrong[one.path] = (found, seen, refused)
    assert wrong == {}
    assert not Draft.objects.exists()
