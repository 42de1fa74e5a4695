from itertools import pairwise

import pytest
from django.db import IntegrityError

from opsroom.people.models import User
from opsroom.people.roles import RIGHTS, Right, Role, may, refusal


def test_each_role_holds_the_rights_of_the_one_below() -> None:
    ladder = [RIGHTS[role] for role in Role]
    assert all(lower < higher for lower, higher in pairwise(ladder))


def test_an_unknown_role_may_nothing() -> None:
    assert not any(may("admin", right) for right in Right)


def test_a_refusal_names_who_may() -> None:
    assert "Ask somebody who is approver or owner" in refusal(Role.VIEWER, Right.APPROVE)


@pytest.mark.django_db
def test_an_email_in_other_case_is_the_same_person() -> None:
    User.objects.create_user("Ann@Example.com", "x")
    with pytest.raises(IntegrityError):
        User.objects.create_user("ann@example.COM", "x")


def test_a_person_who_left_may_nothing(owner: User) -> None:
    owner.is_active = False
    assert not owner.may(Right.VIEW)
    assert not owner.is_staff
