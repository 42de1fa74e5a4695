"""WhatsApp on the wire: what buyers write comes by signed pushes alone; the published specification is the judge."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import Permit, Push, Reconnect, Refused, Retry, Unknown
from connectors.http import Patience
from connectors.operations import SendMessage, SendTemplate
from connectors.registry import open_connector
from connectors.shops.messages.whatsapp import WhatsApp
from connectors.twin.server import TwinServer, serve
from connectors.types import Account, BadRow, Conversation, Direction, Message, Sight
from tests.connectors.shops.stand import allow
from tests.contracts.specs import Recorder, faults_of, open_api

Exchange = tuple[httpx.Request, httpx.Response]
SPEC = "whatsapp/business-messaging-api_v23.0.yaml"


class Door:
    """Takes pushes as our door does: only those whose signature holds are kept."""

    def __init__(self, secret: str) -> None:
        self.secret, self.kept, self.refused = secret, list[Push](), 0
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                now = datetime.now(UTC)
                if WhatsApp.verify(body, headers, door.url, (door.secret,), now):
                    door.kept.append(Push(now, body))
                else:
                    door.refused += 1
                self.send_response(200)
                self.end_headers()

            def log_message(self, *words: Any) -> None:
                """Nothing on the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/webhooks/7/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def since(self, feed: str, moment: datetime, containing: str = "") -> Iterator[Push]:
        return (one for one in list(self.kept) if one.received_at >= moment and containing.encode() in one.body)


class Market:
    def __init__(self, server: TwinServer) -> None:
        self.server, self.recorder = server, Recorder()
        self.http = httpx.Client(transport=self.recorder, timeout=2)
        row = next(row for row in server.accounts() if row["kind"] == "whatsapp")
        self.door = Door(row["credentials"]["app_secret"])
        account = Account(
            "whatsapp", 1, row["name"], row["external_id"], row["base_url"], settings=row["settings"],
            credentials=row["credentials"],
        )  # fmt: skip
        made = open_connector(
            account, clock=self.now, client=self.http, gate=allow, inbox=self.door, patience=Patience(attempts=1)
        )
        assert isinstance(made, WhatsApp)
        self.whatsapp = made
        server.control.webhooks["whatsapp"] = self.door.url

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.server.clock.now(), UTC)

    def pass_time(self, seconds: float, pushes: int) -> None:
        """Let the market's time pass, and wait until so many pushes have come in."""
        wanted = len(self.door.kept) + pushes
        self.server.clock.set(advance_seconds=seconds)
        self.http.get(f"{self.server.url}/_twin/clock")
        until = time.monotonic() + 5
        while len(self.door.kept) < wanted:
            assert time.monotonic() < until, f"{len(self.door.kept)} of {wanted} pushes came"
            time.sleep(0.01)  # the pushes come from another thread

    def records(self) -> list[Any]:
        return [row for page in self.whatsapp.pull("messages", "") for row in page.records]

    def permit(self, key: str) -> Permit:
        return Permit(1, 1, "digest", key, 1, self.now() + timedelta(minutes=1))

    def effects(self) -> list[Any]:
        return [one for one in self.server.market.effects.since() if one.shop == "whatsapp"]

    def fail(self, operation: str, kind: str) -> None:
        self.server.faults.add({"shop": "whatsapp", "operation": operation, "kind": kind, "remaining": 1})


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with serve("company", seed=7, orders=20) as server:
        market = Market(server)
        market.pass_time(90, pushes=len(lines(market)))
        yield market
        market.http.close()
        market.door.server.shutdown()
        market.door.server.server_close()


@pytest.fixture(autouse=True)
def no_faults(market: Market) -> None:
    market.server.faults.clear()


def lines(market: Market) -> dict[str, Any]:
    return {
        f"{line.text}": talk
        for talk in market.server.market.chat.on("whatsapp")
        for line in talk.lines
        if line.is_buyer and line.at > market.now().timestamp() - 7 * 86_400
    }


def waiting(market: Market, *, is_fresh: bool) -> Conversation:
    """The conversation of a buyer who wrote last within a day, or of one who wrote before that."""
    rows = market.records()
    words = {row.conversation_ref: row.sent_at for row in rows if isinstance(row, Message) and row.direction == "in"}
    edge = market.now() - timedelta(hours=24)
    ref = next(ref for ref, at in words.items() if (at > edge) is is_fresh)
    return next(row for row in rows if isinstance(row, Conversation) and row.external_id == ref)


def test_what_buyers_wrote_in_the_last_week_comes_by_pushes_once_somebody_listens(market: Market) -> None:
    rows = market.records()
    read = {row.text for row in rows if isinstance(row, Message) and row.direction is Direction.IN}
    assert read == set(lines(market))
    assert len(read) >= 3
    assert market.door.refused == 0
    assert [row for row in rows if isinstance(row, BadRow)] == []


def test_a_free_text_is_taken_told_of_and_read_back(market: Market) -> None:
    talk = waiting(market, is_fresh=True)
    operation = SendMessage(to=talk.address, text="It left today.", conversation_ref=talk.external_id)
    receipt = market.whatsapp.perform(operation, market.permit("intent-wa-1"))
    assert market.whatsapp.probe(operation, "intent-wa-1", market.now()).sight is Sight.UNCLEAR
    market.pass_time(5, pushes=2)
    sighting = market.whatsapp.probe(operation, "intent-wa-1", market.now() - timedelta(minutes=1))
    assert (sighting.sight, sighting.reference) == (Sight.SEEN, receipt.reference)
    [effect] = market.effects()
    assert (effect.operation, effect.key, effect.detail["text"]) == ("send_message", "intent-wa-1", "It left today.")
    now = market.whatsapp.fetch(Conversation, talk.external_id)
    assert now is not None
    assert now.last_direction is Direction.OUT


def test_after_a_day_only_a_template_gets_through(market: Market) -> None:
    talk, before = waiting(market, is_fresh=False), len(market.effects())
    free = SendMessage(to=talk.address, text="Sorry for the wait.")
    with pytest.raises(Refused, match="use a template"):
        market.whatsapp.perform(free, market.permit("intent-wa-2"))
    assert len(market.effects()) == before
    form = SendTemplate(
        to=talk.address, template="parcel_delayed", language="en", parameters=("Ann", "#1042", "customs")
    )
    market.whatsapp.perform(form, market.permit("intent-wa-3"))
    market.pass_time(5, pushes=2)
    assert market.whatsapp.probe(form, "intent-wa-3", market.now() - timedelta(minutes=1)).sight is Sight.SEEN
    effect = market.effects()[-1]
    assert effect.detail["text"].startswith("Hi Ann, your order #1042 is late: customs.")
    for name, parameters in (("back_in_stock", ("Ann", "Lamp")), ("parcel_delayed", ("Ann",)), ("nothing", ())):
        with pytest.raises(Refused):
            wrong = SendTemplate(to=talk.address, template=name, language="en", parameters=parameters)
            market.whatsapp.perform(wrong, market.permit("intent-wa-4"))
    assert market.effects()[-1] == effect


def test_a_message_that_meta_took_and_could_not_deliver_is_not_called_done(market: Market) -> None:
    form = SendTemplate(to="+1 555 000 0000", template="parcel_delayed", language="id", parameters=("Ann", "7", "x"))
    before = len(market.effects())
    market.whatsapp.perform(form, market.permit("intent-wa-5"))
    market.pass_time(5, pushes=1)
    sighting = market.whatsapp.probe(form, "intent-wa-5", market.now() - timedelta(minutes=1))
    assert (sighting.sight, len(market.effects()) - before) == (Sight.UNCLEAR, 0)
    assert "131026 Message undeliverable" in sighting.detail


@pytest.mark.parametrize(("fault", "sends", "sight"), [
    ("reset_after", 1, Sight.SEEN), ("not_json", 1, Sight.SEEN), ("reset_before", 0, Sight.UNCLEAR),
])  # fmt: skip
def test_a_send_whose_answer_was_lost_is_settled_by_the_push_with_its_key(
    market: Market, fault: str, sends: int, sight: Sight
) -> None:
    talk, before = waiting(market, is_fresh=True), len(market.effects())
    operation, key = SendMessage(to=talk.address, text="Hello"), f"intent-{fault}"
    market.fail("POST messages", fault)
    with pytest.raises(Unknown):
        market.whatsapp.perform(operation, market.permit(key))
    market.pass_time(5, pushes=2 * sends)
    assert len(market.effects()) - before == sends
    assert market.whatsapp.probe(operation, key, market.now() - timedelta(minutes=1)).sight is sight


def test_faults_of_the_wire_are_sorted(market: Market) -> None:
    for fault, kind in (("rate_limited", Retry), ("expired_token", Reconnect), ("server_error", Retry)):
        market.fail("GET phone_number", fault)
        with pytest.raises(kind):
            market.whatsapp.identify()
    assert market.whatsapp.check() == "Lumen & Loft at +15550102030"


def test_every_exchange_and_every_push_fits_the_specification(market: Market) -> None:
    judge = open_api(SPEC, closes=False)
    talk = waiting(market, is_fresh=True)
    market.whatsapp.perform(SendMessage(to=talk.address, text="Hi"), market.permit("intent-judged-1"))
    form = SendTemplate(to=talk.address, template="refund_sent", language="en", parameters=("Ann", "$5", "#1"))
    market.whatsapp.perform(form, market.permit("intent-judged-2"))
    list(market.whatsapp.pull("account_health", ""))
    market.whatsapp.check()
    number, rest = list[Exchange](), list[Exchange]()
    for exchange in market.recorder.exchanges:
        if not exchange[1].is_success or not exchange[0].url.path.startswith("/whatsapp/v23.0/"):
            continue
        (number if exchange[0].url.path.count("/") == 3 else rest).append(exchange)
    assert judge.judge([one for one in rest if b"<html>" not in one[1].content], mount="/whatsapp") == []
    edges = {request.url.path.rpartition("/")[2] for request, _ in rest}
    assert edges == {"messages", "subscribed_apps", "message_templates"}
    info = {"$ref": "#/components/schemas/PhoneNumberInfo"}
    assert [fault for _, reply in number for fault in faults_of(judge.root, info, reply.json(), "number")] == []
    payload = {"$ref": "#/components/schemas/WebhookPayload"}
    # What buyers write is not judged: for it the document asks for the fields of a message that is being sent.
    kept = [
        body
        for one in market.door.kept
        if "statuses" in (body := orjson.loads(one.body))["entry"][0]["changes"][0]["value"]
    ]
    assert kept
    assert [fault for body in kept for fault in faults_of(judge.root, payload, body, "push")] == []
