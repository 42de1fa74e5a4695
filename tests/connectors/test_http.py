"""The transport: what it retries, what it never sends twice, and how it sorts every ending."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.base import (
    Answer,
    Budget,
    ConnectorError,
    NotApproved,
    Permit,
    Reconnect,
    Refused,
    Retry,
    Unknown,
    closed_gate,
)
from connectors.http import HttpTransport, Patience, Reply, parse_json
from connectors.transport.breaker import Breaker
from connectors.transport.redaction import MASK, Redactor
from connectors.transport.throttle import LocalBucket

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
URL = "https://shop.example/api/orders"
Handler = Callable[[httpx.Request], httpx.Response]


class World:
    """A clock that sleeping moves, and what the transport told its health sink."""

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []
        self.health: list[tuple[str, str]] = []
        self.requests: list[httpx.Request] = []
        self.asked: list[Permit] = []

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def transport(self, *replies: httpx.Response | Exception | Handler, **changed: object) -> HttpTransport:
        queue = list(replies)

        def answer(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            reply = queue.pop(0) if len(queue) > 1 else queue[0]
            if isinstance(reply, Exception):
                raise reply
            return reply if isinstance(reply, httpx.Response) else reply(request)

        given: dict[str, object] = {
            "limiter": LocalBucket(Budget(100, 100, 100), now=lambda: self.now.timestamp()),
            "breaker": Breaker(self.clock),
            "clock": self.clock,
            "gate": self.asked.append,
            "health": lambda operation, error, ms, left: self.health.append((operation, error)),
            "sleep": self.sleep,
            "random": lambda: 1.0,
        }
        return HttpTransport(httpx.Client(transport=httpx.MockTransport(answer)), **{**given, **changed})  # type: ignore[arg-type]  # mixed on purpose

    def permit(self, seconds: float = 60) -> Permit:
        return Permit(1, 2, "d", "key-1", 1, self.now + timedelta(seconds=seconds))


@pytest.fixture
def world() -> World:
    return World()


def ok(body: str = '{"ok": true}') -> httpx.Response:
    return httpx.Response(200, text=body)


def test_a_read_is_tried_again_with_growing_pauses_until_it_works(world: World) -> None:
    transport = world.transport(httpx.Response(503), httpx.ReadTimeout("slow"), ok())
    assert transport.read("GET", URL, operation="orders").json() == {"ok": True}
    assert world.slept == [0.5, 1.0]
    assert world.health == [("orders", "down"), ("orders", "down"), ("orders", "")]


def test_a_read_gives_up_after_its_attempts(world: World) -> None:
    transport = world.transport(httpx.Response(500), patience=Patience(attempts=3))
    with pytest.raises(Retry, match="HTTP 500"):
        transport.read("GET", URL, operation="orders")
    assert len(world.requests) == 3


def test_retries_draw_on_one_purse_for_all_calls(world: World) -> None:
    transport = world.transport(httpx.Response(500), patience=Patience(attempts=4, retries=4, longest_wait=0.1))
    for _ in range(3):
        with pytest.raises(Retry):
            transport.read("GET", URL, operation="orders")
    assert len(world.requests) == 3 + 4 - 2  # the breaker opened after five outages in a row


def test_the_servers_advice_is_a_floor_under_the_pause(world: World) -> None:
    transport = world.transport(httpx.Response(429, headers={"Retry-After": "7"}), ok())
    transport.read("GET", URL, operation="orders")
    assert world.slept == [7.5]


def test_advice_as_a_date_is_understood(world: World) -> None:
    transport = world.transport(httpx.Response(429, headers={"Retry-After": "Sat, 21 Nov 2026 08:00:10 GMT"}), ok())
    transport.read("GET", URL, operation="orders")
    assert world.slept == [10.5]


def test_advice_longer_than_the_total_deadline_is_handed_on_at_once(world: World) -> None:
    transport = world.transport(httpx.Response(429, headers={"Retry-After": "3600"}))
    with pytest.raises(Retry) as caught:
        transport.read("GET", URL, operation="orders")
    assert caught.value.after_seconds == 3600
    assert world.slept == []


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full")]
)
def test_a_write_that_never_connected_was_surely_not_sent(world: World, error: Exception) -> None:
    with pytest.raises(Retry, match="nothing was sent"):
        world.transport(error).write("POST", URL, operation="refund", permit=world.permit())
    assert len(world.requests) == 1


@pytest.mark.parametrize(
    "ending",
    [
        httpx.ReadTimeout("slow"),
        httpx.WriteError("broken pipe"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("server disconnected"),
        httpx.Response(500),
        httpx.Response(502, text="<html>Bad gateway</html>"),
        httpx.Response(429),
        httpx.Response(302, headers={"Location": "https://elsewhere.example"}),
    ],
)
def test_a_write_with_an_ambiguous_ending_is_unknown_and_sent_once(
    world: World, ending: httpx.Response | Exception
) -> None:
    with pytest.raises(Unknown):
        world.transport(ending).write("POST", URL, operation="refund", permit=world.permit())
    assert len(world.requests) == 1


def test_a_write_answered_with_broken_json_is_unknown(world: World) -> None:
    answer = world.transport(ok('{"refund": "re_1')).write("POST", URL, operation="refund", permit=world.permit())
    with pytest.raises(Unknown, match="not JSON"):
        answer.json()


def test_a_read_answered_with_broken_json_may_be_tried_again(world: World) -> None:
    answer = world.transport(ok("<html>")).read("GET", URL, operation="orders")
    with pytest.raises(Retry, match="not JSON"):
        answer.json()


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Refused), (403, Refused), (404, Refused), (422, Refused), (401, Reconnect)]
)
def test_a_definite_no_is_final_for_a_write(world: World, status: int, kind: type[ConnectorError]) -> None:
    with pytest.raises(kind) as caught:
        world.transport(httpx.Response(status, text="no")).write("POST", URL, operation="refund", permit=world.permit())
    assert caught.value.status == status


def test_a_redirect_of_a_read_is_not_followed(world: World) -> None:
    with pytest.raises(Refused, match="never followed"):
        world.transport(httpx.Response(307, headers={"Location": "http://169.254.169.254/"})).read(
            "GET", URL, operation="orders"
        )
    assert len(world.requests) == 1


def test_a_connector_may_say_that_its_429_was_turned_away_before_it_ran(world: World) -> None:
    def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return Retry("slow down", code="rate_limit") if answer.status == 429 else None

    with pytest.raises(Retry, match="slow down"):
        world.transport(httpx.Response(429), sort=sort).write("POST", URL, operation="refund", permit=world.permit())


def test_an_error_inside_a_200_is_sorted_by_the_connector(world: World) -> None:
    def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return Refused("error_param: bad", code="error_param")

    with pytest.raises(Refused) as caught:
        world.transport(ok(), sort=sort).read("GET", URL, operation="orders")
    assert caught.value.code == "error_param"


def test_no_write_leaves_through_a_closed_gate(world: World) -> None:
    with pytest.raises(NotApproved):
        world.transport(ok(), gate=closed_gate).write("POST", URL, operation="refund", permit=world.permit())
    assert world.requests == []


def test_the_gate_is_asked_before_each_write(world: World) -> None:
    permit = world.permit()
    world.transport(ok()).write("POST", URL, operation="refund", permit=permit)
    assert world.asked == [permit]


def test_a_write_past_its_deadline_does_not_leave(world: World) -> None:
    permit = world.permit(seconds=-1)
    with pytest.raises(Retry, match="nothing was sent|not sent"):
        world.transport(ok()).write("POST", URL, operation="refund", permit=permit)
    assert (world.requests, world.asked) == ([], [])


def test_a_write_does_not_wait_for_its_turn_past_the_deadline(world: World) -> None:
    bucket = LocalBucket(Budget(0, 10, 1), now=lambda: world.now.timestamp())
    with pytest.raises(Retry, match="not sent") as caught:
        world.transport(ok(), limiter=bucket).write("POST", URL, operation="refund", permit=world.permit(2), cost=5)
    assert caught.value.after_seconds == 5
    assert (world.requests, world.slept) == ([], [])


def test_a_post_is_no_read(world: World) -> None:
    with pytest.raises(NotApproved):
        world.transport(ok()).read("POST", URL, operation="orders")
    assert world.requests == []


def test_housekeeping_takes_only_what_is_listed(world: World) -> None:
    with pytest.raises(NotApproved, match="not on the list"):
        world.transport(ok()).housekeeping("POST", URL, purpose="refund.create")
    assert world.requests == []


def test_a_query_sent_as_post_is_retried_and_a_token_refresh_is_not(world: World) -> None:
    world.transport(httpx.Response(500), ok()).housekeeping("POST", URL, purpose="query", operation="orders")
    assert len(world.requests) == 2
    with pytest.raises(Unknown):
        world.transport(httpx.Response(500)).housekeeping("POST", URL, purpose="token.refresh")
    assert len(world.requests) == 3


def test_an_answer_past_the_size_limit_is_not_read_on(world: World) -> None:
    bomb = httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=gzip.compress(b"0" * 2_000_000))
    with pytest.raises(Refused, match="larger than 1000 bytes"):
        world.transport(bomb, patience=Patience(max_bytes=1000)).read("GET", URL, operation="orders")
    with pytest.raises(Unknown, match="larger than 1000 bytes"):
        world.transport(bomb, patience=Patience(max_bytes=1000)).write(
            "POST", URL, operation="refund", permit=world.permit()
        )


def test_the_breaker_opens_after_outages_and_lets_one_call_try(world: World) -> None:
    breaker = Breaker(world.clock, outages=3)
    transport = world.transport(httpx.Response(500), breaker=breaker, patience=Patience(attempts=1))
    for _ in range(3):
        with pytest.raises(Retry):
            transport.read("GET", URL, operation="orders")
    with pytest.raises(Retry) as caught:
        transport.read("GET", URL, operation="orders")
    assert (caught.value.code, len(world.requests)) == ("circuit_open", 3)
    world.now += timedelta(seconds=31)
    assert breaker.state == "half_open"
    world.transport(ok(), breaker=breaker).read("GET", URL, operation="orders")
    assert breaker.state == "closed"


def test_a_failed_trial_rests_longer(world: World) -> None:
    breaker = Breaker(world.clock, outages=1)
    breaker.failed()
    world.now += timedelta(seconds=31)
    breaker.ask()
    breaker.failed()
    world.now += timedelta(seconds=31)
    assert breaker.state == "open"
    with pytest.raises(Retry):
        breaker.ask()


def test_refusals_do_not_open_the_breaker(world: World) -> None:
    breaker = Breaker(world.clock, outages=1)
    with pytest.raises(Refused):
        world.transport(httpx.Response(404), breaker=breaker).read("GET", URL, operation="orders")
    assert breaker.state == "closed"


def test_a_rate_limit_silences_the_whole_account(world: World) -> None:
    bucket = LocalBucket(Budget(10, 10, 10), now=lambda: world.now.timestamp())
    transport = world.transport(
        httpx.Response(429, headers={"Retry-After": "9"}), limiter=bucket, patience=Patience(attempts=1)
    )
    with pytest.raises(Retry):
        transport.read("GET", URL, operation="orders")
    world.transport(ok(), limiter=bucket).read("GET", URL, operation="orders")
    assert world.slept == [9.0]


def test_the_limiter_learns_from_the_reply(world: World) -> None:
    bucket = LocalBucket(Budget(100, 100, 100), now=lambda: world.now.timestamp())
    transport = world.transport(ok(), limiter=bucket, budget=lambda answer: Budget(1, 50, 2))
    transport.read("GET", URL, operation="orders")
    assert bucket.left == 1
    transport.read("GET", URL, operation="orders", cost=5)
    assert world.slept == [2.0]


def lanes(world: World, *budget: float) -> dict[str, LocalBucket]:
    return {"orders": LocalBucket(Budget(*budget), now=lambda: world.now.timestamp())}


def test_an_operation_with_a_lane_of_its_own_holds_up_no_other(world: World) -> None:
    mine = lanes(world, 1, 1, 0.005)
    world.transport(ok(), lanes=mine).read("GET", URL, operation="orders")
    with pytest.raises(Retry, match="used up for 200 s") as caught:
        world.transport(ok(), lanes=mine).read("GET", URL, operation="orders")
    world.transport(ok(), lanes=mine).read("GET", URL, operation="stock")
    assert (caught.value.code, caught.value.after_seconds) == ("paced", 200)
    assert (len(world.requests), world.slept) == (2, [])


def test_a_rate_limit_in_a_lane_silences_that_lane_alone(world: World) -> None:
    mine = lanes(world, 10, 10, 1)
    busy = httpx.Response(429, headers={"Retry-After": "300"})
    with pytest.raises(Retry):
        world.transport(busy, lanes=mine).read("GET", URL, operation="orders")
    with pytest.raises(Retry, match="used up for 300 s"):
        world.transport(ok(), lanes=mine).read("GET", URL, operation="orders")
    world.transport(ok(), lanes=mine).read("GET", URL, operation="stock")
    assert world.slept == []


def test_a_reply_that_tells_only_the_rate_leaves_what_is_left(world: World) -> None:
    mine = lanes(world, 5, 20, 1)
    transport = world.transport(ok(), lanes=mine, budget=lambda answer: Budget(None, None, 0.5))
    transport.read("GET", URL, operation="orders")
    transport.read("GET", URL, operation="stock")
    assert mine["orders"].left == 4
    mine["orders"].reserve(4, 60)
    assert mine["orders"].reserve(1, 60) == 2


def test_secrets_do_not_reach_an_error_message(world: World) -> None:
    body = '{"error": "bad token shpat_abcdef123456", "access_token": "abc123xyz", "who": "topsecretvalue"}'
    with pytest.raises(Refused) as caught:
        world.transport(httpx.Response(400, text=body), redact=Redactor(["topsecretvalue"])).read(
            "GET", URL, operation="orders"
        )
    said = str(caught.value)
    assert MASK in said
    assert not any(secret in said for secret in ("shpat_abcdef123456", "abc123xyz", "topsecretvalue"))


def test_redaction_covers_query_strings_and_headers() -> None:
    redact = Redactor(["partnerkey1"])
    assert (
        redact("GET /x?sign=abcdef&shop_id=1 Bearer sk_live_abcdefghijk")
        == f"GET /x?sign={MASK}&shop_id=1 Bearer {MASK}"
    )
    assert redact.body(b'{"partner_key":"partnerkey1"}') == f'{{"partner_key":"{MASK}"}}'.encode()


def test_a_reply_does_not_show_its_body() -> None:
    assert "secret" not in repr(Reply(200, {}, b"secret"))


def test_json_with_nan_is_read_for_its_other_rows() -> None:
    parsed = parse_json(b'[{"total": NaN}, {"total": 5}]')
    assert isinstance(parsed, list)
    assert parsed[1] == {"total": 5}


def test_json_nested_too_deep_is_no_crash() -> None:
    with pytest.raises(ValueError, match="."):
        parse_json(b"[" * 200_000)


@contextmanager
def server(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """A real socket that misbehaves as told."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            connection, _ = listening.accept()
            with connection:
                behave(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        thread.join(timeout=5)


def real(world: World, **changed: object) -> HttpTransport:
    transport = world.transport(ok(), **changed)
    transport.client = httpx.Client(timeout=2, trust_env=False)
    return transport


def test_a_reset_after_the_request_is_unknown_for_a_write(world: World) -> None:
    def cut(connection: socket.socket) -> None:
        connection.recv(65536)

    with server(cut) as url, pytest.raises(Unknown):
        real(world).write("POST", url, operation="refund", permit=world.permit(), body=b"{}")


def test_a_truncated_body_is_unknown_for_a_write(world: World) -> None:
    def truncate(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"id": ')

    with server(truncate) as url, pytest.raises(Unknown):
        real(world).write("POST", url, operation="refund", permit=world.permit(), body=b"{}")


def test_a_closed_port_means_that_nothing_was_sent(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(Retry, match="nothing was sent"):
        real(world).write("POST", f"http://127.0.0.1:{port}/", operation="refund", permit=world.permit())


def test_a_deadline_that_passes_while_connecting_stops_the_write_before_byte_one(world: World) -> None:
    got: list[bytes] = []

    def listen(connection: socket.socket) -> None:
        got.append(connection.recv(65536))

    def late_gate(permit: Permit) -> None:
        world.now += timedelta(seconds=100)

    with server(listen) as url, pytest.raises(Retry, match="while connecting"):
        real(world, gate=late_gate).write("POST", url, operation="refund", permit=world.permit(), body=b"{}")
    assert got == [b""]
