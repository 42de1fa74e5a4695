"""Whether a shop lets us do what a draft proposes: to write is asked for when the first of its kind is approved."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError

from connectors.base import ConnectorError
from connectors.consent import lacking, scopes_for
from connectors.registry import CONNECTORS
from drafts.deciding.errors import ScopeNeeded
from drafts.kinds import KINDS, read_command
from drafts.models import Draft


def operation_of(draft: Draft) -> str:
    """The class name of the operation that a draft would have its channel do; empty where it needs no channel."""
    kind = KINDS.get(draft.kind)
    if kind is None or kind.is_internal or draft.shop is None:
        return ""
    try:
        return type(kind.operation(read_command(draft.kind, draft.command), draft.facts, "")).__name__
    except (ConnectorError, LookupError, ValidationError):  # what is wrong with it is said where it is judged
        return ""


def missing_scopes(draft: Draft) -> tuple[str, ...]:
    """Scopes that the draft's shop was not granted; none where the platform grants by app or does not say."""
    if draft.shop is None or draft.shop.scopes is None:
        return ()
    return lacking(scopes_for(CONNECTORS.get(draft.shop.kind), operation_of(draft)), draft.shop.scopes)


def check_reach(drafts: Iterable[Draft]) -> None:
    """Raises ScopeNeeded for the first that its shop does not let us do."""
    for draft in drafts:
        if missing := missing_scopes(draft):
            raise ScopeNeeded(
                f"Nothing was done: {draft.shop} lets us read, and has not granted {', '.join(missing)} yet. An owner "
                "asks for it from this card; then approve again."
            )
