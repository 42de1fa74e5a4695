"""The first owner of a fresh installation."""

import secrets

from django.db import transaction

from opsroom.people.models import User
from opsroom.people.roles import Role

PASSWORD_BYTES = 12


@transaction.atomic
def first_owner(email: str) -> tuple[User, str] | None:
    """An owner with a random password, shown this once; None where somebody is there already."""
    if User.objects.exists():
        return None
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    return User.objects.create_user(email, password, role=Role.OWNER, name="Owner"), password
