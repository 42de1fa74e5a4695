"""`manage.py ledger verify | tamper-drill | export FILE`: is the record of everything decided and done still whole?"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from drafts.ledger.export import export
from drafts.ledger.tamper import drill
from drafts.ledger.verify import verify
from opsroom.scratch import scratch_database

Deed = Callable[..., tuple[dict[str, Any], bool]]  # what it found, and whether its promise holds


class Command(BaseCommand):
    help = "Verify the ledger, prove that a change to it is found, or write it to a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        checking = actions.add_parser(
            "verify", help="hash everything again; exit 1 where an entry is not what was sealed"
        )
        checking.add_argument(
            "--expect", default="", help="a head (number:chain) noted earlier that must still be there"
        )
        checking.add_argument("--json", action="store_true")
        drilling = actions.add_parser("tamper-drill", help="change a ledger of its own in every way; all must be found")
        drilling.add_argument("--database", choices=["drop", "keep"], default="drop")
        drilling.add_argument("--json", action="store_true")
        writing = actions.add_parser("export", help="write entries and seals as JSON Lines")
        writing.add_argument("file", type=Path)
        writing.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        deeds: dict[str, Deed] = {"verify": self.verify, "tamper-drill": self.tamper_drill, "export": self.export}
        said, is_good = deeds[options["action"]](**options)
        lines = [json.dumps(said)] if options["json"] else [f"{name}: {value}" for name, value in said.items()]
        self.stdout.write("\n".join(lines))
        if not is_good:
            raise SystemExit(1)

    def verify(self, expect: str, **_: Any) -> tuple[dict[str, Any], bool]:
        report = verify(expect=expect)
        return {**asdict(report), "rows_per_second": report.rows_per_second}, report.valid

    def tamper_drill(self, database: str, **_: Any) -> tuple[dict[str, Any], bool]:
        with scratch_database("drill", keep=database == "keep"):
            result = drill()
        for line in result.missed:
            self.stderr.write(line)
        said = {"tampered": result.tampered, "found": result.found, "located": result.located}
        return said, result.tampered == result.found == result.located > 0

    def export(self, file: Path, **_: Any) -> tuple[dict[str, Any], bool]:
        try:
            return {"entries": export(file), "file": str(file)}, True
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error}. Name another file.") from error
