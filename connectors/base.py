"""What a shop must offer: reads by feed and by id, writes by operation, and how each write can be proved.

A connector is one file: attributes at the top, then auth, paging and parsing. It knows no database and no Django; it is
handed an `Account` and a `Transport` and gives records.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import wraps
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

from connectors.operations import Operation
from connectors.types import Account, Page, Receipt, Record, Sight, Sighting


class ConnectorError(Exception):
    """Something outside went wrong. `code` is the outside's own word where it has one."""

    def __init__(self, message: str, *, code: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class Retry(ConnectorError):
    """Nothing was changed and the same call may work later (`after_seconds`, where the outside gave advice)."""

    def __init__(
        self, message: str, *, after_seconds: float | None = None, code: str = "", status: int | None = None
    ) -> None:
        super().__init__(message, code=code, status=status)
        self.after_seconds = after_seconds


class Refused(ConnectorError):
    """The outside said no, and nothing was changed; the same call will be refused again."""


class CannotDo(Refused):
    """This channel has no such call: the work is done by hand, from a prepared text."""


class Unknown(ConnectorError):
    """The call may or may not have taken effect. Settled by a read, or by a person; never sent again blindly."""


class Reconnect(ConnectorError):
    """The account's permission is gone (expired, revoked, or without the scope): a person must connect it again."""


class NotApproved(ConnectorError):
    """A write was asked for without a valid approval. No byte has left."""


class Effect(StrEnum):
    """How an ambiguous write is settled."""

    KEY = "key"  # the outside keeps our key: the same call again returns the first result
    NATURAL = "natural"  # a state that can be read, and where doing it again changes nothing
    READBACK = "readback"  # a read finds our own reference; absent twice → may be sent once more
    NONE = "none"  # no read can tell: a person decides


@dataclass(frozen=True, slots=True)
class Write:
    """The honest properties of one operation on one channel."""

    effect: Effect
    key_lifetime: timedelta | None = None  # for KEY: how long the outside keeps it
    undo: str = "never"  # "never", or how and until when: "cancel the refund while pending"


class Handover(StrEnum):
    """What "arrange the shipment" does on a channel."""

    BOOKS = "books"  # the channel books its own courier; the order leaves later
    MARKS = "marks"  # the seller brings the courier: the order is marked as shipped, and the buyer is told at once


@dataclass(frozen=True, slots=True)
class Feed:
    """One stream of a shop and how it is read."""

    name: str
    every: timedelta
    overlap: timedelta = timedelta(minutes=10)
    window: timedelta | None = None  # the widest span one query may ask for
    first_span: timedelta = timedelta(days=30)  # how far back the first pull reads


@dataclass(frozen=True, slots=True)
class Permit:
    """Proof that a person approved exactly this write; made by the executor, checked again by the transport's gate.

    `key` is the idempotency key of the intent, the same over all retries. `deadline` is when byte one may leave last.
    """

    execution_id: int
    approval_id: int
    digest: str
    key: str
    fence: int
    deadline: datetime


Gate = Callable[[Permit], None]  # raises NotApproved


def closed_gate(permit: Permit) -> None:
    """The gate of every transport that was not opened by the executor."""
    raise NotApproved("this transport was opened for reading; writes go through drafts.execute")


# Calls that are not GET and yet change nothing that a buyer, supplier or platform holds or sees. Closed list.
HOUSEKEEPING = frozenset(
    {
        "token.exchange",
        "token.refresh",
        "webhook.subscribe",
        "webhook.confirm",
        "report.start",
        "bulk.start",
        "query",  # a read that its protocol sends as POST (GraphQL queries, searches)
        "mail.own_people",
        "model.call",
    }
)


class Answer(Protocol):
    """A reply: status, lower-case headers, body bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """The parsed body. Raises Unknown for a write and Retry for a read where it is not JSON."""
        ...


class Transport(Protocol):
    """The one way out. `read` (GET) retries by itself; `write` sends once and asks the gate first; neither follows
    redirects. `housekeeping` takes a purpose of HOUSEKEEPING; only the purpose "query" is retried like a read.

    All raise Retry, Refused, Unknown or Reconnect. `write` turns whatever is ambiguous into Unknown.
    """

    def read(
        self, method: str, url: str, *, operation: str, params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None, body: bytes | None = None, cost: float = 1.0,
    ) -> Answer: ...  # fmt: skip

    def write(
        self, method: str, url: str, *, operation: str, permit: Permit, params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None, body: bytes | None = None, cost: float = 1.0,
    ) -> Answer: ...  # fmt: skip

    def housekeeping(
        self, method: str, url: str, *, purpose: str, params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None, body: bytes | None = None, operation: str = "", cost: float = 1.0,
    ) -> Answer: ...  # fmt: skip

    def check(self, permit: Permit) -> None:
        """Ask the gate for a write that does not go over HTTP (SMTP). Raises NotApproved."""
        ...


@dataclass(frozen=True, slots=True)
class Push:
    """One push of the account's channel as it was kept, verified, before it was answered."""

    received_at: datetime
    body: bytes = field(repr=False)


class Inbox(Protocol):
    """The pushes kept for an account: for what a channel tells by pushing alone, they are the record that is pulled."""

    def since(self, feed: str, moment: datetime, containing: str = "") -> Iterator[Push]:
        """Those received from a moment on whose first touched feed this is, oldest first; with `containing`, those
        whose body holds that text."""
        ...


class NoInbox:
    """Nothing was kept."""

    def since(self, feed: str, moment: datetime, containing: str = "") -> Iterator[Push]:
        return iter(())


@dataclass(frozen=True, slots=True)
class Budget:
    """What a reply says of our allowance: calls (or cost points) left now, the most there can be, and the refill.

    None where the reply does not say it.
    """

    available: float | None
    capacity: float | None
    per_second: float


@dataclass(frozen=True, slots=True)
class Renewed:
    """Fresh credentials, whole (they replace the old ones), and when they end; None where they do not.

    `renewable_until` is when the new refresh token ends; None where the platform did not say.
    """

    credentials: Mapping[str, str] = field(repr=False)
    expires_at: datetime | None
    renewable_until: datetime | None = None


@runtime_checkable
class Refreshes(Protocol):
    """A connector whose access token ends. The caller holds a lock on the account: a refresh token may serve once."""

    def refresh(self) -> Renewed:
        """Trade the refresh token for a new pair. Raises Reconnect where it is dead, Unknown if the answer is lost."""
        ...


R = TypeVar("R", bound=Record)
Clock = Callable[[], datetime]
Pull = Callable[["Connector", str, str], Iterator[Page]]
# What reading an answer of another shape than the documented one raises.
UNREADABLE = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)


def told_as_drift(pull: Pull) -> Pull:
    """A parser sets a row that it cannot read apart. Where what stands around the rows has changed, nothing can be
    read: the pull ends as Retry, the cursor stays, and the feed says that the format has changed."""

    def drift(self: "Connector", feed: str, error: Exception) -> Retry:
        words = f"{self.label}'s answer for {feed} has another shape than we know: {type(error).__name__}: {error}"
        return Retry(words, code="drift")

    def watched(self: "Connector", feed: str, pages: Iterator[Page]) -> Iterator[Page]:
        try:
            yield from pages
        except UNREADABLE as error:
            raise drift(self, feed, error) from error

    @wraps(pull)
    def guarded(self: "Connector", feed: str, cursor: str) -> Iterator[Page]:
        try:
            pages = pull(self, feed, cursor)
        except UNREADABLE as error:
            raise drift(self, feed, error) from error
        return watched(self, feed, pages)

    return guarded


class Connector(ABC):
    """One connected account on one channel."""

    kind: ClassVar[str]
    label: ClassVar[str]
    feeds: ClassVar[tuple[Feed, ...]] = ()
    writes: ClassVar[Mapping[type[Operation], Write]] = {}
    credentials: ClassVar[tuple[str, ...]] = ()  # names that `Account.credentials` must hold
    handover: ClassVar[Handover] = Handover.BOOKS
    allowance: ClassVar[Budget] = Budget(10, 10, 5)  # calls, until replies tell better
    lanes: ClassVar[Mapping[str, Budget]] = {}  # by operation, where the platform counts each one apart
    pushes_are_the_record: ClassVar[bool] = False  # what is pushed can be read in no other way

    def __init_subclass__(cls, **named: object) -> None:
        super().__init_subclass__(**named)
        if "pull" in vars(cls):
            cls.pull = told_as_drift(vars(cls)["pull"])  # type: ignore[method-assign, assignment]

    def __init__(self, account: Account, transport: Transport, clock: Clock, inbox: Inbox | None = None) -> None:
        self.account = account
        self.transport = transport
        self.clock = clock
        self.inbox = inbox or NoInbox()

    @abstractmethod
    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        """Pages of what changed since `cursor` (empty at first), oldest first. A bad row is a BadRow, not an error."""

    @abstractmethod
    def fetch(self, record: type[R], external_id: str) -> R | None:
        """One record, read now; None where the outside has none. Raises CannotDo where the channel has no such read."""

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        """Do one approved write, once. Raises Retry (surely not done), Refused, Unknown, Reconnect, CannotDo."""
        raise CannotDo(f"{self.label} has no call for {type(operation).__name__}; do it by hand")

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        """Look, by a read that does not depend on the write's answer, whether its effect is there."""
        return Sighting(Sight.UNCLEAR, detail=f"{self.label} offers no read that shows this effect")

    def check(self) -> str:
        """One harmless read that proves the connection; returns what it saw in a few words."""
        return next(iter(self.pull(self.feeds[0].name, ""))).cursor

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        """What the platform's own envelope says went wrong; None leaves it to the HTTP status. Never raises."""
        return None

    @classmethod
    def budget(cls, answer: Answer) -> Budget | None:
        """The allowance that a reply tells, where it does."""
        return None

    @classmethod
    def takes(cls, operation: Operation, account: Account) -> bool:
        """Whether a call of this channel can do exactly this: a courier moves its own parcels alone."""
        return type(operation) in cls.writes

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        """The page where a person does this operation by hand; empty where there is none to link."""
        return ""


class WebhookReader(Protocol):
    """What a connector with webhooks offers besides: pure checks, no call."""

    @classmethod
    def verify(
        cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime
    ) -> bool: ...
    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str: ...
    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        """Feeds that this event says have changed."""
        ...


class Challenged(Protocol):
    """A connector whose channel tries an address by a GET before it pushes there."""

    @classmethod
    def challenge(cls, asked: Mapping[str, str], credentials: Mapping[str, str]) -> str | None:
        """The answer that proves the address is ours; None where the asker does not know our token."""
        ...
