"""Read a marketplace report from a file into a shop."""

import json
from argparse import ArgumentParser
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors.intake.importing import Imported, import_report, shop_for, undone
from connectors.reports import BadReport
from connectors.reports.mapping import KINDS


class Command(BaseCommand):
    help = "Read a CSV, TSV or XLSX report (plain or .gz) into a shop; reading it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--shop", required=True, help="name of the shop; one that lives on files is made if there is none"
        )
        parser.add_argument(
            "--kind", default="", choices=["", *sorted(KINDS)], metavar="KIND",
            help="what its rows are, one of: " + ", ".join(sorted(KINDS)) + "; left out, it must be a known report",
        )  # fmt: skip
        parser.add_argument("--mapping", type=Path, help='JSON: {"target field": "column"}; left out, it is guessed')
        parser.add_argument("--currency", help="currency of a shop made here, where the report has no such column")
        parser.add_argument("--dry-run", action="store_true", help="count what would be stored, and keep nothing")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, file: Path, shop: str, kind: str, mapping: Path | None, **options: Any) -> None:
        try:
            given = json.loads(mapping.read_text()) if mapping else None
        except (OSError, json.JSONDecodeError) as error:
            raise CommandError(f"the mapping {mapping} cannot be read: {error}") from error
        if given is not None and not kind:
            raise CommandError("a mapping needs --kind: what the report's rows are")
        if given is not None and not isinstance(given, dict):
            raise CommandError(f'the mapping {mapping} must be one JSON object: {{"target field": "column"}}')
        try:
            with undone() if options["dry_run"] else nullcontext():
                done = import_report(file, shop_for(shop, options["currency"]), kind, mapping=given)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        except BadReport as error:
            raise CommandError(str(error)) from error
        self.report(done, is_dry=options["dry_run"], as_json=options["json"])

    def report(self, done: Imported, *, is_dry: bool, as_json: bool) -> None:
        if done.report:
            self.stderr.write(f"known as: {done.report} ({', '.join(done.kinds)})")
        self.stderr.write("columns: " + json.dumps(done.mapping, ensure_ascii=False))
        if "currency" not in done.mapping:
            self.stderr.write(f"currency: {done.currency}, as the report names none; change it with --currency")
        for example in done.examples:
            self.stderr.write("set aside: " + example)
        if as_json:
            self.stdout.write(json.dumps({**asdict(done), "rows_per_second": round(done.rows_per_second)}))
            return
        verb = "would be " if is_dry else ""
        self.stdout.write(
            f"{done.read:,} rows read in {done.seconds:.1f} s: {done.stored:,} {verb}stored, {done.updated:,} updated, "
            f"{done.unchanged:,} unchanged, {done.quarantined:,} quarantined"
            + (f"; {done.passed:,} more are no records" if done.passed else "")
        )
