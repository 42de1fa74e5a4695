"""One endpoint of the company's helpdesk or CRM: cases are handed over to it, nothing is read.

What the endpoint has to do stands in docs/helpdesk.md: verify the signature, keep a case once for each `webhook-id`,
and, if it can, tell by GET whether it has one, which is how a doubtful hand-over is settled.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urljoin

import orjson

from connectors.base import (
    Answer,
    Budget,
    CannotDo,
    Connector,
    ConnectorError,
    Effect,
    Permit,
    R,
    Reconnect,
    Refused,
    Retry,
    Write,
)
from connectors.consent import Identity, Key
from connectors.operations import HandOver, Operation
from connectors.shops.messages.helpdesk import signing
from connectors.shops.reading import json_object
from connectors.transport.addresses import Target, origin_of, pinned, resolved
from connectors.transport.redaction import Redactor
from connectors.types import Page, Receipt, Sight, Sighting

EVENT = "case.handed_over"
HEARD = frozenset({400, 401, 403, 405, 415, 422})  # an endpoint that takes signed posts alone says no to a bare look


class Helpdesk(Connector):
    """The webhook's id is the intent's key. Whether the receiver keeps it is its own matter, so a doubtful hand-over is
    sent again only where the endpoint itself says that it does not have it."""

    kind = "helpdesk"
    label = "Helpdesk or CRM (webhook)"
    credentials = ("endpoint", "signing_secret")
    keys: ClassVar[tuple[Key, ...]] = (
        Key("endpoint", "Endpoint", "the https address that takes the cases, at your helpdesk or automation"),
        Key("signing_secret", "Signing secret", "whsec_… as the endpoint shows it, or make one for both sides"),
    )
    allowance = Budget(available=5, capacity=5, per_second=1)
    writes: ClassVar[Mapping[type[Operation], Write]] = {HandOver: Write(Effect.READBACK, undo="close the case there")}

    @staticmethod
    def resolve(host: str, port: int) -> list[str]:
        return resolved(host, port)

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        raise CannotDo("a helpdesk is told cases; nothing is read from it")

    def fetch(self, record: type[R], external_id: str) -> R | None:
        raise CannotDo(f"a helpdesk has no read of one {record.__name__}")

    @property
    def market(self) -> str:
        return self.account.base_url if self.account.settings.get("is_test_market") else ""

    @property
    def endpoint(self) -> str:
        given = self.account.credentials["endpoint"].strip()
        return urljoin(f"{self.market.rstrip('/')}/", given) if self.market else given

    def target(self) -> Target:
        """Where cases go. Raises Refused for what is not public and https."""
        return pinned(self.endpoint, test_market=self.market, resolve=self.resolve)

    def headers(self, key: str, body: bytes) -> dict[str, str]:
        signed = signing.headers(self.account.credentials["signing_secret"], key, self.clock(), body)
        return {**signed, "content-type": "application/json", "idempotency-key": key}

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if not isinstance(operation, HandOver):
            raise CannotDo(f"a helpdesk has no call for {type(operation).__name__}")
        body, target = content(operation, self.clock()), self.target()
        answer = self.transport.write(
            "POST", target.url, operation="helpdesk/case", permit=permit,
            headers={**target.headers, **self.headers(permit.key, body)}, body=body,
        )  # fmt: skip
        told = json_object(answer.body)
        redacted = Redactor(self.account.credentials.values()).body(answer.body)
        return Receipt(str(told.get("id") or permit.key), redacted, is_replay=told.get("is_replay") is True)

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        """Ask the endpoint for the case of this id, signed like a case. Only its own word counts: an address that knows
        no such question answers anything."""
        if not isinstance(operation, HandOver):
            return super().probe(operation, key, since)
        target = self.target()
        try:
            answer = self.transport.read(
                "GET", target.url, operation="helpdesk/look", params={"webhook_id": key},
                headers={**target.headers, **self.headers(key, b"")},
            )  # fmt: skip
        except Refused as error:
            return Sighting(Sight.UNCLEAR, detail=f"the endpoint tells nothing of it ({error})", read_at=self.clock())
        told = json_object(answer.body)
        if told.get("webhook_id") != key or not isinstance(told.get("found"), bool):
            return Sighting(Sight.UNCLEAR, detail="the endpoint does not tell of single cases", read_at=self.clock())
        if not told["found"]:
            return Sighting(Sight.ABSENT, detail="the endpoint says that it has no such case", read_at=self.clock())
        return Sighting(Sight.SEEN, str(told.get("id") or key), "the endpoint has the case", self.clock())

    def check(self) -> str:
        """A bare look at the address, which leaves nothing there; and whether the secret can sign."""
        signing.key_of(self.account.credentials["signing_secret"])
        target = self.target()
        try:
            self.transport.read("GET", target.url, operation="helpdesk/check", headers=target.headers)
        except Refused as error:
            if error.status not in HEARD:
                raise Refused(f"nothing answers at this address: {error}", code="endpoint") from error
        except Reconnect:
            pass  # it asks for a signature, as it should
        return f"an endpoint at {origin_of(self.endpoint)[1]}"

    def identify(self) -> Identity:
        self.target()  # what may not be called has no name either
        host = origin_of(self.endpoint)[1]
        return Identity(external_id=host, name=f"Helpdesk at {host}")

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        if is_write and answer.status == 429:
            return Retry("the endpoint is busy and took nothing", code="429")
        if is_write and answer.status in (401, 403):
            return Reconnect("the endpoint does not accept our signature; enter its signing secret again")
        if is_write and answer.status == 410:
            return Reconnect("the endpoint is gone; enter a new one", code="410", status=410)
        return None


def content(operation: HandOver, now: datetime) -> bytes:
    """{"type", "timestamp", "data": {"subject", "title", "text", "fields": {name: value}}}."""
    fields: dict[str, Any] = dict(operation.fields)
    data = {
        "subject": operation.subject_ref, "title": operation.title, "text": operation.text, "fields": fields,
    }  # fmt: skip
    return orjson.dumps({"type": EVENT, "timestamp": now.isoformat(), "data": data})
