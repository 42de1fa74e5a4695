"""Appraise: what a command moves, how it is shown, and which proof it needs, given these facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from drafts.deciding.by_hand import by_hand
from drafts.deciding.judge import Judge
from drafts.kinds import KINDS
from drafts.kinds.base import Command, Reader
from drafts.models import Draft
from drafts.policy import Flag


def appraised(
    draft: Draft, command: Command, facts: Mapping[str, Any], reader: Reader, flags: frozenset[Flag] = frozenset()
) -> dict[str, Any]:
    """The draft's columns that follow from its command and facts; nothing is written.

    `reader` gives what the company's own requirements look at.
    """
    kind = KINDS[draft.kind]
    money = kind.money(command)
    judgement = Judge().of_draft(draft, command, facts, reader, flags=flags)
    subject = judgement.subject
    return {
        "preview": {**asdict(kind.preview(command, dict(facts))), **_reason(draft)},
        "amount": money.amount if money else None,
        "currency": money.currency if money else "",
        "base_amount": judgement.base_amount,
        "tier": judgement.tier,
        "tier_reasons": judgement.reasons,
        "undo_label": kind.undo.label,
        "order_ref": subject.order_ref,
        "customer_ref": subject.customer_ref,
        "country": subject.country,
        "sku_group": subject.sku_group,
        "side": judgement.side,
        "by_hand": by_hand(kind, draft.shop_id, command, facts) if draft.shop_id else draft.by_hand,
    }


def _reason(draft: Draft) -> dict[str, str]:
    """Why a program proposed it, in its own words: an edit changes the command, not that."""
    said = (draft.preview or {}).get("because", "")
    return {"because": said} if said else {}
