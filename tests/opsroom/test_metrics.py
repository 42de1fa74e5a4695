"""/metrics is valid Prometheus text, shows what the tables hold, and opens for its own token alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from connectors.models import Change
from tests.factories import AlertFactory, DraftFactory
from tests.opsroom.health.troubles import called, connections, declines

pytestmark = pytest.mark.django_db
SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?[\d.e+-]+)$')


@pytest.fixture
def scrape(settings: Any) -> Any:
    settings.METRICS_TOKEN = "scrape-me"
    return lambda: Client().get("/metrics", headers={"Authorization": "Bearer scrape-me"})


def read(text: str) -> dict[str, float]:
    """Samples by name and labels. Fails on any line that the text format does not know, and on a repeated sample."""
    found: dict[str, float] = {}
    kinds: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in kinds
            kinds[name] = kind
        elif not line.startswith("# HELP "):
            parts = SAMPLE.match(line)
            assert parts, line
            name = re.sub(r"_(bucket|sum|count)$", "", parts[1])
            assert name in kinds or parts[1] in kinds, line
            assert parts[1] + (parts[2] or "") not in found, line
            found[parts[1] + (parts[2] or "")] = float(parts[3])
    return found


def test_it_opens_for_its_token_alone(settings: Any, scrape: Any) -> None:
    assert scrape().status_code == 200
    for headers in ({}, {"Authorization": "Bearer scrape-you"}, {"Authorization": "Bearer "}):
        answer = Client().get("/metrics", headers=headers)
        assert (answer.status_code, b"opsroom_" in answer.content) == (401, False)
    settings.METRICS_TOKEN = ""
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_an_empty_installation_is_valid(scrape: Any) -> None:
    answer = scrape()
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert read(answer.text)["opsroom_paused"] == 0


def test_connections_feeds_calls_and_work_are_all_told(scrape: Any) -> None:
    now = timezone.now()
    made = connections(now)
    declines(made["well"], now)
    AlertFactory.create(cash_likely=240)
    DraftFactory.create(alert=AlertFactory.create(detector="oversold", cash_likely=None))
    Change.objects.create(shop=made["well"], kind="order", external_id="1", at=now)
    found = read(scrape().text)
    lazada, tiktok = 'shop="Harbour on Lazada",kind="lazada"', 'shop="Harbour on TikTok",kind="tiktok_shop"'
    amazon = 'shop="Harbour on Amazon",kind="amazon"'
    expected = {
        f'opsroom_connection_verdict{{{lazada},verdict="down"}}': 1,
        f'opsroom_connection_verdict{{{lazada},verdict="well"}}': 0,
        f'opsroom_call_failing{{{lazada},operation="orders.list"}}': 6,
        f'opsroom_rate_budget_left{{{lazada},operation="orders.list"}}': 12,
        f'opsroom_feed_trusted{{{tiktok},feed="returns"}}': 0,
        f'opsroom_feed_quarantined_rows{{{tiktok},feed="returns"}}': 38,
        f'opsroom_feed_gap_rows{{{amazon},feed="returns"}}': 7,
        f'opsroom_call_failures_total{{{lazada},operation="orders.list",class="down"}}': 6,
        f'opsroom_call_seconds_bucket{{{lazada},operation="orders.list",le="0.25"}}': 30,
        f'opsroom_call_seconds_bucket{{{lazada},operation="orders.list",le="+Inf"}}': 40,
        f'opsroom_call_seconds_sum{{{lazada},operation="orders.list"}}': 9.2,
        f'opsroom_call_seconds_count{{{lazada},operation="orders.list"}}': 40,
        'opsroom_payment_trouble{shop="Harbour Goods SG",kind="shopee",trouble="declines"}': 1,
        'opsroom_charges_recent{shop="Harbour Goods SG",kind="shopee",outcome="declined"}': 16,
        'opsroom_alerts_open{detector="duplicate_charge"}': 1,
        'opsroom_alerts_open_dollars{detector="duplicate_charge"}': 240,
        'opsroom_drafts{state="proposed"}': 1,
        "opsroom_changes_waiting": 1,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert 'opsroom_alerts_open_dollars{detector="oversold"}' not in found  # unknown is not zero


def test_names_of_shops_cannot_break_the_format(scrape: Any) -> None:
    now = timezone.now()
    shop = connections(now)["well"]
    shop.name = 'A "quoted"\nname \\ of a shop'
    shop.save()
    called(shop, now, "items.list")
    label = r'shop="A \"quoted\"\nname \\ of a shop"'
    assert f'opsroom_call_failing{{{label},kind="shopee",operation="items.list"}}' in read(scrape().text)
