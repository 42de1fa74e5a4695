"""Appraise: what a command moves, how it is shown, and which proof it needs, given these facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from drafts.deciding.by_hand import by_hand
from drafts.deciding.judge import Judge, flags_of
from drafts.kinds import KINDS
from drafts.kinds.base import Command
from drafts.models import Draft
from drafts.policy import Flag


def appraised(
    draft: Draft, command: Command, facts: Mapping[str, Any], flags: frozenset[Flag] = frozenset()
) -> dict[str, Any]:
    """The draft's columns that follow from its command and facts; nothing is written."""
    kind = KINDS[draft.kind]
    money = kind.money(command)
    judgement = Judge().judge(draft.kind, money, draft.shop_id, flags=flags | flags_of(draft.alert))
    return {
        "preview": asdict(kind.preview(command, dict(facts))),
        "amount": money.amount if money else None,
        "currency": money.currency if money else "",
        "base_amount": judgement.base_amount,
        "tier": judgement.tier,
        "tier_reasons": judgement.reasons,
        "undo_label": kind.undo.label,
        "by_hand": by_hand(kind, draft.shop_id, command, facts) if draft.shop_id else draft.by_hand,
    }
