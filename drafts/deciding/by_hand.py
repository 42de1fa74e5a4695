"""What a person does by hand where the channel has no such call: the page for it, and all that has to be entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.account import account_of
from connectors.models import Shop
from connectors.operations import Operation
from connectors.registry import CONNECTORS
from drafts.kinds.base import Command, Kind, Preview


def by_hand(kind: Kind[Any], shop_id: int | None, command: Command, facts: Mapping[str, Any]) -> str:
    """Empty where the shop's channel does it by itself. Raises LookupError where no connected shop could."""
    if kind.is_internal:
        return ""
    shop = Shop.objects.filter(pk=shop_id).first() if shop_id else None
    if shop is None:
        raise LookupError("no connected shop can do this")
    operation = kind.operation(command, dict(facts), "")
    made = CONNECTORS.get(shop.kind)
    if made is not None and type(operation) in made.writes:
        return ""
    return prepared(shop, operation, kind.preview(command, dict(facts)))


def prepared(shop: Shop, operation: Operation, preview: Preview) -> str:
    """The page, what is to be done there, and the text as it is to be entered; the rows where there is no text."""
    made = CONNECTORS.get(shop.kind)
    account = replace(account_of(shop), credentials={})
    link = made.by_hand(operation, account) if made else ""
    rows = "\n".join(f"{row.label}: {row.before or '–'} → {row.after}" for row in preview.rows)
    what = f"On {shop.name}: {preview.summary}"
    return "\n\n".join(part for part in (link, what, preview.text or rows) if part)
