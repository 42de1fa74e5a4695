"""How long orders take from one step to the next, and how likely one that is under way misses its promise. Pure.

A journey's logarithm of days is its expectation (by promise, by the days of the stage before, by destination and by
shipping method) and a remainder. Expectations are a weighted ridge regression: an order of long ago weighs less, and
the effect of a destination with few orders shrinks to that of the whole (the ridge is its prior, in orders). The
remainder's survival is a life table over calendar time, in which journeys under way count for as long as they have
been at risk (Kaplan–Meier in its period form), so that the last weeks neither look too fast nor too slow:

    P(late) = P(lead > promise − start | lead > now − start)

Two expectations are averaged, with and without the promise: the first knows what the channel knew, the second notices
when the channel's promises have become wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.int64]

FEWEST = 30  # finished journeys below which nothing is forecast
PRIOR_ORDERS = 5.0  # how many orders of its own move a destination half-way from the whole to itself
# Days after which an order weighs 1/e. Expectations follow the season; the remainder's shape is steadier.
EXPECTATION_DAYS, EXPECTATION_DAYS_PLAIN, REMAINDER_DAYS = 14.0, 30.0, 30.0
SHORTEST = 0.02  # days; half an hour
EDGES: Floats = np.linspace(-3.0, 2.2, 61)  # of the remainder, in logarithms
TAIL = 5  # last steps whose risk holds beyond the table
FADED = 6  # after so many of its days an order no longer counts


@dataclass(frozen=True, slots=True)
class Journeys:
    """One stage of many orders, as columns. Times in days since any one moment; `end` is NaN while under way.

    `before` is how many days the stage before took (zeros for a first stage). Every journey has a promise.
    """

    start: Floats
    end: Floats
    promise: Floats
    before: Floats
    places: Sequence[str]
    methods: Sequence[str]

    def __len__(self) -> int:
        return len(self.start)


def chances(journeys: Journeys, now: float) -> Floats | None:
    """P(late) of every journey under way, in their order; None where too few have ended to tell."""
    ended = ~np.isnan(journeys.end)
    if ended.sum() < FEWEST:
        return None
    clocks = ((True, EXPECTATION_DAYS), (False, EXPECTATION_DAYS_PLAIN))
    views = [_view(journeys, now, knows_promise, days) for knows_promise, days in clocks]
    odds = np.mean([np.log(view / (1 - view)) for view in (np.clip(view, 1e-6, 1 - 1e-6) for view in views)], axis=0)
    is_past = journeys.promise[~ended] <= now
    chance: Floats = np.where(is_past, 1.0, 1 / (1 + np.exp(-odds)))
    return chance


def usual_days(journeys: Journeys, share: float) -> Mapping[str, float]:
    """Days within which `share` of the journeys to a place end; under "" those to all places."""
    ended = ~np.isnan(journeys.end)
    if not ended.any():
        return {}
    days = (journeys.end - journeys.start)[ended]
    places = np.array(journeys.places, dtype=object)[ended]
    whole = float(np.quantile(days, share))
    found = {"": whole}
    for place in set(places.tolist()) - {""}:
        own = days[places == place]
        found[place] = (float(np.quantile(own, share)) * len(own) + whole * PRIOR_ORDERS) / (len(own) + PRIOR_ORDERS)
    return found


def _view(journeys: Journeys, now: float, knows_promise: bool, days: float) -> Floats:
    expected = _expected(journeys, now, knows_promise, days)
    risk = _risk(journeys, now, expected)
    under_way = np.isnan(journeys.end)
    start, mean = journeys.start[under_way], expected[under_way]
    until = _survived(risk, np.log(np.maximum(journeys.promise[under_way] - start, SHORTEST)) - mean)
    lasted = _survived(risk, np.log(np.maximum(now - start, SHORTEST)) - mean)
    late: Floats = np.exp(-np.maximum(until - lasted, 0.0))
    return late


def _expected(journeys: Journeys, now: float, knows_promise: bool, days: float) -> Floats:
    """The logarithm of days to expect of each journey: ridge regression on those that have ended."""
    columns = [np.ones(len(journeys))]
    if knows_promise:
        columns.append(np.log(np.maximum(journeys.promise - journeys.start, 0.5)))
    if journeys.before.any():
        columns.append(np.log(np.maximum(journeys.before, 0.05)))
    factors = [_codes(journeys.places), _codes(journeys.methods)]
    ended = ~np.isnan(journeys.end)
    weight = np.where(ended, np.exp(-(now - np.where(ended, journeys.end, now)) / days), 0.0)
    lead = np.where(ended, np.log(np.maximum(np.where(ended, journeys.end, now) - journeys.start, 0.05)), 0.0)
    effects, parts = _ridge(np.array(columns), factors, weight, lead)
    expected = np.array(columns).T @ effects
    for codes, part in zip(factors, parts, strict=True):
        expected += part[codes]
    return np.asarray(expected, dtype=np.float64)


def _ridge(
    columns: Floats, factors: Sequence[Codes], weight: Floats, lead: Floats
) -> tuple[Floats, list[Floats]]:  # fmt: skip
    """Weighted least squares on columns and on one level of each factor, by the normal equations."""
    sizes = [len(columns), *(int(codes.max()) + 1 for codes in factors)]
    offset = np.concatenate([[0], np.cumsum(sizes)])
    normal, target = np.zeros((offset[-1], offset[-1])), np.zeros(offset[-1])
    normal[: sizes[0], : sizes[0]] = (columns * weight) @ columns.T
    target[: sizes[0]] = columns @ (weight * lead)
    for one, codes in enumerate(factors, start=1):
        here = slice(offset[one], offset[one + 1])
        target[here] = np.bincount(codes, weight * lead, sizes[one])
        for place, column in enumerate(columns):
            normal[here, place] = normal[place, here] = np.bincount(codes, weight * column, sizes[one])
        for other, others in enumerate(factors, start=1):
            pairs = np.bincount(codes * sizes[other] + others, weight, sizes[one] * sizes[other])
            normal[here, offset[other] : offset[other + 1]] = pairs.reshape(sizes[one], sizes[other])
    prior = np.full(offset[-1], PRIOR_ORDERS)
    prior[: sizes[0]] = 1.0
    prior[0] = 1e-6
    solved = np.linalg.solve(normal + np.diag(prior), target)
    return solved[: sizes[0]], [solved[offset[n] : offset[n + 1]] for n in range(1, len(sizes))]


def _codes(words: Sequence[str]) -> Codes:
    return np.asarray(np.unique(np.array(words, dtype=str), return_inverse=True)[1], dtype=np.int64)


def _risk(journeys: Journeys, now: float, expected: Floats) -> Floats:
    """Cumulated hazard of the remainder at each edge: ends over journeys at risk, both weighed by when that was."""
    ended = ~np.isnan(journeys.end)
    recent = np.where(ended, journeys.end, now) > now - FADED * REMAINDER_DAYS
    start, mean, ended = journeys.start[recent], expected[recent], ended[recent]
    end = np.where(ended, journeys.end[recent], now)
    remainder = np.log(np.maximum(end - start, SHORTEST)) - mean
    step = np.clip(np.searchsorted(EDGES, remainder) - 1, 0, len(EDGES) - 2)
    ends = np.bincount(step[ended], np.exp((end[ended] - now) / REMAINDER_DAYS), len(EDGES) - 1)
    at_risk = np.zeros(len(EDGES) - 1)
    for place, edge in enumerate(EDGES[:-1]):
        reached = start + np.exp(mean + edge)
        counts = (step >= place) & (reached <= now)
        at_risk[place] = np.exp((reached[counts] - now) / REMAINDER_DAYS).sum()
    # Half an order at risk in every step, of which a twenty-fifth ends: an empty step is unknown, not safe.
    hazard = np.clip((ends + 0.02) / (at_risk + 0.5), 0.0, 0.98)
    return np.concatenate([[0.0], np.cumsum(-np.log1p(-hazard))])


def _survived(risk: Floats, remainder: Floats) -> Floats:
    slope = (risk[-1] - risk[-1 - TAIL]) / (EDGES[-1] - EDGES[-1 - TAIL])
    beyond = np.maximum(remainder - EDGES[-1], 0.0) * slope
    return np.asarray(np.interp(remainder, EDGES, risk) + beyond, dtype=np.float64)
