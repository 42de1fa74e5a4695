"""An approved write waits for the end of quiet hours and for a canary's room, and leaves by itself."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from drafts.approve import approve
from drafts.execute import execute
from drafts.models import Canary, Draft, Execution, LedgerEntry, QuietHours
from drafts.running import canaries
from drafts.running.pace import pace_of, quiet
from drafts.states import State
from tests.drafts.conftest import a_refund, due_now
from tests.factories import ShopFactory
from tests.fakes.channel import Outside

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)


def night(**changes: Any) -> QuietHours:
    return QuietHours.objects.create(**{"begins": time(22), "ends": time(8), "time_zone": "UTC"} | changes)


def test_by_night_a_reply_waits_for_the_morning_and_a_refund_does_not() -> None:
    night()

    held = quiet(Draft(kind="reply"), NIGHT)

    assert held is not None
    assert held.until == datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    assert held.why == "Quiet hours: nothing is sent from 22:00 to 08:00 UTC."
    assert quiet(Draft(kind="refund"), NIGHT) is None
    assert quiet(Draft(kind="reply"), NIGHT.replace(hour=12)) is None


def test_quiet_hours_may_be_of_one_kind_and_one_shop() -> None:
    shop, other = ShopFactory.create(), ShopFactory.create()
    night(kind="refund", shop=shop)

    assert quiet(Draft(kind="refund", shop=shop), NIGHT) is not None
    assert quiet(Draft(kind="refund", shop=other), NIGHT) is None
    assert quiet(Draft(kind="reply", shop=shop), NIGHT) is None


def test_what_would_miss_its_deadline_by_waiting_is_not_held() -> None:
    night()
    assert quiet(Draft(kind="reply", expires_at=NIGHT + timedelta(hours=9)), NIGHT) is None
    assert quiet(Draft(kind="reply", expires_at=NIGHT + timedelta(hours=10)), NIGHT) is not None


def test_a_held_write_says_why_and_no_byte_leaves(approved: Callable[[], Execution], outside: Outside) -> None:
    here = timezone.now()
    night(kind="refund", begins=(here - timedelta(hours=1)).time(), ends=(here + timedelta(hours=1)).time())
    execution = approved()

    execute(execution.pk)

    execution.refresh_from_db()
    assert execution.waiting_for.startswith("Quiet hours: nothing is sent from ")
    assert execution.draft.state == State.APPROVED
    assert outside.calls == 0


def run(draft: Draft, by: Any) -> Draft:
    execution = approve(draft, by=by, version=draft.version, digest=draft.digest)
    assert execution is not None
    due_now(execution)
    execute(execution.pk)
    draft.refresh_from_db()
    return draft


def test_of_a_new_kind_one_runs_a_day_and_the_next_waits(
    proposed: Draft, outside: Outside, approver: Any, no_hold: None
) -> None:
    Canary.objects.create(dimension=Canary.Dimension.KIND, value="refund")
    second = a_refund(outside, like=proposed)

    assert run(proposed, approver).state == State.SENT
    assert run(second, approver).state == State.APPROVED

    assert second.execution.waiting_for == "Canary: kind refund is new, and 5 % of its drafts may run a day."
    first = proposed.execution.first_sent_at
    assert first is not None
    held = pace_of(second, timezone.now())
    assert held is not None
    assert held.until == first + timedelta(days=1)
    assert pace_of(second, first + timedelta(days=1, seconds=1)) is None


def test_an_ended_canary_and_another_connector_hold_nothing(
    proposed: Draft, outside: Outside, approver: Any, no_hold: None
) -> None:
    Canary.objects.create(dimension=Canary.Dimension.CONNECTOR, value="lazada")
    Canary.objects.create(dimension=Canary.Dimension.KIND, value="refund", ended_at=timezone.now())
    run(proposed, approver)
    assert run(a_refund(outside, like=proposed), approver).state == State.SENT


def test_a_canary_begins_by_itself_where_the_installation_has_a_past(
    proposed: Draft, outside: Outside, approver: Any, no_hold: None, settings: Any
) -> None:
    settings.CANARY_AFTER = 1
    assert canaries.begin(proposed) == []  # everything is new to a young installation
    old = a_refund(outside, like=proposed)
    old_run = run(old, approver)
    Draft.objects.filter(pk=old_run.pk).update(state=State.VERIFIED)
    Draft.objects.filter(pk=proposed.pk).update(country="NO")
    proposed.refresh_from_db()

    run(proposed, approver)

    assert list(Canary.objects.values_list("dimension", "value")) == [("country", "NO")]
    assert LedgerEntry.objects.filter(action="canary_began", draft_id=proposed.pk).count() == 1
    Canary.objects.update(ended_at=timezone.now())
    assert canaries.begin(proposed) == []
