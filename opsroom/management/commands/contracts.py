"""Proof against what nobody here wrote: specifications, recorded payloads, known answers and other people's clients."""

import json
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

COLUMNS = ("requests", "replies", "vectors", "payloads_parsed", "payloads_quarantined", "sdk_calls", "failures")


class Command(BaseCommand):
    help = (
        "Drive every connector against the test market and hold each request and reply against the published "
        "specifications; read recorded payloads; check known answers; run other people's clients. Exits with 1 where "
        "something that ran did not hold."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object on the last line")
        parser.add_argument(
            "--shared", type=Path, default=Path(settings.BASE_DIR).parent / "shared",
            help="the folder that holds contracts/ and data/payloads/ (default: shared, beside this checkout)",
        )  # fmt: skip
        parser.add_argument("--only", nargs="+", default=[], metavar="SYSTEM", help="these systems alone")

    def handle(self, *, as_json: bool, shared: Path, only: list[str], **_: object) -> None:
        tallies = prove(shared, tuple(only), lambda kind: self.stderr.write(f"{kind} …"))
        rows = {kind: tally.as_row() for kind, tally in tallies.items()}
        if as_json:
            self.stdout.write(json.dumps(rows))
        else:
            self.tell(rows)
        if any(row["failures"] for row in rows.values()):
            raise SystemExit(1)

    def tell(self, rows: dict[str, dict[str, Any]]) -> None:
        self.stdout.write("system       " + "".join(f"{name.replace('payloads_', ''):>13}" for name in COLUMNS))
        for kind, row in rows.items():
            self.stdout.write(f"{kind:13}" + "".join(f"{row[name]:>13}" for name in COLUMNS))
        for kind, row in rows.items():
            for words in row["failed"]:
                self.stdout.write(self.style.ERROR(f"{kind}: {words}"))
            for words in row["not_run"]:
                self.stdout.write(f"{kind}: not run: {words}")
            for words, count in row["quarantine_reasons"].items():
                self.stdout.write(f"{kind}: {count} set apart: {words[:100]}")


def prove(shared: Path, only: tuple[str, ...], say: Any) -> Any:
    """The proofs need development packages (schema judges, clients), which a server does without."""
    try:
        run, shared_files = import_module("connectors.proof.run"), import_module("connectors.proof.shared")
    except ModuleNotFoundError as error:
        raise CommandError(
            f"{error.name} is not installed; the proofs need requirements/dev.txt (make setup)"
        ) from error
    unknown = set(only) - set(run.CONNECTORS)
    if unknown:
        raise CommandError(f"no such system: {', '.join(sorted(unknown))}; there are {', '.join(run.CONNECTORS)}")
    return run.prove(shared_files.Shared(shared), only, say)
