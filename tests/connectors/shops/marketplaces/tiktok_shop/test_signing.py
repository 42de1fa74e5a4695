"""Signatures, addresses and pushes against answers that TikTok Shop and others have published."""

import hashlib
import hmac
from collections.abc import Mapping

import orjson
import pytest

from connectors.shops.marketplaces.tiktok_shop import TikTokShop
from connectors.shops.marketplaces.tiktok_shop.client import Client, operation_of
from connectors.shops.marketplaces.tiktok_shop.signing import push_signature, signature
from tests.connectors.shops.marketplaces.tiktok_shop.outside import BY_ID, KEYS, SEARCH, Outside, found, order, shop
from tests.connectors.shops.stand import NOW

PUSH = (
    b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,'
    b'"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID",'
    b'"update_time":1718305585}}'
)
PUSH_SIGN = "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"


@pytest.mark.parametrize(
    ("secret", "path", "query", "expected"),
    [
        (
            "e59af819cc",
            "/authorization/202309/shops",
            {"app_key": "29a39d", "timestamp": "1623812664"},
            "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
        ),
        (
            "app_secret",
            "/test-api",
            {"foo": "bar"},
            "d3cb7fe11ecae942802ceeca67e7cf10120cc12f1517d45fbc1c8cfe5413c80f",
        ),
    ],
)
def test_the_signature_matches_the_known_answers(
    secret: str, path: str, query: Mapping[str, str], expected: str
) -> None:
    assert signature(secret, path, query) == expected
    assert signature(secret, path, {**query, "sign": "x", "access_token": "y"}) == expected


def test_the_push_signature_matches_the_known_answer() -> None:
    assert push_signature("abcdef", "123", PUSH) == PUSH_SIGN


def test_a_call_is_signed_over_exactly_the_bytes_that_are_sent() -> None:
    outside = Outside({SEARCH: found()})
    list(shop(outside).pull("orders", ""))
    request = outside.requests[0]
    query = dict(request.url.params)
    named = "".join(f"{name}{query[name]}" for name in sorted(query) if name != "sign")
    text = f"app-secret{request.url.path}{named}".encode() + request.content + b"app-secret"
    assert query["sign"] == hmac.new(b"app-secret", text, hashlib.sha256).hexdigest()
    assert (query["app_key"], query["shop_cipher"]) == ("app-key", "cipher-77")
    assert query["timestamp"] == str(int(NOW.timestamp()))
    assert request.headers["x-tts-access-token"] == "access-token"


def test_a_call_that_is_about_no_shop_carries_no_cipher() -> None:
    outside = Outside({"GET /authorization/202309/shops": {"shops": [{"id": "1", "name": "A", "cipher": "cipher-77"}]}})
    assert shop(outside).check() == "shop A"
    assert "shop_cipher" not in outside.requests[0].url.params


def test_an_empty_choice_is_left_out_of_the_address() -> None:
    outside = Outside({BY_ID: found(order())})
    client = shop(outside).client  # type: ignore[attr-defined]
    assert isinstance(client, Client)
    assert "page_token" not in client.url("/order/202507/orders", {"page_token": "", "ids": "1"})


def test_calls_of_one_kind_share_a_name_whatever_their_ids() -> None:
    path = "/return_refund/202309/returns/4036001/approve"
    assert operation_of(path) == "return_refund/returns/{}/approve"


def test_a_push_is_believed_only_with_its_own_key_and_secret() -> None:
    headers = {"authorization": PUSH_SIGN}
    assert TikTokShop.verify(PUSH, headers, "", ("other:1", "abcdef:123"), NOW)
    assert not TikTokShop.verify(PUSH, headers, "", ("abcdef:124",), NOW)
    assert not TikTokShop.verify(PUSH + b" ", headers, "", ("abcdef:123",), NOW)
    assert not TikTokShop.verify(PUSH, {}, "", ("abcdef:123", "", ":"), NOW)
    forged = push_signature("abcdef", "abcdef", PUSH)
    assert not TikTokShop.verify(PUSH, {"authorization": forged}, "", ("abcdef:123",), NOW)


@pytest.mark.parametrize(
    ("kind", "feeds"),
    [
        (1, ("orders",)),
        (6, ("orders",)),
        (11, ("cancellations", "orders")),
        (12, ("returns", "orders")),
        (14, ("messages",)),
        (27, ("goods",)),
        (36, ()),
        ("1", ()),
    ],
)
def test_a_push_names_the_feeds_that_it_touches(kind: object, feeds: tuple[str, ...]) -> None:
    assert TikTokShop.touched(orjson.dumps({"type": kind}), {}) == feeds


def test_a_push_is_known_by_its_own_number_and_a_broken_one_by_its_bytes() -> None:
    assert TikTokShop.event_id(PUSH, {}) == "7380066284010030890"
    assert TikTokShop.event_id(b"[]", {}) == hashlib.sha256(b"[]").hexdigest()
    assert TikTokShop.touched(b"not json", {}) == ()


def test_the_apps_secret_is_no_part_of_what_is_said() -> None:
    assert KEYS["app_secret"] not in repr(shop(Outside({})).account)
