"""Which model words which task, and whether the day's budget still allows a call. Pure: the table is passed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

Effort = Literal["low", "medium", "high"]
EFFORTS: Mapping[str, Effort] = {effort: effort for effort in get_args(Effort)}
SMALL, MIDDLE = "claude-haiku-5-5", "claude-sonnet-5-5"


@dataclass(frozen=True, slots=True)
class Route:
    """How one task is done. `max_tokens` also counts what the model thinks before it writes."""

    task: str
    model: str
    max_tokens: int = 4000
    effort: Effort = "low"
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Budget:
    """Dollars that models may cost on one day, and what today's calls have cost so far. `limit` None: no limit."""

    limit: Decimal | None
    spent: Decimal


class Offline(Exception):
    """No call is made; the message says why, for the card."""


# Rules come first: a task that is not in this table is done from templates. A small model words what is short and
# checked by code; a middle one where the reasons are what counts.
DEFAULTS = {
    route.task: route
    for route in (
        Route("weigh", MIDDLE, max_tokens=8000, effort="medium"),
        Route("reply", SMALL, max_tokens=3000),
        Route("purchase_order", SMALL, max_tokens=2000),
        Route("mail_purchase_order", SMALL, max_tokens=2000),
        Route("chase_supplier", SMALL, max_tokens=2000),
        Route("review_reply", SMALL, max_tokens=2000),
        Route("escalation_note", SMALL, max_tokens=2000),
        Route("decide_return", MIDDLE, max_tokens=4000),
        Route("ask_buyer", SMALL, max_tokens=2000),
        Route("file_claim", MIDDLE, max_tokens=4000),
        Route("appeal", MIDDLE, max_tokens=4000, effort="medium"),
        Route("dispute_evidence", MIDDLE, max_tokens=6000, effort="medium"),
    )
}


def choose(task: str, routes: Mapping[str, Route], budget: Budget) -> Route:
    """The route of a task. Raises Offline where rules do it, it is switched off, or the day's money is spent."""
    route = routes.get(task)
    if route is None:
        raise Offline(f"{task} is written from templates")
    if not route.is_active:
        raise Offline(f"the model is switched off for {task}")
    if budget.limit is not None and budget.spent >= budget.limit:
        raise Offline(f"today's model budget of ${budget.limit:.2f} is spent (${budget.spent:.2f})")
    return route
