"""Which column of a report fills which field of a record: guessed from the header, shown, corrected and kept per shop.

As JSON a mapping is `{"target field": "column"}` or `{"target field": {"column", "format", "constant", "values"}}`.
`values` turns the report's own words into ours (`{"Selesai": "completed"}`).
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, get_type_hints

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


@dataclass(frozen=True, slots=True)
class Column:
    """Where one field's value comes from: a column (with its format), or a constant for every row."""

    column: str = ""
    format: str = ""
    constant: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> object:
        """The short form where the column says it all."""
        if self.column and not (self.format or self.values or self.constant is not None):
            return self.column
        parts = {"column": self.column, "format": self.format, "constant": self.constant, "values": dict(self.values)}
        return {name: part for name, part in parts.items() if part}


Mapped = dict[str, Column]


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
        if entry.column and entry.column not in columns:
            near = _nearest(entry.column, columns)
            raise BadReport(f"the report has no column {entry.column!r} (for {target}); {near}")
        mapped[target] = entry
    return mapped


def _column(target: str, place: object) -> Column:
    if not isinstance(place, dict) or not place.keys() <= {"column", "format", "constant", "values"}:
        raise BadReport(f"{target!r} needs a column name, or an object of column, format, constant and values")
    constant = place.get("constant")
    return Column(
        str(place.get("column", "")), str(place.get("format", "")), None if constant is None else str(constant),
        {str(key): str(value) for key, value in (place.get("values") or {}).items()},
    )  # fmt: skip


def guess(header: Iterable[str], kind: str, but_not: Collection[str] = ()) -> Mapped:
    """The mapping that the column names suggest, without the fields `but_not`; each column is used once."""
    columns = {_bare(name): name for name in reversed(list(header)) if name}
    mapped: Mapped = {}
    taken: set[str] = set()
    own = WORDS_OF_KIND.get(kind, {})
    for target in target_fields(kind):
        if target in but_not:
            continue
        names = (*own.get(target, ()), target, *SYNONYMS.get(target, ()))
        free = (columns[bare] for name in names if (bare := _bare(name)) in columns and columns[bare] not in taken)
        found = next(free, None)
        if found:
            mapped[target] = Column(found)
            taken.add(found)
    return mapped


def refuse_incomplete(mapped: Mapped, kind: str, header: Iterable[str]) -> None:
    """Raise BadReport where a field that every row needs has neither column nor constant."""
    missing = [name for name in required_fields(kind) if name not in mapped]
    if missing:
        raise BadReport(
            f"no column fills {', '.join(missing)}. The report's columns are: {', '.join(header)}. "
            f'Give a mapping such as {{"{missing[0]}": "column name"}}'
        )


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _nearest(word: str, words: Iterable[str]) -> str:
    choices = list(words)
    near = get_close_matches(word, choices, n=3, cutoff=0.4)
    return f"did you mean {' or '.join(near)}?" if near else f"known are: {', '.join(choices)}"
