"""docs/connectors.md is what the code says, and what stands under *cannot* is refused without a call."""

import dataclasses
import types
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin, get_type_hints

import httpx
import pytest

from connectors.base import CannotDo, Connector
from connectors.money import Money
from connectors.operations import Operation
from connectors.proof import table
from connectors.registry import CONNECTORS
from tests.connectors.shops.stand import NOW, open_with, permit

PLAIN: dict[Any, Any] = {
    str: "x1", int: 1, bool: True, Decimal: Decimal(1), date: date(2026, 11, 21), Money: Money(Decimal(1), "USD"),
    datetime: datetime(2026, 11, 21, tzinfo=UTC),
}  # fmt: skip


def value_of(kind: Any) -> Any:
    """Some value of a type."""
    if kind in PLAIN:
        return PLAIN[kind]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return inner[0]
    if origin is tuple:
        return ()
    if origin is types.UnionType:
        return None if type(None) in inner else value_of(inner[0])
    return made(kind)


def made(kind: type[Any]) -> Any:
    """A dataclass with some value in every field that has no default."""
    hints = get_type_hints(kind)
    needed = [row for row in dataclasses.fields(kind) if row.default is row.default_factory is dataclasses.MISSING]
    return kind(**{row.name: value_of(hints[row.name]) for row in needed})


def test_the_committed_table_is_what_the_code_says() -> None:
    told = table.FILE.read_text(encoding="utf-8")
    assert told == table.table(), "run python -m connectors.proof.table"
    assert all(f"**{made.label}**" in told for made in CONNECTORS.values())


LACKING = [(kind, operation) for kind, made in CONNECTORS.items() for operation in table.lacking_writes(made)]


@pytest.mark.parametrize(("kind", "operation"), LACKING, ids=lambda one: getattr(one, "__name__", one))
def test_what_a_system_cannot_do_is_refused_without_a_call(kind: str, operation: type[Operation]) -> None:
    calls: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(500)

    keys = dict.fromkeys(CONNECTORS[kind].credentials, "x")
    shop = open_with(answer, kind, keys, settings={"address": "a@b.example", "smtp_host": "x", "imap_host": "x"})
    with pytest.raises(CannotDo):
        shop.perform(made(operation), permit())
    assert calls == []


@pytest.mark.parametrize("kind", [kind for kind, made in CONNECTORS.items() if hasattr(made, "verify")])
def test_what_is_told_to_be_signed_takes_no_push_without_a_signature(kind: str) -> None:
    reader: Any = CONNECTORS[kind]
    assert reader.verify(b"{}", {}, "https://ops.example/hook", ("secret",), NOW) is False


def test_what_is_told_to_be_unsigned_has_no_push() -> None:
    silent = [made for made in CONNECTORS.values() if not hasattr(made, "verify")]
    assert {table.webhook(made) for made in silent} == {"none; pulled"}
    assert not [made for made in silent if made.pushes_are_the_record]


@pytest.mark.parametrize("kind", [kind for kind, made in CONNECTORS.items() if made.writes])
def test_what_is_told_to_be_settled_by_a_read_has_such_a_read(kind: str) -> None:
    found = CONNECTORS[kind]
    assert found.probe is not Connector.probe
    assert found.perform is not Connector.perform
