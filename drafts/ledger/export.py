"""Export: the ledger as JSON Lines, entries first, then seals, complete enough to be verified without our database."""

from __future__ import annotations

from pathlib import Path

from drafts.deciding.binding import canonical
from drafts.ledger.entries import CONTENT, streamed
from drafts.ledger.merkle import leaf
from drafts.models import LedgerSeal

ENTRIES = f"""
    SELECT id, recorded_at, txid, action, actor_id, draft_id, body, {CONTENT} FROM drafts_ledgerentry ORDER BY id
"""  # noqa: S608  # constants of this package alone
NAMES = ("id", "recorded_at", "txid", "action", "actor", "draft")


def export(path: Path) -> int:
    """Write the file anew; returns the number of entries in it."""
    count = 0
    with path.open("w", encoding="utf-8") as file, streamed("ledger_export", ENTRIES) as rows:
        for *columns, body, content in rows:
            entry = dict(zip(NAMES, columns, strict=True)) | {"recorded_at": columns[1].isoformat()}
            line = {"entry": entry, "body": body.decode(), "leaf": leaf(content).hex()}
            file.write(canonical(line) + "\n")
            count += 1
        for seal in LedgerSeal.objects.order_by("number").iterator():
            file.write(canonical({"seal": _seal(seal)}) + "\n")
    return count


def _seal(seal: LedgerSeal) -> dict[str, object]:
    return {
        "number": seal.number,
        "sealed_at": seal.sealed_at.isoformat(),
        "horizon": seal.horizon,
        "entries": seal.entry_ids,
        "root": bytes(seal.root).hex(),
        "previous": bytes(seal.previous).hex(),
        "chain": bytes(seal.chain).hex(),
    }
