"""Every fault: what the client sees, and whether the effect happened."""

import json
import time
from typing import Any

import httpx
import pytest

from connectors.twin.faults import HTML, KINDS, BadRule, Faults
from tests.connectors.twin.conftest import Client


def charge_of(client: Client) -> str:
    rows = client.stripe("GET", "charges?limit=100").json()["data"]
    return str(next(row["id"] for row in rows if row["status"] == "succeeded" and not row["amount_refunded"]))


def break_(client: Client, kind: str, operation: str = "POST /v1/refunds", shop: str = "stripe", **more: Any) -> None:
    answer = client.control(
        "POST", "faults", {"shop": shop, "operation": operation, "kind": kind, "remaining": 1, **more}
    )
    assert answer["ids"]


def refund(client: Client, charge: str, key: str = "k1") -> httpx.Response:
    return client.stripe("POST", "refunds", {"charge": charge, "amount": "100"}, key=key)


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "timeout_before", "timeout_after"])
def test_a_broken_line_happens_before_or_after_the_effect(fresh: Client, kind: str) -> None:
    charge = charge_of(fresh)
    break_(fresh, kind, seconds=0.05)
    with pytest.raises(httpx.TransportError):
        refund(fresh, charge)
    done = 1 if kind.endswith("after") else 0
    assert len(fresh.effects("refund")) == done
    answer = refund(fresh, charge)  # the same key again: never a second effect
    assert answer.status_code == 200
    assert (answer.headers.get("idempotent-replayed") == "true") is bool(done)
    assert len(fresh.effects("refund")) == 1


def test_a_hanging_call_outlasts_the_clients_patience(fresh: Client) -> None:
    charge = charge_of(fresh)
    break_(fresh, "timeout_after", seconds=30)
    shop = fresh.shops["stripe"]
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{shop['base_url']}/v1/refunds", data={"charge": charge, "amount": "100"}, timeout=0.3,
            headers={"Authorization": f"Bearer {shop['credentials']['api_key']}"},
        )  # fmt: skip
    assert len(fresh.effects("refund")) == 1


def test_a_late_effect_lands_after_the_reset(fresh: Client) -> None:
    charge = charge_of(fresh)
    break_(fresh, "late_effect", seconds=0.3)
    with pytest.raises(httpx.TransportError):
        refund(fresh, charge)
    assert fresh.effects("refund") == []
    give_up = time.monotonic() + 5
    while not fresh.effects("refund") and time.monotonic() < give_up:
        fresh.control("GET", "clock")
    assert [row["key"] for row in fresh.effects("refund")] == ["k1"]


def test_a_truncated_body_comes_after_the_effect(fresh: Client) -> None:
    charge = charge_of(fresh)
    break_(fresh, "truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        refund(fresh, charge)
    assert len(fresh.effects("refund")) == 1


def test_not_json_comes_after_the_effect(fresh: Client) -> None:
    charge = charge_of(fresh)
    break_(fresh, "not_json")
    answer = refund(fresh, charge)
    assert (answer.status_code, answer.content) == (200, HTML)
    assert len(fresh.effects("refund")) == 1


def test_a_server_error_comes_before_the_effect(fresh: Client) -> None:
    charge = charge_of(fresh)
    fresh.control(
        "POST", "faults", {"shop": "stripe", "operation": "POST /v1/refunds", "kind": "server_error", "remaining": 12}
    )
    seen = [refund(fresh, charge) for _ in range(12)]
    assert {answer.status_code for answer in seen} == {500, 502, 503}
    assert {answer.headers["content-type"] for answer in seen} == {"application/json", "text/html"}
    assert fresh.effects("refund") == []


def test_rate_limits_speak_each_platforms_language(fresh: Client) -> None:
    break_(fresh, "rate_limited", seconds=2)
    answer = refund(fresh, charge_of(fresh))
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["error"]["code"]) == (
        429,
        "2",
        "rate_limit",
    )
    break_(fresh, "rate_limited", "shop.*", "shopee")
    shopee = fresh.shopee("shop/get_shop_info")
    assert shopee.json()["error"] == "error_rate_limit"
    assert "retry-after" not in shopee.headers
    break_(fresh, "rate_limited", "shop", "shopify")
    assert fresh.shopify("{ shop { name } }")["errors"][0]["extensions"]["code"] == "THROTTLED"


def test_tokens_expire_on_demand(fresh: Client) -> None:
    break_(fresh, "expired_token", "*", "shopee")
    assert fresh.shopee("shop/get_shop_info").json()["error"] == "invalid_acceess_token"
    break_(fresh, "expired_token", "*", "stripe")
    assert fresh.stripe("GET", "charges").status_code == 401
    assert fresh.shopee("shop/get_shop_info").json()["error"] == ""


def test_a_drifted_reply_is_json_with_a_changed_field(fresh: Client) -> None:
    plain = fresh.stripe("GET", "charges?limit=5").json()
    changed = 0
    for _ in range(8):
        break_(fresh, "drifted", "GET /v1/charges")
        changed += fresh.stripe("GET", "charges?limit=5").json() != plain
    assert changed == 8


def test_a_short_page_hides_rows_and_says_it_is_whole(fresh: Client) -> None:
    whole = fresh.stripe("GET", "charges?limit=10").json()
    break_(fresh, "short_page", "GET /v1/charges")
    short = fresh.stripe("GET", "charges?limit=10").json()
    assert short["data"] == whole["data"][:5]
    assert short["has_more"] == whole["has_more"]


def test_a_slow_answer_is_whole(fresh: Client) -> None:
    break_(fresh, "slow", "GET /v1/charges", seconds=0.2)
    started = time.monotonic()
    assert fresh.stripe("GET", "charges").status_code == 200
    assert time.monotonic() - started >= 0.2


def test_a_rule_fires_as_often_as_it_says_and_can_be_taken_back(fresh: Client) -> None:
    fresh.control("POST", "faults", {"shop": "stripe", "operation": "GET *", "kind": "server_error", "remaining": 2})
    assert [fresh.stripe("GET", "charges").status_code >= 500 for _ in range(3)] == [True, True, False]
    id = fresh.control("POST", "faults", {"shop": "stripe", "kind": "expired_token"})["ids"][0]
    assert fresh.stripe("GET", "charges").status_code == 401
    fresh.http.delete(f"{fresh.server.url}/_twin/faults?id={id}")
    assert fresh.stripe("GET", "charges").status_code == 200


def test_a_lasting_fault_is_an_exception_of_its_own(fresh: Client) -> None:
    assert [row["subject_ref"] for row in fresh.truth("feed_stale")] == ["stripe:GET /v1/payouts"]
    fresh.control("POST", "faults", {"shop": "shopee", "operation": "returns.get_return_list", "kind": "short_page"})
    planted = fresh.truth("feed_stale")[-1]
    assert (planted["shop"], planted["subject_ref"]) == ("shopee", "shopee:returns.get_return_list")
    assert planted["at_risk"] > 0


def test_chance_is_seeded() -> None:
    def draws(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add({"kind": "slow", "probability": 0.5})
        return [faults.pick("stripe", "x") is not None for _ in range(40)]

    assert draws(1) == draws(1) != draws(2)
    assert 5 < sum(draws(1)) < 35


@pytest.mark.parametrize("row", [{"kind": "explode"}, {"kind": "slow", "colour": 1}, {}])
def test_a_rule_that_cannot_be_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(BadRule):
        Faults(1).add(row)


def test_drift_changes_one_field_of_every_record() -> None:
    faults = Faults(3)
    body = json.dumps({"rows": [{"a": 1, "b": "x", "c": 2}, {"a": 3, "b": "y", "c": 4}]}).encode()
    for _ in range(20):
        rows = json.loads(faults.drift(body))["rows"]
        assert rows[0].keys() == rows[1].keys()
        assert rows != json.loads(body)["rows"]


def test_every_kind_has_a_test_above() -> None:
    tested = {
        "rate_limited", "server_error", "timeout_before", "timeout_after", "reset_before", "reset_after",
        "late_effect", "truncated",
        "not_json", "drifted", "short_page", "slow", "expired_token", "duplicated_webhook", "reordered_webhook",
    }  # fmt: skip
    assert tested == KINDS  # the two webhook kinds are tested in test_push.py
