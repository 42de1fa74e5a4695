"""The twin's own door, and its life as a thread and as a process."""

import os
import signal
import subprocess
import sys
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import httpx
import orjson
import pytest
from django.conf import settings

from connectors.twin.server import serve
from connectors.types import PurchaseOrder, Supplier
from tests.connectors.twin.conftest import Client


def test_shops_are_listed_with_what_connects_them(twin: Client) -> None:
    assert list(twin.shops) == ["shopee", "shopify", "stripe", "mailbox"]
    wanted = {
        "shopee": {"partner_id", "partner_key", "shop_id", "access_token", "refresh_token"},
        "shopify": {"access_token", "client_id", "client_secret"},
        "stripe": {"api_key", "webhook_secret", "client_id", "client_secret"},
        "mailbox": {"username", "password"},
    }
    assert {kind: set(shop["credentials"]) for kind, shop in twin.shops.items()} == wanted
    assert twin.shops["shopee"]["base_url"] == f"{twin.server.url}/shopee"


def test_onboarding_speaks_the_models_words(twin: Client) -> None:
    entered = twin.control("GET", "onboarding")
    assert set(entered) >= {"suppliers", "purchase_orders", "fx_rates", "dollar_inputs"}
    assert set(entered["suppliers"][0]) <= {field.name for field in fields(Supplier)}
    assert set(entered["purchase_orders"][0]) <= {field.name for field in fields(PurchaseOrder)}
    for row in entered["dollar_inputs"]:
        assert Decimal(row["low"]) <= Decimal(row["likely"]) <= Decimal(row["high"])
    assert {row["name"] for row in entered["dollar_inputs"]} >= {"margin", "win_rate", "lead_time", "dispute_fee"}
    assert all(Decimal("0.70") < Decimal(row["rate"]) < Decimal("0.80") for row in entered["fx_rates"])


def test_the_clock_can_be_moved_on(fresh: Client) -> None:
    before = fresh.control("GET", "clock")["now"]
    orders = len(list(fresh.server.market.orders()))
    after = fresh.control("POST", "clock", {"advance_seconds": 7_200})["now"]
    assert after - before >= 7_200
    assert len(list(fresh.server.market.orders())) > orders + 30


def test_effects_are_told_from_where_one_left_off(fresh: Client) -> None:
    late = [row["subject_ref"] for row in fresh.truth("late_shipment") if row["shop"] == "shopee"][:2]
    for number in late:
        fresh.shopee("order/cancel_order", {"order_sn": number, "cancel_reason": "CUSTOMER_REQUEST"})
    rows = fresh.http.get(f"{fresh.server.url}/_twin/effects?since=1").json()
    assert [(row["id"], row["subject"], row["operation"]) for row in rows] == [(2, late[1], "cancel")]


def test_what_is_not_there_and_what_cannot_be_is_said(twin: Client) -> None:
    assert twin.http.get(f"{twin.server.url}/_twin/nothing").status_code == 404
    assert twin.http.get(f"{twin.server.url}/elsewhere/x").status_code == 404
    answer = twin.http.post(f"{twin.server.url}/_twin/faults", json={"kind": "explode"})
    assert answer.status_code == 400
    assert "explode" in answer.json()["error"]


def test_the_port_is_free_again_after_the_block() -> None:
    with serve("week", seed=3) as server:
        url = server.url
        assert httpx.get(f"{url}/_twin/clock").status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/_twin/clock")


def test_as_a_process_it_says_where_it_listens_and_ends_on_a_signal() -> None:
    command = [sys.executable, "-m", "connectors.twin.server", "--scenario", "peak", "--orders", "500", "--seed", "3"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(settings.BASE_DIR), env=dict(os.environ))
    try:
        assert process.stdout is not None
        line = orjson.loads(process.stdout.readline())
        assert set(line) == {"url", "imap_port", "smtp_port"}
        assert len(httpx.get(f"{line['url']}/_twin/shops").json()) == 4
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
