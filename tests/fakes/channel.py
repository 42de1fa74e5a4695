"""A channel in memory that knows one payment: it does what it is told, and counts what really happened."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from connectors.base import (
    CannotDo,
    Connector,
    ConnectorError,
    Effect,
    Feed,
    Gate,
    Permit,
    Write,
)
from connectors.operations import Operation, RefundPayment, SendMessage
from connectors.types import Account, Page, Payment, PaymentKind, PaymentStatus, Receipt, Sight, Sighting

CREATED = datetime(2026, 11, 1, tzinfo=UTC)


KEYED = Write(Effect.KEY, key_lifetime=timedelta(hours=24))


@dataclass
class Outside:
    """What is true outside. `answers` are consumed one a call: an error, or a word of `ANSWERS`; then all goes well."""

    payments: dict[str, Payment] = field(default_factory=dict)
    effects: list[tuple[str, Decimal]] = field(default_factory=list)
    calls: int = 0
    bytes_sent: int = 0
    answers: list[Exception | Callable[[], object]] = field(default_factory=list)
    reading: list[ConnectorError] = field(default_factory=list)
    write: Write = KEYED
    can_see: bool = True
    judged: str = ""  # why the outside refused, hours later, what it had taken

    def pay(self, ref: str, amount: str = "47.80", currency: str = "SGD") -> None:
        self.payments[ref] = Payment(
            external_id=ref, kind=PaymentKind.CHARGE, status=PaymentStatus.SUCCEEDED, amount=Decimal(amount),
            currency=currency, refunded=Decimal(0), created_at=CREATED,
        )  # fmt: skip

    def happen(self, operation: RefundPayment, key: str) -> None:
        """The effect, kept once for each key where the outside keeps keys."""
        if self.write.effect is Effect.KEY and any(known == key for known, _ in self.effects):
            return
        self.effects.append((key, operation.amount.amount))
        paid = self.payments[operation.payment_ref]
        self.payments[operation.payment_ref] = replace(paid, refunded=(paid.refunded or 0) + operation.amount.amount)


@dataclass
class Door:
    """The part of a transport that a channel without HTTP needs."""

    outside: Outside
    gate: Gate

    def check(self, permit: Permit) -> None:
        self.gate(permit)
        self.outside.bytes_sent += 1


class FakeChannel(Connector):
    kind = "fake"
    label = "Fake"
    feeds: ClassVar[tuple[Feed, ...]] = ()
    outside: Outside

    @classmethod
    def opened(cls, outside: Outside, gate: Gate) -> "FakeChannel":
        account = Account(kind="fake", shop_id=0, name="Fake", external_id="F", base_url="")
        channel = cls(account, Door(outside, gate), lambda: datetime.now(UTC))  # type: ignore[arg-type]  # a part of one
        channel.outside = outside
        cls.writes = {RefundPayment: outside.write, SendMessage: outside.write}
        return channel

    writes: ClassVar[Mapping[type[Operation], Write]] = {}

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        return iter(())

    def fetch(self, record: type[Any], external_id: str) -> Any:
        if self.outside.reading:
            raise self.outside.reading.pop(0)
        if record is not Payment:
            raise CannotDo("only payments are read here")
        return self.outside.payments.get(external_id)

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        self.transport.check(permit)
        assert isinstance(operation, RefundPayment)
        self.outside.calls += 1
        answer = self.outside.answers.pop(0) if self.outside.answers else None
        if isinstance(answer, Exception):
            if getattr(answer, "after_effect", False):
                self.outside.happen(operation, permit.key)
            raise answer
        if answer is not None:
            answer()
        self.outside.happen(operation, permit.key)
        return Receipt(f"re_{permit.key[:8]}", body=b'{"ok":true}', request_id="req_1")

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if self.outside.reading:
            raise self.outside.reading.pop(0)
        if self.outside.judged:
            return Sighting(Sight.REFUSED, detail=self.outside.judged)
        if not self.outside.can_see:
            return Sighting(Sight.UNCLEAR, detail="no read shows this")
        seen = any(known == key for known, _ in self.outside.effects)
        return Sighting(Sight.SEEN, reference=f"re_{key[:8]}") if seen else Sighting(Sight.ABSENT)


def after_effect(error: ConnectorError) -> ConnectorError:
    """The effect happens, then the answer is lost."""
    error.after_effect = True  # type: ignore[attr-defined]  # read by FakeChannel alone
    return error
