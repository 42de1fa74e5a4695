"""A draft that waits for a decision, a channel in memory, and a clock that tests move instead of sleeping."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from alerts.models import Alert
from connectors.base import closed_gate
from drafts.approve import Proof, approve
from drafts.deciding.binding import command_text, digest
from drafts.kinds import KINDS
from drafts.kinds.money.refund import RefundCommand
from drafts.models import Approval, Draft, Execution
from drafts.running import channel
from drafts.states import Tier
from tests.factories import AlertFactory, DraftFactory
from tests.fakes.channel import FakeChannel, Outside


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    """Every shop of this test is this one channel, behind the executor's real gate."""
    world = Outside()
    monkeypatch.setattr(channel, "open_shop", lambda shop, *, gate: FakeChannel.opened(world, gate))
    return world


@pytest.fixture
def no_hold(settings: Any) -> None:
    settings.EXECUTION_HOLD = timedelta()


@pytest.fixture
def proposed(db: None, outside: Outside) -> Draft:
    """A refund of 23.90 SGD whose facts are those of the channel."""
    return a_refund(outside)


def a_refund(outside: Outside, *, amount: str = "23.90", like: Draft | None = None, **changes: Any) -> Draft:
    """With `like`, of the same shop."""
    alert = AlertFactory.create(**({"shop": like.shop} if like else {}))
    outside.pay(alert.subject_ref, total_for(amount))
    command = RefundCommand(payment_ref=alert.subject_ref, amount=Decimal(amount), currency="SGD")
    facts = KINDS["refund"].read_facts(command, FakeChannel.opened(outside, closed_gate))
    text = command_text(command)
    return DraftFactory.create(
        alert=alert, written=command, facts=facts, digest=digest("refund", alert.shop_id, 1, text, facts),
        **({"tier": Tier.REVIEW, "amount": Decimal(amount)} | changes),
    )  # fmt: skip


def total_for(amount: str) -> str:
    """A payment twice as large as what is given back."""
    return str(Decimal(amount) * 2)


@pytest.fixture
def approved(proposed: Draft, approver: Any, no_hold: None) -> Callable[[], Execution]:
    """Approve the proposed draft as its page showed it."""

    def decide() -> Execution:
        execution = approve(proposed, by=approver, version=proposed.version, digest=proposed.digest)
        assert execution is not None
        return execution

    return decide


def proof(by: Any, digest: str, *, age_seconds: float = 5, method: Approval.Method = Approval.Method.TOTP) -> Proof:
    return Proof(by=by.pk, method=method, at=timezone.now() - timedelta(seconds=age_seconds), digest=digest)


def matter(draft: Draft) -> Alert:
    """The alert of a draft that has one."""
    assert draft.alert is not None
    return draft.alert


def due_now(execution: Execution) -> None:
    """As if the wait were over."""
    Execution.objects.filter(pk=execution.pk).update(next_at=timezone.now() - timedelta(seconds=1))
