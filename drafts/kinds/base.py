"""What a kind of draft is: a typed command, what it moves, how it is shown, done, proved and undone. Pure.

A kind is one file with a class of this shape and one line in `drafts/kinds/__init__.py`. The same facts are read from
the database when a draft is prepared and from the channel again before the call; the approval binds to both the command
and those facts, so facts hold only what the decision rests on.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from connectors.base import CannotDo, Clock, Connector, Handover, Permit
from connectors.money import Money
from connectors.operations import Operation
from connectors.types import Receipt, Record, Sighting

Facts = dict[str, Any]  # plain JSON values; amounts and times as text

Ref = Annotated[str, Field(min_length=1, max_length=250)]
OptionalRef = Annotated[str, Field(max_length=250)]
OneLine = Annotated[str, Field(max_length=200, pattern=r"^[^\r\n\x00]*$")]  # a header value: no line breaks, ever
Prose = Annotated[str, Field(max_length=5000, pattern=r"^[^\x00]*$")]
Amount = Annotated[Decimal, Field(gt=0, max_digits=20, decimal_places=4, allow_inf_nan=False)]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Quantity = Annotated[int, Field(ge=1, le=1_000_000)]


class Command(BaseModel):
    """Frozen, typed arguments of one write. Unknown fields are refused; text has a limit and is refused, not cut."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Part(Command):
    """Some units of one line of an order."""

    line_ref: Ref
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a before/after table."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What the person approves, as it will be: a sentence, the before/after rows, and the exact text that leaves."""

    summary: str
    rows: tuple[Row, ...] = ()
    text: str = ""
    to: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact that moved between what was approved and what is true now."""

    field: str
    approved: str
    now: str


@dataclass(frozen=True, slots=True)
class Undo:
    """The honest label shown before approval. `window` counts from the approval; `kind` names the reversing draft."""

    label: str  # "reversible", "reversible until it is packed", "never"
    kind: str = ""
    window: timedelta | None = None


class Reader(Protocol):
    """Where facts come from: the channel itself, or rows saved from it. Both give the same records."""

    @property
    def clock(self) -> Clock: ...
    @property
    def handover(self) -> Handover:
        """What arranging a shipment does on this channel."""
        ...

    def fetch(self, record: type[Any], external_id: str) -> Any | None:
        """The record; None where there is none, also for an empty id."""
        ...


class Saved(Reader, Protocol):
    """Rows saved from all shops, read as one shop sees them."""

    @property
    def shop_id(self) -> int | None: ...

    def of(self, shop_id: int | None) -> "Saved":
        """The same rows as another shop sees them."""
        ...

    def latest(self, record: type[Any], by: str, **where: object) -> Any | None:
        """The record with the greatest `by` among this shop's rows whose fields equal `where`."""
        ...

    def holder(self, record: type[Any], external_id: str) -> int | None:
        """The shop whose record `fetch` gives: this one, else the only other that has it; None where none is given."""
        ...

    def elsewhere(self, record: type[Any], **where: object) -> "tuple[Any, int] | None":
        """(record, shop) of the one record of another shop whose fields equal `where`; None for none or several."""
        ...

    def can(self, operation: type[Operation]) -> bool:
        """Whether this shop is connected and its channel has a call for it."""
        ...

    def performer(self, operation: type[Operation] | Operation) -> int | None:
        """The shop that does an operation for this one.

        Itself where its channel can; else the only other connected shop that can (labels are bought at a label seller,
        credit notes are written in the books). Given with its arguments, a shop also has to take exactly this one: a
        courier moves its own parcels alone, and whoever keeps a list of parcels must have this one on it. Where none
        or several can: itself, by hand.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a draft is prepared for: an alert in plain values. `arguments` are a detector's, never a model's."""

    alert_id: int
    detector: str
    title: str
    shop_id: int | None
    arguments: Mapping[str, Any]
    evidence: tuple[tuple[str, str], ...] = ()  # (claim, value)
    cash: str = "not known"
    per_hour: str = "not known"
    deadline: str = "none"
    company: str = ""
    mailbox_id: int | None = None  # where mail to suppliers leaves from
    rules: tuple[tuple[str, str], ...] = ()  # (text, source) of our own written rules that bear on it
    choice: str = ""  # which of a kind's further choices is asked for; empty: its own first
    today: date

    def argument(self, name: str) -> str:
        """One argument as text, empty where there is none."""
        value = self.arguments.get(name)
        return "" if value is None else str(value)

    def number(self, name: str) -> int | None:
        value = self.arguments.get(name)
        return int(value) if value else None

    @property
    def headline(self) -> str:
        """The title on one line, as long as a note may be."""
        return " ".join(self.title.split())[:200]

    def proof(self) -> str:
        """The evidence in one sentence."""
        return "; ".join(f"{claim}: {value}" for claim, value in self.evidence if value)


class CannotPropose(Exception):
    """This kind does not help here; the message says what is missing."""


C = TypeVar("C", bound=Command)
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Proposal(Generic[C]):
    """A command whose text is still to be worded, the shop that would perform it, and what the writer may say.

    `told` are facts by name, from saved records alone. `outside` are texts of others: (id, text).
    """

    command: C
    shop_id: int | None
    told: Mapping[str, str]
    outside: tuple[tuple[str, str], ...] = ()
    keep: tuple[str, ...] = ()  # numbers that masking leaves alone


class Kind(ABC, Generic[C]):
    """One kind of draft. Attributes at the top of each subclass; the rest are functions of the command and facts."""

    name: ClassVar[str]
    label: ClassVar[str]
    command: ClassVar[type[Command]]
    undo: ClassVar[Undo] = Undo("never")
    hold: ClassVar[timedelta] = timedelta(seconds=10)
    is_internal: ClassVar[bool] = False  # changes only our own records: performed by drafts.running.desk, no connector
    text_field: ClassVar[str] = ""  # the command's field that a model may word
    leaves_by_mail: ClassVar[bool] = False  # through our own mailbox, whatever shop the matter is of
    needs_call: ClassVar[bool] = False  # never proposed where the channel has no call for it
    follows: ClassVar[str] = ""  # the kind that is prepared next, once this one is proved

    @abstractmethod
    def propose(self, matter: Matter, saved: Saved) -> Proposal[C]:
        """The command that code builds from saved records. Raises CannotPropose, or ValueError where limits break."""

    def choices(self, matter: Matter) -> tuple[tuple[str, str], ...]:
        """(choice, label) of what this kind could propose besides its first, where the facts speak for it."""
        return ()

    def choice_of(self, command: C) -> str:
        """Which of its choices a command is; empty for the first."""
        return ""

    def write(self, proposal: Proposal[C], rules: tuple[tuple[str, str], ...]) -> str:
        """The whole text without a model; `rules` are (text, source) of passages that apply."""
        return ""

    def frame(self, proposal: Proposal[C], body: str) -> str:
        """What surrounds a body that a model worded: greeting, closing, the lines that must be exact."""
        return body

    def money(self, command: C) -> Money | None:
        """What this write moves or commits; None where it moves none."""
        return None

    @abstractmethod
    def read_facts(self, command: C, reader: Reader) -> Facts:
        """What the decision rests on, read now. Raises LookupError where the subject is gone."""

    @abstractmethod
    def refusals(self, command: C, facts: Facts) -> list[str]:
        """Why this command cannot be right given these facts, in words for the person; empty: nothing against it."""

    @abstractmethod
    def preview(self, command: C, facts: Facts) -> Preview:
        """What will be different afterwards."""

    @abstractmethod
    def operation(self, command: C, facts: Facts, key: str) -> Operation:
        """The connector's arguments. `key` is fixed before the first attempt and never changes."""

    def differences(self, approved: Facts, now: Facts) -> list[Difference]:
        """Facts that moved. A kind overrides this where a change in one direction does not matter."""
        names = sorted(approved.keys() | now.keys())
        return [
            Difference(name, str(approved.get(name, "")), str(now.get(name, "")))
            for name in names
            if approved.get(name) != now.get(name)
        ]

    def perform(self, command: C, facts: Facts, connector: Connector, permit: Permit) -> Receipt:
        """Do it, once. Raises the errors of `Connector.perform`."""
        return connector.perform(self.operation(command, facts, permit.key), permit)

    def probe(self, command: C, facts: Facts, connector: Connector, key: str, since: datetime) -> Sighting:
        """Look for the effect by an independent read."""
        return connector.probe(self.operation(command, facts, key), key, since)

    def kept(self, command: C, facts: Facts, key: str, at: datetime) -> tuple[Record, ...]:
        """Our own records of what was sent, where no channel will ever tell us of it; saved once it was sent."""
        return ()


class InternalKind(Kind[C]):
    """A kind that changes only our own records."""

    is_internal: ClassVar[bool] = True

    def operation(self, command: C, facts: Facts, key: str) -> Operation:
        """There is none. Raises CannotDo."""
        raise CannotDo(f"{self.label} changes only our own records; it is never sent to a channel")


def named(matter: Matter, saved: Saved, record: type[R], argument: str) -> tuple[R, Saved]:
    """The record that a matter's argument names, and the saved rows as the shop sees them that holds it.

    An `order_ref` is looked for in the shop of `order_shop_id`, else of `shop_id`, else of the alert; where that shop
    lacks it, in the only other that has it. Raises CannotPropose where none is named or saved.
    """
    name, ref = argument.removesuffix("_ref"), matter.argument(argument)
    if not ref:
        raise CannotPropose(f"no {name.replace('_', ' ')} is named")
    asked = saved.of(matter.number(f"{name}_shop_id") or matter.number("shop_id") or matter.shop_id)
    found = asked.fetch(record, ref)
    if found is None:
        raise CannotPropose(f"{name.replace('_', ' ')} {ref} is not among the saved records")
    return found, asked.of(asked.holder(record, ref))


def record_or_raise(reader: Reader, record: type[Record], external_id: str) -> Any:
    """The record, or LookupError in words for the person."""
    found = reader.fetch(record, external_id)
    if found is None:
        raise LookupError(f"{record.__name__.lower()} {external_id} is no longer there")
    return found


Table = Mapping[str, Kind[Any]]


def text_of(value: object) -> str:
    """A fact as plain text, the same from the wire (120.0) and from a column (120.0000): times in UTC, None empty."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def amount_in(facts: Facts, name: str) -> Decimal | None:
    """The amount that a fact holds; None where the source did not say."""
    return Decimal(facts[name]) if facts.get(name) else None


def is_past(deadline: datetime | None, reader: Reader) -> bool:
    """Whether a platform's deadline has gone by on the reader's clock."""
    return deadline is not None and reader.clock() >= deadline
