"""The last look before byte one: does an approval of exactly this write stand, and is the execution still ours?"""

from __future__ import annotations

from django.db import DatabaseError, connection

from connectors.base import NotApproved, Permit, Retry

STANDS = """
    SELECT 1 FROM drafts_execution e
    JOIN drafts_draft d ON d.id = e.draft_id
    JOIN drafts_approval a ON a.id = e.approval_id AND a.draft_id = d.id
    WHERE e.id = %s AND e.key = %s::uuid AND e.fence = %s AND e.lease_until > clock_timestamp()
      AND d.state = 'sending' AND d.digest = %s
      AND a.id = %s AND a.digest = d.digest AND a.version = d.version AND a.voided_at IS NULL
"""


def approved_gate(permit: Permit) -> None:
    """Raises NotApproved; then no byte has left. Raises Retry where the database cannot be asked."""
    wanted: list[int | str] = [permit.execution_id, permit.key, permit.fence, permit.digest, permit.approval_id]
    try:
        with connection.cursor() as cursor:
            cursor.execute(STANDS, wanted)
            stands = cursor.fetchone() is not None
    except DatabaseError as error:
        raise Retry("the approval could not be checked, so nothing was sent") from error
    if not stands:
        raise NotApproved("no approval of exactly this write stands, so nothing was sent")
