"""A database of its own for one command: rehearsals, chaos and trials never touch the running app's data.

A migrated template is kept per state of the migrations, so a new database is a copy of files instead of a migration.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
import psycopg
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from psycopg.sql import SQL, Identifier

TEMPLATE_PREFIX = "opsroom_template_"
# Any fixed number: it keeps two processes from building the same template (pg_advisory_lock).
TEMPLATE_LOCK = 7_204_118


@dataclass(frozen=True)
class Scratch:
    """A database that exists inside one `with`. `environment()` points a subprocess of ours at it."""

    name: str

    def environment(self) -> dict[str, str]:
        return {**os.environ, "OPSROOM_DATABASE_NAME": self.name}


@contextmanager
def scratch_database(purpose: str, *, keep: bool = False) -> Iterator[Scratch]:
    """Make a migrated database, bind Django's default connection to it in every thread, and drop it at the end.

    Call it outside of a transaction and before threads hold connections. With `keep` the database stays and is named.
    Raises CommandError inside a transaction, whose rows would be lost from sight.
    """
    if connection.in_atomic_block:
        raise CommandError("A scratch database cannot begin inside a transaction.")
    before = str(connection.settings_dict["NAME"])
    scratch = Scratch(f"opsroom_{purpose}_{os.getpid()}_{datetime.now(UTC):%H%M%S%f}")
    create_database(scratch.name)
    try:
        bind(scratch.name)
        yield scratch
    finally:
        bind(before)
        if keep:
            print(f"The database {scratch.name} stays. Drop it with `dropdb {scratch.name}`.", file=sys.stderr)
        else:
            drop_database(scratch.name)


def create_database(name: str) -> None:
    source = template()
    with maintenance() as server:
        server.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(source)))


def drop_database(name: str) -> None:
    with maintenance() as server:
        server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def template() -> str:
    """The name of a database migrated to the present state of the code; built if missing; older ones go."""
    name = TEMPLATE_PREFIX + migration_state()
    with maintenance() as server:
        server.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        found = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [TEMPLATE_PREFIX])
        present = {row[0] for row in found}
        if name not in present:
            _build(name)
            for old in present:
                server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(old)))
    return name


def _build(name: str) -> None:
    """Migrate under another name and rename when complete: a killed build is never taken for one."""
    building, before = f"{name}_building", str(connection.settings_dict["NAME"])
    with maintenance() as server:
        server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(building)))
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(building)))
        try:
            bind(building)
            call_command("migrate", verbosity=0, interactive=False)
        finally:
            bind(before)
        server.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(building), Identifier(name)))


def migration_state() -> str:
    """Changes with any migration file, Django, and the month, since migrations make this month's partitions."""
    digest = hashlib.sha256(f"{django.__version__} {datetime.now(UTC):%Y-%m}".encode())
    for key, migration in sorted(MigrationLoader(None).disk_migrations.items()):
        source = Path(sys.modules[type(migration).__module__].__file__ or "")
        digest.update(repr(key).encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def bind(name: str) -> None:
    """Point the default connection at another database; threads share these settings when they connect."""
    connections["default"].close()
    connections.settings["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name


@contextmanager
def maintenance() -> Iterator[psycopg.Connection[Any]]:
    """A connection outside transactions to the server's `postgres` database, where others are made and dropped."""
    parameters = {**connections["default"].get_connection_params(), "dbname": "postgres"}
    server: psycopg.Connection[Any] = connections["default"].get_new_connection(parameters)
    server.autocommit = True
    try:
        yield server
    finally:
        server.close()
