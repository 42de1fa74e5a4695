"""Of the payment method that a write names: whose it is, whether it is the one the order was paid by, what it holds."""

from decimal import Decimal

from connectors.money import ZERO
from drafts.policy import Value
from drafts.terms.base import ABSENT, Absent, Case, Term, Type
from drafts.terms.orders import difference, units_out

GOES_TO = ("origin", "gift_card", "other")


def is_theirs(case: Case) -> Value | Absent:
    """Also False where the command names none, so that a rule can ask for one."""
    if not case.has("method_ref"):
        return ABSENT
    if not case.argument("method_ref"):
        return False
    return None if case.methods is None else case.method is not None


def is_another(case: Case) -> Value | Absent:
    if not case.has("method_ref"):
        return ABSENT
    paid_by = case.order.payment_method if case.order else ""
    return paid_by != case.argument("method_ref") if paid_by else None


def goes_to(case: Case) -> Value | Absent:
    """Where money goes back to: the method the order was paid by, a gift card of the customer's, or another one."""
    if not case.has("method_ref"):
        return ABSENT
    if is_another(case) is False:
        return "origin"
    if case.method is None:
        return None
    return "gift_card" if case.method.kind == "gift_card" else "other"


def lacks(case: Case) -> Value | Absent:
    """What the method's own balance lacks for what it is to pay; 0 for methods without a balance."""
    if not case.has("method_ref"):
        return ABSENT
    if case.methods is None:
        return None
    if case.method is None or case.method.balance is None:
        return ZERO
    due = _due(case)
    return None if due is None else max(ZERO, due - case.method.balance)


def _due(case: Case) -> Decimal | None:
    if units_out(case) is not None:
        return difference(case)
    amount = case.argument("amount")
    return amount if isinstance(amount, Decimal) else ZERO


TERMS = (
    Term("method_is_theirs", "the payment method is one the customer has saved", Type.TRUTH, is_theirs),
    Term("method_is_another", "the payment method is another than the order's", Type.TRUTH, is_another),
    Term("money_goes_to", "money goes back to", Type.WORD, goes_to, GOES_TO),
    Term("balance_lacks", "the method's balance lacks", Type.AMOUNT, lacks),
)
