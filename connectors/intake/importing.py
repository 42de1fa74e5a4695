"""A report file becomes records, beside the pulls: read, mapped, saved, counted in rows of the file.

A report that a platform makes is known by its columns. The mapping of any other is guessed, or given by a person and
kept in the shop's settings, one for each kind of report.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from connectors import reports
from connectors.models import OrderLine, Shop
from connectors.money import BadMoney, parse_currency
from connectors.reports import BadReport, Mapped, Read, layouts
from connectors.reports.mapping import PLAIN, Shape
from connectors.save import save
from connectors.types import BadRow

BATCH = 2_000
EXAMPLES = 5


@dataclass(slots=True)
class Imported:
    """Counts in rows of the file: read = stored + updated + unchanged + quarantined; `passed` rows are none of ours."""

    read: int = 0
    stored: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0
    passed: int = 0
    seconds: float = 0.0
    report: str = ""  # what the report is, where its columns are known
    currency: str = ""  # taken where the report names none
    kinds: list[str] = field(default_factory=list)
    mapping: dict[str, object] = field(default_factory=dict)  # of the last kind
    examples: list[str] = field(default_factory=list)  # the first reasons of refused rows

    @property
    def kept(self) -> int:
        return self.read - self.quarantined

    @property
    def rows_per_second(self) -> float:
        return self.read / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One reading of a report: as what, by which columns, of which rows."""

    kind: str
    mapped: Mapped
    shape: Shape = PLAIN
    is_priced_by_order: bool = False
    report: str = ""


def shop_for(name: str, currency: str | None = None) -> Shop:
    """The shop of this name, else a new one that lives on files alone, in this currency. Raises BadReport."""
    try:
        code = parse_currency(currency) if currency else ""
    except BadMoney as error:
        raise BadReport(str(error)) from error
    made = {"kind": reports.KIND, "state": Shop.State.FILES_ONLY, "currency": code}
    return Shop.objects.get_or_create(name=name, defaults=made)[0]


@contextmanager
def undone() -> Iterator[None]:
    """A dry run: whatever happens inside is counted as it would be, and nothing of it is kept."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def import_report(
    path: Path,
    shop: Shop,
    kind: str = "",
    *,
    mapping: Mapping[str, object] | None = None,
    through: Callable[[Iterator[Read], Mapped], Iterator[Read]] | None = None,
) -> Imported:
    """Read a whole report into a shop. Importing it again changes nothing.

    Without a kind it must be a report that is known. `mapping` None takes the shop's kept mapping, else the one of a
    known report, else the one that the header suggests. `through` may change or leave out what was read before it is
    saved. Raises BadReport.
    """
    started = time.monotonic()
    with reports.open_table(path, is_known) as table:
        plans = plans_for(shop, kind, mapping, table.header)
    imported = Imported(currency=shop.currency or settings.BASE_CURRENCY, report=plans[0].report)
    for plan in plans:
        rows = _read(path, shop, plan, imported, through)
        imported.passed = max(0, rows - imported.read)
    imported.kinds = list(dict.fromkeys(plan.kind for plan in plans))
    if not imported.report:
        shop.settings = {**shop.settings, "mappings": {**shop.settings.get("mappings", {}), kind: imported.mapping}}
        shop.save(update_fields=["settings"])
    imported.seconds = time.monotonic() - started
    return imported


def is_known(header: tuple[str, ...]) -> bool:
    return layouts.recognise(header) is not None


def plans_for(shop: Shop, kind: str, given: Mapping[str, object] | None, header: tuple[str, ...]) -> list[Plan]:
    """How a report is read; several plans where it holds several kinds of record. Raises BadReport."""
    if given is not None:
        return [Plan(kind, reports.from_json(given, kind, header))]
    kept = shop.settings.get("mappings", {}).get(kind)
    if kept is not None:
        with suppress(BadReport):  # another layout than last time
            return [Plan(kind, reports.from_json(kept, kind, header))]
    known = layouts.recognise(header)
    parts = [part for part in known.parts if kind in ("", part.kind)] if known else []
    if known and parts:
        return [
            Plan(part.kind, part.mapped(header), part.shaped(header), part.is_priced_by_order, known.label)
            for part in parts
        ]
    if not kind:
        raise BadReport("no platform's report that is known here has these columns; say what its rows are")
    return [Plan(kind, reports.guess(header, kind))]


def _read(
    path: Path,
    shop: Shop,
    plan: Plan,
    imported: Imported,
    through: Callable[[Iterator[Read], Mapped], Iterator[Read]] | None,
) -> int:
    """One plan's rows, saved and counted; returns how many rows the report has."""
    prices = sold_for(shop) if plan.is_priced_by_order else None
    before = imported.read
    with reports.open_table(path, is_known) as table:
        imported.mapping = {name: column.to_json() for name, column in plan.mapped.items()}
        defaults = reports.Defaults(imported.currency, ZoneInfo(shop.time_zone), prices)
        reader = reports.Reader(table, plan.kind, plan.mapped, defaults, plan.shape)
        reads = iter(reader)
        if through:
            reads = through(reads, plan.mapped)
        received_at = datetime.now(UTC)
        while batch := list(islice(reads, BATCH)):
            _save(shop, plan.kind, batch, received_at, imported)
    return reader.passed + imported.read - before


def sold_for(shop: Shop) -> reports.Price:
    """What one unit of a SKU was sold for in an order of this shop; None where the order is not known."""

    @lru_cache(10_000)
    def price(order: str, sku: str) -> Decimal | None:
        lines = OrderLine.objects.filter(shop=shop, order_ref=order, sku=sku)
        return lines.values_list("unit_price", flat=True).first()

    return price


def _save(shop: Shop, kind: str, batch: list[Read], received_at: datetime, imported: Imported) -> None:
    saved = save(shop.pk, (read.record for read in batch), received_at=received_at, feed=f"report:{kind}")
    changed = {one for ids in saved.changed.values() for one in ids}
    updated = {one for ids in saved.updated.values() for one in ids}
    refused = {one for ids in saved.refused.values() for one in ids}
    for read in batch:
        imported.read += read.rows
        external_id = read.record.external_id
        if isinstance(read.record, BadRow) or external_id in refused:
            imported.quarantined += read.rows
        elif external_id in updated:
            imported.updated += read.rows
        elif external_id in changed:
            imported.stored += read.rows
        else:
            imported.unchanged += read.rows
    imported.examples += list(islice(_reasons(batch), EXAMPLES - len(imported.examples)))


def _reasons(batch: list[Read]) -> Iterator[str]:
    for read in batch:
        if isinstance(read.record, BadRow):
            yield f"{read.record.place}: {read.record.reason}"
