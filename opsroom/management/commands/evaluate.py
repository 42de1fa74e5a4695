"""`manage.py evaluate policy …`: what the product decides, held against examples that others wrote."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from opsroom.evaluation.policy.run import evaluate
from opsroom.evaluation.policy.store import BadStore
from opsroom.scratch import scratch_database

SHOWN = 20


class Command(BaseCommand):
    help = "Hold the product's own decisions against labelled examples; exit 1 where its promise is broken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        subjects = parser.add_subparsers(dest="subject", required=True)
        policy = subjects.add_parser("policy", help="writes that a store's written policy allows or denies")
        policy.add_argument("--store", type=Path, required=True, help="holds orders.json, users.json, products.json")
        policy.add_argument("--rows", type=Path, nargs="+", required=True, help="rows, one JSON object a line")
        policy.add_argument("--database", choices=["drop", "keep"], default="drop")
        policy.add_argument("--json", action="store_true")

    def handle(self, *, subject: str, **options: Any) -> None:
        said, is_good = {"policy": self.policy}[subject](**options)
        lines = [json.dumps(said)] if options["json"] else [f"{name}: {value}" for name, value in said.items()]
        self.stdout.write("\n".join(lines))
        if not is_good:
            raise SystemExit(1)

    def policy(self, store: Path, rows: list[Path], database: str, **_: Any) -> tuple[dict[str, Any], bool]:
        try:
            with scratch_database("policy", keep=database == "keep"):
                score = evaluate(store, rows)
        except BadStore as error:
            raise CommandError(str(error)) from error
        for line in score.examples[:SHOWN]:
            self.stderr.write(line)
        return score.told(), score.is_good
