"""Preflight: may this write be proposed at all? Its schema, its facts, the kind's own refusals, then the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from drafts.deciding.judge import Judge
from drafts.kinds import KINDS
from drafts.kinds.base import Command, Reader
from drafts.states import Tier


class Gate(StrEnum):
    """What stands in the way."""

    SCHEMA = "schema"
    FACTS = "facts"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Preflight:
    """`command` is None where the arguments are none. `gate` is None where nothing stands in the way: then `tier` says
    which proof the write takes."""

    command: Command | None
    tier: Tier
    gate: Gate | None = None
    reasons: tuple[str, ...] = ()


def preflight(kind: str, arguments: Mapping[str, Any], reader: Reader, judge: Judge, shop_id: int | None) -> Preflight:
    """Raises KeyError for an unknown kind, and the errors of a reader that asks a channel. Nothing is written."""
    known = KINDS[kind]
    try:
        command = known.command.model_validate(arguments)
    except ValidationError as error:
        said = tuple(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        return Preflight(None, Tier.REFUSE, Gate.SCHEMA, said)
    try:
        reasons = known.refusals(command, known.read_facts(command, reader))
    except LookupError as error:
        reasons = [str(error)]
    if reasons:
        return Preflight(command, Tier.REFUSE, Gate.FACTS, tuple(reasons))
    terms = judge.terms_of(kind, shop_id, command, reader)
    judgement = judge.judge(kind, known.money(command), shop_id, terms=terms)
    gate = Gate.POLICY if judgement.tier is Tier.REFUSE else None
    return Preflight(command, judgement.tier, gate, tuple(judgement.reasons))
