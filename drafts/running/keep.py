"""Keep: records of what we sent that no channel will ever tell us of (an order mailed to a supplier)."""

from __future__ import annotations

import structlog
from django.db import DatabaseError

from connectors.save import save
from drafts.kinds import KINDS, read_command
from drafts.running.claim import Claim

log = structlog.get_logger()


def keep(claim: Claim) -> None:
    """Save them; doing it again changes nothing. A failure is logged: what was sent stays sent."""
    draft, execution = claim.draft, claim.execution
    if draft.shop_id is None or execution.first_sent_at is None:
        return
    command = read_command(draft.kind, draft.command)
    records = KINDS[draft.kind].kept(command, draft.facts, str(execution.key), execution.first_sent_at)
    try:
        if records:
            save(draft.shop_id, records, received_at=execution.first_sent_at)
    except DatabaseError:
        log.exception("what was sent could not be kept as a record", execution=execution.pk)
