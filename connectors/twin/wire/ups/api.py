"""UPS: client-credentials tokens, Tracking v1 and Delivery Intercept v2.

Facts: the headers of every call, what a body must hold, which numbers are a shipper's own, and that an intercept is
refused inside a good answer (HTTP 200, `success: false`) where the parcel takes none.
"""

import base64
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from time import time
from typing import Any
from urllib.parse import parse_qs

import orjson

from connectors.twin.deeds import Refusal
from connectors.twin.deeds import parcels as deed
from connectors.twin.market import Market
from connectors.twin.wire.ups import shapes
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace
from connectors.twin.world.channels import HOUR
from connectors.twin.world.parcels import ups_order
from connectors.twin.world.trade import Order

CLIENT_ID, CLIENT_SECRET = "twinUpsClient0Lumen", "twinUpsSecret0Loft7c1e"
ACCOUNT_NUMBER = "8A60V5"
TOKEN_SECONDS = 14_399
INTERCEPT, TRACK, TOKEN = "/api/deliveryintercept/v2", "/api/track/v1/details/", "/security/v1/oauth/token"
NUMBER, TRANSACTION = re.compile(r"1Z[A-Z0-9]{16}"), re.compile(r"[a-zA-Z0-9-.]{3,14}")
PHONE, POSTCODE = re.compile(r"\+[0-9]{1,13}"), re.compile(r"\d{5}(?:[-\s]\d{4})?")
CHANGES = {  # path → way, request type
    "reschedule": ("reschedule", "FD"), "redirect/address": ("reroute", "AA"), "return": ("return", "RS"),
    "willcall": ("hold_for_pickup", "WC"),
}  # fmt: skip
REASONS = frozenset({"AM", "AN", "AQ", "AR", "AS", "FA", "KR", "KS", "KV"})
Body = dict[str, Any]


class UpsError(Exception):
    """A refusal in UPS's envelope."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


class Ups:
    """The wire."""

    kind = "ups"

    def __init__(self, market: Market, *, has_limits: bool = True) -> None:
        self.market = market
        self.overall = Bucket(40, 20) if has_limits else None
        self.tokens: dict[str, int] = {}
        self._serial = count(1)

    def account(self) -> dict[str, Any]:
        return {
            "kind": "ups", "name": "Lumen & Loft (UPS)", "external_id": ACCOUNT_NUMBER, "country": "US",
            "currency": "USD", "time_zone": "America/Chicago",
            "settings": {
                "account_number": ACCOUNT_NUMBER, "contact_name": "Lumen & Loft", "contact_phone": "+1 512 555 0100",
            } | pace(self.overall is not None),
            "credentials": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        """Method and path without the number: `POST /return`, `GET /track`, `POST /token`."""
        if request.path == TOKEN:
            return "POST /token"
        if request.path.startswith(TRACK):
            return "GET /track"
        return f"{request.method} {request.path.removeprefix(INTERCEPT).rpartition('/')[0]}"

    def handle(self, request: Request) -> Reply:
        try:
            return self._answer(request)
        except UpsError as error:
            return self._refusal(error)

    def _refusal(self, error: UpsError) -> Reply:
        rows = [{"code": error.code, "message": str(error)}]
        said = {"transactionId": self._transaction(), "statusCode": error.code[:4], "success": False, "errors": rows}
        return json_reply({"response": said}, error.status, APIErrorCode=error.code, APIErrorMsg=str(error))

    def _transaction(self) -> str:
        return f"TWIN{next(self._serial):08d}"

    def _answer(self, request: Request) -> Reply:
        if self.overall is not None and not self.overall.take(1, time()):
            raise UpsError("10429", "Too Many Requests", 429)
        if request.path == TOKEN:
            return self._token(request)
        self._check_token(request)
        if request.path.startswith(TRACK) and request.method == "GET":
            return self._track(request)
        path, _, number = request.path.removeprefix(INTERCEPT + "/").rpartition("/")
        if not request.path.startswith(INTERCEPT):
            raise UpsError("404", "Resource not found", 404)
        self._check_headers(request, {"platformtype": "XOLT", "inquirytype": "U"})
        order = self._own(number)
        ways: dict[tuple[str, str], Callable[[], Body]] = {
            ("GET", "eligibility/intercept"): lambda: self._good(
                commonEligibilityMap=shapes.eligibility(self.market, order)
            ),
            ("POST", "charges"): lambda: self._charges(order, number, request),
            ("POST", "cancel"): lambda: self._change("cancel", order, number, request),
            **{
                ("POST", name): lambda name=name: self._change(name, order, number, request)  # type: ignore[misc]
                for name in CHANGES
            },
        }
        if (request.method, path) not in ways:
            raise UpsError("404", "Resource not found", 404)
        return json_reply(ways[request.method, path]())

    # -- tokens and headers -----------------------------------------------------------------------------------------

    def _token(self, request: Request) -> Reply:
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        pair = base64.b64decode(value + "==", validate=False) if kind.lower() == "basic" else b""
        if not hmac.compare_digest(pair, f"{CLIENT_ID}:{CLIENT_SECRET}".encode()):
            raise UpsError("10401", "ClientId is Invalid", 401)
        if parse_qs(request.body.decode()).get("grant_type") != ["client_credentials"]:
            raise UpsError("10400", "Invalid/Missing Authorization Header")
        token = f"twin-ups-{next(self._serial):06d}"
        self.tokens[token] = self.market.now + TOKEN_SECONDS
        return json_reply(
            {
                "token_type": "Bearer", "issued_at": str(self.market.now * 1000), "client_id": CLIENT_ID,
                "access_token": token, "expires_in": str(TOKEN_SECONDS), "status": "approved", "refresh_count": "0",
                "scope": "",
            }
        )  # fmt: skip

    def _check_token(self, request: Request) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or self.tokens.get(token, 0) <= self.market.now:
            raise UpsError("250002", "Invalid Authentication Information.", 401)

    def _check_headers(self, request: Request, wanted: dict[str, str]) -> None:
        if not TRANSACTION.fullmatch(request.headers.get("transid", "")):
            raise UpsError("710", "Failure due to input validation error: transId")
        for name, value in wanted.items():
            if request.headers.get(name) != value:
                raise UpsError("710", f"Failure due to input validation error: {name}")

    # -- parcels ----------------------------------------------------------------------------------------------------

    def _order(self, number: str) -> Order | None:
        found = ups_order(number)
        if found is None or found[0] not in self.market.books:
            return None
        channel, index = found
        orders = self.market.books[channel].orders
        return orders[index] if index < len(orders) and orders[index].courier == "UPS" else None

    def _own(self, number: str) -> Order:
        if not NUMBER.fullmatch(number):
            raise UpsError("710", "Failure due to input validation error: tracking_number")
        order = self._order(number)
        if order is None:
            raise UpsError("605", "Package address token does not match any tokens in the user's profile.", 401)
        return order

    def _track(self, request: Request) -> Reply:
        if not request.headers.get("transid") or not request.headers.get("transactionsrc"):
            raise UpsError("TV1001", "Missing required header: transId, transactionSrc")
        number = request.path.removeprefix(TRACK)
        order = self._order(number)
        if order is None or not order.packed:
            raise UpsError("TW0001", "Tracking Information Not Found", 404)
        return json_reply(shapes.track(self.market, order, number))

    # -- intercept --------------------------------------------------------------------------------------------------

    def _good(self, **more: Any) -> Body:
        said = {"transactionId": self._transaction(), "statusCode": "000", "statusMsg": "Success", "success": True}
        return {"response": said | {"errors": None, "warnings": None} | more}

    def _charges(self, order: Order, number: str, request: Request) -> Body:
        rows = body_of(request).get("ratingRequest")
        if not isinstance(rows, list) or not rows:
            raise UpsError("710", "Failure due to input validation error: ratingRequest")
        for name in ("fromAddress", "toAddress"):
            check_address(rows[0].get(name) or {}, also=("firstName", "phoneNumber"))
        option = (rows[0].get("trackInfo") or {}).get("interceptOption")
        if option not in ("AL", *shapes.REQUESTS.values()):
            raise UpsError("710", "Failure due to input validation error: interceptOption")
        return self._good(chargeInfo=[shapes.charges(self.market, order, number, option)])

    def _change(self, path: str, order: Order, number: str, request: Request) -> Body:
        """A change; where the parcel takes none, the answer is good and says so inside."""
        body = body_of(request)
        contact = body.get("requesterContactInfo") or {}
        if "specialInstructions" not in body or not contact.get("name"):
            raise UpsError("710", "Failure due to input validation error: requesterContactInfo")
        if not PHONE.fullmatch(str(contact.get("telephone") or "")):
            raise UpsError("710", "Failure due to input validation error: telephone")
        said = {"transactionId": self._transaction(), "subStatusCode": ""}
        try:
            if path == "cancel":
                ways = {request_type: way for way, request_type in CHANGES.values()}
                deed.call_off(self.market, order, ways.get(str(body.get("requestType")), ""), number)
            else:
                self._redirect(path, order, number, body)
        except Refusal as refusal:
            errors = [{"errorCode": "7103", "errorMessage": str(refusal)}]
            return said | {"statusCode": "500", "statusMsg": "Not eligible", "success": False, "errors": errors}
        return said | {"statusCode": "000", "statusMsg": "Success", "success": True, "errors": None}

    def _redirect(self, path: str, order: Order, number: str, body: Body) -> None:
        way, request_type = CHANGES[path]
        if body.get("requestType") != request_type:
            raise UpsError("710", "Failure due to input validation error: requestType")
        until, address = 0, {}
        if way == "reschedule":
            until = noon(str(body.get("deliveryDate") or ""))
        if way == "reroute":
            place = (body.get("newDeliveryAddress") or {}).get("addressInfo") or {}
            check_address(place)
            address = {**place, "stateProvince": place["state"], "country": place["countryCode"]}
        if way == "return" and body.get("reasonForReturn") not in REASONS:
            raise UpsError("710", "Failure due to input validation error: reasonForReturn")
        deed.redirect(self.market, order, way, number, until=until, address=address)

    # -- faults and pushes ------------------------------------------------------------------------------------------

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        reply = self._refusal(UpsError("10429", "Too Many Requests", 429))
        if seconds is not None:
            reply.headers["retry-after"] = f"{seconds:g}"
        return reply

    def expired(self, request: Request) -> Reply:
        return self._refusal(UpsError("250002", "Invalid Authentication Information.", 401))

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        return None


def body_of(request: Request) -> Body:
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise UpsError("710", "Failure due to input validation error: body") from error
    if not isinstance(body, dict):
        raise UpsError("710", "Failure due to input validation error: body")
    return body


def check_address(place: Body, also: tuple[str, ...] = ()) -> None:
    for name in ("addressLine1", "city", "state", "postalCode", "countryCode", *also):
        if not place.get(name):
            raise UpsError("710", f"Failure due to input validation error: {name}")
    if not POSTCODE.fullmatch(place["postalCode"]) or not re.fullmatch(r"[A-Z]{2}", place["state"]):
        raise UpsError("710", "Failure due to input validation error: postalCode, state")


def noon(day: str) -> int:
    try:
        return int(datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).timestamp()) + 12 * HOUR
    except ValueError as error:
        raise UpsError("710", "Failure due to input validation error: deliveryDate") from error
