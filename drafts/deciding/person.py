"""What the steps ask of a person. The User model lives above, in `opsroom.people`, and is never imported here."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from django.contrib.auth import get_user_model

if TYPE_CHECKING:
    from collections.abc import Iterable


class Person(Protocol):
    """Rights follow the role. `approve_limit` None: what the policy allows."""

    pk: Any
    is_active: bool
    approve_limit: Decimal | None
    approve_limit_currency: str

    @property
    def can_approve(self) -> bool: ...

    @property
    def can_draft(self) -> bool: ...


def approvers() -> Iterable[Any]:
    """Everybody who may approve a write."""
    people: Any = get_user_model().objects
    return people.with_right("approve")  # type: ignore[no-any-return]  # the model's own query set


def represented(person: Person, now: datetime) -> list[Person]:
    """The person, and those whose decisions they take at this moment."""
    people: Any = get_user_model().objects
    return [person, *people.get_queryset().delegating_to(person, now=now)]
