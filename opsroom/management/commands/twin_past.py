"""A simulated week's drafts as a file: what a change of the rules is tried on where there is no past yet."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from drafts.backtest.past import our_past, to_line
from drafts.terms import TERMS
from opsroom.rehearsal.run import rehearse
from opsroom.scratch import scratch_database

ORDERS, SEED = 400, 7


class Command(BaseCommand):
    help = "Draft a simulated week in a database of its own and write the drafts, without buyers' data, to a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **_: Any) -> None:
        with scratch_database("twin_past"):
            rehearse("week", ORDERS, SEED)
            lines = [to_line(one) for one in our_past(TERMS)]
        half = file.with_suffix(".half")
        half.write_text("\n".join(lines))
        half.replace(file)
        self.stdout.write(f"{len(lines)} drafts of a simulated week are in {file}.")
