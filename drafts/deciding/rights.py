"""May this person decide, and up to which amount?"""

from __future__ import annotations

from connectors.money import Money
from drafts.deciding.clock import now
from drafts.deciding.errors import NotAllowed
from drafts.deciding.judge import Judge
from drafts.deciding.person import Person, represented
from drafts.models import Draft


def check_role(by: Person, deed: str) -> None:
    """Raises NotAllowed unless the person's role may approve."""
    if not by.can_approve:
        raise NotAllowed(f"Your role may not {deed}. Ask an approver or an owner.")


def check_draft_right(by: Person, deed: str) -> None:
    """Raises NotAllowed unless the person's role may prepare and change drafts."""
    if not by.can_draft:
        raise NotAllowed(f"Your role may not {deed}. Ask a drafter, an approver or an owner.")


def check_limit(by: Person, draft: Draft, judge: Judge) -> None:
    """Raises NotAllowed where the amount is above the person's limit and that of everybody they stand in for now."""
    if draft.amount is None or by.approve_limit is None:
        return
    amount = Money(draft.amount, draft.currency)
    if not any(person.can_approve and _reaches(person, amount, judge) for person in represented(by, now())):
        raise NotAllowed(
            f"{amount} is above your limit of {Money(by.approve_limit, by.approve_limit_currency)}, or cannot be "
            "compared with it for want of an exchange rate. Ask somebody with a higher limit."
        )


def _reaches(person: Person, amount: Money, judge: Judge) -> bool:
    if person.approve_limit is None:
        return True
    limit = Money(person.approve_limit, person.approve_limit_currency)
    if limit.currency == amount.currency:
        return amount <= limit
    day = now().date()
    mine, asked = judge.in_base(limit, day), judge.in_base(amount, day)
    return mine is not None and asked is not None and asked <= mine
