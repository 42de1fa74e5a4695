"""Probabilities from own history, steadied by a prior: the beta-binomial, as a range. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from alerts.figures import Figure, Source, between

# An 80 % interval of a normal distribution reaches 1.2816 standard deviations to either side.
REACH = Decimal("1.2816")
PLACES = Decimal("0.0001")
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something happened in own history: `hits` of `of` cases. `field` says what was counted."""

    hits: int = 0
    of: int = 0
    record: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before any own history: a share, and how many cases that belief weighs."""

    share: Decimal
    weight: Decimal
    source: str


NOTHING = Tally()


@dataclass(frozen=True, slots=True)
class Forecast:
    """How likely something comes, worked out from `of` like cases. `field` says what they were measured by."""

    share: Decimal
    of: int
    field: str

    def figure(self, name: str, record: str, shop_id: int | None = None, external_id: str = "") -> Figure:
        """With the 80 % interval of a share seen in that many cases."""
        reach = REACH * (self.share * (1 - self.share) / (self.of + 1)).sqrt()
        low, likely, high = (
            min(max(value, ZERO), Decimal(1)).quantize(PLACES)
            for value in (self.share - reach, self.share, self.share + reach)
        )
        place = Source(record, self.field, shop_id, external_id, note=f"how long {self.of} orders before it took")
        return between(name, low, likely, high, "share", source=place)


def chance(name: str, tally: Tally, prior: Prior, shop_id: int | None = None) -> Figure:
    """The share to expect, with an 80 % interval; assumed where no own case has been seen yet."""
    a = prior.share * prior.weight + tally.hits
    b = (1 - prior.share) * prior.weight + (tally.of - tally.hits)
    n = a + b
    mean = a / n
    reach = REACH * (a * b / (n * n * (n + 1))).sqrt()
    low, likely, high = (
        (min(max(value, Decimal(0)), Decimal(1))).quantize(PLACES) for value in (mean - reach, mean, mean + reach)
    )
    note = f"{tally.hits} of {tally.of} own cases; prior {prior.share} weighing {prior.weight} cases ({prior.source})"
    source = Source(tally.record or "setting", tally.field or "prior", shop_id, note=note)
    return between(name, low, likely, high, "share", source=source, is_assumed=not tally.of)


def certain(name: str, source: Source | None = None) -> Figure:
    """What has already happened."""
    return between(name, 1, 1, 1, "share", source=source)


def more_than(count: int, mean: float) -> float:
    """P(X > count) of a Poisson variable: how likely more late orders come than the budget holds."""
    if count < 0:
        return 1.0
    if mean <= 0:
        return 0.0
    term = total = math.exp(-mean)
    for k in range(1, count + 1):
        term *= mean / k
        total += term
    return min(max(1.0 - total, 0.0), 1.0)
