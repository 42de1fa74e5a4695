"""Workers that are forked, told where to die, and replaced. Each death is a real SIGKILL of a real process."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connections

from drafts.execute import run_due
from drafts.running import points
from drafts.running.reap import expire, reap
from drafts.verify import reconcile, verify_due

# Besides the named points: somewhere between the first byte of the call and its answer.
PLACES = (*points.POINTS, "during_call")
IDLE_SECONDS = 0.05


@dataclass
class Pack:
    """Up to `size` living workers; `budget` is how many of them may still be killed."""

    size: int
    rng: random.Random
    budget: int = 0
    kills: int = 0
    alive: dict[int, bool] = field(default_factory=dict)  # pid → whether it was told where to die
    places: dict[str, int] = field(default_factory=dict)

    def keep_up(self) -> None:
        """Bury the dead, count those that SIGKILL took, and fork others in their place."""
        for pid in list(self.alive):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                planned = self.alive.pop(pid)
                was_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
                self.kills += was_killed
                self.budget += planned and not was_killed
        while len(self.alive) < self.size:
            self._fork()

    def strike(self) -> None:
        """Kill one worker wherever it happens to be."""
        if self.alive and self.budget > 0:
            self.budget -= 1
            self.places["anywhere"] = self.places.get("anywhere", 0) + 1
            os.kill(self.rng.choice(sorted(self.alive)), signal.SIGKILL)

    def end(self) -> None:
        """Stop every worker; these deaths are not counted."""
        for pid in self.alive:
            os.kill(pid, signal.SIGKILL)
        for pid in self.alive:
            os.waitpid(pid, 0)
        self.alive.clear()

    def _fork(self) -> None:
        place = self.rng.choice(PLACES) if self.budget > 0 else ""
        turn, seed, delay = self.rng.choice((1, 1, 1, 2)), self.rng.random(), self.rng.random() * 0.08
        self.budget -= bool(place)
        connections.close_all()
        pid = os.fork()
        if pid == 0:
            try:
                _work(place, turn, delay, seed)
            finally:
                os._exit(1)
        self.alive[pid] = bool(place)
        if place:
            self.places[place] = self.places.get(place, 0) + 1


def _work(place: str, turn: int, delay: float, seed: float) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    random.seed(seed)
    points.listeners.append(_death(place, turn, delay))
    parent = os.getppid()
    while os.getppid() == parent:
        moved = run_due(limit=5) + verify_due(limit=5) + reconcile(limit=5) + reap() + expire()
        if not moved:
            time.sleep(IDLE_SECONDS)


def _death(place: str, turn: int, delay: float) -> Callable[[str], None]:
    left = turn

    def listener(point: str) -> None:
        nonlocal left
        if point == ("before_call" if place == "during_call" else place):
            left -= 1
            if left == 0 and place == "during_call":
                threading.Timer(delay, os.kill, (os.getpid(), signal.SIGKILL)).start()
            elif left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return listener
