"""The part of the Google Ads Query Language that one resource needs: SELECT, WHERE with AND, ORDER BY, LIMIT."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

QUERY = re.compile(
    r"\s*SELECT\s+(?P<select>.+?)\s+FROM\s+(?P<resource>\w+)(?:\s+WHERE\s+(?P<where>.+?))?"
    r"(?:\s+ORDER\s+BY\s+(?P<order>.+?))?(?:\s+LIMIT\s+(?P<limit>\d+))?\s*",
    re.DOTALL,
)
VALUE = r"'[^']*'|[\w.-]+"
CONDITION = re.compile(
    rf"\s*(?P<field>[\w.]+)\s*(?P<operator>BETWEEN|NOT IN|IN|!=|>=|<=|=|>|<)\s*"
    rf"(?P<value>(?:{VALUE})\s+AND\s+(?:{VALUE})|\([^)]*\)|{VALUE})\s*(?:AND\b|$)",
    re.DOTALL,
)
PLAIN = re.compile(VALUE)
COMPARE: Mapping[str, Callable[[Any, list[Any]], bool]] = {
    "=": lambda value, given: value == given[0],
    "!=": lambda value, given: value != given[0],
    ">": lambda value, given: value > given[0],
    "<": lambda value, given: value < given[0],
    ">=": lambda value, given: value >= given[0],
    "<=": lambda value, given: value <= given[0],
    "IN": lambda value, given: value in given,
    "NOT IN": lambda value, given: value not in given,
    "BETWEEN": lambda value, given: given[0] <= value <= given[1],
}


class BadQuery(Exception):
    """`code` is a word of QueryErrorEnum."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Condition:
    field: str
    operator: str
    values: tuple[Any, ...]

    def holds(self, row: Mapping[str, Any]) -> bool:
        return COMPARE[self.operator](row[self.field], list(self.values))


@dataclass(frozen=True, slots=True)
class Query:
    """Field names are paths in snake case: `metrics.cost_micros`."""

    select: tuple[str, ...]
    resource: str
    where: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]  # field, whether descending
    limit: int | None

    def span(self, field: str) -> tuple[str, str] | None:
        """The first and last value that the conditions on a field leave; None where an end is open."""
        low, high = "", ""
        for one in self.where:
            if one.field == field and one.operator in ("BETWEEN", "="):
                low, high = str(one.values[0]), str(one.values[-1])
            elif one.field == field and one.operator in (">=", "<="):
                low, high = (str(one.values[0]), high) if one.operator == ">=" else (low, str(one.values[0]))
        return (low, high) if low and high else None

    def answer(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows that hold, in order; each still has all its fields."""
        kept = [row for row in rows if all(one.holds(row) for one in self.where)]
        for name, is_descending in reversed(self.order):
            kept.sort(key=lambda row: row[name], reverse=is_descending)
        return kept if self.limit is None else kept[: self.limit]


def parse(text: str, resources: Mapping[str, Mapping[str, str]]) -> Query:
    """`resources`: resource → its fields with their types (`int64`, `string`, `enum` …). Raises BadQuery."""
    found = QUERY.fullmatch(text)
    if found is None:
        raise BadQuery("UNEXPECTED_INPUT", "Error in query: unexpected input.")
    known = resources.get(found["resource"])
    if known is None:
        raise BadQuery("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", f"'{found['resource']}' is no resource.")
    select = tuple(name.strip() for name in found["select"].split(","))
    where = tuple(_conditions(found["where"] or "", known))
    order = tuple(_order(part) for part in found["order"].split(",")) if found["order"] else ()
    for name in (*select, *(name for name, _ in order)):
        _must_know(name, known)
    if unselected := [name for name, _ in order if name not in select]:
        raise BadQuery("EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE", f"'{unselected[0]}' must be selected.")
    limit = int(found["limit"]) if found["limit"] else None
    query = Query(select, found["resource"], where, order, limit)
    if "segments.date" in select and query.span("segments.date") is None:
        raise BadQuery("EXPECTED_FILTERS_ON_DATE_RANGE", "segments.date needs a filter of a finite date range.")
    return query


def _order(part: str) -> tuple[str, bool]:
    name, _, way = part.strip().partition(" ")
    return name, way.strip().upper() == "DESC"


def _conditions(text: str, known: Mapping[str, str]) -> list[Condition]:
    conditions, place = [], 0
    while place < len(text):
        found = CONDITION.match(text, place)
        if found is None:
            raise BadQuery("UNEXPECTED_INPUT", f"Error in query: unexpected input near '{text[place : place + 20]}'.")
        _must_know(found["field"], known)
        kind = known[found["field"]]
        values = tuple(_value(one, kind) for one in PLAIN.findall(found["value"]) if one != "AND")
        conditions.append(Condition(found["field"], found["operator"], values))
        place = found.end()
    return conditions


def _must_know(name: str, known: Mapping[str, str]) -> None:
    if name not in known:
        raise BadQuery("UNRECOGNIZED_FIELD", f"Unrecognized field in the query: '{name}'.")


def _value(text: str, kind: str) -> Any:
    if kind == "int64":
        if not text.strip("'").lstrip("-").isdigit():
            raise BadQuery("BAD_NUMBER", f"'{text}' is no number.")
        return int(text.strip("'"))
    if kind == "bool":
        return text.strip("'").upper() == "TRUE"
    return text.strip("'")
