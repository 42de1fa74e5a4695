"""A report file becomes records, beside the pulls: read, mapped, saved, counted in rows of the file.

The mapping that a person confirmed is kept in the shop's settings, one for each kind of report.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from connectors import reports
from connectors.models import Shop
from connectors.money import BadMoney, parse_currency
from connectors.reports import BadReport, Mapped, Read
from connectors.save import save
from connectors.types import BadRow

BATCH = 2_000
EXAMPLES = 5


@dataclass(slots=True)
class Imported:
    """Counts in rows of the file: read = stored + updated + unchanged + quarantined."""

    read: int = 0
    stored: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0
    seconds: float = 0.0
    currency: str = ""  # taken where the report names none
    mapping: dict[str, object] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)  # the first reasons of refused rows

    @property
    def rows_per_second(self) -> float:
        return self.read / self.seconds if self.seconds else 0.0


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
    kind: str,
    *,
    mapping: Mapping[str, object] | None = None,
    through: Callable[[Iterator[Read], Mapped], Iterator[Read]] | None = None,
) -> Imported:
    """Read a whole report into a shop. Importing it again changes nothing.

    `mapping` None takes the shop's kept mapping, else the one that the header suggests. `through` may
    change or leave out what was read before it is saved. Raises BadReport.
    """
    started = time.monotonic()
    imported = Imported()
    with reports.open_table(path) as table:
        mapped = _mapping(shop, kind, mapping, table.header)
        imported.mapping = {name: column.to_json() for name, column in mapped.items()}
        imported.currency = shop.currency or settings.BASE_CURRENCY
        defaults = reports.Defaults(imported.currency, ZoneInfo(shop.time_zone))
        reads = iter(reports.Reader(table, kind, mapped, defaults))
        if through:
            reads = through(reads, mapped)
        received_at = datetime.now(UTC)
        while batch := list(islice(reads, BATCH)):
            _save(shop, kind, batch, received_at, imported)
    shop.settings = {**shop.settings, "mappings": {**shop.settings.get("mappings", {}), kind: imported.mapping}}
    shop.save(update_fields=["settings"])
    imported.seconds = time.monotonic() - started
    return imported


def _mapping(shop: Shop, kind: str, given: Mapping[str, object] | None, header: tuple[str, ...]) -> Mapped:
    if given is not None:
        return reports.from_json(given, kind, header)
    kept = shop.settings.get("mappings", {}).get(kind)
    if kept is None:
        return reports.guess(header, kind)
    try:
        return reports.from_json(kept, kind, header)
    except BadReport:  # another layout than last time
        return reports.guess(header, kind)


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
