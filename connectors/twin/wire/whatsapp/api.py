"""WhatsApp Cloud over the market's chats: the Graph API for one number, and signed pushes that are tried for a week.

A free text outside of the 24 hours is accepted and fails afterwards by a status push, as it often does.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from time import time
from typing import Any

import orjson

from connectors.twin.deeds import say
from connectors.twin.market import Market
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace
from connectors.twin.wire.whatsapp import shapes
from connectors.twin.wire.whatsapp.shapes import News
from connectors.twin.wire.whatsapp.templates import TEMPLATES, USES
from connectors.twin.world.chat import Line, Talk

TOKEN = "EAAG-twin-system-user-7316"  # noqa: S105 - the twin's own
APP_SECRET = "6f1d0c5e8a2b4f7793d5twin"  # noqa: S105 - the twin's own
VERIFY_TOKEN = "lantern-verify"  # noqa: S105 - the twin's own
BUSINESS, NUMBER, SHOWN, APP = "104857600000001", "106540352242922", "15550102030", "990000000000001"
WINDOW, TRIED_FOR, RETRY = 86_400, 7 * 86_400, 60
PATH = re.compile(r"/v\d+\.\d+/(\d+)(?:/(\w+))?")
PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
STEPS = (("sent", 1), ("delivered", 3), ("read", 900))  # seconds after a message of ours was taken
Json = dict[str, Any]


class GraphError(Exception):
    """An error in the Graph API's envelope."""

    def __init__(self, code: int, message: str, status: int = 400, details: str = "") -> None:
        super().__init__(message)
        self.code, self.status, self.details = code, status, details

    def reply(self) -> Reply:
        told: Json = {
            "message": f"(#{self.code}) {self}", "type": "OAuthException", "code": self.code,
            "fbtrace_id": "AtwinTrace1",
        }  # fmt: skip
        if self.details:
            told["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        return json_reply({"error": told}, self.status)


class WhatsApp:
    kind = "whatsapp"

    def __init__(self, market: Market, *, has_limits: bool = True) -> None:
        self.market = market
        self.speed = Bucket(80, 80) if has_limits else None
        self.pairs: dict[str, Bucket] | None = {} if has_limits else None
        self.apps: list[Json] = [{"id": APP, "name": "Ops Room"}]
        self.history: dict[str, list[News]] = {}
        self.waiting: dict[str, Any] = {}  # what nobody has taken yet, by its own id
        for talk in market.chat.on(self.kind):
            for line in talk.lines:
                if line.is_buyer:
                    self.waiting[shapes.wamid(line)] = (talk, line)
        market.listeners.append(self._note)
        market.at(market.now + RETRY, self._retry)

    def account(self) -> Json:
        return {
            "kind": self.kind, "name": "Lumen & Loft (WhatsApp)", "external_id": NUMBER, "country": "US",
            "currency": "USD", "time_zone": "Asia/Singapore",
            "settings": {**pace(self.speed is not None), "templates": USES},
            "credentials": {
                "access_token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN,
                "phone_number_id": NUMBER, "waba_id": BUSINESS,
            },
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        """Method and edge: `POST messages`, `GET message_templates`; the bare number is `GET phone_number`."""
        match = PATH.fullmatch(request.path)
        return f"{request.method} {(match[2] if match else None) or 'phone_number'}"

    def handle(self, request: Request) -> Reply:
        try:
            return json_reply(self._answer(request))
        except GraphError as error:
            return error.reply()

    def _answer(self, request: Request) -> Any:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not hmac.compare_digest(token.encode(), TOKEN.encode()):
            raise GraphError(190, "Invalid OAuth access token - Cannot parse access token", 401)
        match = PATH.fullmatch(request.path)
        if match is None or match[1] not in (BUSINESS, NUMBER):
            raise GraphError(100, "Unsupported request: the object does not exist", 404)
        call = getattr(self, f"{request.method.lower()}_{match[2] or 'phone_number'}", None)
        if call is None or (match[1] == NUMBER) != (match[2] in (None, "messages", "message_history")):
            raise GraphError(100, "Unsupported request", 400)
        return call(request)

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        reply = GraphError(130429, "Rate limit hit", 429).reply()
        if seconds is not None:
            reply.headers["retry-after"] = f"{seconds:g}"
        return reply

    def expired(self, request: Request) -> Reply:
        return GraphError(190, "Error validating access token: Session has expired", 401).reply()

    # -- reads --------------------------------------------------------------------------------------------------------

    def get_phone_number(self, request: Request) -> Json:
        return {
            "id": NUMBER, "display_phone_number": f"+{SHOWN}", "verified_name": "Lumen & Loft",
            "quality_rating": "GREEN",
        }  # fmt: skip

    def get_subscribed_apps(self, request: Request) -> Json:
        return {"data": self.apps}

    def get_message_templates(self, request: Request) -> Json:
        """`name` matches parts, as Meta's filter does."""
        asked = request.params()
        found = [row for row in TEMPLATES if asked.get("name", "") in row["name"]]
        begin, size = int(asked.get("after") or 0), int(asked.get("limit") or 25)
        page: Json = {"data": found[begin : begin + size]}
        if begin + size < len(found):
            after = str(begin + size)
            page["paging"] = {
                "cursors": {"before": str(begin), "after": after},
                "next": f"{request.path}?after={after}",
            }
        return page

    def get_message_history(self, request: Request) -> Json:
        wanted = request.params().get("message_id", "")
        rows = [
            {"id": f"17{place:014d}", "message_id": id, "events": {"data": [_event(one) for one in told]}}
            for place, (id, told) in enumerate(self.history.items())
            if wanted in ("", id)
        ]
        return {"data": rows[:100]}

    # -- sending ------------------------------------------------------------------------------------------------------

    def post_messages(self, request: Request) -> Json:
        try:
            body = orjson.loads(request.body)
            to, kind = str(body["to"]), str(body["type"])
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise GraphError(100, "Invalid parameter", details=f"{error} is required") from error
        if body.get("messaging_product") != "whatsapp":
            raise GraphError(100, "Invalid parameter", details="messaging_product must be whatsapp")
        self._pace(to)
        text = _text(body) if kind == "text" else _from_template(body) if kind == "template" else None
        if text is None:
            raise GraphError(131051, "Unsupported message type")
        return self._take(to, text, kind, str(body.get("biz_opaque_callback_data") or ""))

    def _pace(self, to: str) -> None:
        if self.speed is not None and not self.speed.take(1, time()):
            raise GraphError(130429, "Rate limit hit", 429)
        if self.pairs is not None and not self.pairs.setdefault(to, Bucket(45, 1 / 6)).take(1, time()):
            raise GraphError(131056, "(Business Account, Consumer Account) pair rate limit hit", 400)

    def _take(self, to: str, text: str, kind: str, callback: str) -> Json:
        """Accepted; what becomes of it is told by pushes."""
        talk = self._talk(to)
        if talk is None:
            return self._fail(to, callback, (131026, "Message undeliverable"))
        if kind == "text" and not self._is_open(talk):
            return self._fail(to, callback, (131047, "Re-engagement message"))
        line = say(self.market, talk, text, callback, kind)
        id = shapes.wamid(line)
        for status, seconds in STEPS:
            self.market.at(
                self.market.now + seconds, self._tell, News(id, to, status, self.market.now + seconds, callback)
            )
        return _accepted(to, id)

    def _fail(self, to: str, callback: str, error: tuple[int, str]) -> Json:
        id = f"wamid.failed{len(self.history):08d}"
        at = self.market.now + 2
        self.market.at(at, self._tell, News(id, to, "failed", at, callback, error))
        self.history[id] = []
        return _accepted(to, id)

    def _talk(self, to: str) -> Talk | None:
        """The buyer's chat; one of our buyers who has not written yet has one that is begun now."""
        found = (talk for talk in self.market.chat.on(self.kind) if shapes.digits(shapes.buyer_of(talk).phone) == to)
        known = next(found, None)
        if known is not None:
            return known
        for order in reversed(self.market.books["shopify"].orders if "shopify" in self.market.books else ()):
            if shapes.digits(self.market.buyer(order).phone) == to:
                return self.market.chat.open(self.kind, order.buyer, order.index)
        return None

    def _is_open(self, talk: Talk) -> bool:
        return any(line.is_buyer and line.at > self.market.now - WINDOW for line in talk.lines)

    # -- pushes -------------------------------------------------------------------------------------------------------

    def _tell(self, row: News) -> None:
        self.history.setdefault(row.id, []).append(row)
        self.market.tell(self.kind, "statuses", row)

    def _note(self, channel: str, topic: str, thing: Any) -> None:
        """Wait for somebody to take it; `push` is asked only where there is an address."""
        if channel == self.kind and topic in ("messages/in", "statuses"):
            self.waiting.setdefault(_key(thing), thing)

    def _retry(self, _: object) -> None:
        """What was not taken is offered again, for a week."""
        for key, thing in list(self.waiting.items()):
            if _at(thing) < self.market.now - TRIED_FOR:
                del self.waiting[key]
            else:
                self.market.tell(self.kind, "statuses" if isinstance(thing, News) else "messages/in", thing)
        self.market.at(self.market.now + RETRY, self._retry)

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        if topic not in ("messages/in", "statuses"):
            return None
        self.waiting.pop(_key(thing), None)
        value = shapes.news(thing) if isinstance(thing, News) else shapes.message(*thing)
        body = shapes.envelope(value, BUSINESS, NUMBER, SHOWN)
        signature = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
        return body, {"X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json"}


def _key(thing: News | tuple[Talk, Line]) -> str:
    return f"{thing.id}:{thing.status}" if isinstance(thing, News) else shapes.wamid(thing[1])


def _at(thing: News | tuple[Talk, Line]) -> int:
    return thing.at if isinstance(thing, News) else thing[1].at


def _event(row: News) -> Json:
    return {"id": f"18{row.at}", "delivery_status": row.status.upper(), "timestamp": row.at}


def _accepted(to: str, id: str) -> Json:
    return {
        "messaging_product": "whatsapp", "contacts": [{"input": to, "wa_id": to}],
        "messages": [{"id": id, "message_status": "accepted"}],
    }  # fmt: skip


def _text(body: Mapping[str, Any]) -> str:
    text = str((body.get("text") or {}).get("body") or "")
    if not text or len(text) > 4_096:
        raise GraphError(100, "Invalid parameter", details="text.body must have 1 to 4096 characters")
    return text


def _from_template(body: Mapping[str, Any]) -> str:
    """The template's body with its places filled. Every component must have as many parameters as places."""
    wish = body.get("template") or {}
    language = str((wish.get("language") or {}).get("code") or "")
    found = next((row for row in TEMPLATES if (row["name"], row["language"]) == (wish.get("name"), language)), None)
    if found is None:
        raise GraphError(132001, "Template name does not exist in the translation", 404)
    if found["status"] != "APPROVED":
        codes = {"PAUSED": 132015, "DISABLED": 132016}
        raise GraphError(codes.get(found["status"], 132001), f"Template is {found['status'].lower()}")
    given = {row["type"]: row["parameters"] for row in wish.get("components") or []}
    texts = {row["type"].lower(): row.get("text", "") for row in found["components"] if row["type"] != "BUTTONS"}
    links = [button["url"] for row in found["components"] for button in row.get("buttons", []) if "url" in button]
    for name, text in (*texts.items(), *(("button", link) for link in links)):
        places = PLACE.findall(text)
        if len(places) != len(given.get(name, [])):
            raise GraphError(
                132000, "Number of parameters does not match the expected number of params",
                details=f"{name}: number of localizable_params ({len(given.get(name, []))}) does not match the "
                f"expected number of params ({len(places)})",
            )  # fmt: skip
    values = {
        str(row.get("parameter_name") or place): str(row["text"]) for place, row in enumerate(given.get("body", []), 1)
    }
    return PLACE.sub(lambda match: values[match[1]], texts["body"])
