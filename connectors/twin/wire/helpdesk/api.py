"""A helpdesk's endpoint by the Standard Webhooks specification: signature and age checked, one case an id."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from time import time
from typing import Any

import orjson

from connectors.twin.deeds.desk import take_case
from connectors.twin.market import Market
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace

SECRET = "whsec_VHdpbkhlbHBkZXNrU2lnbmluZ0tleU9mMzJCeXRlcyE="  # noqa: S105 - the twin's own
PATH = "/cases"
TOLERANCE = 300


@dataclass(frozen=True, slots=True)
class Case:
    number: str
    body: dict[str, Any]


class Helpdesk:
    kind = "helpdesk"

    def __init__(self, market: Market, *, has_limits: bool = True) -> None:
        self.market = market
        self.cases: dict[str, Case] = {}
        self.bucket = Bucket(5, 1) if has_limits else None

    def account(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "name": "Lumen & Loft (helpdesk)", "external_id": "lumen-desk", "country": "US",
            "currency": "USD", "time_zone": "Asia/Singapore",
            "settings": {**pace(self.bucket is not None), "is_test_market": True},
            "credentials": {"endpoint": PATH.removeprefix("/"), "signing_secret": SECRET},
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        return f"{request.method} {request.path}"

    def handle(self, request: Request) -> Reply:
        if request.path != PATH:
            return json_reply({"error": "not found"}, 404)
        if request.method not in ("GET", "POST"):
            return json_reply({"error": "method not allowed"}, 405)
        if not self._is_signed(request):
            return json_reply({"error": "the signature does not hold"}, 401)
        if self.bucket is not None and not self.bucket.take(1, time()):
            return self.rate_limited(request, 1)
        key = request.headers["webhook-id"]
        if request.method == "GET":
            case = self.cases.get(key)
            return json_reply({"webhook_id": key, "found": case is not None, "id": case.number if case else None})
        return self._take(key, request.body)

    def _take(self, key: str, body: bytes) -> Reply:
        known = self.cases.get(key)
        if known is not None:
            return json_reply({"id": known.number, "is_replay": True})
        try:
            told = orjson.loads(body)
            data = told["data"]
            title, subject = str(data["title"]), str(data["subject"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return json_reply({"error": "no case in the body"}, 422)
        case = Case(f"CASE-{len(self.cases) + 1:05d}", told)
        self.cases[key] = case
        take_case(self.market, case.number, key, title, subject)
        return json_reply({"id": case.number}, 201)

    def _is_signed(self, request: Request) -> bool:
        id, stamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
        if not id or not stamp.isdigit() or abs(time() - int(stamp)) > TOLERANCE:
            return False
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        made = hmac.new(key, f"{id}.{stamp}.".encode() + request.body, hashlib.sha256).digest()
        ours = f"v1,{base64.b64encode(made).decode()}".encode()
        return any(
            hmac.compare_digest(ours, given.encode()) for given in request.headers.get("webhook-signature", "").split()
        )

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        reply = json_reply({"error": "slow down"}, 429)
        if seconds is not None:
            reply.headers["retry-after"] = f"{seconds:g}"
        return reply

    def expired(self, request: Request) -> Reply:
        return json_reply({"error": "the signature does not hold"}, 401)

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        """A helpdesk tells us nothing."""
        return None
