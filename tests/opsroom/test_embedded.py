"""The embedded servers against what happens: kills, races, stale files, odd paths. Each test drives real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
from django.conf import settings

from opsroom.servers import postgres, redis
from opsroom.servers.process import LONGEST_FOLDER, Account, Place, wait_until_gone

# Starts the servers as any process of ours does, says so, and ends when its input does.
USER = "import sys; from opsroom import embedded; embedded.ensure(); print('ready', flush=True); sys.stdin.read()"
KEEP = "from opsroom import embedded; embedded.keep_running()"
STOP = "from opsroom import embedded; embedded.stop()"


class House:
    """A `.var` of its own, in a path with spaces, and the processes that use it."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.postgres = postgres.Postgres(Place(var, Account.current()))
        self.redis = redis.Redis(Place(var, Account.current()))

    def environment(self) -> dict[str, str]:
        outside = {"DATABASE_URL", "REDIS_URL"}
        return {
            **{name: value for name, value in os.environ.items() if name not in outside},
            "OPSROOM_VAR": str(self.var),
        }

    def open(self, script: str = USER) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=settings.BASE_DIR,
            env=self.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str) -> None:
        process = self.open(script)
        process.communicate(timeout=60)
        assert process.returncode == 0

    @contextmanager
    def user(self) -> Iterator["subprocess.Popen[str]"]:
        process = self.open()
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.communicate(timeout=60)

    def postmaster(self) -> psutil.Process:
        found = self.postgres.postmaster()
        assert found is not None
        return found

    def living(self) -> list[psutil.Process]:
        return [*self.postgres.processes(), *self.redis.processes()]

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.postgres.conninfo("opsroom"), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("a path") / "with spaces" / ".var")
    yield house
    house.run(STOP)
    assert house.living() == []


def test_they_start_in_a_path_with_spaces_and_end_with_their_last_user(house: House) -> None:
    with house.user():
        with house.user():
            assert house.postgres.answers()
        assert house.postgres.answers()
        assert house.redis.answers()
        assert house.sql("SHOW server_version_num")[0][0] >= "180000"  # type: ignore[operator]  # PostgreSQL answers text
        assert house.sql("SHOW fsync") == [("on",)]
    assert house.living() == []


def test_many_starts_at_once_make_one_server(house: House) -> None:
    with house.user(), house.user(), house.user():
        masters = [
            process for process in house.postgres.processes() if process.parent() not in house.postgres.processes()
        ]
        assert [process.pid for process in masters] == [house.postmaster().pid]
        assert len(house.redis.processes()) == 1


def test_committed_rows_survive_kill_9_of_both_servers(house: House) -> None:
    with house.user():
        house.sql("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
        killed = [house.postmaster(), *house.redis.processes()]
        for process in killed:
            process.kill()
        assert wait_until_gone(killed, 10) == []
        with house.user():
            assert house.sql("SELECT answer FROM kept") == [(42,)]
            assert house.redis.answers()


def test_a_stale_pid_file_that_names_a_living_stranger_does_not_stop_the_start(house: House) -> None:
    pid_file = house.postgres.folder / "postmaster.pid"
    with house.user():
        lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with house.user():
        assert house.postmaster().pid != os.getpid()
        assert house.postgres.answers()


def test_a_killed_user_leaves_no_servers_behind_the_next_one(house: House) -> None:
    with house.user() as killed:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    assert house.postgres.answers()
    with house.user():
        assert house.postgres.answers()
    assert house.living() == []


def test_they_stay_when_told_and_stop_when_told(house: House) -> None:
    house.run(KEEP)
    with house.user():
        assert house.postgres.answers()
    assert house.postgres.answers()
    assert house.redis.answers()
    house.run(STOP)
    assert house.living() == []


def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    house = House(tmp_path / ".var")
    (house.var / "postgres.new" / "base").mkdir(parents=True)
    with house.user():
        assert house.sql("SELECT 1") == [(1,)]
    assert house.living() == []


def test_given_addresses_leave_the_embedded_servers_alone(tmp_path: Path) -> None:
    house = House(tmp_path / ".var")
    given = {"DATABASE_URL": "postgresql://db.example.com/opsroom", "REDIS_URL": "redis://q.example.com"}
    done = subprocess.run(
        [sys.executable, "-c", "from opsroom import embedded; embedded.ensure(); print(embedded.servers())"],
        cwd=settings.BASE_DIR, env={**house.environment(), **given}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"
    assert not (house.var / "postgres").exists()


def test_the_folder_of_the_sockets_is_short_and_plain_whatever_the_path() -> None:
    account = Account.current()
    for var in (Path("/srv/" + "long" * 40), Path("/srv/with space"), Path("/srv/q'uote,comma")):
        sockets = Place(var, account).sockets
        assert len(str(sockets)) <= LONGEST_FOLDER
        assert sockets != Place(Path("/srv/other"), account).sockets
        assert not set(" ',") & set(str(sockets))


def test_the_first_keys_are_the_same_for_processes_that_start_at_once(tmp_path: Path) -> None:
    house = House(tmp_path / ".var")
    show = "from django.conf import settings; print(settings.SECRET_KEY)"

    def key() -> str:
        command = [sys.executable, "-c", show]
        environment = {**house.environment(), "DJANGO_SETTINGS_MODULE": "opsroom.settings"}
        return subprocess.run(
            command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True
        ).stdout

    with ThreadPoolExecutor(3) as pool:
        keys = {future.result() for future in [pool.submit(key) for _ in range(3)]}
    assert len(keys) == 1
    assert (house.var / "secret_key").stat().st_mode & 0o777 == 0o600
