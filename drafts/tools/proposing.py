"""Propose a write, and what can be proposed. A person decides; no tool does."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from drafts.kinds import KINDS
from drafts.propose import Wanted, propose
from drafts.tools.base import Answer, Arguments, Caller, Missing, Named, Number, Scope, Text, Tool
from drafts.tools.cases import WholeDraft, whole_draft


class KindsAsked(Arguments):
    kind: Text = Field(default="", description="one kind alone, with the JSON schema of its command")


class KindRow(Answer):
    """`command` is the JSON schema of its arguments, given where one kind is asked for."""

    kind: str
    label: str
    undo: str
    is_internal: bool
    text_argument: str = Field(description="the argument that is a text for somebody; empty: none")
    command: dict[str, Any] | None


class KindList(Answer):
    rows: tuple[KindRow, ...]


class ProposalAsked(Arguments):
    """`because` is shown to the person who decides, as the program's own words."""

    kind: Named = Field(description="one of `kinds`")
    command: dict[str, Any] = Field(description="the arguments of that kind; `kinds?kind=…` gives their schema")
    because: str = Field(min_length=1, max_length=1000, pattern=r"^[^\x00]*$", description="why, for the person")
    shop_id: Number | None = Field(default=None, description="the shop that acts; left out: whose record it is")
    alert_id: Number | None = Field(default=None, description="the alert it answers; left out: one of its own")
    passages: tuple[Number, ...] = Field(default=(), max_length=10, description="`passage_id` of rules that it cites")


class Waiting(Answer):
    """A proposal that waits for a person. `is_new` false: the very same one waited already."""

    is_new: bool
    draft: WholeDraft


def kinds(caller: Caller, asked: KindsAsked) -> KindList:
    if asked.kind and asked.kind not in KINDS:
        raise Missing(f"there is no kind of draft called {asked.kind}")
    chosen = [asked.kind] if asked.kind else sorted(KINDS)
    return KindList(rows=tuple(_kind(name, is_whole=bool(asked.kind)) for name in chosen))


def make_proposal(caller: Caller, asked: ProposalAsked) -> Waiting:
    """Raises what `drafts.propose.propose` raises."""
    wanted = Wanted(
        kind=asked.kind, command=asked.command, shop_id=asked.shop_id, alert_id=asked.alert_id,
        passages=asked.passages, because=asked.because, said_by=caller.label,
    )  # fmt: skip
    made = propose(wanted, by=caller.person, sees=caller.sees)
    return Waiting(is_new=made.is_new, draft=whole_draft(made.draft))


def _kind(name: str, *, is_whole: bool) -> KindRow:
    kind = KINDS[name]
    return KindRow(
        kind=name, label=kind.label, undo=kind.undo.label, is_internal=kind.is_internal,
        text_argument=kind.text_field, command=kind.command.model_json_schema() if is_whole else None,
    )  # fmt: skip


KINDS_OF_DRAFT = Tool(
    "kinds", "Kinds of draft", "What can be proposed; with `kind`, the JSON schema of its command.", "kinds",
    KindsAsked, KindList, kinds,
)  # fmt: skip
PROPOSE = Tool(
    "propose", "Propose a write",
    "Put one write before a person, who decides on it in the inbox. Nothing is sent by this call.", "drafts",
    ProposalAsked, Waiting, make_proposal, scope=Scope.PROPOSE,
)  # fmt: skip
