"""One document of a supplier, a warehouse or a catalogue → records, whether it was fetched or came with a mail.

An id is made of what a row is about, so that tomorrow's document replaces today's row by row. A second row about the
same thing is set aside: which of the two holds, only its sender knows.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors import reports
from connectors.reports import BadReport, Defaults, Table
from connectors.types import Account, BadRow, Product, Record, StockLevel, SupplierOffer, SupplierPromise

FORMATS = ("csv", "tsv", "xlsx", "json")
BY_CONTENT = {
    "text/csv": "csv", "text/plain": "csv", "text/tab-separated-values": "tsv", "application/json": "json",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}  # fmt: skip
ABOUT: dict[type[Record], Callable[[Any], str]] = {
    SupplierOffer: lambda row: f"{row.supplier_ref}:{row.sku}" if row.supplier_ref else row.sku,
    SupplierPromise: lambda row: f"{row.order_number}:{row.sku}",
    StockLevel: lambda row: f"{row.sku}@{row.location}" if row.location else row.sku,
    Product: lambda row: row.sku,
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where one feed's document is and how it is read, as the shop's settings say under `sources`.

    `url` may be relative to the account's base URL. `items` is the path of a JSON document's rows, `following` that of
    the next page's address. `mapping` is a mapping of reports; without one the column names suggest it.
    """

    url: str = ""
    format: str = ""
    items: str = ""
    following: str = ""
    mapping: Mapping[str, object] | None = None

    @classmethod
    def of(cls, account: Account, feed: str) -> "Source | None":
        """None where nobody has set this feed up. The address may stand among the keys: it often holds a secret."""
        sources = account.settings.get("sources")
        given = sources.get(feed) if isinstance(sources, dict) else None
        given = given if isinstance(given, dict) else {}
        url = str(account.credentials.get(f"{feed}_url") or given.get("url") or "")
        url = urljoin(f"{account.base_url.rstrip('/')}/", url) if url else ""
        mapping = given.get("mapping")
        if not (url or given):
            return None
        return cls(
            url, str(given.get("format") or ""), str(given.get("items") or ""), str(given.get("next") or ""),
            mapping if isinstance(mapping, dict) else None,
        )  # fmt: skip


def format_of(source: Source, name: str, content_type: str = "") -> str:
    """As the settings say, else by the name's ending, else by what the server calls it. Raises BadReport."""
    ending = PurePosixPath(name.lower().removesuffix(".gz")).suffix.removeprefix(".")
    called = BY_CONTENT.get(content_type.partition(";")[0].strip().lower(), "")
    found = next((one for one in (source.format, ending, called) if one in FORMATS), None)
    if found is None:
        raise BadReport(f"{name or 'this document'} is neither of {', '.join(FORMATS)}; state its format")
    return found


@contextmanager
def table_of(body: bytes, form: str, items: str) -> Iterator[Table]:
    """Rows of a document that is held in memory. Raises BadReport."""
    if form == "json":
        yield reports.tree_table(body, items)
        return
    packed = ".gz" if body.startswith(b"\x1f\x8b") else ""
    with tempfile.NamedTemporaryFile(suffix=f".{form}{packed}") as file:
        file.write(body)
        file.flush()
        with reports.open_table(Path(file.name)) as table:
            yield table


def read(
    body: bytes, form: str, kind: str, source: Source, account: Account, seen: set[str]
) -> Iterator[Record | BadRow]:
    """Records of one kind of report. `seen` holds the ids that earlier pages gave. Raises BadReport."""
    with table_of(body, form, source.items) as table:
        if source.mapping is None:
            mapped = reports.guess(table.header, kind, but_not=("external_id",))
        else:
            mapped = reports.from_json(source.mapping, kind, table.header)
        for one in reports.Reader(table, kind, mapped, defaults_of(account)):
            yield one.record if isinstance(one.record, BadRow) else named(one.record, mapped, account, seen)


def defaults_of(account: Account) -> Defaults:
    try:
        zone = ZoneInfo(str(account.settings.get("time_zone") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadReport(
            f"{account.settings.get('time_zone')!r} is no time zone; write one such as Asia/Tokyo"
        ) from error
    return Defaults(account.currency, zone)


def named(record: Record, mapped: Mapping[str, object], account: Account, seen: set[str]) -> Record | BadRow:
    if isinstance(record, SupplierOffer | SupplierPromise) and not record.supplier_ref:
        record = replace(record, supplier_ref=str(account.settings.get("supplier_ref") or ""))
    if "external_id" not in mapped:
        record = replace(record, external_id=ABOUT[type(record)](record))
    if record.external_id in seen:
        reason = f"a second row about {record.external_id} in one document"
        return BadRow(type(record).__name__.lower(), record.external_id, reason, record.raw)
    seen.add(record.external_id)
    return record
