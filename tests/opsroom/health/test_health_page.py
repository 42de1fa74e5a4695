"""The health page says of each connection what is wrong in a sentence, worst first, with what it rests on."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from opsroom.health.page import overview
from opsroom.insights.gather import week_before
from opsroom.people.models import User
from tests.opsroom.health.troubles import connections, declines

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]


def test_each_trouble_has_its_verdict_and_the_worst_stand_first(client_for: ClientFor, approver: User) -> None:
    connections(timezone.now())
    page = client_for(approver).get("/health/").text
    cards = re.findall(r'<h2 id="health-\d+">([^<]+) <span class="tag (\w*)">([^<]+)<', page)
    assert cards == [
        ("Harbour Pay", "danger", "our permission has ended"),
        ("Harbour on Lazada", "danger", "they are down"),
        ("harbourgoods.com", "warn", "we are throttled"),
        ("Harbour on TikTok", "danger", "their format has changed"),
        ("Harbour on Amazon", "warn", "reads come back short"),
        ("Support mailbox", "", "switched off by a person"),
        ("Harbour Goods SG", "good", "well"),
    ]
    assert "5 of 7 connections need a look." in page


def test_a_card_shows_advice_evidence_gap_budget_and_the_next_try(client_for: ClientFor, approver: User) -> None:
    connections(timezone.now())
    page = " ".join(client_for(approver).get("/health/").text.split())
    assert "orders.list: the last 6 calls failed, last good" in page
    assert "returns: the source counts 120 rows and gave 113; 7 rows lacking of 120" in page
    assert 'data-label="Lacking">7 of 120<' in page
    assert "6 throttled (15.0 %)" in page
    assert 'data-label="19 of 20 within">500 ms<' in page
    assert 'data-label="Budget left">12 of ' in page
    assert re.search(r"Tried again <time datetime=\"[^\"]+\">in \d+ min</time>", page)


def test_an_owner_is_led_to_connect_again_and_an_approver_is_not(
    client_for: ClientFor, owner: User, approver: User
) -> None:
    shop = connections(timezone.now())["token"]
    link = f'href="/connections/#shop-{shop.pk}">Connect it again</a>'
    assert link in client_for(owner).get("/health/").text
    assert link not in client_for(approver).get("/health/").text


def test_payments_that_falter_are_told_though_the_connection_is_well(client_for: ClientFor, approver: User) -> None:
    now = timezone.now()
    shop = connections(now)["well"]
    declines(shop, now)
    page = client_for(approver).get("/health/").text
    assert "Payments: 16 of the last 24 charges were declined (67%, usually 5.0%)." in page
    assert "6 of 7 connections need a look." in page
    assert '<span class="tag warn">payments falter</span>' in page


@pytest.mark.parametrize("path", ["/health/", "/health/stability/"])
def test_only_those_who_decide_see_it(path: str, client_for: ClientFor, viewer: User, drafter: User) -> None:
    assert Client().get(path).status_code == 302
    assert [client_for(person).get(path).status_code for person in (viewer, drafter)] == [403, 403]
    assert 'href="/health/"' not in client_for(viewer).get("/").text


def test_an_installation_without_shops_is_no_trouble(client_for: ClientFor, owner: User) -> None:
    assert "No shop is connected." in client_for(owner).get("/health/").text


def test_the_page_costs_the_same_queries_for_any_number_of_shops() -> None:
    now = timezone.now()
    connections(now)
    with CaptureQueriesContext(connection) as queries:
        overview(now)
    assert len(queries) == 7


def test_a_bad_week_in_the_address_is_the_last_whole_one(client_for: ClientFor, owner: User) -> None:
    client = client_for(owner)
    title = f"Stability in the week of {week_before(timezone.now()):%-d %B %Y}"
    for week in ("", "x", "9999-12-31", "0001-01-01", "2999-01-01"):
        assert title in client.get(f"/health/stability/?week={week}").text
