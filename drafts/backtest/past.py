"""Past drafts as a replay sees them: of this installation, or of the twin's market from a file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q

from connectors.models import Order
from connectors.money import Money
from drafts.deciding.caps import COUNTED
from drafts.deciding.judge import flags_of
from drafts.deciding.subject import Subject, segment_of
from drafts.kinds import KINDS, read_command
from drafts.models import Draft, LedgerEntry
from drafts.policy import Ask, Flag, Value
from drafts.preparing.facts import SavedReader
from drafts.preparing.own_rows import MAY_HAVE_HAPPENED
from drafts.replay import Past
from drafts.terms import values_of

MOST = 2000  # the newest


def our_past(terms: Iterable[str] = ()) -> list[Past]:
    """The newest drafts, whatever became of them. `terms` are read from the records as they stand today."""
    undone = LedgerEntry.objects.filter(draft_id=OuterRef("pk"), action="undone")
    rows = Draft.objects.annotate(was_undone=Exists(undone)).select_related("alert").order_by("-id")[:MOST]
    drafts = [row for row in rows if row.kind in KINDS]
    risks = _risks(drafts)
    return [_past(row, risks.get((row.shop_id, row.order_ref), ""), list(terms)) for row in drafts]


def _past(draft: Any, risk: str, terms: list[str]) -> Past:
    subject = Subject(draft.order_ref, draft.customer_ref, draft.country, draft.sku_group, risk)
    command = read_command(draft.kind, draft.command)
    ask = Ask(
        draft.kind, draft.shop_id, Money(draft.amount, draft.currency) if draft.amount is not None else None,
        draft.base_amount, flags=flags_of(draft.alert), customer=segment_of(draft.shop_id, subject), risk=risk,
        side=draft.side, terms=values_of(terms, draft.kind, command, SavedReader(draft.shop_id)) if terms else {},
    )  # fmt: skip
    return Past(
        draft.pk, str(draft.preview.get("summary") or draft.kind)[:120], ask, draft.decided_at or draft.created_at,
        customer_ref=draft.customer_ref, was_approved=draft.state in COUNTED,
        was_edited=draft.edited_by_id is not None, was_reversed=draft.was_undone or _is_made_good(draft),
    )  # fmt: skip


def _is_made_good(draft: Draft) -> bool:
    """Whether a later write of ours took this one back."""
    undo = KINDS[draft.kind].undo.kind
    if not (undo and draft.order_ref):
        return False
    later = Q(pk__gt=draft.pk, order_ref=draft.order_ref, kind=undo, state__in=MAY_HAVE_HAPPENED)
    return Draft.objects.filter(later, shop=draft.shop).exists()


def _risks(drafts: list[Any]) -> dict[tuple[int | None, str], str]:
    refs = {draft.order_ref for draft in drafts if draft.order_ref}
    rows = Order.objects.filter(external_id__in=refs).exclude(risk="").values_list("shop_id", "external_id", "risk")
    return {(shop, ref): risk for shop, ref, risk in rows}


def to_line(one: Past) -> str:
    """One line of JSON; meant for the twin, whose buyers are invented."""
    ask = one.ask
    return json.dumps(
        {
            "number": one.number, "what": one.what, "at": one.at.isoformat(), "customer": one.customer_ref,
            "kind": ask.kind, "amount": _text(ask.amount.amount if ask.amount else None),
            "currency": ask.amount.currency if ask.amount else "", "base_amount": _text(ask.base_amount),
            "flags": sorted(ask.flags), "segment": ask.customer, "risk": ask.risk,
            "terms": {name: _term(value) for name, value in ask.terms.items()},
        }
    )  # fmt: skip


def from_line(text: str) -> Past:
    """Of the twin: approved by nobody, so each counts as approved for what a cap would have stopped."""
    row = json.loads(text)
    amount = Money(Decimal(row["amount"]), row["currency"]) if row["amount"] else None
    base = Decimal(row["base_amount"]) if row["base_amount"] else None
    ask = Ask(
        row["kind"], None, amount, base, flags=frozenset(Flag(flag) for flag in row["flags"]),
        customer=row["segment"], risk=row["risk"], terms={name: _value(pair) for name, pair in row["terms"].items()},
    )  # fmt: skip
    return Past(
        row["number"], row["what"], ask, datetime.fromisoformat(row["at"]), customer_ref=row["customer"],
        was_approved=True,
    )  # fmt: skip


def _text(amount: Decimal | None) -> str:
    return "" if amount is None else str(amount)


def _term(value: Value) -> list[Any]:
    return ["number", str(value)] if isinstance(value, Decimal) else ["plain", value]


def _value(pair: list[Any]) -> Value:
    kind, value = pair
    return Decimal(value) if kind == "number" else value
