"""A running market, our connectors in front of it, and everything that goes over the wire between the two."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx

from connectors.base import Connector, Permit, Push
from connectors.http import Patience
from connectors.operations import Operation
from connectors.proof.specs import Exchange, Recorder
from connectors.registry import open_connector
from connectors.twin.server import TwinServer
from connectors.types import Account, Record

R = TypeVar("R", bound=Record)
HOOK = "https://ops.example/hook"


def allowed(permit: Permit) -> None:
    """The market is nobody's: whatever is done to it needs no person's approval."""


class Stand:
    """Each connector is opened once. The feed that the market's story has broken is mended first."""

    def __init__(self, server: TwinServer) -> None:
        self.server, self.recorder, self.number = server, Recorder(), 0
        server.faults.clear()
        self.rows: dict[str, dict[str, Any]] = {row["kind"]: row for row in server.accounts()}
        self.http = httpx.Client(transport=self.recorder, timeout=20)
        self.pushed: list[tuple[str, Push]] = []
        self.kept: dict[tuple[str, str], list[Any]] = {}
        server.market.listeners.append(self.note)
        self.shops = {kind: self.open(kind) for kind in self.rows}

    def close(self) -> None:
        self.server.market.listeners.remove(self.note)
        self.http.close()

    def open(self, kind: str, **credentials: str) -> Connector:
        row = self.rows[kind]
        account = Account(
            kind, 1, row["name"], row["external_id"], row["base_url"], row["currency"], row["country"],
            {**row["settings"], "calls_per_second": 5_000, "dispute_email": "ops@example.com"},
            {**row["credentials"], **credentials}, row.get("time_zone") or "UTC",
        )  # fmt: skip
        return open_connector(
            account,
            clock=self.now,
            client=self.http,
            gate=allowed,
            patience=Patience(attempts=1),
            inbox=self.inbox(kind),
        )

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.server.clock.now(), UTC)

    def wait(self, seconds: float) -> None:
        """Let the market's time pass."""
        self.server.clock.set(advance_seconds=seconds)
        self.http.get(f"{self.server.url}/_twin/clock")

    def permit(self) -> Permit:
        self.number += 1
        return Permit(1, 1, "digest", f"proof-{self.number:06}", 1, self.now() + timedelta(minutes=5))

    def read(self, kind: str, feed: str, record: type[R]) -> list[R]:
        """The records of one kind in a feed, which is pulled whole once."""
        if (kind, feed) not in self.kept:
            self.kept[kind, feed] = [row for page in self.shops[kind].pull(feed, "") for row in page.records]
        return [row for row in self.kept[kind, feed] if isinstance(row, record)]

    def do(self, kind: str, operation: Operation, *, settle_seconds: float = 0) -> None:
        """One write, looked for before it and after it. Raises what the connector raises."""
        ticket, since = self.permit(), self.now()
        self.shops[kind].probe(operation, ticket.key, since)
        self.shops[kind].perform(operation, ticket)
        if settle_seconds:
            self.wait(settle_seconds)
        self.shops[kind].probe(operation, ticket.key, since)

    def exchanges(self, kind: str) -> list[Exchange]:
        return [one for one in self.recorder.exchanges if one[0].url.path.startswith(f"/{kind}/")]

    def effects(self) -> int:
        return len(self.server.market.effects.as_rows(0))

    # -- pushes -----------------------------------------------------------------------------------------------------

    def note(self, channel: str, topic: str, thing: Any) -> None:
        """Keep what the market pushes, as our door would."""
        wire = self.server.wires.get(channel)
        made = wire.push(topic, thing, HOOK) if wire else None
        if made is not None:
            self.pushed.append((channel, Push(self.now(), made[0])))

    def inbox(self, kind: str) -> "Kept":
        return Kept(self, kind)


class Kept:
    """The pushes of one channel, as `connectors.base.Inbox`."""

    def __init__(self, stand: Stand, kind: str) -> None:
        self.stand, self.kind = stand, kind

    def since(self, feed: str, moment: datetime, containing: str = "") -> Iterator[Push]:
        for kind, push in list(self.stand.pushed):
            if kind == self.kind and push.received_at >= moment and containing.encode() in push.body:
                yield push
