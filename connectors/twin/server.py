"""The running twin: one port for every HTTP protocol, one for IMAP, one for SMTP.

`serve()` runs it in a thread with a loop of its own; `python -m connectors.twin.server` runs it as a process and prints
one JSON line once it answers.
"""

import argparse
import asyncio
import contextlib
import gc
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import orjson
import uvicorn

from connectors.twin import scenarios
from connectors.twin.faults import HTML, Faults, Rule
from connectors.twin.market import Market
from connectors.twin.wire.control import Clock, Control, plant_stale
from connectors.twin.wire.mail import MailServers
from connectors.twin.wire.push import Pusher
from connectors.twin.wire.table import wires
from connectors.twin.wire.web import Reply, Request, Wire

HANG_SECONDS = 120.0
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Announcing(uvicorn.Server):
    """Calls `on_ready` once its sockets listen."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.on_ready()


class TwinServer:
    """One market behind its wires. Attributes: `url`, `imap_port`, `smtp_port`, `market`, `faults`, `clock`."""

    def __init__(
        self, market: Market, *, seed: int, speed: float = 1.0, has_limits: bool = True, port: int = 0
    ) -> None:
        self.market, self.faults = market, Faults(seed)
        self.clock = Clock(time.time, market.now, speed)
        self.wires = wires(market, has_limits=has_limits)
        desks = {kind: desk for kind, wire in self.wires.items() if (desk := getattr(wire, "desk", None))}
        self.control = Control(market, self.faults, self.clock, self.accounts, desks)
        self.pusher = Pusher(self.wires, self.faults, self.control.webhooks)
        market.listeners.append(self.pusher.note)
        self.mail = MailServers(market, self.faults, self.tick)
        self.imap_port = self.smtp_port = 0
        self._socket = socket.create_server(("127.0.0.1", port))
        # asyncio sets this only on sockets that name their protocol; without it each body waits 40 ms for an ACK.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._late: set[asyncio.Task[None]] = set()
        self._uvicorn: uvicorn.Server | None = None

    def accounts(self) -> list[dict[str, Any]]:
        """What `/_twin/shops` lists."""
        rows = [wire.account() | {"base_url": f"{self.url}/{kind}"} for kind, wire in self.wires.items()]
        return [*rows, self.mail.account(self.imap_port, self.smtp_port)]

    def tick(self) -> None:
        """Bring the market up to the clock."""
        self.market.advance(int(self.clock.now()))

    # -- HTTP -------------------------------------------------------------------------------------------------------

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Send
    ) -> None:
        """The ASGI application."""
        if scope["type"] != "http":
            return
        request, shop = await _read(scope, receive)
        self.tick()
        if shop == "_twin":
            await _answer(send, self.control.handle(request))
        elif shop in self.wires:
            await self._serve(self.wires[shop], request, send)
        else:
            await _answer(send, Reply(404, b'{"error": "no such shop in the twin"}'))

    async def _serve(self, wire: Wire, request: Request, send: Send) -> None:
        rule = self.faults.pick(wire.kind, wire.operation(request)) if self.faults.rules else None
        if rule is None:
            await _answer(send, wire.handle(request))
        else:
            await self._misbehave(rule, wire, request, send)

    async def _misbehave(self, rule: Rule, wire: Wire, request: Request, send: Send) -> None:
        """One fault. Whether the effect happens is decided by whether `wire.handle` is called."""
        kind, wait = rule.kind, rule.seconds
        match kind:
            case "rate_limited":
                await _answer(send, wire.rate_limited(request, wait))
            case "expired_token":
                await _answer(send, wire.expired(request))
            case "server_error":
                await _answer(send, self._broken())
            case "timeout_before" | "timeout_after":
                if kind == "timeout_after":
                    wire.handle(request)
                await asyncio.sleep(HANG_SECONDS if wait is None else wait)
                _reset(send)
            case "reset_before" | "reset_after":
                if kind == "reset_after":
                    wire.handle(request)
                _reset(send)
            case "late_effect":
                self._later(1.0 if wait is None else wait, wire, request)
                _reset(send)
            case "slow":
                await asyncio.sleep(1.0 if wait is None else wait)
                await _answer(send, wire.handle(request))
            case "truncated":
                await _truncate(send, wire.handle(request))
            case _:
                await _answer(send, self._bend(kind, wire.handle(request)))

    def _broken(self) -> Reply:
        status = self.faults.rng.choice((500, 502, 503))
        return (
            Reply(502, HTML, content_type="text/html")
            if status == 502
            else Reply(status, b'{"message": "Internal error"}')
        )

    def _bend(self, kind: str, reply: Reply) -> Reply:
        if kind == "not_json":
            return Reply(200, HTML, content_type="text/html")
        if kind in ("drifted", "short_page"):
            reply.body = self.faults.drift(reply.body) if kind == "drifted" else self.faults.shorten(reply.body)
        return reply

    def _later(self, seconds: float, wire: Wire, request: Request) -> None:
        async def land() -> None:
            await asyncio.sleep(seconds)
            self.tick()
            wire.handle(request)

        task = asyncio.get_running_loop().create_task(land())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    # -- life -------------------------------------------------------------------------------------------------------

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until `stop` is called; `on_ready` is called once every port listens."""
        self.imap_port, self.smtp_port = await self.mail.start()
        config = uvicorn.Config(
            self, log_level="error", access_log=False, lifespan="off", proxy_headers=False, server_header=False,
            date_header=False, timeout_graceful_shutdown=1, timeout_keep_alive=60, ws="none",
        )  # fmt: skip
        self._uvicorn = Announcing(config, on_ready)
        jobs = [asyncio.create_task(job) for job in (self.pusher.run(), self._live())]
        try:
            await self._uvicorn.serve(sockets=[self._socket])
        finally:
            for job in (*jobs, *self._late):
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await self.mail.stop()

    async def _live(self) -> None:
        """The market goes on even when nobody asks, so that pushes and mails come by themselves."""
        while True:
            await asyncio.sleep(1)
            self.tick()

    def stop(self) -> None:
        if self._uvicorn is not None:
            self._uvicorn.should_exit = True


async def _read(scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Any]]) -> tuple[Request, str]:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    shop, slash, rest = scope["path"].lstrip("/").partition("/")
    path = f"/_twin/{rest}" if shop == "_twin" else slash + rest
    query, (host, port) = scope["query_string"].decode("latin-1"), scope["server"]
    return Request(scope["method"], path, query, headers, body, f"{host}:{port}"), shop


async def _answer(send: Send, reply: Reply) -> None:
    await _start(send, reply)
    await send({"type": "http.response.body", "body": reply.body})


async def _start(send: Send, reply: Reply) -> None:
    headers = {"content-type": reply.content_type, "content-length": str(len(reply.body)), **reply.headers}
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})


async def _truncate(send: Send, reply: Reply) -> None:
    await _start(send, reply)
    await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
    _transport(send).close()


def _reset(send: Send) -> None:
    """Cut the connection as a crashing peer does: RST instead of a polite end."""
    transport = _transport(send)
    peer = transport.get_extra_info("socket")
    if peer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    transport.abort()


def _transport(send: Send) -> asyncio.Transport:
    """ASGI has no word for a broken connection, so the server's own request cycle is asked for its transport."""
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined] # uvicorn's bound method
    return transport


def make(scenario: str, seed: int, orders: int | None, now: float | None, **options: Any) -> TwinServer:
    """A server that is not running yet. A week of trouble starts with one broken feed."""
    market = scenarios.build(scenario, seed, int(time.time() if now is None else now), orders)
    options.setdefault("has_limits", scenarios.SCENARIOS[scenario].has_limits)
    server = TwinServer(market, seed=seed, **options)
    if scenario in ("week", "company"):
        plant_stale(
            market, server.faults.add({"shop": "stripe", "operation": "GET /v1/payouts", "kind": "server_error"})
        )
    return server


@contextlib.contextmanager
def serve(
    scenario: str = "week", seed: int = 7, orders: int | None = None, now: float | None = None, **options: Any
) -> Iterator[TwinServer]:
    """Run a twin in a thread for as long as the block lasts. Options: speed, has_limits, port."""
    server = make(scenario, seed, orders, now, **options)
    ready, failures = threading.Event(), list[BaseException]()

    def work() -> None:
        try:
            asyncio.run(server.run(ready.set))
        except BaseException as error:
            failures.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=work, name="twin", daemon=True)
    thread.start()
    ready.wait()
    if failures:
        raise failures[0]
    try:
        yield server
    finally:
        server.stop()
        thread.join(timeout=10)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="connectors.twin.server", description="A market that speaks the real protocols."
    )
    parser.add_argument("--scenario", choices=sorted(scenarios.SCENARIOS), default="week")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--orders", type=int)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--now", type=float, help="Unix seconds; the wall clock where it is not given")
    parser.add_argument(
        "--limits", action=argparse.BooleanOptionalAction, help="platforms' rate limits (default: not for peak)"
    )
    options = parser.parse_args(arguments)
    extra = {} if options.limits is None else {"has_limits": options.limits}
    server = make(
        options.scenario, options.seed, options.orders, options.now, speed=options.speed, port=options.port, **extra
    )

    def announce() -> None:
        line = {"url": server.url, "imap_port": server.imap_port, "smtp_port": server.smtp_port}
        sys.stdout.write(orjson.dumps(line).decode() + "\n")
        sys.stdout.flush()

    gc.freeze()  # the market holds no garbage, and walking it at every page is a third of the twin's time
    gc.set_threshold(50_000, 20, 20)
    asyncio.run(server.run(announce))
    return 0


if __name__ == "__main__":
    sys.exit(main())
