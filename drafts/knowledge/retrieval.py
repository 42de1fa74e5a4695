"""Find the passages that a question is about: by word vectors, shared character runs, and matters named. Pure.

The vectors are wordllama's small English-centred table, which comes with its wheel and needs no download. Where a
question is in another language they say little, and runs of characters and the table of matters carry the score.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drafts.knowledge.concepts import concepts_of

Vectors = NDArray[np.float32]

RUNS = 4096  # buckets of the hashed character runs
SHARES = (0.4, 0.3, 0.3)  # of meaning, character runs and matters in the score
LEAST = 0.12  # below this a passage is not about the question at all


class Index:
    """Texts, searchable. Building costs about a millisecond a hundred texts once the vectors are loaded."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.size = len(texts)
        if texts:
            self._meaning = meanings(texts)
            counts = np.stack([runs(text) for text in texts])
            self._run_rarity = rarity(counts)
            self._runs = unit(counts * self._run_rarity)
            named = np.array([concepts_of(text) for text in texts], dtype=np.float32)
            self._matter_rarity = rarity(named)
            self._matters = unit(named * self._matter_rarity)

    def search(self, question: str, limit: int = 5) -> list[tuple[int, float]]:
        """(place in `texts`, score 0..1), best first, without those that are about something else."""
        if not self.size or not question.strip():
            return []
        meaning = self._meaning @ meanings([question])[0]
        shared = self._runs @ unit((runs(question) * self._run_rarity)[np.newaxis])[0]
        named = np.array(concepts_of(question), dtype=np.float32)
        matters = self._matters @ unit((named * self._matter_rarity)[np.newaxis])[0]
        scores = SHARES[0] * np.clip(meaning, 0, 1) + SHARES[1] * shared + SHARES[2] * matters
        best = np.argsort(-scores, kind="stable")[:limit]
        return [(int(place), float(scores[place])) for place in best if scores[place] >= LEAST]


def meanings(texts: Sequence[str]) -> Vectors:
    """One unit vector a text."""
    return unit(np.asarray(_words().embed(list(texts)), dtype=np.float32))


def runs(text: str) -> Vectors:
    """Counts of hashed runs of two and three characters, damped."""
    plain = f" {' '.join(text.casefold().split())} "
    counts = np.zeros(RUNS, dtype=np.float32)
    for size in (2, 3):
        for start in range(len(plain) - size + 1):
            counts[_bucket(plain[start : start + size])] += 1
    return np.sqrt(counts)


def rarity(counts: Vectors) -> Vectors:
    """A weight for each column: what most texts share ("the", "our") says little."""
    texts = counts.shape[0]
    return np.asarray(np.log((1 + texts) / (1 + (counts > 0).sum(axis=0))) + 0.1, dtype=np.float32)


def unit(rows: Vectors) -> Vectors:
    """Each row at length one; a row of zeros stays."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1, lengths), dtype=np.float32)


def _bucket(run: str) -> int:
    value = 0
    for character in run:
        value = (value * 31 + ord(character) * 2654435761) & 0xFFFFFFFF
    return value % RUNS


@lru_cache(maxsize=1)
def _words() -> Any:
    import wordllama  # noqa: PLC0415  # takes seconds to import, and most processes never search

    return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
