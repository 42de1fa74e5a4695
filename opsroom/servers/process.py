"""What both embedded servers share: their account, the folder of their sockets, and finding their processes."""

import hashlib
import os
import pwd
import re
import stat
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

# Socket paths end up in URLs and configuration files, so anything that one of them would have to quote goes elsewhere.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/_.-]+")
# Linux allows 107 bytes for the path of a Unix socket (unix(7)); `/.s.PGSQL.5432.lock` needs 19 of them.
LONGEST_FOLDER = 107 - 19
STOP_SECONDS = 20


class ServerError(RuntimeError):
    """An embedded server did not start or stop; the message names the log to read."""


@dataclass(frozen=True)
class Account:
    """Who the servers run as: ourselves, or `nobody` when we are root, because PostgreSQL refuses to run as root."""

    uid: int
    gid: int
    is_dropped: bool

    @classmethod
    def current(cls) -> "Account":
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), is_dropped=False)
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid, is_dropped=True)

    @property
    def popen(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_dropped else {}

    def own(self, folder: Path) -> Path:
        """Make the folder, private to the account."""
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_uid != self.uid and not self.is_dropped:
            raise ServerError(f"{folder} belongs to another account. Run Ops Room as its owner, or remove it.")
        if self.is_dropped:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)
        return folder

    def let_through(self, path: Path) -> None:
        """Let the dropped account pass (not list) the folders above `path`, which a home directory often forbids."""
        if not self.is_dropped:
            return
        for folder in [path, *path.parents]:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                print(f"Ops Room: letting the database's account pass through {folder} (chmod o+x).", file=sys.stderr)
                folder.chmod(mode | stat.S_IXOTH)


@dataclass(frozen=True)
class Place:
    """The folder of the run-time files, and the account that serves from it."""

    var: Path
    account: Account

    @property
    def sockets(self) -> Path:
        """A folder short and plain enough for Unix sockets; the same for every process of this tree."""
        inside = self.var / "sockets"
        if len(str(inside)) <= LONGEST_FOLDER and PLAIN_PATH.fullmatch(str(inside)):
            return inside
        digest = hashlib.sha256(str(self.var).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"opsroom-{self.account.uid}-{digest}"

    def prepare(self) -> None:
        self.var.mkdir(parents=True, exist_ok=True)
        self.account.let_through(self.var)
        self.account.own(self.sockets)

    def tidy(self) -> None:
        """Take away a folder of sockets that lies outside of `.var`, once nothing is left in it."""
        if self.sockets.parent != self.var:
            with suppress(OSError):
                self.sockets.rmdir()


class Server(ABC):
    """One embedded server. `start` and `stop` are called under the lock of `opsroom.embedded`."""

    name: str

    def __init__(self, place: Place) -> None:
        self.place = place

    @property
    def folder(self) -> Path:
        return self.place.var / self.name

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @abstractmethod
    def answers(self) -> bool:
        """Whether a client gets a reply now."""

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def stop(self) -> None: ...

    def processes(self) -> list[psutil.Process]:
        """Processes whose working directory is our data folder: ours alone, whatever a pid file says."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.cwd() == str(self.folder) and process.pid != os.getpid():
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def end(self, processes: Sequence[psutil.Process]) -> None:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        for process in wait_until_gone(processes, STOP_SECONDS):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        wait_until_gone(processes, STOP_SECONDS)

    def run(self, command: Sequence[str | Path], *, timeout_seconds: int = 90) -> None:
        """Run one of the server's tools to its end as the server's account."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.place.sockets,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            env=tool_environment(),
            **self.place.account.popen,
        )
        if done.returncode:
            raise ServerError(
                f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()} "
                f"(log: {self.log}){self.last_log()}"
            )

    def last_log(self, lines: int = 15) -> str:
        try:
            return "\n" + "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def wait_until_gone(processes: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after `seconds`. A dead one that its parent has not reaped yet counts as gone."""
    deadline = time.monotonic() + seconds
    while (alive := [process for process in processes if _runs(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def tool_environment() -> dict[str, str]:
    """A plain environment: a PGDATA or PGHOST of the person's shell must not steer our server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
