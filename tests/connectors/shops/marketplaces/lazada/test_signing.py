"""Signatures against known answers, what is signed, and what the envelope means."""

import hashlib
import hmac
from datetime import timedelta

import httpx
import pytest

from connectors.base import Reconnect, Refused, Retry, Unknown
from connectors.operations import CancelOrder
from connectors.shops.marketplaces.lazada import Lazada, answers
from connectors.shops.marketplaces.lazada.client import signed
from connectors.shops.marketplaces.lazada.signing import push_signature, signature
from tests.connectors.shops.marketplaces.lazada.outside import KEYS, Outside, items, refusal, shop, unit
from tests.connectors.shops.stand import NOW, permit, reply

SELLER = {"data": {"name": "abc shop", "status": "ACTIVE"}}


def test_the_signature_of_the_published_example() -> None:
    fields = {
        "access_token": "test",
        "app_key": "123456",
        "order_id": "1234",
        "sign_method": "sha256",
        "timestamp": "1517820392000",
    }
    expected = "4190D32361CFB9581350222F345CB77F3B19F0E31D162316848A2C1FFD5FAB4A"
    assert signature("helloworld", "/order/get", fields) == expected


def test_the_signature_of_another_implementations_test() -> None:
    fields = {"bar": "2", "foo": "1", "foo_bar": "3", "foobar": "4"}
    expected = "988085883BF9D32D251478D23122C7ECC91518CDF63BA22F792000A378F52409"
    assert signature("1234", "/test/api", fields) == expected


def test_empty_parameters_are_left_out_and_lists_travel_as_json() -> None:
    fields = signed(KEYS, "/orders/items/get", {"order_ids": [1, 2], "status": "", "name": None, "yes": True}, 7)
    assert {name: fields[name] for name in fields if name not in ("sign", "app_key", "access_token")} == {
        "timestamp": "7",
        "sign_method": "sha256",
        "order_ids": "[1,2]",
        "yes": "true",
    }


def test_each_call_is_signed_over_its_path_and_every_field() -> None:
    outside = Outside({"/seller/get": SELLER})
    assert shop(outside).check() == "seller abc shop, active"
    asked = outside.one("/seller/get")
    given = asked.pop("sign")
    text = "/seller/get" + "".join(f"{name}{asked[name]}" for name in sorted(asked))
    assert given == hmac.new(b"app-secret", text.encode(), hashlib.sha256).hexdigest().upper()
    assert asked["timestamp"] == str(int(NOW.timestamp() * 1000))


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("IllegalAccessToken", "expired", Reconnect),
        ("AUTH_TYPE_UNSUPPORTED", "no order in the service market", Reconnect),
        ("ApiCallLimit", "This ban will last 3 seconds", Retry),
        ("901", "throttled", Retry),
        ("X", "Open Api call times exceeds: /orders/get_seller", Retry),
        ("ServiceTimeout", "later", Retry),
        ("IncompleteSignature", "no", Refused),
        ("Mp3SellerApiLimit", "Mp3 Seller not support the api", Refused),
        ("a_code_that_nobody_knows", "no", Refused),
    ],
)
def test_an_error_inside_a_200_is_sorted(code: str, message: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=code):
        shop(Outside({"/seller/get": refusal(code, message)})).check()


def test_a_ban_tells_how_long_to_wait() -> None:
    with pytest.raises(Retry) as caught:
        shop(Outside({"/seller/get": refusal("ApiCallLimit", "This ban will last 3 seconds")})).check()
    assert (caught.value.after_seconds, caught.value.code) == (3.0, "ApiCallLimit")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"code": "0", "success": False, "error_code": "NO", "error_msg": "no"}, "NO"),
        ({"code": "0", "result": {"success": False, "error_code": "70011", "error_msg": "seller not found"}}, "70011"),
        ({"code": "0", "success": True, "err_code": "-22", "err_message": "too old"}, "-22"),
        ({"code": "501", "message": "failed", "detail": [{"seller_sku": "A", "message": "does not exist"}]}, "501"),
    ],
)
def test_a_failure_inside_a_success_is_a_failure(body: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as caught:
        shop(Outside({"/seller/get": reply(body)})).check()
    assert caught.value.code == code


def test_a_filled_error_code_beside_success_is_no_failure() -> None:
    told = {**SELLER, "success": True, "error_code": "REQUEST_CANNOT_BE_NULL", "error_msg": "null"}
    assert shop(Outside({"/seller/get": told})).check() == "seller abc shop, active"


def test_what_is_wrong_with_each_sku_is_told() -> None:
    rows = [{"seller_sku": "A", "message": "does not exist"}, {"field": "Price", "msg": "below 0"}]
    assert answers.detail_of({"detail": rows}) == "A: does not exist; Price: below 0"


CANCEL = CancelOrder(order_ref="4100", reason="out_of_stock")
OFFERED = {
    "data": {"tip_type": "warning", "reason_options": [{"reason_id": "10000021", "reason_name": "Out of Stock"}]}
}


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        (httpx.ReadTimeout("slow"), Unknown),
        (httpx.Response(502, text="<html>"), Unknown),
        (refusal("ServiceTimeout"), Unknown),
        (refusal("106", "E0106: ROC internal error"), Unknown),
        (refusal("ApiCallLimit"), Retry),
        (httpx.ConnectError("refused"), Retry),
        (refusal("IllegalAccessToken"), Reconnect),
        (refusal("114"), Refused),
        (httpx.Response(200, text="not json"), Unknown),
        (reply({"data": {"tip_type": "success"}}), Unknown),  # no `code`: whether it was done cannot be told
    ],
)
def test_each_ending_of_a_write_is_sorted_and_sent_once(ending: object, kind: type[Exception]) -> None:
    outside = Outside({
        "/order/items/get": items(unit(4101)), "/order/reverse/cancel/validate": OFFERED,
        "/order/reverse/cancel/create": ending,
    })  # fmt: skip
    with pytest.raises(kind):
        shop(outside).perform(CANCEL, permit())
    assert len(outside.called("/order/reverse/cancel/create")) == 1


PUSH = (
    b'{"seller_id":"1","message_type":0,"data":{"order_status":"unpaid"},"timestamp":1603766859530,"site":"lazada_my"}'
)


def test_a_push_is_signed_over_the_apps_key_and_the_body() -> None:
    expected = hmac.new(b"app-secret", b"100777" + PUSH, hashlib.sha256).hexdigest()
    assert push_signature("100777", "app-secret", PUSH) == expected
    headers, secrets = {"authorization": expected}, ("9:old", "100777:app-secret")
    assert Lazada.verify(PUSH, headers, "", secrets, NOW)
    assert not Lazada.verify(PUSH + b" ", headers, "", secrets, NOW)
    assert not Lazada.verify(PUSH, {"authorization": expected.upper()}, "", secrets, NOW)
    assert not Lazada.verify(PUSH, headers, "", ("100778:app-secret",), NOW)
    assert not Lazada.verify(PUSH, {}, "", secrets, NOW)
    assert not Lazada.verify(PUSH, {"authorization": "ü"}, "", secrets, NOW)


def test_a_push_names_the_feeds_that_it_touches() -> None:
    kinds = {0: "orders", 2: "messages", 3: "goods", 6: "goods", 14: "orders", 19: "messages", 21: "reviews"}
    found = {kind: Lazada.touched(b'{"message_type": %d}' % kind, {}) for kind in kinds}
    assert found == {kind: (feed,) for kind, feed in kinds.items()}
    assert Lazada.touched(b'{"message_type": 10}', {}) == ("returns", "orders")
    bad = (b"[]", b"not json", b'{"message_type": 999}', b'{"message_type": {}}', b"{}")
    assert [Lazada.touched(body, {}) for body in bad] == [()] * 5


def test_a_repeated_push_is_the_same_event_whenever_it_was_sent() -> None:
    later = PUSH.replace(b"1603766859530", b"1603766860000")
    other = PUSH.replace(b"unpaid", b"pending")
    assert Lazada.event_id(PUSH, {}) == Lazada.event_id(later, {})
    assert Lazada.event_id(PUSH, {}) != Lazada.event_id(other, {})
    assert Lazada.event_id(b"not json", {}) == hashlib.sha256(b"not json").hexdigest()


def test_the_wait_after_a_throttle_without_words_is_short() -> None:
    error = answers.classified("901", "", is_write=True)
    assert isinstance(error, Retry)
    assert timedelta(seconds=error.after_seconds or 0) == timedelta(seconds=1)
