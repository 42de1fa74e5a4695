"""Of the order that a write is about: whose it is, where it stands, what was done to it before, what goes for what."""

from collections import Counter
from decimal import Decimal

from connectors.money import ZERO
from connectors.types import Listing, OrderStatus
from drafts.kinds.base import Part
from drafts.kinds.orders.change_items import Added, Changed
from drafts.policy import Value
from drafts.terms.base import ABSENT, Absent, Case, Term, Type

DAY = 24 * 3600


def status(case: Case) -> Value | Absent:
    if not case.has("order_ref"):
        return ABSENT
    return str(case.order.status) if case.order else None


def asked_by_its_buyer(case: Case) -> Value | Absent:
    """ABSENT where nobody outside asked for it."""
    asker = case.argument("asked_by_ref")
    if not asker:
        return ABSENT
    return bool(case.order.customer_ref == asker) if case.order and case.order.customer_ref else None


def buyer_reason(case: Case) -> Value | Absent:
    return str(case.argument("buyer_reason")) if case.has("buyer_reason") else ABSENT


def country(case: Case) -> Value | Absent:
    if not case.has("order_ref"):
        return ABSENT
    return (case.order.country or None) if case.order else None


def total(case: Case) -> Value | Absent:
    if not case.has("order_ref"):
        return ABSENT
    return case.order.total if case.order else None


def days_since_delivery(case: Case) -> Value | Absent:
    """Whole days; None until it has arrived."""
    if not case.has("order_ref"):
        return ABSENT
    if case.order is None or case.order.delivered_at is None:
        return None
    return int((case.reader.clock() - case.order.delivered_at).total_seconds() // DAY)


def times_done(case: Case) -> Value | Absent:
    return ABSENT if not case.has("order_ref") else case.deeds.get(case.kind, 0)


def times_items_changed(case: Case) -> Value | Absent:
    return ABSENT if not case.has("order_ref") else case.deeds.get("change_items", 0)


def units_out(case: Case) -> dict[str, int] | None:
    """(order line: units) that the buyer gives back or that leave the order; None where nothing is exchanged."""
    taken, changed = case.argument("taken"), case.argument("changed")
    if isinstance(taken, tuple):
        return _counted(taken)
    if not isinstance(changed, tuple):
        return None
    less: dict[str, int] = {}
    for one in changed:
        assert isinstance(one, Changed)
        line = case.lines.get(one.line_ref)
        held = line.quantity - line.cancelled_quantity - line.returned_quantity if line else 0
        less[one.line_ref] = held - one.quantity
    return less


def units_in(case: Case) -> tuple[Added, ...]:
    given = case.argument("given")
    found = given if isinstance(given, tuple) else case.argument("added")
    return found if isinstance(found, tuple) else ()


def even(case: Case) -> Value | Absent:
    """As many units come in as go out; where a unit says what it replaces, for each line."""
    out = units_out(case)
    if out is None:
        return ABSENT
    coming = units_in(case)
    if any(one.replaces_ref for one in coming):
        return +Counter(out) == _replaced(coming) and all(units >= 0 for units in out.values())
    return sum(out.values()) == sum(one.quantity for one in coming)


def same_product(case: Case) -> Value | Absent:
    """Each unit that comes in is an option of the product it replaces. None where a product is not known."""
    out = units_out(case)
    if out is None:
        return ABSENT
    coming = units_in(case)
    new = [case.product_of(one.listing_ref) for one in coming]
    old = {ref: case.product_of(line.listing_ref) for ref, line in case.lines.items() if ref in out}
    if not (all(new) and all(old.values()) and set(out) <= set(old)):
        return None
    if all(one.replaces_ref for one in coming):
        return all(old.get(one.replaces_ref) == product for one, product in zip(coming, new, strict=True))
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for ref, units in out.items():
        before[old[ref]] += units
    for one, product in zip(coming, new, strict=True):
        after[product] += one.quantity
    return before == after


def other_option(case: Case) -> Value | Absent:
    """No unit is replaced by just the same listing."""
    out = units_out(case)
    if out is None:
        return ABSENT
    held = {ref: line.listing_ref for ref, line in case.lines.items()}
    return all(
        one.listing_ref != held.get(one.replaces_ref)
        if one.replaces_ref
        else one.listing_ref not in {held.get(ref) for ref in out}
        for one in units_in(case)
    )


def difference(case: Case) -> Decimal | None:
    """What the goods that come in cost more than those that go out; negative where less, None where not known."""
    out = units_out(case)
    if out is None or not set(out) <= set(case.lines):
        return None
    moved = -sum((case.lines[ref].unit_price * units for ref, units in out.items()), ZERO)
    for one in units_in(case):
        listing: Listing | None = case.reader.fetch(Listing, one.listing_ref)
        if listing is None:
            return None
        moved += listing.price * one.quantity
    return moved


def price_difference(case: Case) -> Value | Absent:
    return ABSENT if units_out(case) is None else difference(case)


def _counted(parts: tuple[Part, ...]) -> dict[str, int]:
    units: Counter[str] = Counter()
    for part in parts:
        units[part.line_ref] += part.quantity
    return dict(units)


def _replaced(coming: tuple[Added, ...]) -> Counter[str]:
    units: Counter[str] = Counter()
    for one in coming:
        units[one.replaces_ref] += one.quantity
    return units


STATUSES = tuple(str(each) for each in OrderStatus)
TERMS = (
    Term("order_status", "the order's status is", Type.WORD, status, STATUSES),
    Term("asked_by_its_buyer", "who asks is the order's own customer", Type.TRUTH, asked_by_its_buyer),
    Term("buyer_reason", "the buyer's reason is", Type.WORD, buyer_reason),
    Term("order_country", "the order goes to", Type.WORD, country),
    Term("order_total", "the order's total is", Type.AMOUNT, total),
    Term("days_since_delivery", "days since it was delivered are", Type.COUNT, days_since_delivery),
    Term("times_done", "times this was done to the order before are", Type.COUNT, times_done),
    Term("times_items_changed", "times the order's items were changed before are", Type.COUNT, times_items_changed),
    Term("even_exchange", "as many units come as go", Type.TRUTH, even),
    Term("same_product", "new units are of the product they replace", Type.TRUTH, same_product),
    Term("other_option", "new units are another option than before", Type.TRUTH, other_option),
    Term("price_difference", "the new goods cost more by", Type.AMOUNT, price_difference),
)
