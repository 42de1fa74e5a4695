import os
import subprocess
import sys

import psutil
import pytest

from opsroom.management.commands.run import free_port
from opsroom.servers.process import wait_until_gone
from opsroom.supervise import FIRST_DELAY_SECONDS, Child, Supervisor

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
# A child with a child of its own, as a pool of workers has.
FAMILY = [
    sys.executable,
    "-c",
    "import subprocess, sys, time; subprocess.Popen(sys.argv[1:]); time.sleep(600)",
    *SLEEPER,
]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def runs(child: Child) -> bool:
    return child.process is not None and child.process.poll() is None


def death(child: Child) -> None:
    assert child.process is not None
    child.process.kill()
    child.process.wait()


def test_a_child_that_died_is_started_again_after_a_delay(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    child = Child("sleeper", SLEEPER)
    with Supervisor(clock=clock) as supervisor:
        supervisor.add(child)
        first = child.process
        death(child)
        supervisor.watch()
        assert not runs(child)
        clock.now += FIRST_DELAY_SECONDS * 2
        supervisor.watch()
        assert runs(child)
        assert child.process is not first
    assert "sleeper ended with status -9" in capsys.readouterr().err


def test_one_that_keeps_dying_waits_longer_each_time() -> None:
    clock = Clock()
    child = Child("sleeper", SLEEPER)
    delays = []
    with Supervisor(clock=clock) as supervisor:
        for _ in range(4):
            supervisor.add() if child in supervisor.children else supervisor.add(child)
            death(child)
            supervisor.watch()
            delays.append(child.delay_seconds)
            clock.now += child.delay_seconds
    assert delays == [2.0, 4.0, 8.0, 16.0]


def test_the_end_leaves_no_process_behind_not_even_grandchildren() -> None:
    child = Child("family", FAMILY)
    with Supervisor() as supervisor:
        supervisor.add(child)
        assert child.process is not None
        parent = psutil.Process(child.process.pid)
        while not parent.children():
            os.sched_yield()
        family = [parent, *parent.children(recursive=True)]
        assert len(family) == 2
    assert wait_until_gone(family, 5) == []


def test_a_supervisor_that_was_killed_leaves_no_child_behind() -> None:
    script = (
        "import sys; from opsroom.supervise import Child, Supervisor\n"
        "with Supervisor() as supervisor:\n"
        "    child = Child('sleeper', sys.argv[1:]); supervisor.add(child); print(child.process.pid, flush=True)\n"
        "    supervisor.run()"
    )
    with subprocess.Popen([sys.executable, "-c", script, *SLEEPER], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        sleeper = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    left = wait_until_gone([sleeper], 10)
    for process in left:
        process.kill()
    assert left == []


def test_a_port_that_nobody_opens_is_reported() -> None:
    with Supervisor() as supervisor, pytest.raises(TimeoutError, match="Nothing answers on port"):
        supervisor.wait_for_port(free_port(8700, 8799), 0.2)
