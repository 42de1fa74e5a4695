"""Split a written rule into clauses that can be cited one by one. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

LONGEST = 800  # characters; a longer paragraph is cut between sentences
# "2.1", "2)", "§ 3.", "A.4": a bare number such as "14 days" begins no clause.
NUMBERED = re.compile(
    r"^\s*(?:#{1,6}\s*)?(?:(?:§\s*)?(\d{1,3}(?:\.\d{1,3}){1,3}|\d{1,3}(?=[.)])|[A-Z]\.\d{1,3})[.)]?|§\s*(\d{1,3}))\s+(?=\S)"
)
HEADING = re.compile(r"^\s*#{1,6}\s+(\S.*?)\s*#*\s*$")
SENTENCE = re.compile(r"(?<=[.!?。！？])\s*(?=\S)")


@dataclass(frozen=True, slots=True)
class Clause:
    """One citable piece of a document: its number or heading, and its text."""

    clause: str
    text: str


@dataclass(frozen=True, slots=True)
class CitedPassage:
    """A stored passage as rules see it; `valid_until` is the last day it holds, None: no end."""

    id: int
    document: str
    clause: str
    text: str
    language: str = "en"
    valid_from: date = date.min
    valid_until: date | None = None

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    @property
    def source(self) -> str:
        """How a text names it."""
        return f"{self.document} {self.clause}".strip()


def split(document: str) -> list[Clause]:
    """Clauses in order. A paragraph takes the number it begins with, else the last heading and its place under it."""
    heading, place, clauses = "", 0, []
    for paragraph in _paragraphs(document):
        first, _, rest = paragraph.partition("\n")
        title, number = HEADING.match(first), NUMBERED.match(first)
        if title and not (number and rest.strip() == "" and len(first) > 80):
            heading, place = title.group(1).strip(), 0
            paragraph = rest.strip()
            number = None
        if not paragraph:
            continue
        place += 1
        name = (number.group(1) or number.group(2)) if number else f"{heading} {place}".strip()
        text = paragraph[number.end() :] if number else paragraph
        clauses += [Clause(name, piece) for piece in _pieces(" ".join(text.split()))]
    return clauses


def _paragraphs(document: str) -> Iterator[str]:
    """Blank lines part paragraphs, and so does a line that begins with a number of its own."""
    lines: list[str] = []
    for line in document.replace("\r\n", "\n").split("\n"):
        starts_anew = not line.strip() or NUMBERED.match(line) or HEADING.match(line)
        if starts_anew and lines:
            yield "\n".join(lines).strip()
            lines = []
        if line.strip():
            lines.append(line)
    if lines:
        yield "\n".join(lines).strip()


def _pieces(text: str) -> Iterator[str]:
    piece = ""
    for sentence in SENTENCE.split(text):
        if piece and len(piece) + len(sentence) >= LONGEST:
            yield piece
            piece = ""
        piece = f"{piece} {sentence}".strip()
    if piece:
        yield piece
