"""Saving 20,000 orders with their lines and payloads, against Django's own bulk upsert and against bare COPY.

All three store the same columns, lines and zstd payloads, in batches of 2,000, each in its own transaction. The two
baselines neither look up what is known, nor note changes, nor can set a bad row aside.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from itertools import count, islice
from time import perf_counter

import orjson
import psycopg
import zstandard
from django.db import connection, transaction

from connectors import models, types
from connectors.save import PAYLOAD_COPY, PAYLOAD_TYPES, save
from connectors.saving.staging import digest_of, line_columns, table_of
from tests.bench.row import Row
from tests.factories import NOW, ShopFactory

ORDERS, BATCH, REPEATS = 20_000, 2_000, 3
TABLES = "connectors_order, connectors_orderline, connectors_rawpayload, connectors_change"
STORED_LINE = ["sku", "title", "quantity", "unit_price", "cancelled_quantity", "returned_quantity", "listing_ref"]


def orders() -> list[types.Order]:
    """Marketplace-shaped orders: 2.1 kB of JSON each, 1 to 3 lines, about 20 columns filled."""
    return [order(number) for number in range(ORDERS)]


def order(number: int) -> types.Order:
    at = NOW - timedelta(seconds=number)
    lines = tuple(
        types.OrderLine(
            external_id=f"{number}-{place}",
            sku=f"SKU-{(number * 7 + place) % 900:04d}",
            title=f"Ceramic mug, hand-painted, {number % 40} cl",
            quantity=1 + place,
            unit_price=Decimal(990 + number % 4000).scaleb(-2),
            listing_ref=f"{number % 900}",
        )
        for place in range(1 + number % 3)
    )
    document = {
        "order_sn": f"2611{number:010d}",
        "order_status": "READY_TO_SHIP",
        "buyer": {"id": number * 7919 % 10**9, "name": f"buyer {number}", "address": f"{number} Orchard Road " * 6},
        "items": [
            {"id": one.external_id, "sku": one.sku, "name": one.title, "price": str(one.unit_price)} for one in lines
        ],
        "log": [{"at": number * 31 + step, "text": f"step {number * step % 977}"} for step in range(38)],
    }
    return types.Order(
        external_id=f"2611{number:010d}", number=f"2611{number:010d}", status=types.OrderStatus.TO_SHIP,
        platform_status="READY_TO_SHIP", ordered_at=at, updated_at=at, paid_at=at, ship_by=at + timedelta(days=2),
        deliver_by=at + timedelta(days=9), currency="SGD", total=Decimal(2390 + number % 9000).scaleb(-2),
        customer_ref=str(number * 7919 % 10**9), customer_name=f"buyer {number}", country="SG",
        payment_method="ShopeePay", lines=lines, raw=orjson.dumps(document),
    )  # fmt: skip


def batches(rows: Iterable[types.Order]) -> Iterator[tuple[types.Order, ...]]:
    """itertools.batched is newer than Python 3.11."""
    left = iter(rows)
    while batch := tuple(islice(left, BATCH)):
        yield batch


def ours(shop_id: int, rows: Iterable[types.Order]) -> None:
    for batch in batches(rows):
        save(shop_id, batch, received_at=NOW, feed="orders")


def bare(shop_id: int, rows: Iterable[types.Order]) -> None:
    with psycopg.Cursor(connection.connection) as cursor:
        for statement in bare_stages():
            cursor.execute(statement)
        for batch in batches(rows):
            with transaction.atomic():
                bare_batch(cursor, shop_id, batch)


def own_names() -> list[str]:
    return [column.name for column in table_of(types.Order).columns]


def bare_stages() -> Iterator[str]:
    for table in ("connectors_order", "connectors_orderline"):
        yield f"CREATE TEMP TABLE IF NOT EXISTS bare_{table} (LIKE {table}) ON COMMIT DELETE ROWS"
        yield f"ALTER TABLE bare_{table} ALTER COLUMN id DROP NOT NULL"


def bare_batch(cursor: "psycopg.Cursor[tuple[object, ...]]", shop_id: int, batch: Iterable[types.Order]) -> None:
    table, (names, line_types) = table_of(types.Order), line_columns()
    batch = tuple(batch)
    fixed = ("shop_id", "version", "changed_at", "fetched_at", "digest")
    final = [models.Order._meta.get_field(name).db_type(connection) for name in own_names()]
    plain = [str(one).partition("(")[0].replace("timestamp with time zone", "timestamptz") for one in final]
    with cursor.copy(
        f"COPY bare_connectors_order ({', '.join([*fixed, *own_names()])}) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(["bigint", "integer", "timestamptz", "timestamptz", "bytea", *plain])
        for one in batch:
            copy.write_row((shop_id, 1, NOW, NOW, digest_of(table, one), *table.values(one)))
    upsert(cursor, "connectors_order", ["shop_id", "external_id"], [*fixed, *own_names()])
    columns = ["shop_id", "order_ref", *names]
    with cursor.copy(f"COPY bare_connectors_orderline ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(line_types)
        for one in batch:
            for line in one.lines:
                copy.write_row((shop_id, one.external_id, *(getattr(line, name) for name in names)))
    upsert(cursor, "connectors_orderline", ["shop_id", "order_ref", "external_id"], columns)
    compress = zstandard.ZstdCompressor(level=3).compress
    with cursor.copy(PAYLOAD_COPY) as copy:
        copy.set_types(PAYLOAD_TYPES)
        for one in batch:
            copy.write_row((NOW, shop_id, "order", one.external_id, compress(one.raw)))


def upsert(cursor: "psycopg.Cursor[tuple[object, ...]]", table: str, key: list[str], columns: list[str]) -> None:
    listed, changes = ", ".join(columns), ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    cursor.execute(
        f"INSERT INTO {table} ({listed}) SELECT {listed} FROM bare_{table}"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    )


def django(shop_id: int, rows: Iterable[types.Order]) -> None:
    ids = count(1)
    compress = zstandard.ZstdCompressor(level=3).compress
    names = own_names()
    changing = [*(name for name in names if name != "external_id"), "digest", "version", "changed_at", "fetched_at"]
    line_names = [field.name for field in fields(types.OrderLine)]
    for batch in batches(rows):
        with transaction.atomic():
            models.Order.objects.bulk_create(
                [
                    models.Order(
                        shop_id=shop_id, digest=digest_of(table_of(types.Order), one), version=1, changed_at=NOW,
                        fetched_at=NOW, **{name: getattr(one, name) for name in names},
                    )
                    for one in batch
                ],
                update_conflicts=True, unique_fields=["shop", "external_id"], update_fields=changing,
            )  # fmt: skip
            models.OrderLine.objects.bulk_create(
                [
                    models.OrderLine(
                        shop_id=shop_id, order_ref=one.external_id, **{name: getattr(line, name) for name in line_names}
                    )
                    for one in batch
                    for line in one.lines
                ],
                update_conflicts=True, unique_fields=["shop", "order_ref", "external_id"], update_fields=STORED_LINE,
            )  # fmt: skip
            models.RawPayload.objects.bulk_create(
                models.RawPayload(
                    id=next(ids), received_at=NOW, shop_id=shop_id, kind="order", external_id=one.external_id,
                    body=compress(one.raw),
                )
                for one in batch
            )  # fmt: skip


def seconds(way: Callable[[int, Iterable[types.Order]], None], shop_id: int, rows: list[types.Order]) -> float:
    began = perf_counter()
    way(shop_id, rows)
    return perf_counter() - began


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES}")


def run() -> Iterator[Row]:
    rows, shop = orders(), ShopFactory.create()
    connection.ensure_connection()
    best: dict[str, float] = {}
    for _ in range(REPEATS):
        for name, way in (("ours", ours), ("bare", bare), ("django", django)):
            empty()
            best[name] = min(best.get(name, 1e9), seconds(way, shop.pk, rows))
            if way is ours:
                best["replay"] = min(best.get("replay", 1e9), seconds(way, shop.pk, rows))
    empty()
    rate = {name: ORDERS / taken for name, taken in best.items()}
    yield Row("save against bulk_create(update_conflicts)", rate["ours"], rate["django"], "orders/s", floor=5)
    yield Row("save against bare COPY and upsert", rate["ours"], rate["bare"], "orders/s", floor=0.7)
    yield Row("an unchanged replay against the first load", rate["replay"], rate["ours"], "orders/s", floor=3)
