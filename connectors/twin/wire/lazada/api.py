"""Lazada Open Platform: signing, tokens, the envelope, and the table of calls.

Facts: sign = upper-case hex HMAC-SHA256 over path and sorted name-value pairs; a timestamp (ms) is good for 2 hours; an
access token for 30 days, a refresh token for 180 that no refresh moves. An error is HTTP 200 with a `code` that is not
"0".
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from time import time
from typing import Any
from urllib.parse import parse_qsl

import orjson

from connectors.twin.deeds import Refusal
from connectors.twin.market import Market
from connectors.twin.wire.consent import BadConsent, Desk, Pair, TokenBook
from connectors.twin.wire.lazada import consent
from connectors.twin.wire.lazada.push import push_body
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Order

APP_KEY, APP_SECRET = "100777", "Kq3opsroomtestsecretLz8"
SELLER_ID, SHORT_CODE = 1_000_143_772, "MY10RV7"
CLOCK_SKEW_MS = 7_200_000
CODE_LIFE, ACCESS_LIFE, REFRESH_LIFE = 1_800, 30 * DAY, 180 * DAY
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
Params = dict[str, Any]
Answer = Callable[["Lazada", Params], dict[str, Any]]


class LazadaError(Exception):
    """An error in Lazada's envelope; `kind` is ISV (the caller), ISP (the service) or SYSTEM (the gateway)."""

    def __init__(self, code: str, message: str, kind: str = "ISV", detail: list[Any] | None = None) -> None:
        super().__init__(message)
        self.code, self.kind, self.detail = code, kind, detail


def sign(secret: str, path: str, fields: Mapping[str, str]) -> str:
    text = path + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest().upper()


class Call:
    """One entry of the table: its methods, what answers, and whether it needs a seller's token."""

    __slots__ = ("answer", "methods", "needs_token")

    def __init__(self, methods: str, answer: Answer, needs_token: bool = True) -> None:
        self.methods, self.answer, self.needs_token = methods.split("/"), answer, needs_token


class Lazada:
    """The wire; state of the protocol only (tokens, packages before they are reported), all else is the market's."""

    kind = "lazada"
    short_code = SHORT_CODE

    def __init__(self, market: Market, calls: dict[str, Call], *, has_limits: bool = True) -> None:
        self.market, self.calls = market, calls
        self.bucket = Bucket(100, 50) if has_limits else None
        self.desk = Desk("Lazada", lambda: market.now, code_life=CODE_LIFE, code_prefix="0_")
        self.tokens = TokenBook(lambda: market.now, access_life=ACCESS_LIFE, refresh_life=REFRESH_LIFE)
        self.given = self.tokens.give(str(SELLER_ID))
        self.packed: set[int] = set()  # orders with a package that is not reported as ready to ship
        self.refused: set[int] = set()  # orders whose buyer was refused a cancellation
        self.blocked: dict[int, list[tuple[int, str]]] = {}  # chat → (time, text) that moderation kept back
        self.images: dict[str, bytes] = {}
        self._serial = count(1)

    def operation(self, request: Request) -> str:
        return request.path.lstrip("/")

    def account(self) -> dict[str, Any]:
        return {
            "kind": "lazada", "name": "Lumen & Loft MY (Lazada)", "external_id": str(SELLER_ID), "country": "MY",
            "currency": "MYR", "time_zone": "Asia/Kuala_Lumpur",
            "settings": {"stock_pool": "SG-1"} | pace(self.bucket is not None),
            "credentials": {
                "app_key": APP_KEY, "app_secret": APP_SECRET, "access_token": self.given.access,
                "refresh_token": self.given.refresh,
            },
        }  # fmt: skip

    def handle(self, request: Request) -> Reply:
        if request.path == consent.PAGE:
            return consent.answer(self, request)
        try:
            return self._envelope(self._answer(request))
        except LazadaError as error:
            return self.error(error)
        except BadConsent as error:
            return self.error(LazadaError("InvalidCode", str(error)))
        except Refusal as refusal:
            return self.error(LazadaError("114", f"E0114: {refusal}", "ISP"))

    def _answer(self, request: Request) -> dict[str, Any]:
        call = self.calls.get(request.path)
        if call is None:
            raise LazadaError("InvalidApiPath", f"The specified API path {request.path} is invalid")
        if request.method not in call.methods:
            raise LazadaError("IllegalMethod", f"{request.path} does not take {request.method}")
        fields = self._fields(request)
        self._check(fields, request.path, call)
        if self.bucket is not None and not self.bucket.take(1, time()):
            raise throttled(1)
        params: Params = dict(fields)
        if request.headers.get("content-type", "").startswith(MULTIPART):
            params |= {"_body": request.body, "_type": request.headers["content-type"]}
        return call.answer(self, params)

    def _fields(self, request: Request) -> dict[str, str]:
        """All that is signed: the query, and the fields of a form (a file is not)."""
        fields = request.params()
        if request.headers.get("content-type", "").startswith(FORM):
            fields |= dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        return fields

    def _check(self, fields: dict[str, str], path: str, call: Call) -> None:
        for name in ("app_key", "timestamp", "sign", "sign_method"):
            if not fields.get(name):
                raise LazadaError("MissingParameter", f'The input parameter "{name}" that is mandatory is not supplied')
        stamp, signature = fields["timestamp"], fields.pop("sign")
        # The product signs by the wall clock, and the market's own clock may have been moved on purpose.
        clocks = (time() * 1000, self.market.now * 1000)
        if not stamp.isdigit() or min(abs(int(stamp) - clock) for clock in clocks) > CLOCK_SKEW_MS:
            raise LazadaError("IllegalTimestamp", "The specified timestamp has expired")
        if fields["app_key"] != APP_KEY:
            raise LazadaError("InvalidAppKey", "The specified App Key is invalid")
        if fields["sign_method"] != "sha256" or not hmac.compare_digest(sign(APP_SECRET, path, fields), signature):
            raise LazadaError("IncompleteSignature", "The request signature does not conform to Lazada standards")
        if call.needs_token and self.tokens.holder(fields.get("access_token", "")) is None:
            raise LazadaError("IllegalAccessToken", "The specified access token is invalid or expired")

    def renewed(self, refresh: str) -> Pair:
        """A new pair whose refresh token ends when the old one would have. Raises LazadaError."""
        held = self.tokens.by_refresh.get(refresh)
        if held is None or held.refresh_ends < self.market.now:
            raise LazadaError("IllegalRefreshToken", "The specified refresh token is invalid or expired")
        fresh = replace(self.tokens.give(held.account), refresh_ends=held.refresh_ends)
        self.tokens.by_access[fresh.access] = self.tokens.by_refresh[fresh.refresh] = fresh
        return fresh

    def _request_id(self) -> str:
        return f"2101{next(self._serial):020d}"

    def _envelope(self, answer: dict[str, Any]) -> Reply:
        return json_reply({"code": "0", "request_id": self._request_id(), **answer})

    def error(self, error: LazadaError) -> Reply:
        body = {"code": error.code, "type": error.kind, "message": str(error), "request_id": self._request_id()}
        return json_reply(body if error.detail is None else {**body, "detail": error.detail})

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        return self.error(throttled(seconds or 1))

    def expired(self, request: Request) -> Reply:
        return self.error(LazadaError("IllegalAccessToken", "The specified access token is invalid or expired"))

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        """Authorization = lower-case hex HMAC-SHA256 under the secret over app key and body."""
        told = push_body(self, topic, thing)
        if told is None:
            return None
        body = orjson.dumps(told)
        signature = hmac.new(APP_SECRET.encode(), APP_KEY.encode() + body, hashlib.sha256).hexdigest()
        return body, {"Authorization": signature, "Content-Type": "application/json"}

    # -- what the calls share ---------------------------------------------------------------------------------------

    def order(self, params: Params, name: str = "order_id") -> Order:
        """The order that a parameter names. Raises LazadaError 16."""
        found = self.market.find("lazada", str(require(params, name)))
        if found is None:
            raise LazadaError("16", f'E016: "{params[name]}" Invalid Order ID', "ISP")
        return found


def throttled(seconds: float) -> LazadaError:
    message = f"The request has exceeded the API call frequency limit. This ban will last {seconds:.0f} seconds"
    return LazadaError("ApiCallLimit", message, "SYSTEM")


def require(params: Params, name: str) -> Any:
    """One parameter. Raises LazadaError MissingParameter."""
    value = params.get(name)
    if value is None or value == "":
        raise LazadaError("MissingParameter", f'The input parameter "{name}" that is mandatory is not supplied')
    return value


def integer(params: Params, name: str, code: str, default: int | None = None, low: int = 0, high: int = 1 << 62) -> int:
    """One whole number within bounds. Raises LazadaError with the call's own code."""
    value = params.get(name, default)
    if value is None or value == "":
        return int(require(params, name))
    text = str(value)
    if not text.lstrip("-").isdigit() or not low <= int(text) <= high:
        raise LazadaError(code, f'E0{code}: "{value}" Invalid {name}', "ISP")
    return int(text)


def document(params: Params, name: str) -> Any:
    """A parameter that holds JSON. Raises LazadaError."""
    try:
        return orjson.loads(require(params, name))
    except orjson.JSONDecodeError as error:
        raise LazadaError("InvalidParameter", f'The parameter "{name}" is not JSON') from error
