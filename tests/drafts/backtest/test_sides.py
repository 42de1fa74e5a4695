"""A trial's sides are measured alike, with every way in which a decision went wrong."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from drafts.backtest.sides import Side, sides
from drafts.models import Draft, PolicyTrial
from drafts.record import record
from drafts.states import State, Tier
from tests.drafts.conftest import a_refund
from tests.fakes.channel import Outside

pytestmark = pytest.mark.django_db


def test_each_side_has_its_counts_and_what_is_on_none_is_left_out(
    proposed: Draft, outside: Outside, owner: Any, client_for: Callable[[Any], Client]
) -> None:
    began = timezone.now() - timedelta(hours=3)
    trial = PolicyTrial.objects.create(name="stricter", began_at=began)
    drafts = [a_refund(outside, like=proposed) for _ in range(4)]
    at = began + timedelta(hours=1)
    changes: list[dict[str, Any]] = [
        {"side": "a", "state": State.APPROVED, "edited_by": owner, "decided_at": at + timedelta(hours=1)},
        {"side": "a", "state": State.REJECTED, "decided_at": at + timedelta(hours=2)},
        {"side": "b", "tier": Tier.SECOND_FACTOR},
        {"side": "b", "created_at": began - timedelta(hours=1)},
    ]
    for draft, change in zip(drafts, changes, strict=True):
        Draft.objects.filter(pk=draft.pk).update(**{"created_at": at} | change)
    record("undone", draft=drafts[2])

    a, b = sides(trial, timezone.now())

    assert a == Side("a", 2, 1, 0, 0, 1, 1, 0, 0, 0, 1.5)
    assert b == Side("b", 1, 0, 1, 0, 0, 0, 0, 0, 1, None)
    page = client_for(owner).get(f"/admin/drafts/policytrial/{trial.pk}/change/").content.decode()
    assert "A: 2 drafts, 1 approved" in page
    assert "1.5 h to decide" in page
