"""Figures as a tree that a page can open, and what doing, waiting and doing nothing cost. Pure of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime

from alerts.figures import Figure, Source
from drafts.pages.names import record_url
from drafts.pages.wording import distance, quantity, words

CURVE_WIDTH, CURVE_HEIGHT = 400, 60
OPERATIONS = {"max": "the largest of", "min": "the smallest of"}


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of a sum: its name, its number, where it is from, and what it was made of."""

    name: str
    likely: str
    spread: str
    operation: str
    source: str
    url: str
    read_at: datetime | None
    is_assumed: bool
    parts: tuple["Line", ...]


def line(figure: Figure) -> Line:
    source = figure.source
    low, likely, high = (
        quantity(number, figure.unit, is_input=not figure.parts) for number in (figure.low, figure.likely, figure.high)
    )
    return Line(
        figure.name,
        likely,
        "" if figure.low == figure.high else f"{low} to {high}",
        OPERATIONS.get(figure.operation, figure.operation) if figure.parts else "",
        source_words(source) if source else "",
        record_url(source.record, source.shop_id, source.external_id) if source else "",
        source.read_at if source else None,
        figure.is_assumed,
        tuple(line(part) for part in figure.parts),
    )


def source_words(source: Source) -> str:
    """`order 1042, ship by` with the note that explains it."""
    place = " ".join(filter(None, [source.record, source.external_id]))
    text = f"{place}, {words(source.field).lower()}" if source.field else place
    return f"{text}: {source.note}" if source.note else text


def read_source(data: dict[str, Any] | None) -> Source | None:
    """A stored source, or None where the claim has none."""
    if not data:
        return None
    read_at = parse_datetime(data["read_at"]) if data.get("read_at") else None
    shop = data.get("shop", data.get("shop_id"))
    return Source(data["record"], data.get("field", ""), shop, data.get("id", data.get("external_id", "")), read_at,
                  data.get("note", ""))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """One column: its heading, its cost, and the sum behind it."""

    title: str
    cost: str
    spread: str
    note: str
    sum: Line | None
    steps: tuple[tuple[datetime, str, str], ...] = ()


def choices(arithmetic: dict[str, Any], waiting: Sequence[Sequence[Any]], now: datetime) -> list[Choice]:
    """Do, wait, do nothing. Empty where the money is unknown."""
    figures = {name: Figure.from_json(data) for name, data in arithmetic.items() if data}
    if "ignored" not in figures or "acted" not in figures:
        return []
    ignored, acted = figures["ignored"], figures["acted"]
    return [
        _choice("Do it", acted, "expected cost that remains, with the cost of acting"),
        _waiting(ignored, acted, waiting, now),
        _choice("Do nothing", ignored, "expected loss"),
    ]


def _choice(title: str, figure: Figure, note: str) -> Choice:
    shown = line(figure)
    return Choice(title, shown.likely, shown.spread, note, shown)


def _waiting(ignored: Figure, acted: Figure, waiting: Sequence[Sequence[Any]], now: datetime) -> Choice:
    saved = ignored.likely - acted.likely
    steps = tuple(
        (at, f"{share * 100:.0f} %", quantity(acted.likely + saved * share, ignored.unit))
        for at, share in curve(waiting)
    )
    coming = next((step for step in steps if step[0] > now), None)
    if not steps:
        return Choice("Wait", "–", "", "what waiting costs is not known", None)
    if coming is None:
        return Choice("Wait", quantity(ignored.likely, ignored.unit), "", "the chance has passed", None, steps)
    return Choice("Wait", coming[2], "", f"expected cost when decided {distance(coming[0], now)}", None, steps)


def curve(waiting: Sequence[Sequence[Any]]) -> list[tuple[datetime, Decimal]]:
    """The stored waiting curve: (time, share lost for good by then)."""
    found = [(parse_datetime(str(at)), Decimal(str(share))) for at, share in waiting]
    return [(at, share) for at, share in found if at is not None]


def curve_path(waiting: Sequence[Sequence[Any]], now: datetime) -> str:
    """The curve as an SVG path from now on; empty where there is nothing to draw."""
    points = [(at, share) for at, share in curve(waiting) if at > now]
    passed = max((share for at, share in curve(waiting) if at <= now), default=Decimal(0))
    if not points or (span := (points[-1][0] - now).total_seconds()) <= 0:
        return ""
    drawn = [(0.0, passed), *(((at - now).total_seconds() / span, share) for at, share in points)]
    places = (f"{x * CURVE_WIDTH:.0f} {CURVE_HEIGHT - float(share) * (CURVE_HEIGHT - 4) - 2:.0f}" for x, share in drawn)
    return "M" + " L".join(places)
