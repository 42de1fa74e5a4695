"""Which column of a report fills which field of a record: guessed from the header, shown, corrected and kept per shop.

As JSON a mapping is `{"target field": "column"}` or `{"target field": {"column", "format", "constant", "values"}}`.
`values` turns the report's own words into ours (`{"Selesai": "completed"}`, `{"Refund*": "refund"}`). `columns` in the
place of `column` names several: amounts are added up (`"-Fee"` is taken away) or, with the format `first`, the first
that is not nothing is taken; texts are put together, with the format `{0}:{1}` for where each goes. `zone` is the time
zone of a column that differs from the shop's.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, tzinfo
from decimal import Decimal
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors import types
from connectors.reports.reading import BadReport
from connectors.reports.words import SYNONYMS, WORDS_OF_KIND

KINDS: dict[str, type[types.Record]] = {
    "orders": types.Order,
    "payments": types.Payment,
    "returns": types.Return,
    "shipments": types.Shipment,
    "customers": types.Customer,
    "products": types.Product,
    "listings": types.Listing,
    "stock": types.StockLevel,
    "suppliers": types.Supplier,
    "purchase_orders": types.PurchaseOrder,
    "supplier_offers": types.SupplierOffer,
    "supplier_promises": types.SupplierPromise,
    "reviews": types.Review,
    "payouts": types.Payout,
    "settlements": types.SettlementLine,
    "ad_spend": types.AdSpend,
}
LINE_FIELDS = (
    "line_id", "sku", "title", "quantity", "unit_price", "line_total", "cancelled_quantity", "returned_quantity",
)  # fmt: skip


KEYS = frozenset(["column", "columns", "format", "constant", "values", "zone"])


@dataclass(frozen=True, slots=True)
class Column:
    """Where one field's value comes from: a column (with its format) or several, or a constant for every row.

    The constant also stands for an empty cell.
    """

    column: str = ""
    format: str = ""
    constant: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    zone: str = ""

    @property
    def signed(self) -> tuple[tuple[int, str], ...]:
        """(1 or −1, column) for each column that is read."""
        named = self.columns or ((self.column,) if self.column else ())
        return tuple((-1, name[1:]) if self.columns and name.startswith("-") else (1, name) for name in named)

    @property
    def words(self) -> str:
        """For messages: the columns' names."""
        return " + ".join(name for _, name in self.signed)

    def own(self, text: str) -> str:
        """The report's word in ours: an equal one, else the first pattern that fits, else the word itself."""
        if text in self.values:
            return self.values[text]
        low = text.lower()
        return next((ours for pattern, ours in self.values.items() if fnmatchcase(low, pattern.lower())), text)

    def to_json(self) -> object:
        """The short form where the column says it all."""
        parts = {
            "column": self.column, "columns": list(self.columns), "format": self.format, "constant": self.constant,
            "values": dict(self.values), "zone": self.zone,
        }  # fmt: skip
        filled = {name: part for name, part in parts.items() if part}
        return self.column if filled.keys() == {"column"} else filled


Mapped = dict[str, Column]
Price = Callable[[str, str], Decimal | None]  # order, SKU -> what one unit was sold for


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the shop says where the report does not."""

    currency: str = ""
    zone: tzinfo = UTC
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """How the rows of a report stand together, in its own column names.

    `only` keeps the rows whose cells fit these patterns; `together` names the order that a row belongs to, where
    that is not its id; `carried` are cells that stand once for all the rows below.
    """

    only: Mapping[str, str] = field(default_factory=dict)
    together: str = ""
    carried: tuple[str, ...] = ()


PLAIN = Shape()


def target_fields(kind: str) -> dict[str, Any]:
    """The fields a mapping may name for this kind, with their types. Raises BadReport for an unknown kind."""
    if kind not in KINDS:
        raise BadReport(f"no reports of kind {kind!r} are known; choose one of {', '.join(sorted(KINDS))}")
    hints = get_type_hints(KINDS[kind])
    names = {name: hint for name, hint in hints.items() if name not in ("raw", "lines", "photos", "skus")}
    if kind == "orders":
        line = get_type_hints(types.OrderLine)
        names |= {name: line.get(name, str) for name in LINE_FIELDS} | {"line_total": Decimal}
    return names


def required_fields(kind: str) -> tuple[str, ...]:
    """Fields that a row cannot do without, and that no rule of records.py fills in."""
    filled = {"external_id", "number", "status", "updated_at", "platform_status", "currency", "conversation_ref"}
    if kind == "orders":
        return ("external_id", "ordered_at")
    needed = (f for f in fields(KINDS[kind]) if f.default is f.default_factory)  # both MISSING: no default
    return tuple(f.name for f in needed if f.name not in filled)


def from_json(data: Mapping[str, object], kind: str, header: Iterable[str]) -> Mapped:
    """A mapping as a person wrote it, checked against the kind's fields and the report's header. Raises BadReport."""
    known, columns = target_fields(kind), list(header)
    mapped: Mapped = {}
    for target, place in data.items():
        if target not in known:
            raise BadReport(f"{target!r} is no field of {kind}; {_nearest(target, known)}")
        entry = Column(column=place) if isinstance(place, str) else _column(target, place)
        for _, name in entry.signed:
            if name not in columns:
                raise BadReport(f"the report has no column {name!r} (for {target}); {_nearest(name, columns)}")
        mapped[target] = entry
    return mapped


def _column(target: str, place: object) -> Column:
    if not isinstance(place, dict) or not place.keys() <= KEYS:
        raise BadReport(f"{target!r} needs a column name, or an object of {', '.join(sorted(KEYS))}")
    constant, values, columns = place.get("constant"), place.get("values") or {}, place.get("columns") or []
    if not isinstance(values, dict) or not isinstance(columns, list):
        raise BadReport(f"{target!r}: `values` is an object of words, `columns` a list of names")
    zone = str(place.get("zone", ""))
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadReport(f"{target!r}: {zone!r} is no time zone; write it as Asia/Singapore or UTC") from error
    return Column(
        str(place.get("column", "")), str(place.get("format", "")), None if constant is None else str(constant),
        {str(key): str(value) for key, value in values.items()}, tuple(str(name) for name in columns), zone,
    )  # fmt: skip


def guess(header: Iterable[str], kind: str, but_not: Collection[str] = ()) -> Mapped:
    """The mapping that the column names suggest, without the fields `but_not`; each column is used once."""
    columns = {bare(name): name for name in reversed(list(header)) if name}
    mapped: Mapped = {}
    taken: set[str] = set()
    own = WORDS_OF_KIND.get(kind, {})
    for target in target_fields(kind):
        if target in but_not:
            continue
        names = (*own.get(target, ()), target, *SYNONYMS.get(target, ()))
        free = (columns[plain] for name in names if (plain := bare(name)) in columns and columns[plain] not in taken)
        found = next(free, None)
        if found:
            mapped[target] = Column(found)
            taken.add(found)
    return mapped


def refuse_incomplete(mapped: Mapped, kind: str, header: Iterable[str], given: Collection[str] = ()) -> None:
    """Raise BadReport where a field that every row needs has neither column nor constant, nor is `given` otherwise."""
    missing = [name for name in required_fields(kind) if name not in mapped and name not in given]
    if missing:
        raise BadReport(
            f"no column fills {', '.join(missing)}. The report's columns are: {', '.join(header)}. "
            f'Give a mapping such as {{"{missing[0]}": "column name"}}'
        )


def bare(name: str) -> str:
    """A name without case, spaces and marks."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _nearest(word: str, words: Iterable[str]) -> str:
    choices = list(words)
    near = get_close_matches(word, choices, n=3, cutoff=0.4)
    return f"did you mean {' or '.join(near)}?" if near else f"known are: {', '.join(choices)}"
