"""Record: one entry in the ledger for everything that is decided or done, in the transaction that does it.

Entries are appended without a lock; `drafts.ledger.seal` puts them in their final order a second later.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from django.db import connection

from drafts.deciding.binding import canonical
from drafts.deciding.person import Person
from drafts.models import Draft, LedgerText

# What people and platforms write, and facts that moved: they may name a buyer, and stand outside the chain.
WORDS = frozenset({"reason", "evidence", "error", "detail", "drift", "why"})
APART = "sha256"
INSERT = "INSERT INTO drafts_ledgerentry (action, actor_id, draft_id, body) VALUES (%s, %s, %s, %s)"


def record(action: str, *, by: Person | None = None, draft: Draft | None = None, **body: object) -> None:
    """Append. `body` takes plain JSON values, with amounts and times as text; buyers' personal data stays out of it.

    What may hold some (`WORDS`) is kept beside the ledger and stands in it by a salted digest.
    """
    bound = {"version": draft.version, "digest": draft.digest, "kind": draft.kind} if draft is not None else {}
    if draft is not None:
        body = {name: set_apart(draft.pk, value) if name in WORDS and value else value for name, value in body.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            [
                action,
                by.pk if by is not None else None,
                draft.pk if draft is not None else None,
                canonical({**bound, **body}).encode(),
            ],
        )


def set_apart(draft_id: int, value: object) -> dict[str, str]:
    """Keep a value beside the ledger; what stands for it in the entry."""
    salt, text = secrets.token_bytes(16), canonical(value)
    digest = digest_of(salt, text)
    LedgerText.objects.create(digest=digest, draft_id=draft_id, salt=salt, text=text)
    return {APART: digest}


def digest_of(salt: bytes, text: str) -> str:
    return hashlib.sha256(salt + text.encode("utf-8", "replace")).hexdigest()


def with_words(body: Mapping[str, Any]) -> dict[str, Any]:
    """An entry's body with its words in their places; a mark where they were erased or are not what was sealed."""
    digests = [value[APART] for value in body.values() if is_apart(value)]
    kept = {row.digest: row for row in LedgerText.objects.filter(digest__in=digests)} if digests else {}

    def told(digest: str) -> Any:
        row = kept.get(digest)
        if row is None:
            return "(erased)"
        return (
            json.loads(row.text) if digest_of(bytes(row.salt), row.text) == digest else "(changed after it was sealed)"
        )

    return {name: told(value[APART]) if is_apart(value) else value for name, value in body.items()}


def is_apart(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {APART}
