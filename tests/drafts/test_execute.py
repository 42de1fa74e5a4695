"""One approved write, once: claimed, checked again, sent with its key, and never blindly sent again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from connectors.base import CannotDo, Effect, NotApproved, Permit, Reconnect, Refused, Retry, Unknown, Write
from connectors.models import Shop
from drafts.approve import Stale, reject
from drafts.deciding.errors import NotValid
from drafts.execute import execute, run_due
from drafts.models import Approval, Attempt, Draft, Execution, LedgerEntry, Pause
from drafts.running.gate import approved_gate
from drafts.running.reap import expire, reap
from drafts.settle import settle
from drafts.states import State
from drafts.verify import reconcile, verify_due
from tests.drafts.conftest import due_now, matter
from tests.fakes.channel import Outside, after_effect

pytestmark = pytest.mark.django_db

Decide = Callable[[], Execution]


def actions(draft: Draft) -> list[str]:
    return list(LedgerEntry.objects.filter(draft_id=draft.pk).order_by("id").values_list("action", flat=True))


def test_an_approved_write_is_sent_once_and_then_verified_by_a_read(
    approved: Decide, proposed: Draft, outside: Outside
) -> None:
    execution = approved()
    assert run_due() == 1
    proposed.refresh_from_db()
    assert (proposed.state, outside.calls) == (State.SENT, 1)
    assert run_due() == 0
    due_now(execution)
    assert verify_due() == 1
    proposed.refresh_from_db()
    assert proposed.state == State.VERIFIED
    assert outside.effects == [(str(execution.key), Decimal("23.90"))]
    assert actions(proposed) == ["approved", "sending", "sent", "verified"]


def test_nothing_leaves_while_the_approval_is_held(
    proposed: Draft, approver: Any, outside: Outside, approved: Decide, settings: Any
) -> None:
    settings.EXECUTION_HOLD = timedelta(seconds=30)
    execution = approved()
    assert run_due() == 0
    assert execute(execution.pk) is False
    assert outside.calls == 0
    Draft.objects.filter(pk=proposed.pk).update(hold_until=timezone.now())
    due_now(execution)
    assert run_due() == 1
    assert outside.calls == 1


def test_without_an_approval_the_gate_stays_shut_and_no_byte_leaves(proposed: Draft, outside: Outside) -> None:
    permit = Permit(1, 1, proposed.digest, "00000000-0000-0000-0000-000000000000", 1, timezone.now())
    with pytest.raises(NotApproved):
        approved_gate(permit)
    assert run_due() == 0
    assert outside.bytes_sent == 0


@pytest.mark.parametrize("change", ["voided", "fence", "digest", "key", "approval", "lease", "state"])
def test_the_gate_opens_for_exactly_the_approved_write(
    approved: Decide, proposed: Draft, outside: Outside, change: str
) -> None:
    execution = approved()
    seen: list[Permit] = []

    def look(permit: Permit) -> None:
        approved_gate(permit)
        seen.append(permit)
        if change == "voided":
            Approval.objects.update(voided_at=timezone.now())
        if change == "lease":
            Execution.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        if change == "state":
            Draft.objects.update(state=State.UNKNOWN)
        wrong = {
            "fence": replace(permit, fence=permit.fence - 1),
            "digest": replace(permit, digest="0" * 64),
            "key": replace(permit, key="00000000-0000-0000-0000-000000000000"),
            "approval": replace(permit, approval_id=permit.approval_id + 1),
        }.get(change, permit)
        approved_gate(wrong)

    outside.answers.append(lambda: look(permit_of(execution)))
    execute(execution.pk)
    assert len(seen) == 1
    assert outside.effects == []


def permit_of(execution: Execution) -> Permit:
    execution.refresh_from_db()
    draft = execution.draft
    return Permit(
        execution.pk, execution.approval_id, draft.digest, str(execution.key), execution.fence, timezone.now()
    )


def test_facts_that_moved_bring_the_draft_back_with_the_difference(
    approved: Decide, proposed: Draft, outside: Outside
) -> None:
    approved()
    ref = matter(proposed).subject_ref
    outside.payments[ref] = replace(outside.payments[ref], refunded=Decimal(10))
    run_due()
    before = proposed.digest
    proposed.refresh_from_db()
    assert (proposed.state, proposed.version, outside.bytes_sent) == (State.PROPOSED, 2, 0)
    assert proposed.drift == [{"field": "refunded", "approved": "0", "now": "10"}]
    assert proposed.digest != before
    assert proposed.facts["refunded"] == "10"
    assert "The facts have changed since this was approved." in proposed.tier_reasons
    assert not Approval.objects.filter(draft=proposed, voided_at=None).exists()
    assert run_due() == 0


def test_a_subject_that_is_gone_ends_the_draft_in_words(approved: Decide, proposed: Draft, outside: Outside) -> None:
    approved()
    outside.payments.clear()
    run_due()
    proposed.refresh_from_db()
    assert (proposed.state, outside.bytes_sent) == (State.FAILED, 0)
    assert proposed.reason == f"payment {matter(proposed).subject_ref} is no longer there"


def test_what_surely_did_not_happen_goes_back_to_approved_and_waits(
    approved: Decide, proposed: Draft, outside: Outside, settings: Any
) -> None:
    execution = approved()
    outside.answers.append(Retry("429", after_seconds=77))
    run_due()
    proposed.refresh_from_db()
    execution.refresh_from_db()
    assert proposed.state == State.APPROVED
    assert execution.next_at is not None
    assert execution.next_at > timezone.now() + timedelta(seconds=70)
    assert run_due() == 0
    key = execution.key
    due_now(execution)
    run_due()
    proposed.refresh_from_db()
    assert proposed.state == State.SENT
    assert outside.effects == [(str(key), Decimal("23.90"))]
    assert list(execution.attempts.order_by("number").values_list("outcome", flat=True)) == ["retry", "done"]


def test_tries_end_after_a_day(approved: Decide, proposed: Draft, outside: Outside, settings: Any) -> None:
    approved()
    settings.EXECUTION_GIVE_UP = timedelta()
    outside.answers.append(Retry("503 before anything"))
    run_due()
    proposed.refresh_from_db()
    assert proposed.state == State.FAILED
    assert proposed.reason.startswith("Given up after 1 tries")


def test_a_refusal_is_final_and_shown(approved: Decide, proposed: Draft, outside: Outside) -> None:
    approved()
    outside.answers.append(Refused("charge_already_refunded"))
    run_due()
    proposed.refresh_from_db()
    assert (proposed.state, proposed.reason) == (State.FAILED, "charge_already_refunded")
    assert outside.effects == []


def test_what_the_channel_cannot_do_is_handed_to_a_person(approved: Decide, proposed: Draft, outside: Outside) -> None:
    approved()
    outside.answers.append(CannotDo("there is no such call"))
    run_due()
    proposed.refresh_from_db()
    assert (proposed.state, proposed.reason) == (State.NEEDS_HUMAN, "there is no such call")


def test_a_lost_connection_keeps_the_approval_and_asks_to_reconnect(
    approved: Decide, proposed: Draft, outside: Outside
) -> None:
    execution = approved()
    outside.answers.append(Reconnect("401: the token was revoked"))
    run_due()
    proposed.refresh_from_db()
    execution.refresh_from_db()
    assert proposed.state == State.APPROVED
    assert execution.waiting_for == "401: the token was revoked"
    shop = Shop.objects.get()
    assert (shop.state, shop.state_reason) == (Shop.State.NEEDS_RECONNECT, "401: the token was revoked")


@pytest.mark.parametrize("happened", [True, False])
def test_a_keyed_write_in_doubt_ends_with_exactly_one_effect(
    approved: Decide, proposed: Draft, outside: Outside, happened: bool
) -> None:
    execution = approved()
    lost = Unknown("read time-out")
    outside.answers.append(after_effect(lost) if happened else lost)
    run_due()
    proposed.refresh_from_db()
    assert proposed.state == State.UNKNOWN
    assert run_due() == 0
    assert reconcile() == 0  # the quiet period is not over
    for _ in range(4):
        due_now(execution)
        reconcile()
        run_due()
        verify_due()
    proposed.refresh_from_db()
    assert proposed.state == State.VERIFIED
    assert len(outside.effects) == 1
    assert outside.calls == (1 if happened else 2)


def test_a_key_that_may_be_forgotten_is_not_used_again(approved: Decide, proposed: Draft, outside: Outside) -> None:
    execution = approved()
    outside.answers.append(Unknown("reset"))
    run_due()
    Execution.objects.update(first_sent_at=timezone.now() - timedelta(hours=13))
    due_now(execution)
    reconcile()
    proposed.refresh_from_db()
    assert (proposed.state, outside.calls) == (State.NEEDS_HUMAN, 1)
    assert "forgotten our key" in proposed.reason


def test_money_that_no_read_can_show_goes_to_a_person(approved: Decide, proposed: Draft, outside: Outside) -> None:
    outside.write, outside.can_see = Write(Effect.NONE), False
    execution = approved()
    outside.answers.append(after_effect(Unknown("time-out")))
    run_due()
    due_now(execution)
    reconcile()
    proposed.refresh_from_db()
    assert (proposed.state, outside.calls, len(outside.effects)) == (State.NEEDS_HUMAN, 1, 1)


def test_a_message_that_two_reads_do_not_find_leaves_once_more_and_never_a_third_time(
    approved: Decide, proposed: Draft, outside: Outside
) -> None:
    outside.write = Write(Effect.READBACK)
    execution = approved()
    outside.answers += [Unknown("reset"), Unknown("reset again")]
    run_due()
    for expected_calls in (1, 2, 2, 2):
        due_now(execution)
        reconcile()
        due_now(execution)
        run_due()
        assert outside.calls == expected_calls
    proposed.refresh_from_db()
    assert proposed.state == State.NEEDS_HUMAN
    assert outside.effects == []


def test_after_doubt_moved_facts_are_shown_to_a_person_and_nothing_is_sent_again(
    approved: Decide, proposed: Draft, outside: Outside
) -> None:
    execution = approved()
    outside.answers.append(Unknown("reset"))
    run_due()
    ref = matter(proposed).subject_ref
    outside.payments[ref] = replace(outside.payments[ref], refunded=Decimal("23.90"))
    due_now(execution)
    reconcile()
    proposed.refresh_from_db()
    assert (proposed.state, outside.calls) == (State.NEEDS_HUMAN, 1)
    assert proposed.drift == [{"field": "refunded", "approved": "0", "now": "23.9"}]


def test_a_refusal_after_doubt_is_not_taken_for_proof_that_nothing_happened(
    approved: Decide, proposed: Draft, outside: Outside
) -> None:
    execution = approved()
    outside.answers += [Unknown("reset"), Refused("greater than unrefunded")]
    run_due()
    due_now(execution)
    reconcile()
    run_due()
    proposed.refresh_from_db()
    assert (proposed.state, outside.calls) == (State.UNKNOWN, 2)


def test_an_error_of_our_own_during_the_call_is_unknown(approved: Decide, proposed: Draft, outside: Outside) -> None:
    approved()
    outside.answers.append(ZeroDivisionError("a bug"))
    run_due()
    proposed.refresh_from_db()
    assert proposed.state == State.UNKNOWN
    assert Attempt.objects.get().outcome == Attempt.Outcome.UNKNOWN


def test_a_late_result_with_an_old_fence_is_evidence_only(approved: Decide, proposed: Draft, outside: Outside) -> None:
    execution = approved()
    outside.answers.append(lambda: Execution.objects.update(fence=99))
    run_due()
    proposed.refresh_from_db()
    attempt = Attempt.objects.get()
    assert proposed.state == State.SENDING
    assert (attempt.outcome, attempt.reference) == (Attempt.Outcome.DONE, f"re_{str(execution.key)[:8]}")
    assert actions(proposed)[-1] == "late_result"


def test_a_lost_worker_leaves_an_unknown_write_that_one_read_settles(
    approved: Decide, proposed: Draft, outside: Outside
) -> None:
    execution = approved()

    def die() -> None:
        raise KeyboardInterrupt

    outside.answers.append(die)
    with pytest.raises(KeyboardInterrupt):
        run_due()
    proposed.refresh_from_db()
    assert proposed.state == State.SENDING
    assert reap() == 0  # its lease still runs
    Execution.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert reap() == 1
    proposed.refresh_from_db()
    assert proposed.state == State.UNKNOWN
    assert Attempt.objects.get().outcome == Attempt.Outcome.UNKNOWN
    for _ in range(3):
        due_now(execution)
        reconcile()
        run_due()
        verify_due()
    proposed.refresh_from_db()
    assert proposed.state == State.VERIFIED
    assert len(outside.effects) == 1


def test_what_no_read_shows_within_a_day_goes_to_a_person(
    approved: Decide, proposed: Draft, outside: Outside, settings: Any
) -> None:
    execution = approved()
    run_due()
    outside.can_see = False
    due_now(execution)
    verify_due()
    proposed.refresh_from_db()
    assert proposed.state == State.SENT
    settings.EXECUTION_GIVE_UP = timedelta()
    due_now(execution)
    verify_due()
    proposed.refresh_from_db()
    assert proposed.state == State.NEEDS_HUMAN


@pytest.mark.parametrize("is_doubtful", [False, True])
def test_what_the_outside_took_and_refused_later_has_failed_and_is_not_sent_again(
    approved: Decide, proposed: Draft, outside: Outside, is_doubtful: bool
) -> None:
    execution = approved()
    if is_doubtful:
        outside.answers.append(Unknown("the answer is lost"))
    run_due()
    outside.judged = "message 1: the order is refunded in full"
    for _ in range(2):
        due_now(execution)
        reconcile()
        verify_due()
        run_due()
    proposed.refresh_from_db()
    assert (proposed.state, proposed.reason) == (State.FAILED, "message 1: the order is refunded in full")
    assert (outside.calls, actions(proposed)[-1]) == (1, "refused")


def test_an_unreadable_channel_delays_and_does_not_end_a_draft(
    approved: Decide, proposed: Draft, outside: Outside
) -> None:
    execution = approved()
    outside.reading.append(Retry("502"))
    run_due()
    proposed.refresh_from_db()
    execution.refresh_from_db()
    assert (proposed.state, execution.waiting_for, outside.bytes_sent) == (State.APPROVED, "502", 0)
    due_now(execution)
    run_due()
    proposed.refresh_from_db()
    assert proposed.state == State.SENT


def test_an_approver_who_lost_the_right_is_no_approval(
    approved: Decide, proposed: Draft, outside: Outside, approver: Any
) -> None:
    approved()
    approver.role = "viewer"
    approver.save()
    run_due()
    proposed.refresh_from_db()
    assert (proposed.state, proposed.version, outside.bytes_sent) == (State.PROPOSED, 2, 0)
    assert proposed.drift[0]["now"] == "may no longer approve"


def test_nothing_leaves_during_a_pause(approved: Decide, proposed: Draft, outside: Outside, owner: Any) -> None:
    approved()
    pause = Pause.objects.create(by=owner, reason="stocktaking")
    assert run_due() == 0
    pause.ended_at = timezone.now()
    pause.save()
    assert run_due() == 1
    assert outside.calls == 1


def test_an_approved_draft_whose_time_ran_out_is_not_sent(approved: Decide, proposed: Draft, outside: Outside) -> None:
    approved()
    Draft.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    run_due()
    assert outside.bytes_sent == 0
    assert expire() == 1
    proposed.refresh_from_db()
    assert proposed.state == State.EXPIRED
    assert run_due() == 0


def test_bytes_that_are_not_those_approved_are_never_sent(approved: Decide, proposed: Draft, outside: Outside) -> None:
    approved()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE drafts_draft SET command = replace(command, '23.90', '43.90')")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    run_due()
    proposed.refresh_from_db()
    assert outside.bytes_sent == 0
    assert proposed.state == State.FAILED


def test_what_may_have_been_sent_can_no_longer_be_rejected(
    approved: Decide, proposed: Draft, outside: Outside, approver: Any
) -> None:
    execution = approved()
    outside.answers.append(Unknown("reset"))
    run_due()
    due_now(execution)
    reconcile()
    proposed.refresh_from_db()
    assert proposed.state == State.APPROVED
    with pytest.raises(Stale, match="may have been sent already"):
        reject(proposed, by=approver, reason="too late")
    proposed.refresh_from_db()
    assert proposed.state == State.APPROVED


@pytest.mark.parametrize(("happened", "again", "state"), [
    (True, False, State.VERIFIED), (False, False, State.FAILED), (False, True, State.APPROVED),
])  # fmt: skip
def test_a_person_settles_what_no_read_can(
    approved: Decide, proposed: Draft, outside: Outside, approver: Any, happened: bool, again: bool, state: State
) -> None:
    outside.write, outside.can_see = Write(Effect.NONE), False
    execution = approved()
    outside.answers.append(Unknown("time-out"))
    run_due()
    due_now(execution)
    reconcile()
    proposed.refresh_from_db()
    with pytest.raises(NotValid):
        settle(proposed, happened=happened, by=approver, evidence=" ")
    settle(proposed, happened=happened, by=approver, evidence="I looked at the payout.", send_again=again)
    proposed.refresh_from_db()
    assert (proposed.state, proposed.reason) == (state, "I looked at the payout.")
    with pytest.raises(Stale):
        settle(proposed, happened=happened, by=approver, evidence="again")
    assert run_due() == (1 if again else 0)
    assert outside.calls == (2 if again else 1)
