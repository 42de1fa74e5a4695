"""Runs the processes of one machine: starts them, restarts one that died, and ends them all together, by their ids."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import psutil

from opsroom.servers.process import wait_until_gone

POLL_SECONDS = 0.5
STOP_SECONDS = 40
# A child that dies at once is started again later and later, so that a broken one does not eat the machine.
FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 30.0
HEALTHY_SECONDS = 20.0
PR_SET_PDEATHSIG = 1  # linux/prctl.h
LIBC = ctypes.CDLL(None)


@dataclass
class Child:
    """One program that must keep running."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    start_after: float = 0.0
    delay_seconds: float = FIRST_DELAY_SECONDS

    def start(self, now: float) -> None:
        """In a session of its own: Ctrl-C reaches the supervisor alone, which then ends its children in order."""
        self.process = subprocess.Popen(
            list(self.command),
            env={**os.environ, **self.environment},
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            preexec_fn=_end_with_parent,  # the supervisor has one thread
        )
        self.started_at = now

    def watch(self, now: float) -> None:
        """Start it when it is due; after a death, set when it is due again."""
        if self.process is None:
            if now >= self.start_after:
                self.start(now)
            return
        status = self.process.poll()
        if status is None:
            return
        lived = now - self.started_at
        self.delay_seconds = (
            FIRST_DELAY_SECONDS if lived > HEALTHY_SECONDS else min(self.delay_seconds * 2, LONGEST_DELAY_SECONDS)
        )
        say(
            f"{self.name} ended with status {status} after {lived:.0f} s; it starts again in {self.delay_seconds:.0f} s"
        )
        self.process, self.start_after = None, now + self.delay_seconds

    def descendants(self) -> list[psutil.Process]:
        if self.process is None:
            return []
        try:
            return list(psutil.Process(self.process.pid).children(recursive=True))
        except psutil.NoSuchProcess:
            return []


@dataclass
class Supervisor:
    """Used in a `with`, whose end ends every child. SIGINT and SIGTERM lead to that end."""

    children: list[Child] = field(default_factory=list)
    clock: Callable[[], float] = time.monotonic
    is_ending: bool = False
    handlers: dict[int, Any] = field(default_factory=dict)

    def __enter__(self) -> "Supervisor":
        self.handlers = {number: signal.signal(number, self.end) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def add(self, *children: Child) -> None:
        self.children += children
        self.watch()

    def run(self) -> None:
        """Watch until told to end."""
        while not self.is_ending:
            self.watch()
            time.sleep(POLL_SECONDS)

    def wait_for_port(self, port: int, seconds: float) -> None:
        """Until something answers there. Raises TimeoutError after `seconds`, SystemExit when told to end meanwhile."""
        deadline = self.clock() + seconds
        while not _answers(port):
            if self.is_ending:
                raise SystemExit(0)
            if self.clock() > deadline:
                raise TimeoutError(f"Nothing answers on port {port} after {seconds:.0f} s; the lines above say why.")
            self.watch()
            time.sleep(POLL_SECONDS / 5)

    def watch(self) -> None:
        for child in self.children:
            child.watch(self.clock())

    def end(self, number: int, frame: FrameType | None) -> None:
        self.is_ending = True

    def stop(self) -> None:
        """Ask each child, last started first; who is left after the grace, or was orphaned by its parent, is killed."""
        running = [
            child for child in reversed(self.children) if child.process is not None and child.process.poll() is None
        ]
        families = [process for child in running for process in child.descendants()]
        for child in running:
            if child.process is not None:
                child.process.terminate()
        deadline = self.clock() + STOP_SECONDS
        for child in running:
            if child.process is not None:
                _wait_or_kill(child, deadline - self.clock())
        for process in wait_until_gone(families, 1):
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _end_with_parent() -> None:
    """Runs in the new child: the kernel sends it SIGTERM when the supervisor is gone, even by SIGKILL."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_or_kill(child: Child, seconds: float) -> None:
    process = child.process
    if process is None:
        return
    try:
        process.wait(max(seconds, 0.1))
    except subprocess.TimeoutExpired:
        say(f"{child.name} did not end within {STOP_SECONDS} s and was killed")
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def say(message: str) -> None:
    print(f"Ops Room: {message}", file=sys.stderr, flush=True)
