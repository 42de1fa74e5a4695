"""The phrases of `phrases/*.txt`: intents, moods, and the small words of each language. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

FOLDER = Path(__file__).parent / "phrases"
LETTERS = 3
Phrases = Mapping[str, float]
Hit = tuple[str, str, float]


def _sections(name: str) -> Iterator[tuple[str, list[str]]]:
    lines = [line for line in (FOLDER / name).read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    starts = [number for number, line in enumerate(lines) if line[0] == "["]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield lines[start].strip("[]"), lines[start + 1 : end]


def _weighed(lines: list[str]) -> dict[str, float]:
    phrases: dict[str, float] = {}
    for line in lines:
        weight, _, rest = line.partition(" ")
        phrases |= {phrase.strip().replace("_", " "): float(weight) for phrase in rest.split("|")}
    return phrases


class Matcher:
    """Finds the phrases of several tables in one text.

    Most phrases begin at a word: they are filed under the first letters of that word, so that a text is compared with
    those alone whose first letters it has. The others (languages without blanks) need letters beyond ASCII.
    """

    def __init__(self, tables: Mapping[str, Phrases]) -> None:
        self._filed: dict[str, list[Hit]] = defaultdict(list)
        self._loose: list[Hit] = []
        for name, phrases in tables.items():
            for phrase, weight in phrases.items():
                if phrase[0] == " ":
                    self._filed[phrase[1:].split(" ")[0][:LETTERS]].append((name, phrase, weight))
                else:
                    self._loose.append((name, phrase, weight))

    def hits(self, folded_text: str) -> list[Hit]:
        """(table, phrase, weight) of each phrase that the text holds."""
        starts = {word[:length] for word in folded_text.split() for length in range(1, LETTERS + 1)}
        near = [hit for start in starts & self._filed.keys() for hit in self._filed[start]]
        if not folded_text.isascii():
            near += self._loose
        return [hit for hit in near if hit[1] in folded_text]


INTENTS: Mapping[str, Phrases] = {name: _weighed(lines) for name, lines in _sections("intents.txt")}
MOODS: Mapping[str, Phrases] = {name: _weighed(lines) for name, lines in _sections("moods.txt")}
IN_INTENTS, IN_MOODS = Matcher(INTENTS), Matcher(MOODS)
SMALL_WORDS: Mapping[str, frozenset[str]] = {
    name: frozenset(" ".join(lines).split()) for name, lines in _sections("small_words.txt")
}
