"""A helpdesk is told cases, signed and to public addresses alone; its own word settles what was in doubt."""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import CannotDo, Connector, NotApproved, Permit, Reconnect, Refused, Retry, Unknown, closed_gate
from connectors.http import Patience
from connectors.operations import AcceptDispute, HandOver
from connectors.registry import open_connector
from connectors.shops.messages.helpdesk import Helpdesk
from connectors.shops.messages.helpdesk.signing import signature
from connectors.twin.server import TwinServer, serve
from connectors.types import Account, Order, Sight
from tests.connectors.shops.stand import NOW, allow, open_with, permit, reply

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEYS = {"endpoint": "https://desk.example/hooks/ops", "signing_secret": SECRET}
CASE = HandOver(subject_ref="alert-7", title="Parcel lost", text="Please take it on.", fields=(("sku", "MUG"),))
Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name leads to a public address; nothing is resolved."""
    monkeypatch.setattr(Helpdesk, "resolve", staticmethod(lambda host, port: ["93.184.216.34"]))


def helpdesk(answer: Answer | httpx.Response, gate: Any = allow, **keys: str) -> Connector:
    answering = (lambda request: answer) if isinstance(answer, httpx.Response) else answer
    return open_with(answering, "helpdesk", KEYS | keys, gate)


def failing(error: Exception) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    return answer


def test_the_signature_is_the_specifications_own_example() -> None:
    made = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_case_goes_out_once_signed_under_the_intents_key() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return reply({"id": "CASE-1"}, 201)

    assert helpdesk(answer).perform(CASE, permit("intent-7")).reference == "CASE-1"

    [request] = asked
    stamp = int(NOW.timestamp())
    assert (request.method, str(request.url)) == ("POST", "https://93.184.216.34/hooks/ops")
    assert request.headers["host"] == "desk.example"
    assert orjson.loads(request.content) == {
        "type": "case.handed_over", "timestamp": "2026-11-21T08:00:00+00:00",
        "data": {"subject": "alert-7", "title": "Parcel lost", "text": "Please take it on.", "fields": {"sku": "MUG"}},
    }  # fmt: skip
    assert request.headers["idempotency-key"] == request.headers["webhook-id"] == "intent-7"
    assert request.headers["webhook-timestamp"] == str(stamp)
    assert request.headers["webhook-signature"] == signature(SECRET, "intent-7", stamp, request.content)


def test_an_answer_without_an_id_is_known_by_our_key() -> None:
    assert helpdesk(httpx.Response(204)).perform(CASE, permit("intent-7")).reference == "intent-7"


def test_nothing_leaves_without_an_approval_nor_another_write() -> None:
    asked: list[httpx.Request] = []
    watching = helpdesk(lambda request: asked.append(request) or reply({}), closed_gate)  # type: ignore[func-returns-value]
    with pytest.raises(NotApproved):
        watching.perform(CASE, permit())
    with pytest.raises(CannotDo):
        helpdesk(lambda request: asked.append(request) or reply({})).perform(  # type: ignore[func-returns-value]
            AcceptDispute(dispute_ref="d"), permit()
        )
    assert asked == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(429), Retry),
        (httpx.Response(401), Reconnect),
        (httpx.Response(403), Reconnect),
        (httpx.Response(410), Reconnect),
        (httpx.Response(404), Refused),
        (httpx.Response(422), Refused),
        (httpx.Response(302, headers={"location": "http://127.0.0.1/"}), Unknown),
        (httpx.Response(500), Unknown),
        (failing(httpx.ReadTimeout("slow")), Unknown),
        (failing(httpx.ConnectError("nobody there")), Retry),
    ],
)
def test_each_ending_is_sorted(answer: Answer | httpx.Response, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        helpdesk(answer).perform(CASE, permit())
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://desk.example/hook", "https://user:pw@desk.example/hook", "ftp://desk.example", "https://", "hook",
        "https://desk.example:99999/",
    ],
)  # fmt: skip
def test_only_https_without_a_password_is_written_to(endpoint: str) -> None:
    asked: list[httpx.Request] = []
    with pytest.raises(Refused):
        helpdesk(lambda request: asked.append(request) or reply({}), endpoint=endpoint).perform(CASE, permit())  # type: ignore[func-returns-value]
    assert asked == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "fd00::1"])
def test_our_own_network_is_never_reached(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(Helpdesk, "resolve", staticmethod(lambda host, port: ["93.184.216.34", address]))
    asked: list[httpx.Request] = []
    for call in (lambda one: one.perform(CASE, permit()), lambda one: one.probe(CASE, "k", NOW), Helpdesk.check):
        with pytest.raises(Refused, match="no public host"):
            call(helpdesk(lambda request: asked.append(request) or reply({})))  # type: ignore[func-returns-value,arg-type]
    assert asked == []


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "not base64!", "whsec_" + "A" * 100])
def test_a_secret_that_cannot_sign_is_refused_with_what_a_good_one_is(secret: str) -> None:
    with pytest.raises(Refused, match=r"24 to 64 bytes in base64|lacks signing_secret"):
        helpdesk(reply({}), signing_secret=secret).check()


@pytest.mark.parametrize(
    ("answer", "sight", "says"),
    [
        (reply({"webhook_id": "k1", "found": True, "id": "C-9"}), Sight.SEEN, "has the case"),
        (reply({"webhook_id": "k1", "found": False}), Sight.ABSENT, "no such case"),
        (reply({"webhook_id": "k2", "found": True}), Sight.UNCLEAR, "does not tell"),
        (reply({"webhook_id": "k1", "found": "yes"}), Sight.UNCLEAR, "does not tell"),
        (reply({"ok": True}), Sight.UNCLEAR, "does not tell"),
        (httpx.Response(200, content=b"<html>"), Sight.UNCLEAR, "does not tell"),
        (reply([1]), Sight.UNCLEAR, "does not tell"),
        (httpx.Response(404), Sight.UNCLEAR, "tells nothing"),
        (httpx.Response(405), Sight.UNCLEAR, "tells nothing"),
    ],
)
def test_only_the_endpoints_own_word_settles_a_doubt(answer: httpx.Response, sight: Sight, says: str) -> None:
    seen = helpdesk(answer).probe(CASE, "k1", NOW)

    assert seen.sight is sight
    assert says in seen.detail


@pytest.mark.parametrize("status", [200, 400, 401, 403, 405, 415])
def test_an_endpoint_that_takes_posts_alone_is_there(status: int) -> None:
    assert helpdesk(httpx.Response(status)).check() == "an endpoint at desk.example"


def test_an_address_where_nothing_is_fails_the_check() -> None:
    with pytest.raises(Refused, match="nothing answers at this address"):
        helpdesk(httpx.Response(404)).check()


def test_it_is_only_written_to() -> None:
    with pytest.raises(CannotDo):
        helpdesk(reply({})).fetch(Order, "1")
    with pytest.raises(CannotDo):
        list(helpdesk(reply({})).pull("cases", ""))


# -- against the market ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinServer]:
    with serve("company", seed=7, orders=20, has_limits=False) as server:
        yield server


def opened(twin: TwinServer, **changed: str) -> Connector:
    row = next(row for row in twin.accounts() if row["kind"] == "helpdesk")
    account = Account(
        "helpdesk", 1, row["name"], row["external_id"], row["base_url"], settings=row["settings"],
        credentials=row["credentials"] | changed,
    )  # fmt: skip
    return open_connector(account, clock=lambda: datetime.now(UTC), gate=allow, patience=Patience(attempts=1))


def now_permit(key: str) -> Permit:
    return Permit(1, 1, "digest", key, 1, datetime.now(UTC) + timedelta(minutes=1))


def cases(twin: TwinServer) -> list[tuple[str, str]]:
    return [(row["key"], row["subject"]) for row in twin.market.effects.as_rows(0) if row["shop"] == "helpdesk"]


def test_a_case_stands_at_the_helpdesk_once_however_often_it_is_sent(twin: TwinServer) -> None:
    twin.faults.clear()
    desk = opened(twin)
    assert desk.check() == "an endpoint at 127.0.0.1"
    assert desk.probe(CASE, "intent-a", datetime.now(UTC)).sight is Sight.ABSENT

    first = desk.perform(CASE, now_permit("intent-a"))
    again = desk.perform(CASE, now_permit("intent-a"))

    assert (again.reference, again.is_replay) == (first.reference, True)
    seen = desk.probe(CASE, "intent-a", datetime.now(UTC))
    assert (seen.sight, seen.reference) == (Sight.SEEN, first.reference)
    assert cases(twin).count(("intent-a", "alert-7")) == 1


def test_a_lost_answer_is_settled_by_the_read(twin: TwinServer) -> None:
    twin.faults.add({"shop": "helpdesk", "operation": "POST /cases", "kind": "reset_after", "remaining": 1})
    with pytest.raises(Unknown):
        opened(twin).perform(CASE, now_permit("intent-b"))
    assert opened(twin).probe(CASE, "intent-b", datetime.now(UTC)).sight is Sight.SEEN
    twin.faults.clear()


def test_another_secret_or_an_old_signature_opens_no_case(twin: TwinServer) -> None:
    before = cases(twin)
    other = "whsec_" + base64.b64encode(b"another key of thirty-two bytes!").decode()
    with pytest.raises(Reconnect, match="signature"):
        opened(twin, signing_secret=other).perform(CASE, now_permit("intent-c"))
    late = opened(twin)
    late.clock = lambda: datetime.now(UTC) - timedelta(minutes=6)
    with pytest.raises(Reconnect):
        late.perform(CASE, now_permit("intent-d"))
    assert cases(twin) == before
