"""API tokens: made once and shown once, found by their digest, revoked at once; and how many calls each may make."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from connectors.models import Shop
from drafts.record import record
from opsroom.people.models import ApiToken, User

START = "ops_"  # by which scanners of leaked secrets, and people, know what it is
RANDOM_BYTES = 32
PREFIX_LENGTH = 12
LONGEST_TOKEN = 200
MINUTE = timedelta(minutes=1)
# `last_used_at` tells whether a token is still in use: to the minute is enough, and spares a write a call.
USED_TO_THE = timedelta(minutes=1)

# One row a token and scope: the minute begins with the first call, and its calls are counted in one statement.
COUNT = """
INSERT INTO people_apipace AS pace (token_id, scope, began_at, count) VALUES (%(token)s, %(scope)s, %(now)s, 1)
ON CONFLICT (token_id, scope) DO UPDATE SET
  began_at = CASE WHEN pace.began_at > %(from)s THEN pace.began_at ELSE excluded.began_at END,
  count = CASE WHEN pace.began_at > %(from)s THEN pace.count + 1 ELSE 1 END
RETURNING began_at, count
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether a call may be made now: `count` of `limit` in this minute, which begins anew at `renews_at`."""

    count: int
    limit: int
    renews_at: datetime

    @property
    def is_granted(self) -> bool:
        return self.count <= self.limit

    @property
    def left(self) -> int:
        return max(self.limit - self.count, 0)


@transaction.atomic
def make_token(
    person: User, name: str, scopes: Collection[str], *, now: datetime, lasts: timedelta, shops: Collection[Shop] = ()
) -> tuple[ApiToken, str]:
    """The row, and the token itself, which is nowhere else. Without `shops` it reads every shop.

    Raises ValueError for more than a year, or for the right to propose where the person has none.
    """
    if not timedelta(0) < lasts <= ApiToken.LONGEST:
        raise ValueError("A token lasts for a year at most.")
    if ApiToken.Scope.PROPOSE in scopes and not person.can_draft:
        raise ValueError(f"Your role is {person.role}, which may not prepare a draft, so no token of yours may.")
    text = START + secrets.token_urlsafe(RANDOM_BYTES)
    token = ApiToken.objects.create(
        person=person, name=name, prefix=text[:PREFIX_LENGTH], digest=digest_of(text), scopes=sorted(set(scopes)),
        all_shops=not shops, created_at=now, expires_at=now + lasts,
    )  # fmt: skip
    token.shops.set(shops)
    record(
        "api_token_made", by=person, token=token.pk, name=name, prefix=token.prefix, scopes=token.scopes,
        shops=sorted(shop.pk for shop in shops), expires_at=token.expires_at.isoformat(),
    )  # fmt: skip
    return token, text


@transaction.atomic
def revoke_token(token: ApiToken, *, by: User, now: datetime) -> bool:
    """From this moment no call with it is answered. False where it had been revoked before."""
    changed = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)
    if changed:
        record("api_token_revoked", by=by, token=token.pk, name=token.name, prefix=token.prefix, of=token.person_id)
    return bool(changed)


def find_token(text: str, now: datetime) -> ApiToken | None:
    """The token in force that this text is, with its person; None for any other text."""
    if not text.startswith(START) or len(text) > LONGEST_TOKEN:
        return None
    found: ApiToken | None = (
        ApiToken.objects.in_force(now).filter(digest=digest_of(text)).select_related("person").first()
    )
    return found


def take_turn(token: ApiToken, scope: str, now: datetime) -> Turn:
    """Count one call. The row holds the count, so that any number of processes share one limit."""
    limit = settings.API_PROPOSALS_A_MINUTE if scope == ApiToken.Scope.PROPOSE else settings.API_READS_A_MINUTE
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"token": token.pk, "scope": scope, "now": now, "from": now - MINUTE})
        row = cursor.fetchone()
    assert row is not None
    if token.last_used_at is None or now - token.last_used_at >= USED_TO_THE:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return Turn(row[1], limit, row[0] + MINUTE)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
