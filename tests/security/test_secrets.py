"""Canaries: secrets that are looked for, letter by letter, wherever data lies."""

import base64
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection
from django.test import Client
from django.utils import timezone

from opsroom.people.models import User
from opsroom.people.tokens import make_token
from tests.conftest import PASSWORD
from tests.factories import ShopFactory

pytestmark = pytest.mark.django_db
CANARY = "canary-7f3a91c2e5d84b60"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def dump() -> str:
    """Every row of every table, as PostgreSQL writes it down."""
    with connection.cursor() as cursor:
        text = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            text += [row[0] for row in cursor.fetchall()]
    return "\n".join(text)


def test_no_secret_stands_clear_in_any_table(owner: User) -> None:
    ShopFactory.create(credentials={"access_token": CANARY, "partner_key": f"{CANARY}-key"}, name="Canary shop")
    TOTP.activate(owner, SEED)
    token = make_token(owner, "bot", ["read"], now=timezone.now(), lasts=timedelta(days=1))[1]
    Client().post("/account/login/", {"login": owner.email, "password": PASSWORD})
    found = dump()
    assert "Canary shop" in found  # the dump holds what was written
    for secret in (CANARY, SEED, token, PASSWORD):
        for spelling in (secret, base64.b64encode(secret.encode()).decode(), secret.encode().hex()):
            assert spelling not in found
