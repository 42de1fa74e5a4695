"""A signed-in browser at a desk full of alerts."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from drafts.models import Draft, Policy
from drafts.states import Tier
from opsroom.people.models import User
from tests.journeys import scene

SignIn = Callable[[User], Page]


@pytest.fixture
def drafts(live_server: LiveServer) -> dict[str, Draft]:
    Policy.objects.get_or_create(kind="reply", tier=Tier.CLICK)  # a test with real transactions starts without rows
    return scene.desk()


@pytest.fixture
def sign_in(browser: Page, live_server: LiveServer) -> SignIn:
    """The browser's page, at the inbox, as that person."""

    def enter(person: User) -> Page:
        client = Client()
        client.force_login(person)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        browser.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
        browser.goto(live_server.url)
        return browser

    return enter


@pytest.fixture
def desk(sign_in: SignIn, approver: User, drafts: dict[str, Draft]) -> Page:
    """The inbox as an approver."""
    return sign_in(approver)
