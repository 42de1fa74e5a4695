"""Whether a message is angry, threatens with law, or reports a danger: these three always go to a person. Pure."""

from __future__ import annotations

import re

from alerts.reading.lexicon import IN_MOODS, Hit

SHOUTED = re.compile(r"\b[A-Z]{4,}\b")
MARKS = re.compile(r"[!！]{2,}|[?？][!！]|[!！][?？]")
ANGER_AT = 3.0
# A product may be named after a danger ("smoke grey"), and a buyer may say that there was none.
DENIED = re.compile(
    r" (?:no|not|never|without|isn t|wasn t|didn t|don t|bukan|tidak|không|ไม่|没有|沒有|no se|não) (?:\w+ ){0,2}$"
)


def mood(text: str, folded_text: str) -> tuple[str, float]:
    """`safety`, `legal`, `angry`, or empty, the gravest first; and the weight of the anger."""
    hits = IN_MOODS.hits(folded_text)
    fury = anger(text, hits)
    for grave in ("safety", "legal"):
        if any(name == grave and _stands(folded_text, phrase) for name, phrase, _ in hits):
            return grave, fury
    return ("angry" if fury >= ANGER_AT else ""), fury


def anger(text: str, hits: list[Hit]) -> float:
    """Weight of angry words, less calming ones, plus shouting in capitals and exclamation marks."""
    words = sum(weight for name, _, weight in hits if name == "angry")
    if not words:
        return 1.0 if MARKS.search(text) and len(SHOUTED.findall(text)) > 6 else 0.0
    shouting = min(len(SHOUTED.findall(text)), 4) * 0.5 + (1.0 if MARKS.search(text) else 0.0)
    return words + shouting - sum(weight for name, _, weight in hits if name == "calming")


def _stands(folded_text: str, phrase: str) -> bool:
    """Not after a denial: "no one was injured"."""
    place = folded_text.find(phrase)
    return not DENIED.search(folded_text[max(0, place - 30) : place + 1])
