"""Rows of one query by name, and the shops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from django.db import connection

from alerts.looks import ShopLook
from connectors.arrays import number_array, text_array
from connectors.models import Shop

Row: TypeAlias = Any  # a row as the cursor gives it, its columns as attributes
Refs: TypeAlias = Sequence[tuple[int, str]]  # (shop id, the outside's id)
Shops: TypeAlias = Mapping[int, ShopLook]


def rows(sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """All rows of one statement, each by column name. JSON columns come as text."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def among(refs: Refs | None, shop: str, ref: str) -> str:
    """A condition on (shop, id) for a statement that gets `split(refs)` as parameters; always true for None."""
    if refs is None:
        return "TRUE"
    return f"({shop}, {ref}) IN (SELECT * FROM unnest(%(shop_ids)s::bigint[], %(refs)s::text[]))"  # noqa: S608  # column names


def split(refs: Refs | None) -> dict[str, str]:
    """Parameters for `among`, as array literals: a first run asks for tens of thousands at once."""
    refs = refs or ()
    return {"shop_ids": number_array(shop for shop, _ in refs), "refs": text_array(ref for _, ref in refs)}


def shops() -> dict[int, ShopLook]:
    fields = ("id", "kind", "name", "country", "currency", "time_zone")
    return {row[0]: ShopLook(*row) for row in Shop.objects.values_list(*fields)}
