"""A real process, killed by a real SIGKILL at each named point of a write: whatever it left, there is one effect."""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from connectors.money import Money
from connectors.operations import RefundPayment
from drafts.approve import approve
from drafts.execute import run_due
from drafts.models import Draft, Execution
from drafts.running import channel, points
from drafts.running.reap import reap
from drafts.states import State
from drafts.verify import reconcile, verify_due
from opsroom.people.models import User
from opsroom.people.roles import Role
from tests.drafts.conftest import a_refund, due_now
from tests.fakes.channel import FakeChannel, Outside

pytestmark = pytest.mark.django_db(transaction=True)


class Kept(Outside):
    """What happens outside outlives the process that asked for it."""

    file: Path

    def happen(self, operation: RefundPayment, key: str) -> None:
        before = len(self.effects)
        super().happen(operation, key)
        if len(self.effects) > before:
            with self.file.open("a") as file:
                file.write(key + "\n")

    def told(self) -> list[str]:
        return self.file.read_text().split() if self.file.exists() else []


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Kept:
    settings.EXECUTION_HOLD = timedelta()
    outside = Kept()
    outside.file = tmp_path / "effects"
    monkeypatch.setattr(channel, "open_shop", lambda shop, *, gate: FakeChannel.opened(outside, gate))
    return outside


def killed_at(point: str, work: Callable[[], Any]) -> bool:
    """Run `work` in a forked process that dies there; whether it did."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            points.listeners.append(lambda here: os.kill(os.getpid(), signal.SIGKILL) if here == point else None)
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def learn(world: Kept, draft: Draft) -> None:
    """This process hears of what the dead one made happen."""
    command = RefundPayment(payment_ref=draft.alert.subject_ref if draft.alert else "", amount=money(draft))
    for key in world.told():
        Outside.happen(world, command, key)


def money(draft: Draft) -> Any:
    assert draft.amount is not None
    return Money(draft.amount, draft.currency)


def approved_refund(world: Kept) -> tuple[Draft, Execution]:
    by = User.objects.create_user("approver@example.com", role=Role.APPROVER, name="Approver")
    draft = a_refund(world)
    execution = approve(draft, by=by, version=1, digest=draft.digest)
    assert execution is not None
    return draft, execution


def settle(execution: Execution) -> None:
    for _ in range(4):
        Execution.objects.filter(lease_until__gt=timezone.now()).update(lease_until=timezone.now())
        reap()
        for step in (reconcile, run_due, verify_due):
            due_now(execution)
            step()


@pytest.mark.parametrize(
    "point", [point for point in points.POINTS if "probe" not in point and point != "after_settle"]
)
def test_a_worker_killed_while_sending_leaves_one_effect(world: Kept, point: str) -> None:
    draft, execution = approved_refund(world)
    assert killed_at(point, run_due)
    learn(world, draft)
    settle(execution)
    draft.refresh_from_db()
    assert draft.state == State.VERIFIED
    assert world.told() == [str(execution.key)]


@pytest.mark.parametrize("point", ["before_probe", "after_probe", "after_settle"])
def test_a_worker_killed_while_looking_leaves_one_effect(world: Kept, point: str) -> None:
    draft, execution = approved_refund(world)
    run_due()
    due_now(execution)
    assert killed_at(point, verify_due)
    settle(execution)
    draft.refresh_from_db()
    assert draft.state == State.VERIFIED
    assert world.told() == [str(execution.key)]


def test_every_point_is_really_passed() -> None:
    sending = {
        "before_claim",
        "after_claim",
        "after_facts",
        "after_attempt",
        "before_call",
        "after_call",
        "after_record",
    }
    assert set(points.POINTS) == sending | {"before_probe", "after_probe", "after_settle"}
