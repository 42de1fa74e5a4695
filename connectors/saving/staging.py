"""How each record class becomes rows: its columns, its staging table, and the one statement that merges it.

Derived from the dataclasses and the models, whose field names are the same; a new kind needs a class and a model,
nothing here. COPY is binary, which costs the client less than half of the text format.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models
from psycopg import sql
from psycopg.types.json import Jsonb

from connectors.types import OrderLine, Record

# Grows when a parser reads more from the same bytes, so that every row is read anew once.
CONTENT_VERSION = b"2"
NOT_COLUMNS = {"raw", "lines"}


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    field: "models.Field[Any, Any]"

    @property
    def declared(self) -> str:
        """The staging column's type. Integers are staged as bigint: a binary COPY would cut them to 32 bits unseen."""
        return "bigint" if isinstance(self.field, models.IntegerField) else self.final_type

    @property
    def final_type(self) -> str:
        return str(self.field.db_type(connection))

    @property
    def plain_type(self) -> str:
        """The type's own name, as a binary COPY is told it."""
        return plain(self.declared)

    @property
    def adapt(self) -> Callable[[Any], Any]:
        """How psycopg wants the value, where it does not take a record's own."""
        if isinstance(self.field, ArrayField):
            return list
        return Jsonb if isinstance(self.field, models.JSONField) else same

    @property
    def checks(self) -> list[str]:
        """What PostgreSQL's types let pass: NaN is a numeric, and any three letters fit a currency."""
        if isinstance(self.field, models.DecimalField):
            return [f"\"{self.name}\" <> 'NaN'"]
        return [f"\"{self.name}\" ~ '^([A-Z]{{3}})?$'"] if self.name == "currency" else []


def same(value: Any) -> Any:
    return value


def plain(declared: str) -> str:
    return re.sub(r"\(.*?\)", "", declared).replace("timestamp with time zone", "timestamptz").strip()


@dataclass(frozen=True, slots=True)
class Table:
    """One record class, with the SQL that saves it. `values` gives a record's columns in the order of `columns`."""

    kind: str
    name: str
    columns: tuple[Column, ...]
    values: Callable[[Record], tuple[Any, ...]]
    has_updated_at: bool
    has_lines: bool
    special: Mapping[int, Callable[[Any], Any]]
    stage: sql.Composed
    copy: sql.Composed
    copy_types: tuple[str, ...]
    clear: sql.Composed
    known: sql.Composed
    merge: sql.Composed

    def row(self, record: Record, digest: bytes) -> tuple[Any, ...]:
        values = self.values(record)
        if not self.special:
            return (digest, *values)
        return (digest, *(self.special.get(place, same)(value) for place, value in enumerate(values)))


TABLES: dict[type[Record], Table] = {}


def kind_of(record: type[Record]) -> str:
    """`PurchaseOrder` → `purchase_order`: the kind's word in changes, payloads and quarantine."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", record.__name__).lower()


def table_of(record: type[Record]) -> Table:
    """Made once a process. Raises LookupError for a record class without a model."""
    if record not in TABLES:
        TABLES[record] = build(record)
    return TABLES[record]


def build(record: type[Record]) -> Table:
    model = apps.get_model("connectors", record.__name__)
    names = [field.name for field in fields(record) if field.name not in NOT_COLUMNS]
    columns = columns_of(model, names)
    stage = f"stage_{kind_of(record)}"
    return Table(
        kind=kind_of(record),
        name=model._meta.db_table,
        columns=columns,
        values=attrgetter(*names),
        has_updated_at="updated_at" in names,
        has_lines="lines" in {field.name for field in fields(record)},
        special={place: column.adapt for place, column in enumerate(columns) if column.adapt is not same},
        stage=stage_statement(stage, columns),
        copy=copy_statement(stage, ("digest", *names)),
        copy_types=("bytea", *(column.plain_type for column in columns)),
        clear=sql.SQL("TRUNCATE {}").format(sql.Identifier(stage)),
        known=sql.SQL("SELECT external_id, digest FROM {} WHERE shop_id = %s AND external_id = ANY(%s::text[])").format(
            sql.Identifier(model._meta.db_table)
        ),
        merge=merge_statement(model._meta.db_table, stage, names),
    )


def columns_of(model: type[models.Model], names: list[str]) -> tuple[Column, ...]:
    """Raises FieldDoesNotExist where a record's field has no column of that name."""
    own = {field.name: field for field in model._meta.concrete_fields}
    if missing := [name for name in names if name not in own]:
        raise FieldDoesNotExist(f"{model.__name__} has no column for {', '.join(missing)}; add it to connectors.models")
    return tuple(Column(name, own[name]) for name in names)


@cache
def line_columns() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of an order line's own columns, and the types of a COPY of (shop, order, those columns)."""
    model = apps.get_model("connectors", "OrderLine")
    names = [field.name for field in fields(OrderLine)]
    return tuple(names), ("bigint", "text", *(plain(column.final_type) for column in columns_of(model, names)))


def stage_statement(stage: str, columns: tuple[Column, ...]) -> sql.Composed:
    """A temporary table is not logged, belongs to this connection alone, and is empty after every commit."""
    parts = [
        sql.SQL(f"{{}} {column.declared}{'' if column.field.null else ' NOT NULL'}").format(sql.Identifier(column.name))
        for column in columns
    ]
    checks = [sql.SQL(f"CHECK ({check})") for column in columns for check in column.checks]
    return sql.SQL("CREATE TEMP TABLE IF NOT EXISTS {} (digest bytea NOT NULL, {}) ON COMMIT DELETE ROWS").format(
        sql.Identifier(stage), sql.SQL(", ").join([*parts, *checks])
    )


def copy_statement(table: str, names: tuple[str, ...]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )


def merge_statement(table: str, stage: str, names: list[str]) -> sql.Composed:
    """Insert or update what changed and is not older, note each change for the detectors, and return (id, version).

    Two reads with one `updated_at` and different content: the later read wins.
    """
    newer = "(s.updated_at IS NULL OR excluded.updated_at IS NULL OR excluded.updated_at >= s.updated_at)"
    return sql.SQL(
        "WITH kept AS ("
        " INSERT INTO {table} AS s (shop_id, version, changed_at, fetched_at, digest, {columns})"
        " SELECT %(shop)s, 1, %(at)s, %(at)s, digest, {columns} FROM {stage}"
        " ON CONFLICT (shop_id, external_id) DO UPDATE SET (version, changed_at, fetched_at, digest, {columns})"
        " = ROW(s.version + 1, excluded.changed_at, excluded.fetched_at, excluded.digest, {excluded})"
        " WHERE s.digest <> excluded.digest AND {newer} RETURNING external_id, version"
        "), noted AS ("
        " INSERT INTO connectors_change (shop_id, kind, external_id, at)"
        " SELECT %(shop)s, %(kind)s, external_id, %(at)s FROM kept"
        ") SELECT external_id, version FROM kept"
    ).format(
        table=sql.Identifier(table),
        stage=sql.Identifier(stage),
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        excluded=sql.SQL(", ").join(sql.Identifier("excluded", name) for name in names),
        newer=sql.SQL(newer if "updated_at" in names else "true"),
    )


def digest_of(table: Table, record: Record) -> bytes:
    """BLAKE2b-128 of the bytes a record was read from, or of its typed fields where it was not read from bytes."""
    content = record.raw or repr([canonical(value) for value in table.values(record)]).encode("utf-8", "replace")
    return hashlib.blake2b(content, digest_size=16, salt=CONTENT_VERSION).digest()


def canonical(value: Any) -> Any:
    """The same text for equal values: 1.0 and 1.00, or one instant in two time zones."""
    if isinstance(value, Decimal):
        return str(value.normalize())
    return value.timestamp() if isinstance(value, datetime) else str(value)
