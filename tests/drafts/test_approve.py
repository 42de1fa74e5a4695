"""A decision binds to what was shown: anything else is refused in words, and then nothing has changed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from alerts.models import Alert
from connectors.models import FxRate
from drafts.approve import (
    NotAllowed,
    PastDeadline,
    ProofNeeded,
    Shown,
    Stale,
    approve,
    approve_batch,
    batch_digest,
    edit,
    reject,
    snooze,
    undo,
)
from drafts.deciding.errors import NotValid
from drafts.kinds.money.refund import RefundCommand
from drafts.models import Approval, Draft, Execution, LedgerEntry, Policy
from drafts.states import State, Tier
from opsroom.people.models import User
from opsroom.people.roles import Role
from tests.drafts.conftest import a_refund, matter, proof
from tests.fakes.channel import Outside

pytestmark = pytest.mark.django_db


def say_yes(draft: Draft, by: Any, **more: Any) -> Execution | None:
    return approve(draft, by=by, version=draft.version, digest=draft.digest, **more)


def untouched(draft: Draft) -> bool:
    draft.refresh_from_db()
    return draft.state == State.PROPOSED and not Approval.objects.exists() and not Execution.objects.exists()


def another(role: Role, name: str) -> User:
    return User.objects.create_user(f"{name}@example.com", role=role, name=name)


def test_an_approval_is_kept_with_its_digest_and_the_ledger_knows(proposed: Draft, approver: Any) -> None:
    execution = say_yes(proposed, approver, seconds_on_card=12.5)
    assert execution is not None
    approval = Approval.objects.get()
    assert (approval.by_id, approval.digest, approval.version) == (approver.pk, proposed.digest, 1)
    assert (approval.seconds_on_card, approval.method) == (12.5, Approval.Method.SESSION)
    proposed.refresh_from_db()
    assert proposed.state == State.HELD
    assert execution.next_at == proposed.hold_until
    entries = list(LedgerEntry.objects.filter(draft_id=proposed.pk).order_by("id").values_list("action", "actor"))
    assert entries == [("approved", approver.pk), ("held", approver.pk)]
    matter(proposed).refresh_from_db()
    assert matter(proposed).state == Alert.State.DECIDED


def test_a_second_click_changes_nothing_and_says_who_was_first(proposed: Draft, approver: Any) -> None:
    say_yes(proposed, approver)
    with pytest.raises(Stale, match=r"now held, can be undone .*held by Approver at \d\d:\d\d:\d\d UTC"):
        approve(proposed, by=approver, version=1, digest=proposed.digest)
    assert (Approval.objects.count(), Execution.objects.count()) == (1, 1)


def test_an_old_version_and_another_digest_are_refused(proposed: Draft, approver: Any) -> None:
    with pytest.raises(Stale):
        approve(proposed, by=approver, version=2, digest=proposed.digest)
    with pytest.raises(Stale):
        approve(proposed, by=approver, version=1, digest="0" * 64)
    assert untouched(proposed)


def test_expiry_is_by_the_database_clock(proposed: Draft, approver: Any) -> None:
    Draft.objects.update(expires_at=timezone.now() - timedelta(milliseconds=1))
    with pytest.raises(Stale, match="expired"):
        say_yes(proposed, approver)
    assert untouched(proposed)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DRAFTER])
def test_only_those_who_may_approve_can(proposed: Draft, role: Role) -> None:
    with pytest.raises(NotAllowed):
        say_yes(proposed, another(role, "nobody"))
    assert untouched(proposed)


def test_a_personal_limit_holds_and_a_stand_in_takes_the_limit_of_whom_they_stand_in_for(
    proposed: Draft, approver: Any
) -> None:
    approver.approve_limit, approver.approve_limit_currency = Decimal(20), "SGD"
    approver.save()
    with pytest.raises(NotAllowed, match=r"23\.90 SGD is above your limit of 20\.00 SGD"):
        say_yes(proposed, approver)
    assert untouched(proposed)
    chief = another(Role.APPROVER, "chief")
    chief.delegate_to, chief.delegate_until = approver, timezone.now() + timedelta(hours=1)
    chief.save()
    assert say_yes(proposed, approver) is not None


def test_a_limit_in_another_currency_without_a_rate_is_no_permission(proposed: Draft, approver: Any) -> None:
    approver.approve_limit, approver.approve_limit_currency = Decimal(1000), "USD"
    approver.save()
    with pytest.raises(NotAllowed, match="for want of an exchange rate"):
        say_yes(proposed, approver)
    FxRate.objects.create(currency="SGD", base="USD", day=timezone.now().date(), rate=Decimal("0.77"), source="test")
    assert say_yes(proposed, approver) is not None


def test_a_large_refund_takes_a_fresh_second_factor_for_this_digest(outside: Outside, approver: Any) -> None:
    FxRate.objects.create(currency="SGD", base="USD", day=timezone.now().date(), rate=Decimal(1), source="test")
    draft = a_refund(outside, amount="300.00", base_amount=Decimal(300))
    good = proof(approver, draft.digest)
    wrong = [
        None,
        proof(approver, draft.digest, age_seconds=125),
        proof(approver, "0" * 64),
        proof(approver, draft.digest, method=Approval.Method.SESSION),
        proof(another(Role.APPROVER, "other"), draft.digest),
        proof(approver, draft.digest, age_seconds=-60),
    ]
    for each in wrong:
        with pytest.raises(ProofNeeded) as refused:
            say_yes(draft, approver, proof=each)
        assert refused.value.digest == draft.digest
    assert untouched(draft)
    assert say_yes(draft, approver, proof=good) is not None
    assert Approval.objects.get().method == Approval.Method.TOTP


def test_above_the_highest_limit_two_different_people_decide(outside: Outside, approver: Any) -> None:
    second = another(Role.APPROVER, "second")
    draft = a_refund(outside, amount="5000.00", tier=Tier.SECOND_PERSON)
    assert say_yes(draft, approver, proof=proof(approver, draft.digest)) is None
    draft.refresh_from_db()
    assert draft.state == State.AWAITING_SECOND
    with pytest.raises(NotAllowed, match="second person"):
        say_yes(draft, approver, proof=proof(approver, draft.digest))
    assert not Execution.objects.exists()
    with pytest.raises(ProofNeeded):
        say_yes(draft, second)
    assert say_yes(draft, second, proof=proof(second, draft.digest)) is not None
    assert set(Approval.objects.values_list("by", flat=True)) == {approver.pk, second.pk}


def test_an_edit_by_the_second_person_makes_them_the_first(outside: Outside, approver: Any) -> None:
    second = another(Role.APPROVER, "second")
    draft = a_refund(outside, amount="5000.00", tier=Tier.SECOND_PERSON)
    FxRate.objects.create(currency="SGD", base="USD", day=timezone.now().date(), rate=Decimal(1), source="test")
    say_yes(draft, approver, proof=proof(approver, draft.digest))
    draft.refresh_from_db()
    edit(draft, RefundCommand(payment_ref=matter(draft).subject_ref, amount=Decimal(4000), currency="SGD"), second)
    assert draft.state == State.PROPOSED
    assert say_yes(draft, second, proof=proof(second, draft.digest)) is None
    assert not Execution.objects.exists()


def test_a_single_owner_waits_instead_of_asking_a_second_person(outside: Outside, owner: Any) -> None:
    draft = a_refund(outside, amount="5000.00", tier=Tier.SECOND_PERSON)
    execution = say_yes(draft, owner, proof=proof(owner, draft.digest))
    assert execution is not None
    assert execution.next_at is not None
    assert execution.next_at > timezone.now() + timedelta(minutes=14)


def test_no_policy_can_be_loosened_under_what_the_card_showed(proposed: Draft, approver: Any) -> None:
    Draft.objects.update(tier=Tier.REFUSE)
    Policy.objects.all().delete()
    with pytest.raises(NotAllowed, match="policy does not allow"):
        say_yes(proposed, approver)
    assert not Approval.objects.exists()


def test_an_edit_is_a_new_version_and_voids_every_approval(proposed: Draft, approver: Any, drafter: Any) -> None:
    say_yes(proposed, approver)
    proposed.refresh_from_db()
    undo(proposed, approver)
    old = proposed.digest
    smaller = RefundCommand(payment_ref=matter(proposed).subject_ref, amount=Decimal("5.00"), currency="SGD")
    edit(proposed, smaller, drafter)
    assert (proposed.version, proposed.state, proposed.amount) == (3, State.PROPOSED, Decimal("5.00"))
    assert proposed.digest != old
    assert proposed.preview["rows"][0]["after"] == "5.00 SGD"
    assert not Approval.objects.filter(voided_at=None).exists()
    with pytest.raises(Stale):
        approve(proposed, by=approver, version=1, digest=old)


def test_an_edit_that_cannot_be_right_is_refused_with_its_reasons(proposed: Draft, drafter: Any) -> None:
    too_much = RefundCommand(payment_ref=matter(proposed).subject_ref, amount=Decimal(900), currency="SGD")
    with pytest.raises(NotValid, match=r"900 is more than the 47\.8"):
        edit(proposed, too_much, drafter)
    assert untouched(proposed)


def test_approving_an_edit_approves_exactly_the_edit(proposed: Draft, approver: Any) -> None:
    smaller = RefundCommand(payment_ref=matter(proposed).subject_ref, amount=Decimal("7.00"), currency="SGD")
    say_yes(proposed, approver, edited=smaller)
    proposed.refresh_from_db()
    assert (proposed.version, proposed.amount) == (2, Decimal("7.00"))
    assert Approval.objects.get().digest == proposed.digest


def test_undo_works_while_held_and_not_a_moment_longer(proposed: Draft, approver: Any) -> None:
    say_yes(proposed, approver)
    proposed.refresh_from_db()
    undo(proposed, approver)
    assert (proposed.state, proposed.version) == (State.PROPOSED, 2)
    assert Execution.objects.get().next_at is None
    matter(proposed).refresh_from_db()
    assert matter(proposed).state == Alert.State.OPEN
    say_yes(proposed, approver)
    Draft.objects.update(hold_until=timezone.now() - timedelta(milliseconds=1))
    proposed.refresh_from_db()
    with pytest.raises(Stale, match="on its way"):
        undo(proposed, approver)


def test_each_decision_after_an_undo_has_a_key_of_its_own(proposed: Draft, approver: Any) -> None:
    first = say_yes(proposed, approver)
    proposed.refresh_from_db()
    undo(proposed, approver)
    second = say_yes(proposed, approver)
    assert first is not None
    assert second is not None
    assert first.key != second.key


def test_a_rejection_needs_a_reason_and_is_kept(proposed: Draft, approver: Any, drafter: Any) -> None:
    with pytest.raises(NotValid):
        reject(proposed, by=approver, reason="  ")
    with pytest.raises(NotAllowed):
        reject(proposed, by=drafter, reason="no")
    assert untouched(proposed)
    reject(proposed, by=approver, reason="The buyer keeps the goods.")
    assert (proposed.state, proposed.reason) == (State.REJECTED, "The buyer keeps the goods.")
    with pytest.raises(Stale):
        say_yes(proposed, approver)


def test_snoozing_never_passes_a_deadline_silently(proposed: Draft, approver: Any) -> None:
    alert = matter(proposed)
    Alert.objects.update(deadline=timezone.now() + timedelta(hours=2))
    alert.refresh_from_db()
    late = timezone.now() + timedelta(hours=3)
    with pytest.raises(PastDeadline, match=r"gives up 240\.00 USD"):
        snooze(alert, late, approver)
    alert.refresh_from_db()
    assert alert.state == Alert.State.OPEN
    snooze(alert, late, approver, past_deadline=True)
    assert (alert.state, alert.snoozed_until) == (Alert.State.SNOOZED, late)


def test_a_batch_holds_exactly_what_was_shown_and_one_failure_sinks_no_neighbour(
    outside: Outside, approver: Any
) -> None:
    Policy.objects.filter(kind="refund").delete()
    Policy.objects.create(kind="refund", tier=Tier.CLICK)
    FxRate.objects.create(currency="SGD", base="USD", day=timezone.now().date(), rate=Decimal(1), source="test")
    good, moved, alone = (a_refund(outside, tier=Tier.CLICK) for _ in range(3))
    Draft.objects.filter(pk=alone.pk).update(tier=Tier.REVIEW)
    rows = [Shown(good.pk, 1, good.digest), Shown(moved.pk, 1, "0" * 64), Shown(alone.pk, 1, alone.digest)]
    outcomes = approve_batch(rows, by=approver)
    assert [bool(each.execution) for each in outcomes] == [True, False, False]
    assert "now proposed" in outcomes[1].error
    assert "look of its own" in outcomes[2].error
    states = [Draft.objects.get(pk=draft.pk).state for draft in (good, moved, alone)]
    assert states == [State.HELD, State.PROPOSED, State.PROPOSED]


def test_more_than_ten_at_once_take_one_second_factor_for_the_whole_batch(outside: Outside, approver: Any) -> None:
    Policy.objects.filter(kind="refund").delete()
    Policy.objects.create(kind="refund", tier=Tier.CLICK)
    FxRate.objects.create(currency="SGD", base="USD", day=timezone.now().date(), rate=Decimal(1), source="test")
    rows = [Shown(each.pk, 1, each.digest) for each in (a_refund(outside, tier=Tier.CLICK) for _ in range(11))]
    with pytest.raises(ProofNeeded):
        approve_batch(rows, by=approver)
    assert not Approval.objects.exists()
    outcomes = approve_batch(rows, by=approver, proof=proof(approver, batch_digest(rows)))
    assert sum(1 for each in outcomes if each.execution) == 11


def test_parts_are_approved_with_their_draft_each_by_its_own_digest(outside: Outside, approver: Any) -> None:
    parent = a_refund(outside)
    kept, left = a_refund(outside, parent=parent), a_refund(outside, parent=parent)
    with pytest.raises(NotAllowed, match="2 parts"):
        say_yes(parent, approver)
    with pytest.raises(Stale, match="parts of this draft have changed"):
        say_yes(parent, approver, parts={kept.pk: "0" * 64})
    assert untouched(parent)
    say_yes(parent, approver, parts={kept.pk: kept.digest})
    states = [Draft.objects.get(pk=each.pk).state for each in (parent, kept, left)]
    assert states == [State.HELD, State.HELD, State.REJECTED]
    assert Execution.objects.count() == Approval.objects.count() == 2


def test_of_several_proposals_of_one_kind_for_one_matter_one_is_done(outside: Outside, approver: Any) -> None:
    draft, other = a_refund(outside), a_refund(outside)
    Draft.objects.filter(pk=other.pk).update(alert=draft.alert)
    say_yes(draft, approver)
    other.refresh_from_db()
    assert other.state == State.SUPERSEDED


@pytest.mark.django_db(transaction=True)
def test_of_fifty_who_click_at_once_one_wins(outside: Outside) -> None:
    racers = [another(Role.APPROVER, f"racer{number}") for number in range(25)]
    draft = a_refund(outside)
    start = Barrier(50)

    def click(person: User) -> str:
        start.wait()
        try:
            say_yes(Draft.objects.get(pk=draft.pk), person)
        except Stale as error:
            return str(error)
        finally:
            connections["default"].close()
        return "won"

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(click, racers * 2))
    assert outcomes.count("won") == 1
    assert all("held by" in said or "approved by" in said for said in outcomes if said != "won")
    assert (Approval.objects.count(), Execution.objects.count()) == (1, 1)
    connection.close()
