"""`make check`: every check runs, even after one failed, and the sum is printed at the end."""

import os
import subprocess
import sys
import time
from pathlib import Path

from connectors.vault import new_key

BIN = Path(sys.executable).parent
APPS = ("opsroom", "drafts", "alerts", "connectors")
MANAGE = (sys.executable, "manage.py")

# An environment like production's. The addresses are never reached: these checks read settings alone.
PRODUCTION = {
    "DATABASE_URL": "postgresql://opsroom@127.0.0.1:5432/opsroom",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "OPSROOM_HOSTS": "ops.example.com",
    "OPSROOM_URL": "https://ops.example.com",
}

CHECKS: dict[str, tuple[str, ...]] = {
    "ruff check": (str(BIN / "ruff"), "check", "."),
    "ruff format": (str(BIN / "ruff"), "format", "--check", "."),
    "mypy": (str(BIN / "mypy"), *APPS, "tests", "manage.py"),
    "imports": (str(BIN / "lint-imports"),),
    "dependencies": (sys.executable, "-m", "opsroom.dependencies"),
    "migrations": (*MANAGE, "makemigrations", "--check", "--dry-run"),
    "templates": (*MANAGE, "check_templates"),
    "deployment": (*MANAGE, "check", "--deploy", "--fail-level", "WARNING"),
}


def main() -> int:
    failed = [name for name, command in CHECKS.items() if not passes(name, command)]
    print("all checks passed" if not failed else f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def passes(name: str, command: tuple[str, ...]) -> bool:
    secrets = {"OPSROOM_SECRET_KEY": new_key() + new_key(), "OPSROOM_FIELD_KEY": new_key()}
    environment = {**os.environ, **PRODUCTION, **secrets} if name == "deployment" else dict(os.environ)
    began = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    print(
        f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name} ({time.monotonic() - began:.1f} s)", file=sys.stderr
    )
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
