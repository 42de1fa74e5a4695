"""What a message wants, by the weight of its phrases. Pure."""

from __future__ import annotations

from alerts.reading.lexicon import IN_INTENTS, INTENTS

# Things that went wrong with an order, as opposed to questions and wishes: what waves are made of.
PROBLEMS = frozenset(
    {"not_received", "damaged", "defective", "wrong_item", "order_status", "return", "refund", "complaint"}
)

PLACES = {name: place for place, name in enumerate(INTENTS)}


def weights(folded_text: str) -> dict[str, float]:
    """The weight of each intent that was recognised."""
    found: dict[str, float] = {}
    for name, _, weight in IN_INTENTS.hits(folded_text):
        found[name] = found.get(name, 0.0) + weight
    return found


def heaviest(found: dict[str, float]) -> str:
    """The intent with the most weight, the earlier one in the table among equals; `other` where none was recognised."""
    return max(found, key=lambda name: (found[name], -PLACES[name])) if found else "other"
