"""Small reports in the platforms' own column names, and what is read from them."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import openpyxl

from connectors.reports import Defaults, Reader, open_table
from connectors.reports.layouts import recognise
from connectors.types import BadRow, Record

R = TypeVar("R", bound=Record)
Rows = Sequence[Sequence[object]]


def known(header: tuple[str, ...]) -> bool:
    return recognise(header) is not None


def text_file(path: Path, rows: Rows, delimiter: str = ",") -> Path:
    path.write_text("".join(delimiter.join(str(cell) for cell in row) + "\n" for row in rows))
    return path


def sheet_file(path: Path, sheets: dict[str, Rows]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def read_known(
    path: Path, currency: str = "USD", zone: str = "UTC", price: Callable[[str, str], Decimal | None] | None = None
) -> tuple[str, list[Record | BadRow]]:
    """What the report is known as, and every record of every part of it."""
    with open_table(path, known) as table:
        layout = recognise(table.header)
    assert layout is not None
    records: list[Record | BadRow] = []
    for part in layout.parts:
        with open_table(path, known) as table:
            prices = price if part.is_priced_by_order else None
            defaults = Defaults(currency, ZoneInfo(zone), prices)
            shape, mapped = part.shaped(table.header), part.mapped(table.header)
            records += [one.record for one in Reader(table, part.kind, mapped, defaults, shape)]
    return layout.name, records


def only(kind: type[R], records: Sequence[Any]) -> list[R]:
    return [record for record in records if isinstance(record, kind)]


def reasons(records: Sequence[Any]) -> list[str]:
    return [record.reason for record in records if isinstance(record, BadRow)]
