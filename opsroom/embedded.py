"""The embedded default: a real PostgreSQL 18 and Redis under `.var/`, shared by every process of this tree.

The first process that needs them starts them, the last one to end stops them: each user holds a shared lock on
`.var/embedded.users`, which the kernel takes back even after `kill -9`. `manage.py embedded start` makes them stay.
With DATABASE_URL or REDIS_URL set, that server is somebody else's and is not touched.
"""

import atexit
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from opsroom.servers import postgres, redis
from opsroom.servers.process import Account, Place, Server

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("OPSROOM_VAR") or BASE_DIR / ".var").resolve()


@dataclass
class Holder:
    """This process's share in the servers. A forked child inherits the lock and must not give it back."""

    users: IO[bytes] | None = None
    pid: int = 0


_holder = Holder()


def place() -> Place:
    """Where the servers live and as whom they run."""
    return Place(VAR, Account.current())


def servers() -> list[Server]:
    """The servers that are ours to run: those whose address the environment does not give."""
    ours: list[Server] = []
    if not _given("DATABASE_URL"):
        ours.append(postgres.Postgres(place()))
    if not _given("REDIS_URL"):
        ours.append(redis.Redis(place()))
    return ours


def ensure() -> None:
    """Start what is not running and hold it until this process ends. Cheap when held; safe from many processes."""
    if _holder.users is not None or not servers():
        return
    with _starting():
        users = _users_file()
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            for server in servers():
                server.start()
        except BaseException:
            users.close()
            raise
        _holder.users, _holder.pid = users, os.getpid()
    atexit.register(release)


def release() -> None:
    """Give this process's share back; whoever is last stops the servers, unless they were told to stay."""
    if _holder.users is None or _holder.pid != os.getpid():
        return
    with _starting():
        _holder.users.close()
        _holder.users = None
        if not _stays().exists() and not is_used():
            _stop_all()


def is_used() -> bool:
    """Whether any process holds a share in the servers now."""
    with _users_file() as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def keep_running() -> None:
    """Start, and stay after the last user has gone."""
    ensure()
    _stays().touch()


def stop() -> None:
    """Stop now, whoever uses them."""
    with _starting():
        _stays().unlink(missing_ok=True)
        _stop_all()


def _stop_all() -> None:
    for server in servers():
        server.stop()
    place().tidy()


def _stays() -> Path:
    return VAR / "embedded.stays"


def _users_file() -> IO[bytes]:
    return (VAR / "embedded.users").open("ab")


@contextmanager
def _starting() -> Iterator[None]:
    """One process at a time starts or stops; the others wait here and then find the work done."""
    VAR.mkdir(parents=True, exist_ok=True)
    with (VAR / "embedded.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _given(name: str) -> bool:
    return bool(os.environ.get(name, "").strip() or os.environ.get(f"{name}_FILE", "").strip())
