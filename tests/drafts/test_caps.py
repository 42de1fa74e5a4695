"""Caps are counted at the decision: what goes above one is not approved, and says what is left."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from connectors.models import FxRate
from drafts.approve import NotAllowed, Shown, approve, approve_batch
from drafts.deciding.caps import left_today
from drafts.deciding.clock import now
from drafts.models import Cap, Draft, Policy
from drafts.revise import reject
from drafts.states import State, Tier
from tests.drafts.conftest import a_refund
from tests.fakes.channel import Outside

pytestmark = pytest.mark.django_db


def yes(draft: Draft, by: Any) -> None:
    approve(draft, by=by, version=draft.version, digest=draft.digest)


def worth(draft: Draft, amount: str, customer: str = "") -> Draft:
    """As much in the base currency, for that customer."""
    Draft.objects.filter(pk=draft.pk).update(base_amount=Decimal(amount), customer_ref=customer)
    draft.refresh_from_db()
    return draft


def test_the_write_after_the_last_one_of_the_day_is_refused_and_stays_where_it_was(
    proposed: Draft, outside: Outside, approver: Any
) -> None:
    Cap.objects.create(kind="refund", per=Cap.Per.DAY, most_count=1, note="Month-end.")
    other = a_refund(outside, like=proposed)
    yes(proposed, approver)

    with pytest.raises(NotAllowed, match=r"cap for refund \(a day, all together, USD\): 1 of 1 writes .* Month-end\."):
        yes(other, approver)

    other.refresh_from_db()
    assert (other.state, other.approvals.count()) == (State.PROPOSED, 0)


def test_dollars_of_a_day_are_counted_over_kinds_and_a_rejected_write_gives_its_room_back(
    proposed: Draft, outside: Outside, approver: Any
) -> None:
    cap = Cap.objects.create(per=Cap.Per.DAY, most_amount=Decimal(100))
    first, second = worth(proposed, "70"), worth(a_refund(outside, like=proposed), "30.01")
    yes(first, approver)
    assert left_today(cap, now()) == "every kind: 30.00 USD of 100.00 left today"

    with pytest.raises(NotAllowed, match=r"70\.00 of 100\.00 are approved already, and this adds 30\.01"):
        yes(second, approver)
    first.refresh_from_db()
    reject(first, by=approver, reason="Not this one.")
    yes(second, approver)

    second.refresh_from_db()
    assert second.state == State.HELD


def test_one_customer_has_a_cap_of_their_own(proposed: Draft, outside: Outside, approver: Any) -> None:
    Cap.objects.create(kind="refund", per=Cap.Per.CUSTOMER_MONTH, most_count=1)
    mine, other, again = (
        worth(proposed, "5", "mei"), worth(a_refund(outside), "5", "ann"), worth(a_refund(outside), "5", "mei")
    )  # fmt: skip
    yes(mine, approver)
    yes(other, approver)

    with pytest.raises(NotAllowed, match="30 days, one customer"):
        yes(again, approver)


def test_money_that_cannot_be_compared_is_refused_with_what_to_do(proposed: Draft, approver: Any) -> None:
    Cap.objects.create(per=Cap.Per.DAY, most_amount=Decimal(100))
    Draft.objects.filter(pk=proposed.pk).update(base_amount=None)

    with pytest.raises(NotAllowed, match="no exchange rate for this amount, so the cap cannot be compared"):
        yes(proposed, approver)


def test_a_batch_stops_at_the_cap_row_by_row(proposed: Draft, outside: Outside, approver: Any) -> None:
    Policy.objects.filter(kind="refund").delete()
    Policy.objects.create(kind="refund", tier=Tier.CLICK)
    FxRate.objects.create(currency="SGD", base="USD", day=timezone.now().date(), rate=Decimal(1), source="test")
    Cap.objects.create(kind="refund", per=Cap.Per.DAY, most_count=1)
    rows = [proposed, a_refund(outside, like=proposed)]
    Draft.objects.update(tier=Tier.CLICK)

    done = approve_batch([Shown(row.pk, row.version, row.digest) for row in rows], by=approver)

    assert [bool(each.execution) for each in done] == [True, False]
    assert "1 of 1 writes are approved already" in done[1].error


def test_an_idle_cap_and_one_of_another_shop_count_nothing(proposed: Draft, outside: Outside, approver: Any) -> None:
    Cap.objects.create(per=Cap.Per.DAY, most_count=0, is_active=False)
    Cap.objects.create(per=Cap.Per.DAY, most_count=0, shop=a_refund(outside).shop)
    yes(proposed, approver)
    proposed.refresh_from_db()
    assert proposed.state == State.HELD
