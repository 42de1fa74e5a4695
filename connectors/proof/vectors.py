"""Known answers: what somebody else's documentation or test suite says a signature is, for our side and the twin's.

Each vector also must not hold for a body or key that was changed. Sources stand beside them; "RFC" and the platforms'
own pages are theirs, "tests of" is a library's own suite.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson

from connectors.consent import Asking
from connectors.proof.shared import Shared
from connectors.proof.tally import Tally
from connectors.registry import CONNECTORS
from connectors.shops.ads.meta_ads.signing import appsecret_proof
from connectors.shops.marketplaces.lazada.signing import signature as lazada
from connectors.shops.marketplaces.shopee.signing import signature as shopee
from connectors.shops.marketplaces.shopify.install import callback_signatures
from connectors.shops.marketplaces.tiktok_shop.signing import signature as tiktok_shop
from connectors.transport.oauth import xoauth2
from connectors.twin.wire.aftership.api import sign as twin_aftership
from connectors.twin.wire.easypost.api import sign as twin_easypost
from connectors.twin.wire.lazada.api import sign as twin_lazada
from connectors.twin.wire.shopee.api import sign as twin_shopee
from connectors.twin.wire.shopify.api import sign as twin_shopify
from connectors.twin.wire.stripe.api import sign_header as twin_stripe
from connectors.twin.wire.tiktok_shop.api import sign as twin_tiktok
from connectors.twin.world.parcels import check_digit

Check = Callable[[], bool]
Vectors = Mapping[str, Check]


def accepts(kind: str, body: bytes, headers: Mapping[str, str], secret: str, at: int = 0) -> bool:
    """Whether the connector takes a push under one of two secrets, and does not take another one or another secret."""
    verify: Any = CONNECTORS[kind]
    now = datetime.fromtimestamp(at, UTC)
    holds = verify.verify(body, headers, "", ("another", secret), now)
    is_loose = verify.verify(body + b" ", headers, "", (secret,), now) or verify.verify(body, headers, "", ("x",), now)
    return bool(holds and not is_loose)


# -- Shopee, Lazada, TikTok Shop: calls and pushes --------------------------------------------------------------------

SHOPEE_PARTS = ("/api/v2/auth/token/get", "123456", "test_partner_id", "test_shop_id", "test_main_account_id")
SHOPEE_SIGN = "37c864bd9821ff5f2c2f46b2faca14eb1811a718d1fdc6dcf383cba7c74bf9e9"
SHOPEE: Vectors = {
    "tests of shopee-sdk: joined parts": lambda: all(
        sign("test_partner_key", *SHOPEE_PARTS) == SHOPEE_SIGN != sign("test_partner_kez", *SHOPEE_PARTS)
        for sign in (shopee, twin_shopee)
    ),
}
LAZADA_CALLS = {
    "Lazada's HTTP request sample": ("helloworld", "/order/get", {
        "access_token": "test", "app_key": "123456", "order_id": "1234", "sign_method": "sha256",
        "timestamp": "1517820392000",
    }, "4190D32361CFB9581350222F345CB77F3B19F0E31D162316848A2C1FFD5FAB4A"),
    "tests of lazada-sdk": ("1234", "/test/api", {"bar": "2", "foo": "1", "foo_bar": "3", "foobar": "4"},
                            "988085883BF9D32D251478D23122C7ECC91518CDF63BA22F792000A378F52409"),
}  # fmt: skip
TIKTOK_CALLS = {
    "TikTok's signing page": ("e59af819cc", "/authorization/202309/shops",
                              {"app_key": "29a39d", "timestamp": "1623812664"},
                              "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8"),
    "tests of a TikTok client": ("app_secret", "/test-api", {"foo": "bar"},
                                 "d3cb7fe11ecae942802ceeca67e7cf10120cc12f1517d45fbc1c8cfe5413c80f"),
}  # fmt: skip
TIKTOK_PUSH = (
    b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,'
    b'"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID",'
    b'"update_time":1718305585}}'
)
TIKTOK_PUSH_SIGN = "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"


def call_vectors(calls: Mapping[str, tuple[str, str, dict[str, str], str]], *signs: Callable[..., str]) -> Vectors:
    def check(secret: str, path: str, fields: dict[str, str], known: str) -> bool:
        return all(sign(secret, path, fields) == known != sign(secret, f"{path}x", fields) for sign in signs)

    return {name: partial(check, *row) for name, row in calls.items()}


# -- Shopify, Stripe --------------------------------------------------------------------------------------------------

SHOPIFY_CALLBACKS = {
    "tests of shopify_python_api": (
        "code=a94a110d86d2452eb3e2af4cfb8a3828&shop=some-shop.myshopify.com&timestamp=1337178173",
        "2cb1a277650a659f1b11e92a4a64275b128e037f2c3390e3c8fd2d8721dac9e2",
    ),
    "documentation of shopify_oauth": (
        "code=0907a61c0c8d55e99db179b68161bc00&shop=some-shop.myshopify.com&state=0.6784241404160823"
        "&timestamp=1337178173",
        "700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf",
    ),
    "tests of shopify_python_api: a list": (
        'ids=["2", "1"]&shop=some-shop.myshopify.com',
        "b93b9f82996f6f8bf9f1b7bbddec284c8fabacdc4e12dc80550b4705f3003b1e",
    ),
}
SHOPIFY_BODY, SHOPIFY_SIGN = b'{"foo": "bar"}', "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g="


def is_callback(query: str, known: str) -> bool:
    values = dict(pair.split("=", 1) for pair in query.split("&"))
    signed, changed = (callback_signatures(given, "hush") for given in (values, values | {"shop": "other"}))
    return known in signed and known not in changed


def shopify_vectors() -> Vectors:
    made: dict[str, Check] = {name: partial(is_callback, *row) for name, row in SHOPIFY_CALLBACKS.items()}
    made["tests of shopify-app-js: a webhook"] = lambda: (
        accepts("shopify", SHOPIFY_BODY, {"x-shopify-hmac-sha256": SHOPIFY_SIGN}, "test_secret_key")
        and twin_shopify("test_secret_key", SHOPIFY_BODY) == SHOPIFY_SIGN
    )
    return made


STRIPE_AT = 1533204620
STRIPE_SIGN = "2220f87ef101a04665f11cdf770523143f875572008577fa0f20882ddb9cc3c7"
STRIPE_EVENT: dict[str, Any] = {
    "id": "evt_123", "object": "event", "account": "acct_123", "api_version": "2017-05-25", "created": STRIPE_AT,
    "data": {"object": {
        "id": "cus_123", "object": "customer", "created": 123456789, "email": "test@stripe.com", "livemode": False,
        "metadata": {},
    }},
    "livemode": False, "pending_webhooks": 1, "request": {"id": "req_123", "idempotency_key": "idempotency-key-123"},
    "type": "customer.created",
}  # fmt: skip


def stripe_vector() -> bool:
    body = orjson.dumps(STRIPE_EVENT, option=orjson.OPT_INDENT_2) + b"\n"
    header = f"t={STRIPE_AT},v1={STRIPE_SIGN}"
    is_taken = accepts("stripe", body, {"stripe-signature": header}, "webhook_secret", STRIPE_AT)
    return is_taken and twin_stripe("webhook_secret", body, STRIPE_AT) == header


# -- couriers, messages, ads ------------------------------------------------------------------------------------------

AFTERSHIP_BODY = b'{"event":"tracking_update","msg":{"id":"t1","tag":"Delivered"}}'
AFTERSHIP_SIGN = "2caH3uZJG8+6TBZzaSpErDALPilipUW5DQcVUwI6aL8="
EASYPOST_SIGN = "hmac-sha256-hex=38f3f53c103713df81616a0a186d77141957323ec21d5fe9363db93840f527db"
KLAVIYO_AT = "2026-11-20T00:00:00+00:00"
KLAVIYO_SIGN = "c6eabc2d8a309bf31844450e83e1bfd361d30d265f0090986cdbe3e7400bc72e"
WHATSAPP = {
    "GitHub's page on the same scheme": (
        b"Hello, World!", "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "It's a Secret to Everybody",
    ),
    "documentation of whatsapp_sdk": (
        b"test", "0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914", "secret",
    ),
}  # fmt: skip
RFC_4231 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
META_PROOF = "059a4ea9403818b051f7309a311095ac009e10fdbaeafbc3ea4d066fab212e18"
UPS_NUMBERS = ("1Z4096YY0316914058", "1ZA2F8810719086435", "1Z023E2X0214323462", "1Z6568YY1200043419")
XOAUTH2 = (
    b"dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0"
    b"Q2cBAQ=="
)
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def easypost_vector(shared: Shared) -> bool:
    """Raises Absent where the body that was signed is not here."""
    body = orjson.dumps(orjson.loads(shared.contract("easypost/event-body.json").read_bytes()))
    is_taken = accepts("easypost", body, {"x-hmac-signature": EASYPOST_SIGN}, "sécret")
    return is_taken and twin_easypost("sécret", body) == EASYPOST_SIGN


def klaviyo_vector() -> bool:
    headers = {"klaviyo-signature": KLAVIYO_SIGN, "klaviyo-timestamp": KLAVIYO_AT}
    at = int(datetime.fromisoformat(KLAVIYO_AT).timestamp())
    return accepts("klaviyo", b'{"data":[],"meta":{}}', headers, "klaviyo_secret_key_16", at)


def pkce_vector() -> bool:
    return Asking("state", "https://ops.example/", (), verifier=VERIFIER).challenge() == CHALLENGE


def xoauth2_vector() -> bool:
    words = xoauth2("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")
    return base64.b64encode(words.encode()) == XOAUTH2


def whatsapp_vector(body: bytes, digest: str, secret: str) -> bool:
    return accepts("whatsapp", body, {"x-hub-signature-256": f"sha256={digest}"}, secret)


def vectors(shared: Shared) -> dict[str, Vectors]:
    """System → source → whether what it says holds."""
    tiktok_push = {"authorization": TIKTOK_PUSH_SIGN}
    return {
        "shopee": SHOPEE,
        "lazada": call_vectors(LAZADA_CALLS, lazada, twin_lazada),
        "tiktok_shop": {
            **call_vectors(TIKTOK_CALLS, tiktok_shop, twin_tiktok),
            "TikTok's webhook page": lambda: accepts("tiktok_shop", TIKTOK_PUSH, tiktok_push, "abcdef:123"),
        },
        "amazon": {
            "RFC 4231, case 2: the bridge's pushes": lambda: accepts(
                "amazon", b"what do ya want for nothing?", {"x-bridge-signature": f"sha256={RFC_4231}"}, "Jefe"
            )
        },
        "shopify": shopify_vectors(),
        "stripe": {"tests of stripe-dotnet": stripe_vector},
        "aftership": {
            "computed from its documentation": lambda: (
                accepts("aftership", AFTERSHIP_BODY, {"aftership-hmac-sha256": AFTERSHIP_SIGN}, "whsec_test")
                and twin_aftership("whsec_test", AFTERSHIP_BODY) == AFTERSHIP_SIGN
            )
        },
        "easypost": {"fixtures of EasyPost/examples": lambda: easypost_vector(shared)},
        "ups": {f"check digit of {one}": partial(ends_right, one) for one in UPS_NUMBERS},
        "klaviyo": {"computed from its documentation": klaviyo_vector, "RFC 7636, appendix B": pkce_vector},
        "whatsapp": {name: partial(whatsapp_vector, *row) for name, row in WHATSAPP.items()},
        "mailbox": {"Google's page on XOAUTH2": xoauth2_vector},
        "meta_ads": {
            "computed from its documentation: appsecret_proof": lambda: (
                appsecret_proof("app_secret", "token") == META_PROOF != appsecret_proof("app_secret", "tokem")
            )
        },
    }


def ends_right(number: str) -> bool:
    return number[-1] == str(check_digit(number[2:-1]))


def check(known: Vectors, tally: Tally) -> None:
    """Raises Absent where one needs a file that is not here."""
    for source, holds in known.items():
        if holds():
            tally.vectors += 1
        else:
            tally.failures.append(f"known answer of {source}: it does not hold")
