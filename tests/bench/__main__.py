"""`make bench`: runs `run()` of every `bench_*.py` here, or of those named, each in a database of its own."""

import importlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import django

from tests.bench.row import Row


def modules(wanted: list[str]) -> list[str]:
    found = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    return [name for name in found if not wanted or name.removeprefix("bench_") in wanted]


def line(row: Row) -> str:
    verdict = "PASS" if row.passes else "FAIL"
    figures = f"{row.ours:>14,.1f} {row.baseline:>14,.1f} {row.unit:<10} {row.ratio:>8.2f}"
    return f"{verdict}  {row.name:<48} {figures}  {row.bound}"


def rows_of(name: str) -> Iterable[Row]:
    from opsroom.scratch import scratch_database  # noqa: PLC0415  # needs Django's settings, which main() sets up

    module = importlib.import_module(f"tests.bench.{name}")
    with scratch_database("bench"):
        yield from module.run()


def main(wanted: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsroom.settings")
    django.setup()
    print(f"      {'what':<48} {'ours':>14} {'baseline':>14} {'unit':<10} {'ratio':>8}  bound", flush=True)
    failed = 0
    for name in modules(wanted):
        for row in rows_of(name):
            print(line(row), flush=True)
            failed += not row.passes
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
