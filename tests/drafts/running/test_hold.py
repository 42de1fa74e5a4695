"""An approved write waits while its channel is not well, says why, leaves by itself, and can still be rejected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from connectors.base import Retry
from connectors.models import CallHealth, Shop
from drafts.approve import approve
from drafts.execute import run_due
from drafts.models import Draft, Execution, LedgerEntry, Pause
from drafts.pages.standstill import standstill
from drafts.running.hold import hold_of, shops_held
from drafts.states import State
from opsroom.people.models import User
from tests.drafts.conftest import a_refund, due_now
from tests.factories import ShopFactory
from tests.fakes.channel import Outside

pytestmark = pytest.mark.django_db
Decide = Callable[[], Execution]
ClientFor = Callable[[User], Client]
MINUTE = timedelta(minutes=1)


def failing(shop: Shop | None, fault: str = "down", ago: timedelta = MINUTE, operation: str = "orders.list") -> None:
    now = timezone.now()
    CallHealth.objects.update_or_create(
        shop=shop, operation=operation, hour=now.replace(minute=0, second=0, microsecond=0),
        defaults={
            "calls": 6, "failures": {fault: 6}, "failing": 6, "last_error": fault, "last_failed_at": now - ago,
            "last_good_at": None,
        },
    )  # fmt: skip


def well(shop: Shop | None) -> None:
    CallHealth.objects.filter(shop=shop).update(failing=0, last_good_at=timezone.now())


@pytest.mark.parametrize(
    ("fault", "words"), [("down", "does not answer."), ("throttled", "turns us away as too fast.")]
)
def test_nothing_is_sent_to_a_shop_that_fails_and_it_leaves_by_itself_once_the_shop_is_well(
    approved: Decide, proposed: Draft, outside: Outside, fault: str, words: str
) -> None:
    execution = approved()
    failing(proposed.shop, fault)
    run_due()
    proposed.refresh_from_db()
    execution.refresh_from_db()
    assert (proposed.state, outside.bytes_sent, execution.attempts.count()) == (State.APPROVED, 0, 0)
    assert execution.waiting_for == f"{proposed.shop} {words}"
    assert execution.next_at is not None
    assert timezone.now() < execution.next_at <= timezone.now() + MINUTE
    well(proposed.shop)
    due_now(execution)
    run_due()
    proposed.refresh_from_db()
    execution.refresh_from_db()
    assert (proposed.state, len(outside.effects), execution.waiting_for) == (State.SENT, 1, "")


def test_a_lost_permission_holds_until_the_shop_is_connected_again(
    approved: Decide, proposed: Draft, outside: Outside
) -> None:
    execution = approved()
    Shop.objects.update(state=Shop.State.NEEDS_RECONNECT, state_reason="revoked by the seller")
    run_due()
    execution.refresh_from_db()
    assert (outside.bytes_sent, execution.waiting_for) == (0, f"{proposed.shop} no longer accepts our permission.")
    Shop.objects.update(state=Shop.State.CONNECTED, state_reason="")
    due_now(execution)
    run_due()
    assert len(outside.effects) == 1


def test_after_the_hold_one_write_is_the_trial_though_nothing_else_has_called(
    approved: Decide, proposed: Draft, outside: Outside, settings: Any
) -> None:
    approved()
    failing(proposed.shop, ago=settings.EXECUTION_HOLD_BACK + MINUTE / 60)
    run_due()
    assert len(outside.effects) == 1


def test_one_failing_operation_or_another_shop_holds_nothing(
    approved: Decide, proposed: Draft, outside: Outside
) -> None:
    approved()
    failing(ShopFactory.create(kind="stripe"))
    failing(proposed.shop, operation="returns.list")
    CallHealth.objects.create(
        shop=Shop.objects.get(pk=proposed.shop_id or 0),
        operation="orders.list",
        hour=timezone.now(),
        calls=1,
        last_good_at=timezone.now(),
    )
    run_due()
    assert len(outside.effects) == 1


def test_writes_of_one_kind_that_keep_failing_hold_the_next_though_reads_go_well(
    outside: Outside, approver: User, no_hold: None, settings: Any
) -> None:
    first = a_refund(outside)
    drafts = [first, *(a_refund(outside, like=first) for _ in range(4))]
    executions = []
    for draft in drafts:
        executions.append(approve(draft, by=approver, version=1, digest=draft.digest))
    outside.answers += [Retry("503") for _ in range(3)]
    run_due()
    for execution in executions:
        assert execution is not None
        execution.refresh_from_db()
    assert [execution.attempts.count() for execution in executions if execution] == [1, 1, 1, 0, 0]
    held = executions[-1]
    assert held is not None
    assert held.waiting_for == f"The last 3 writes of this kind to {drafts[0].shop} did not go through."
    assert outside.effects == []
    settings.EXECUTION_HOLD_BACK = timedelta()
    due_now(held)
    run_due()
    assert [key for key, _ in outside.effects] == [str(held.key)]


def test_a_held_draft_can_be_rejected_and_never_leaves(
    approved: Decide, proposed: Draft, outside: Outside, approver: User, client_for: ClientFor
) -> None:
    execution = approved()
    failing(proposed.shop)
    run_due()
    proposed.refresh_from_db()
    browser = client_for(approver)
    page = browser.get(f"/alerts/{proposed.alert_id}/").text
    assert f'action="/drafts/{proposed.pk}/reject/"' in page
    shown = {"version": proposed.version, "digest": proposed.digest, "text": "too late now"}
    assert browser.post(f"/drafts/{proposed.pk}/reject/", shown).status_code == 302
    well(proposed.shop)
    Execution.objects.filter(pk=execution.pk, next_at__isnull=False).update(next_at=timezone.now() - MINUTE)
    run_due()
    proposed.refresh_from_db()
    assert (proposed.state, outside.bytes_sent) == (State.REJECTED, 0)
    assert list(LedgerEntry.objects.filter(draft_id=proposed.pk).order_by("id").values_list("action", flat=True)) == [
        "approved", "rejected",
    ]  # fmt: skip


def test_card_and_row_say_why_an_approved_draft_waits(
    approved: Decide, proposed: Draft, approver: User, client_for: ClientFor
) -> None:
    approved()
    failing(proposed.shop)
    run_due()
    page = client_for(approver).get(f"/alerts/{proposed.alert_id}/").text
    assert "<h3>Not sent yet</h3>" in page
    assert f"<p>{proposed.shop} does not answer. Tried again" in page
    assert f"It leaves by itself once {proposed.shop} is well." in page
    assert f"Sending to {proposed.shop} waits.</strong>" in page
    assert f"<li>{proposed.shop} does not answer.</li>" in page
    swapped = client_for(approver).get(
        f"/fresh/?since=0&at={(timezone.now() - MINUTE).isoformat()}".replace("+", "%2B")
    )
    assert f"Refund: approved, waits: {proposed.shop} does not answer." in swapped.text


def test_a_proposal_can_be_approved_meanwhile_and_says_that_it_will_wait(
    proposed: Draft, approver: User, client_for: ClientFor
) -> None:
    failing(proposed.shop, "throttled")
    page = client_for(approver).get(f"/alerts/{proposed.alert_id}/").text
    assert f"<h3>Sending to {proposed.shop} waits</h3>" in page
    assert f"You can approve it now; it leaves by itself once {proposed.shop} is well." in page
    assert 'id="approve"' in page


def test_a_pause_by_a_person_is_said_on_the_card_with_who_and_why(
    approved: Decide, proposed: Draft, owner: User, client_for: ClientFor, outside: Outside
) -> None:
    approved()
    Pause.objects.create(by=owner, reason="stock count")
    assert run_due() == 0
    page = client_for(owner).get(f"/alerts/{proposed.alert_id}/").text
    assert "<h3>Nothing leaves now</h3>" in page
    assert f"{owner} paused Ops Room: stock count" in page
    assert outside.bytes_sent == 0
    Pause.objects.update(ended_at=timezone.now())
    assert standstill(proposed, timezone.now()) is None


def test_an_open_card_learns_of_a_hold_by_its_poll(
    approved: Decide, proposed: Draft, approver: User, client_for: ClientFor
) -> None:
    approved()
    proposed.refresh_from_db()
    browser = client_for(approver)
    url = f"/alerts/{proposed.alert_id}/live/?draft={proposed.pk}&shown={proposed.pk}.1.approved"
    before = browser.get(url)
    assert 'id="decide"' not in before.text
    failing(proposed.shop)
    after = browser.get(url, headers={"If-None-Match": before["ETag"]})
    assert (after.status_code, "Not sent yet" in after.text, 'id="decide"' in after.text) == (200, True, True)


def test_a_draft_without_a_shop_is_never_held_and_a_well_shop_holds_nothing(proposed: Draft) -> None:
    now = timezone.now()
    assert hold_of(Draft(kind="escalation_note"), now) is None
    assert hold_of(proposed, now) is None
    assert shops_held(now) == {}
