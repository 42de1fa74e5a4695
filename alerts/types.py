"""What a detector says, and what it is given to look at. Pure: no database, no clock.

The facts' own classes (`OrderFacts`, `StockFacts` …) stand in `alerts/looks.py`, filled by `alerts/facts/`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from alerts.figures import Figure, Source


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about. `kind` is a record's name (order, return, sku …); `ref` its id in that shop."""

    kind: str
    ref: str
    shop_id: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One claim in words with the record and field that show it."""

    claim: str
    source: Source
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a detector says about facts.

    `ignored` is the expected loss if nothing is done, `acted` what remains, plus the cost of acting, if the draft is
    run; both cash in the base currency. The money that is ranked is their difference. None where a rate or price is
    missing: then `missing` says which, and the alert is shown apart, never as zero. `gmv` is revenue, never added to
    cash.
    `waiting` is the part of the difference that is lost for good by each time: (time, share 0..1), rising.
    `minutes` is what a decision takes a person. `state` is the content whose change makes a rejected draft worth asking
    again.
    """

    detector: str
    subject: Subject
    title: str
    ignored: Figure | None
    acted: Figure | None
    saves: Figure | None = None  # what acting saves, where `ignored` and `acted` rest on the same inputs
    gmv: Figure | None = None
    deadline: datetime | None = None
    waiting: tuple[tuple[datetime, Decimal], ...] = ()
    minutes: Decimal = Decimal(2)
    probability: Decimal | None = None
    why: str = ""
    tradeoff: str = ""
    missing: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    drafts: tuple[str, ...] = ()  # kinds of draft that would resolve it, best first
    arguments: Mapping[str, Any] = field(default_factory=dict)  # what those drafts need besides the subject
    customer_ref: str = ""
    members: tuple[Subject, ...] = ()
    state: str = ""
    version: int = 1  # of the detector's fingerprint

    @property
    def fingerprint(self) -> str:
        """One alert per detector and subject, whatever its numbers."""
        text = "\0".join(
            (self.detector, str(self.version), self.subject.kind, str(self.subject.shop_id), self.subject.ref)
        )
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    @property
    def cash(self) -> Figure | None:
        """Dollars at risk: what acting saves.

        The plain difference takes both ranges as independent; a detector whose two sides share their inputs gives
        `saves`, worked out from those inputs once, which is narrower.
        """
        if self.saves is not None:
            return self.saves.named("at risk")
        if self.ignored is None or self.acted is None:
            return None
        return (self.ignored - self.acted).named("at risk")


class Context(Protocol):
    """Settings and rates as of one moment, already narrowed to what can be asked for. Handed to every detector."""

    @property
    def base(self) -> str:
        """The base currency's code."""
        ...

    def threshold(self, name: str, channel: str = "", country: str = "") -> Figure:
        """A detector's threshold for this marketplace and country, with the setting row as its source."""
        ...

    def dollar(self, name: str, shop_id: int | None = None, sku: str = "") -> Figure:
        """A DollarInput (margin, labour rate …) as a range; a wide assumed prior where none was entered."""
        ...

    def money(self, name: str, amount: Decimal, currency: str, on: date, source: Source | None = None) -> Figure | None:
        """An amount in the base currency, its rate and the rate's date as parts; None where there is no rate."""
        ...


@dataclass(frozen=True, slots=True)
class Threshold:
    """A default for a row that the admin may change. `source` says where the number is from."""

    value: Decimal
    unit: str
    source: str
    help: str = ""


Detect = Callable[[Iterable[Any], datetime, Context], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Detector:
    """One row of the table of detectors. `looks_at` is the facts class its `detect` is fed with."""

    name: str
    number: int
    title: str
    looks_at: type[Any]
    detect: Detect
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    drafts: tuple[str, ...] = ()
    version: int = 1
