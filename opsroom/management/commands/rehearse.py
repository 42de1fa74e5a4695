"""A day through the real steps in a database of its own, judged against the truth: a simulated day, or a past one."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors.reports import BadReport
from opsroom.rehearsal.past import rehearse_report
from opsroom.rehearsal.run import rehearse
from opsroom.scratch import scratch_database


class Command(BaseCommand):
    help = (
        "Pull, save, detect, rank and draft a simulated day, and say how fast, how right and how good that was. With "
        "--report: a real order book as it was known at a past moment, judged by what the book says came after. In the "
        "surge nothing is planted: it is pulled and saved, for speed and memory alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--scenario", choices=["week", "peak", "surge"], default="week")
        parser.add_argument("--orders", type=int, help="orders of the day (peak: 100000, surge: 500000)")
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--report", type=Path, help="an order book (CSV, TSV or XLSX) instead of a scenario")
        parser.add_argument("--mapping", type=Path, help='JSON: {"target field": "column"}; left out, it is guessed')
        parser.add_argument(
            "--as-of", type=moment, help="the moment to look back from, in ISO 8601; UTC without offset"
        )
        parser.add_argument("--database", choices=["drop", "keep"], default="drop")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, scenario: str, orders: int | None, seed: int, database: str, **options: Any) -> None:
        report, as_of = options["report"], options["as_of"]
        if report and not as_of:
            raise CommandError("--report needs --as-of: the past moment that the alerts are for, such as 2026-05-01")
        with scratch_database("rehearsal", keep=database == "keep"):
            done = self.past(report, options["mapping"], as_of) if report else rehearse(scenario, orders, seed)
        if options["json"]:
            self.stdout.write(json.dumps(done))
            return
        for name, value in done.items():
            self.stdout.write(f"{name:>22}  {value}")

    def past(self, report: Path, mapping: Path | None, as_of: datetime) -> dict[str, Any]:
        try:
            given = json.loads(mapping.read_text()) if mapping else None
        except (OSError, json.JSONDecodeError) as error:
            raise CommandError(f"the mapping {mapping} cannot be read: {error}") from error
        if given is not None and not isinstance(given, dict):
            raise CommandError(f'the mapping {mapping} must be one JSON object: {{"target field": "column"}}')
        try:
            return rehearse_report(report, given, as_of)
        except OSError as error:
            raise CommandError(f"{report} cannot be read: {error.strerror}") from error
        except BadReport as error:
            raise CommandError(str(error)) from error


def moment(text: str) -> datetime:
    """An ISO 8601 time, in UTC where it names no offset."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no time; write it as 2026-05-01 or 2026-05-01T12:00") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)
