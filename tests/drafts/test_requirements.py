"""What must hold is asked when a draft is prepared, when it is approved, and once more before it leaves."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from connectors.models import FxRate
from drafts.approve import NotAllowed, approve
from drafts.deciding.judge import Judge
from drafts.deciding.subject import Subject, side_of
from drafts.execute import execute
from drafts.models import Draft, Execution, Policy, PolicyTrial, Requirement
from drafts.states import State
from opsroom.people.models import User
from opsroom.people.roles import Role
from tests.drafts.conftest import a_refund
from tests.fakes.channel import Outside

pytestmark = pytest.mark.django_db


def never_refund(**changes: Any) -> Requirement:
    row = {
        "kind": "refund",
        "term": "order_status",
        "operator": "one_of",
        "value": "completed",
        "note": "Only completed.",
    }
    return Requirement.objects.create(**row | changes)


def test_a_rule_entered_after_a_draft_was_prepared_stops_its_approval(proposed: Draft, approver: Any) -> None:
    never_refund()
    with pytest.raises(NotAllowed, match=r"The policy does not allow this write: .*Only completed\."):
        approve(proposed, by=approver, version=1, digest=proposed.digest)
    assert not Execution.objects.exists()


def test_a_rule_entered_after_its_approval_stops_it_before_the_call(
    approved: Callable[[], Execution], outside: Outside
) -> None:
    execution = approved()
    never_refund()

    execute(execution.pk)

    draft = Draft.objects.get(pk=execution.draft_id)
    assert (draft.state, draft.reason, outside.calls) == (State.FAILED, "Only completed.", 0)


def test_one_that_asks_for_more_proof_does_not_stop_what_was_approved(
    approved: Callable[[], Execution], outside: Outside
) -> None:
    execution = approved()
    never_refund(tier="second_factor")
    execute(execution.pk)
    assert outside.calls == 1


def test_a_stand_in_has_the_limit_of_the_other_until_the_end_date_and_no_longer(proposed: Draft, approver: Any) -> None:
    approver.approve_limit, approver.approve_limit_currency = Decimal(1), "SGD"
    approver.save()
    chief = User.objects.create_user("chief@example.com", role=Role.APPROVER)
    chief.delegate_to, chief.delegate_until = approver, timezone.now() - timedelta(seconds=1)
    chief.save()
    with pytest.raises(NotAllowed, match="above your limit"):
        approve(proposed, by=approver, version=1, digest=proposed.digest)


def test_a_customer_stays_on_one_side_of_a_trial_and_the_sides_have_their_share() -> None:
    sides = [side_of("t", 30, 1, Subject(customer_ref=str(number)), "") for number in range(2000)]
    assert sides == [
        side_of("t", 30, 1, Subject(order_ref="o", customer_ref=str(number)), "x") for number in range(2000)
    ]
    assert 0.27 < sides.count("b") / 2000 < 0.33
    assert side_of("t", 30, 1, Subject(), "") == ""


def test_a_trial_judges_each_side_by_its_own_rules(proposed: Draft, outside: Outside) -> None:
    FxRate.objects.create(currency="SGD", base="USD", day=timezone.now().date(), rate=Decimal(1), source="test")
    Policy.objects.all().delete()
    Policy.objects.create(kind="refund", tier="click")
    Policy.objects.create(kind="refund", tier="second_factor", side="b")
    people = [Subject(customer_ref=str(number)) for number in range(40)]
    assert {Judge().judge("refund", None, 1, subject=each).tier for each in people} == {"click"}

    PolicyTrial.objects.create(name="stricter refunds", percent_b=50)

    judged = [Judge().judge("refund", None, 1, subject=each) for each in people]
    assert {(each.side, str(each.tier)) for each in judged} == {("a", "click"), ("b", "second_factor")}
    again = a_refund(outside, like=proposed)
    assert again.side == ""
