"""AfterShip Tracking 2026-07: key check, envelope, list by cursor, limits by endpoint, signed pushes.

Facts: what is tracked for 120 days, pages of at most 200, the codes in `meta`, and that a push signs the body alone.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from time import time
from typing import Any

import orjson

from connectors.twin.market import Market, tracking_number
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace
from connectors.twin.world.channels import DAY, decode, encode
from connectors.twin.world.parcels import Event, Scan, iso
from connectors.twin.world.trade import Order

API_KEY = "asat_twin_5d1c6d7f2b8e4a90"
WEBHOOK_SECRET = "whsec_twin_aftership_91c2"  # noqa: S105 - the twin's own
BASE = "/tracking/2026-07"
KEPT = 120 * DAY
LIMITS = {"GET /trackings": 6, "GET /trackings/*": 5, "GET /couriers": 5}  # calls a second
TAGS = {  # event → tag, subtag, message
    Event.LABEL: ("InfoReceived", "InfoReceived_001", "Info Received"),
    Event.PICKED_UP: ("InTransit", "InTransit_002", "Acceptance scan"),
    Event.DEPOT: ("InTransit", "InTransit_003", "Arrival scan"),
    Event.OUT: ("OutForDelivery", "OutForDelivery_001", "Out for Delivery"),
    Event.ATTEMPT: ("AttemptFail", "AttemptFail_001", "Failed Attempt"),
    Event.BAD_ADDRESS: ("Exception", "Exception_005", "Address issue"),
    Event.DELIVERED: ("Delivered", "Delivered_001", "Delivered"),
    Event.CHANGED: ("InTransit", "InTransit_006", "Rescheduled"),
    Event.HELD: ("AvailableForPickup", "AvailableForPickup_001", "Available for pickup"),
    Event.COMING_BACK: ("Exception", "Exception_010", "Returning to sender"),
    Event.CAME_BACK: ("Exception", "Exception_011", "Returned to sender"),
}
SLUGS = {"SPX Express": "spx", "J&T Express": "jtexpress", "Lazada Express": "lex"}


class AfterShipError(Exception):
    def __init__(self, status: int, code: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.meta = status, {"code": code, "type": kind, "message": message}


class AfterShip:
    """The wire. It watches the parcels of every channel where the company sells."""

    kind = "aftership"

    def __init__(self, market: Market, *, has_limits: bool = True) -> None:
        self.market = market
        self.buckets = {name: Bucket(rate, rate) for name, rate in LIMITS.items()} if has_limits else {}
        self._serial = count(1)
        market.listeners.append(self._note)

    def account(self) -> dict[str, Any]:
        return {
            "kind": "aftership", "name": "Lumen & Loft (AfterShip)", "external_id": "lumen-and-loft", "country": "US",
            "currency": "USD", "time_zone": "America/Chicago", "settings": pace(bool(self.buckets)),
            "credentials": {"api_key": API_KEY, "webhook_secret": WEBHOOK_SECRET},
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        """`GET /trackings`, `GET /trackings/*`."""
        parts = request.path.removeprefix(BASE).strip("/").split("/")
        return f"{request.method} /{parts[0]}" + ("/*" if len(parts) > 1 else "")

    def handle(self, request: Request) -> Reply:
        try:
            self._check_key(request)
            self._check_rate(request)
            data = self._data(request)
        except AfterShipError as error:
            reply = json_reply({"meta": error.meta, "data": {}}, error.status)
        else:
            reply = json_reply({"meta": {"code": 200}, "data": data})
        reply.headers |= self._rate_headers(request)
        return reply

    def _check_key(self, request: Request) -> None:
        if not hmac.compare_digest(request.headers.get("as-api-key", "").encode(), API_KEY.encode()):
            raise AfterShipError(401, 401, "Unauthorized", "The API key is invalid.")

    def _check_rate(self, request: Request) -> None:
        bucket = self.buckets.get(self.operation(request))
        if bucket is not None and not bucket.take(1, time()):
            raise AfterShipError(429, 429, "TooManyRequests", "You have exceeded the API call rate limit.")

    def _rate_headers(self, request: Request) -> dict[str, str]:
        bucket = self.buckets.get(self.operation(request))
        if bucket is None:
            return {}
        names = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
        return dict(zip(names, (f"{bucket.size:g}", str(int(bucket.level)), str(int(time()) + 1)), strict=True))

    def _data(self, request: Request) -> dict[str, Any]:
        match self.operation(request):
            case "GET /trackings":
                return self._list(request.params())
            case "GET /trackings/*":
                return self._one(request.path.rpartition("/")[2])
        raise AfterShipError(404, 404, "NotFound", "The URI requested is invalid or the resource does not exist.")

    def _list(self, params: dict[str, str]) -> dict[str, Any]:
        limit = int(params.get("limit") or 100) if (params.get("limit") or "100").isdigit() else 0
        if not 1 <= limit <= 200:
            raise AfterShipError(400, 4001, "BadRequest", "`limit` must be between 1 and 200.")
        wanted = frozenset((params.get("tracking_numbers") or "").split(",")) - {""}
        found = [
            row for row in self.parcels(unix(params.get("updated_at_min"))) if not wanted or number_of(row) in wanted
        ]
        start = self._start(found, params.get("cursor") or "")
        page = found[start : start + limit]
        has_more = start + limit < len(found)
        return {
            "pagination": {
                "total": len(found), "has_next_page": has_more,
                "next_cursor": cursor_of(page[-1]) if has_more else "",
            },
            "trackings": [self.tracking(order) for order in page],
        }  # fmt: skip

    def _start(self, rows: list[Order], cursor: str) -> int:
        if not cursor:
            return 0
        last = self._behind(cursor)
        place = next((place for place, order in enumerate(rows) if order is last), None)
        if place is None:
            raise AfterShipError(400, 4001, "BadRequest", "The value of `cursor` is invalid.")
        return place + 1

    def _behind(self, cursor: str) -> Order | None:
        try:
            return self._order(base64.urlsafe_b64decode(cursor).decode())
        except ValueError:
            return None

    def _order(self, ref: str) -> Order | None:
        channel, _, code = ref.rpartition("-")
        index, book = decode(code), self.market.books.get(channel)
        if book is None or index is None or index >= len(book.orders) or not book.orders[index].packed:
            return None
        return book.orders[index]

    def parcels(self, since: int) -> Iterator[Order]:
        """What is tracked and has changed since, newest order first within a channel."""
        parcels, now = self.market.parcels, self.market.now
        for book in self.market.books.values():
            low, high = book.created(self.market.now - KEPT, self.market.now)
            for order in reversed(book.orders[low:high]):
                if order.packed and parcels.last_at(order, now) >= since:
                    yield order

    def _one(self, ref: str) -> dict[str, Any]:
        order = self._order(ref)
        if order is None:
            raise AfterShipError(404, 4004, "NotFound", "Tracking does not exist.")
        return self.tracking(order)

    def tracking(self, order: Order) -> dict[str, Any]:
        scans = self.market.parcels.scans(order, self.market.now)
        tag, subtag, words = TAGS[scans[-1].event]
        buyer = self.market.buyer(order)
        attempts = sum(scan.event is Event.ATTEMPT for scan in scans)
        is_back = any(scan.event in (Event.COMING_BACK, Event.CAME_BACK) for scan in scans)
        expected = iso(self.market.parcels.expected(order))[:10] if order.shipped else None
        return {
            "id": ref_of(order), "legacy_id": None, "created_at": iso(order.packed), "updated_at": iso(scans[-1].at),
            "tracking_number": number_of(order), "slug": slug(order.courier), "active": not order.delivered,
            "custom_fields": None, "order_id": order.number, "order_number": order.number,
            "order_date": iso(order.created), "customers": [{"name": buyer.name, "email": buyer.email}],
            "destination_country_region": buyer.country, "shipment_delivery_date": iso(order.delivered) if
            order.delivered else None, "shipment_pickup_date": iso(order.shipped) if order.shipped else None,
            "signed_by": None, "source": "api", "tag": tag, "subtag": subtag, "subtag_message": words,
            "title": order.number, "checkpoints": [checkpoint(scan, order) for scan in scans],
            "return_to_sender": is_back, "order_promised_delivery_date": iso(order.deliver_by)[:10],
            "courier_estimated_delivery_date": expected and {
                "estimated_delivery_date": expected, "estimated_delivery_date_min": None,
                "estimated_delivery_date_max": None,
            },
            "aftership_estimated_delivery_date": None, "failed_delivery_attempts": attempts,
            "courier_tracking_link": None, "courier_redirect_link": None,
        }  # fmt: skip

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        error = AfterShipError(429, 429, "TooManyRequests", "You have exceeded the API call rate limit.")
        reply = json_reply({"meta": error.meta, "data": {}}, 429)
        if seconds is not None:
            reply.headers["retry-after"] = f"{seconds:g}"
        return reply

    def expired(self, request: Request) -> Reply:
        meta = {"code": 401, "type": "Unauthorized", "message": "The API key is invalid."}
        return json_reply({"meta": meta, "data": {}}, 401)

    # -- pushes -------------------------------------------------------------------------------------------------------

    def _note(self, channel: str, topic: str, thing: Any) -> None:
        """A change of a parcel on any channel is a push of ours."""
        if channel != self.kind and topic.startswith("fulfillments/") and isinstance(thing, Order) and thing.packed:
            self.market.tell(self.kind, "tracking_update", thing)

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        if topic != "tracking_update":
            return None
        event = {
            "event": "tracking_update", "event_id": f"evt-{next(self._serial):08d}",
            "is_tracking_first_tag": len(self.market.parcels.scans(thing, self.market.now)) == 1,
            "msg": self.tracking(thing), "ts": self.market.now,
        }  # fmt: skip
        body = orjson.dumps(event)
        return body, {"aftership-hmac-sha256": sign(WEBHOOK_SECRET, body), "Content-Type": "application/json"}


def sign(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def checkpoint(scan: Scan, order: Order) -> dict[str, Any]:
    """Half of the couriers write the local time of a place that they do not name."""
    tag, subtag, words = TAGS[scan.event]
    at = iso(scan.at)
    return {
        "slug": slug(order.courier), "checkpoint_time": at.removesuffix("Z") if order.index % 2 else at,
        "created_at": at, "location": scan.place or None, "message": words, "tag": tag, "subtag": subtag,
        "subtag_message": words, "raw_tag": str(scan.event), "hash": f"{scan.at:x}{scan.event}",
    }  # fmt: skip


def ref_of(order: Order) -> str:
    return f"{order.channel}-{encode(order.index)}"


def number_of(order: Order) -> str:
    return order.tracking or tracking_number(order)


def cursor_of(order: Order) -> str:
    return base64.urlsafe_b64encode(ref_of(order).encode()).decode()


def slug(courier: str) -> str:
    return SLUGS.get(courier, courier.lower().replace(" ", "-"))


def unix(text: str | None) -> int:
    if not text:
        return 0
    try:
        return int(datetime.fromisoformat(text.replace(" ", "+")).timestamp())
    except ValueError as error:
        raise AfterShipError(400, 4001, "BadRequest", "`updated_at_min` is no date and time.") from error
