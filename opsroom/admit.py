"""Admit one call of a program: its scope, its pace, its arguments; run the tool; one ledger entry, however it ended.

REST and MCP both come through here, so that neither can do what the other may not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import structlog
from django.db import DatabaseError
from django.utils import timezone
from pydantic import ValidationError

from drafts.deciding.errors import DecisionError, NotAllowed, NotValid
from drafts.record import record
from drafts.tools import TOOLS, Arguments, Caller, Missing, Tool
from drafts.tools.base import Answer
from opsroom.people.models import ApiToken
from opsroom.people.tokens import Turn, take_turn

log = structlog.get_logger(__name__)

SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
LARGEST_BODY = 256 * 1024
UNREADABLE = 400
FORBIDDEN, MISSING, CONFLICT, UNFIT, TOO_MANY, FAULT = 403, 404, 409, 422, 429, 500
TITLES = {
    UNREADABLE: "The call cannot be read",
    FORBIDDEN: "Not allowed",
    MISSING: "There is no such thing",
    CONFLICT: "It does not stand as it was",
    UNFIT: "It cannot be right",
    TOO_MANY: "Too many calls",
    FAULT: "Our own fault",
}


@dataclass(eq=False)
class Problem(Exception):
    """Why a call was not answered, in the members of RFC 9457 and in words for whoever wrote the program."""

    status: int
    detail: str
    faults: tuple[str, ...] = ()
    turn: Turn | None = None

    @property
    def title(self) -> str:
        return TITLES[self.status]

    def __str__(self) -> str:
        return " ".join((f"{self.title}: {self.detail}", *self.faults))


@dataclass(frozen=True, slots=True)
class Admitted:
    """An answer, and how many calls of this minute are left."""

    answer: Answer
    turn: Turn


@dataclass(slots=True)
class Call:
    """One call while it is under way; what of it goes into the ledger."""

    token: ApiToken
    tool: str
    given: Any
    through: str  # rest, mcp
    noted: dict[str, Any] = field(default_factory=dict)

    def note(self, outcome: str) -> None:
        """Arguments may hold what a buyer wrote, so the ledger keeps their digest alone."""
        text = self.given if isinstance(self.given, bytes) else orjson.dumps(self.given, default=str, option=SORTED)
        digest = hashlib.sha256(text).hexdigest()
        record(
            "api_call", by=self.token.person, token=self.token.pk, prefix=self.token.prefix, tool=self.tool[:60],
            through=self.through, arguments=digest, outcome=outcome, **self.noted,
        )  # fmt: skip


def admit(
    token: ApiToken, name: str, given: Mapping[str, Any] | bytes, *, through: str, now: datetime | None = None
) -> Admitted:
    """Run one tool. Arguments are plain values, texts of a query, or a JSON object as bytes. Raises Problem."""
    now = now or timezone.now()
    call = Call(token, name, given, through)
    tool = TOOLS.get(name)
    turn = take_turn(token, tool.scope if tool else ApiToken.Scope.READ, now)
    try:
        if not turn.is_granted:
            raise _too_many(turn, now)
        answer = _run(tool, call)
    except Problem as problem:
        # Beyond its pace a program could fill the ledger, so only the first such call of a minute is noted.
        if problem.status != TOO_MANY or turn.count == turn.limit + 1:
            call.note(f"refused: {problem.status}")
        raise
    call.note("answered")
    return Admitted(answer, turn)


def caller_of(token: ApiToken) -> Caller:
    shop_ids = None if token.all_shops else frozenset(token.shops.values_list("pk", flat=True))
    return Caller(token.person, token.name, shop_ids)


def _run(tool: Tool | None, call: Call) -> Answer:
    if tool is None:
        raise Problem(MISSING, f"there is no tool called {call.tool[:60]}; there are: {', '.join(TOOLS)}")
    if tool.scope not in call.token.scopes:
        raise Problem(FORBIDDEN, f"this token has no scope “{tool.scope}”; it has: {', '.join(call.token.scopes)}")
    arguments = _read(tool, call.given)
    try:
        answer = tool.run(caller_of(call.token), arguments)
    except Missing as error:
        raise Problem(MISSING, str(error)) from error
    except NotAllowed as error:
        raise Problem(FORBIDDEN, str(error)) from error
    except NotValid as error:
        raise Problem(UNFIT, "nothing was kept", tuple(error.reasons)) from error
    except DecisionError as error:
        raise Problem(CONFLICT, str(error)) from error
    except ValueError as error:
        raise Problem(UNFIT, str(error)) from error
    except Exception as error:
        log.exception("api_call_failed", tool=tool.name, through=call.through)
        said = "the database did not answer as it should" if isinstance(error, DatabaseError) else "it is logged"
        raise Problem(FAULT, said) from error
    if draft := getattr(answer, "draft", None):
        call.noted = {"proposed": draft.draft_id, "kind": draft.kind, "is_new": getattr(answer, "is_new", True)}
    return answer


def _read(tool: Tool, given: Mapping[str, Any] | bytes) -> Arguments:
    """Raises Problem with each argument that is wrong."""
    try:
        if isinstance(given, bytes):
            return tool.arguments.model_validate_json(given)
        return tool.arguments.model_validate(dict(given))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        is_json = any(each["type"] == "json_invalid" for each in found)
        faults = tuple(f"{'.'.join(map(str, each['loc'])) or 'arguments'}: {each['msg']}" for each in found)
        raise Problem(UNREADABLE if is_json else UNFIT, "the arguments do not fit", faults) from error


def _too_many(turn: Turn, now: datetime) -> Problem:
    wait = max((turn.renews_at - now).total_seconds(), 0)
    return Problem(TOO_MANY, f"{turn.limit} such calls a minute; go on in {wait:.0f} s", turn=turn)
