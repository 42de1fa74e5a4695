"""The twin's past, for an installation without one: a simulated week, drafted by the real steps in its own database.

It is made once by a process of its own (`manage.py twin_past`) and kept as a file.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from django.conf import settings

from drafts.backtest.past import from_line
from drafts.replay import Past

PATIENCE_SECONDS = 120
NAME = "twin_past.jsonl"


class NoTwin(Exception):
    """The simulated past could not be made; the message says why."""


def twin_past() -> list[Past]:
    """Raises NoTwin."""
    file: Path = settings.VAR_DIR / NAME
    if not file.exists():
        _make(file)
    return [from_line(line) for line in file.read_text().splitlines() if line]


def _make(file: Path) -> None:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "twin_past", str(file)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS)  # our own words
    except subprocess.TimeoutExpired as error:
        raise NoTwin(f"the twin's week was not ready within {PATIENCE_SECONDS} s; try again") from error
    except subprocess.CalledProcessError as error:
        raise NoTwin(f"the twin's week could not be made: {error.stderr.strip().splitlines()[-1:]}") from error
