"""One message read: language, intent, mood, what it names, what it promises. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alerts.reading.entities import Entities, entities
from alerts.reading.intent import PROBLEMS, heaviest, weights
from alerts.reading.language import language
from alerts.reading.mood import mood
from alerts.reading.promises import Promise, promises
from alerts.reading.text import folded, own_words

VERSION = 1
NOTHING = Entities()


@dataclass(frozen=True, slots=True)
class Reading:
    """`anger` is a weight, 3 and above being angry. `own` is the author's own text."""

    own: str
    language: str
    intent: str
    mood: str
    anger: float
    problems: tuple[str, ...] = ()
    entities: Entities = NOTHING
    promises: tuple[Promise, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "intent": self.intent,
            "mood": self.mood,
            "anger": self.anger,
            "language": self.language,
            "problems": list(self.problems),
            "order_numbers": list(self.entities.order_numbers),
            "amounts": [[str(amount), currency] for amount, currency in self.entities.amounts],
            "skus": list(self.entities.skus),
            "promises": [{"deed": each.deed, "when": each.when, "sentence": each.sentence} for each in self.promises],
        }


def read(subject: str, text: str, *, is_ours: bool = False) -> Reading:
    """Read a buyer's message; of one of ours, the promises in it."""
    own = own_words(text)
    if is_ours:
        return Reading(own, "", "", "", 0.0, promises=promises(own))
    both = f"{subject}\n{own}" if subject else own
    words = folded(both)
    found = weights(words)
    problems = tuple(sorted(PROBLEMS & found.keys()))
    tone, anger = mood(both, words)
    return Reading(own, language(words), heaviest(found), tone, anger, problems, entities(both))
