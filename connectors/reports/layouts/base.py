"""A report that a platform makes: told by its column names, and what each column means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from connectors.reports.mapping import Column, Mapped, Shape, bare, from_json
from connectors.reports.reading import BadReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One kind of record in a report. `fields` is a mapping as JSON has it, in the platform's column names.

    A name may have alternatives between bars, since platforms rename columns, and `*` for what a country adds to it
    ("Total Released Amount*" is "Total Released Amount (RM)" in Malaysia). A field of which the file has no column is
    left out.
    """

    kind: str
    fields: Mapping[str, str | Mapping[str, object]]
    shape: Shape = field(default_factory=Shape)
    is_priced_by_order: bool = False  # a return without an amount is worth what the order says

    def mapped(self, header: Iterable[str]) -> Mapped:
        """The mapping in the columns that this file has. Raises BadReport."""
        columns = list(header)
        entries = from_json(
            {name: _as_found(place, columns) for name, place in self.fields.items()}, self.kind, columns
        )
        return {name: entry for name, entry in entries.items() if entry != Column()}

    def shaped(self, header: Iterable[str]) -> Shape:
        """The same for how its rows stand together."""
        columns = list(header)
        only = {_must_find(name, columns): words for name, words in self.shape.only.items()}
        together = _must_find(self.shape.together, columns) if self.shape.together else ""
        carried = tuple(_must_find(name, columns) for name in self.shape.carried)
        return replace(self.shape, only=only, together=together, carried=carried)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """`columns` are those by which the report is known: all of them are in its header."""

    name: str
    label: str
    columns: tuple[str, ...]
    parts: tuple[Part, ...]

    def fits(self, header: Iterable[str]) -> bool:
        columns = list(header)
        return all(find(name, columns) for name in self.columns)


def find(names: str, columns: list[str]) -> str:
    """The first of the alternatives that is among the columns; empty where none is."""
    found = {bare(column): column for column in reversed(columns)}
    for name in names.split("|"):
        if name.endswith("*"):
            near = (column for column in columns if fnmatchcase(bare(column), bare(name) + "*"))
            if column := next(near, ""):
                return column
        elif bare(name) in found:
            return found[bare(name)]
    return ""


def _must_find(names: str, columns: list[str]) -> str:
    if column := find(names, columns):
        return column
    raise BadReport(f"this report's column {names!r} is missing; export it again with all its columns")


def _as_found(place: str | Mapping[str, object], columns: list[str]) -> object:
    if isinstance(place, str):
        return find(place, columns)
    several = place.get("columns")
    if not isinstance(several, list | tuple):
        column = find(str(place.get("column", "")), columns)
        # Without its column, a field is what its constant says.
        return {**place, "column": column} if column else _constant(place)
    found = [("-" if name.startswith("-") else "") + find(name.removeprefix("-"), columns) for name in several]
    held = list(dict.fromkeys(name for name in found if name.strip("-")))
    return {**place, "columns": held} if held else _constant(place)


def _constant(place: Mapping[str, object]) -> dict[str, object]:
    return {"constant": place["constant"]} if "constant" in place else {}
