"""Record: one entry in the ledger for everything that is decided or done, in the transaction that does it.

Entries are appended without a lock; `drafts.ledger.seal` puts them in their final order a second later.
"""

from __future__ import annotations

from django.db import connection

from drafts.deciding.binding import canonical
from drafts.deciding.person import Person
from drafts.models import Draft

INSERT = "INSERT INTO drafts_ledgerentry (action, actor_id, draft_id, body) VALUES (%s, %s, %s, %s)"


def record(action: str, *, by: Person | None = None, draft: Draft | None = None, **body: object) -> None:
    """Append. `body` takes plain JSON values, with amounts and times as text; buyers' personal data stays out of it."""
    bound = {"version": draft.version, "digest": draft.digest, "kind": draft.kind} if draft is not None else {}
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
