"""How well scores tell what happened from what did not. Pure; exact with ties."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


def auc(scores: Sequence[float], happened: Sequence[bool]) -> float | None:
    """P(a case that happened scores above one that did not), ties counting half (Mann–Whitney); None without both."""
    hits, misses = _by_score(scores, happened)
    if not hits.sum() or not misses.sum():
        return None
    below = np.cumsum(misses) - misses
    return float((hits * (below + misses / 2)).sum() / (hits.sum() * misses.sum()))


def average_precision(scores: Sequence[float], happened: Sequence[bool]) -> float | None:
    """Mean precision over the cases that happened, best score first; equal scores are one step. None without any."""
    hits, misses = (counts[::-1] for counts in _by_score(scores, happened))
    if not hits.sum():
        return None
    precision = np.cumsum(hits) / np.cumsum(hits + misses)
    return float((precision * hits).sum() / hits.sum())


def _by_score(scores: Sequence[float], happened: Sequence[bool]) -> tuple[Counts, Counts]:
    """How many happened and did not, at each distinct score from the lowest up."""
    values, place = np.unique(np.asarray(scores, dtype=np.float64), return_inverse=True)
    truth = np.asarray(happened, dtype=bool)
    hits, misses = (np.bincount(place[these], minlength=len(values)) for these in (truth, ~truth))
    return hits, misses
