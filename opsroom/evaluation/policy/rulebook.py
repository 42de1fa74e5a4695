"""The store's written policy as an owner enters it: rows of requirements, each with the sentence it stands for."""

from __future__ import annotations

from drafts.forms.rules import RequirementForm
from drafts.models import Requirement

OPEN, HOME = "unpaid; on_hold; to_ship", "delivered"
ONCE = "This can only be done once for an order."
LOCKED = "Once its items were modified, an order can no longer be modified or cancelled."
PRODUCT = "Each item can be changed to an available new item of the same product; there is no change of product types."
BALANCE = "A gift card must have enough balance to cover the amount."
SAVED = "The customer provides one of their own payment methods."

# kind, term, operator, value, the sentence
ROWS = [
    ("", "asked_by_its_buyer", "is", "yes", "Requests for tasks related to any other customer are denied."),
    ("cancel_order", "order_status", "one_of", OPEN, "An order can only be cancelled if it is pending."),
    ("cancel_order", "buyer_reason", "one_of", "no longer needed; ordered by mistake",
     "The reason is either 'no longer needed' or 'ordered by mistake'."),
    ("cancel_order", "times_items_changed", "at_most", "0", LOCKED),
    ("change_address", "order_status", "one_of", OPEN, "An order can only be modified if it is pending."),
    ("change_address", "times_items_changed", "at_most", "0", LOCKED),
    ("change_payment", "order_status", "one_of", OPEN, "An order can only be modified if it is pending."),
    ("change_payment", "times_items_changed", "at_most", "0", LOCKED),
    ("change_payment", "times_done", "at_most", "0", "The customer chooses a single payment method."),
    ("change_payment", "method_is_theirs", "is", "yes", SAVED),
    ("change_payment", "method_is_another", "is", "yes", "The new payment method is different from the original one."),
    ("change_payment", "balance_lacks", "at_most", "0", BALANCE),
    ("change_items", "order_status", "one_of", OPEN, "An order can only be modified if it is pending."),
    ("change_items", "times_done", "at_most", "0", ONCE),
    ("change_items", "even_exchange", "is", "yes", "Each item is modified to one new item."),
    ("change_items", "same_product", "is", "yes", PRODUCT),
    ("change_items", "other_option", "is", "yes", "The new item is of a different product option."),
    ("change_items", "method_is_theirs", "is", "yes", SAVED),
    ("change_items", "balance_lacks", "at_most", "0", BALANCE),
    ("open_return", "order_status", "one_of", HOME, "An order can only be returned if it is delivered."),
    ("open_return", "method_is_theirs", "is", "yes", SAVED),
    ("open_return", "money_goes_to", "one_of", "origin; gift_card",
     "The refund goes to the original payment method or an existing gift card."),
    ("exchange", "order_status", "one_of", HOME, "An order can only be exchanged if it is delivered."),
    ("exchange", "even_exchange", "is", "yes", "Each item is exchanged for one new item."),
    ("exchange", "same_product", "is", "yes", PRODUCT),
    ("exchange", "method_is_theirs", "is", "yes", SAVED),
    ("exchange", "balance_lacks", "at_most", "0", BALANCE),
]  # fmt: skip


def enter() -> int:
    """Save every row by the form that the admin uses. Raises ValueError for one that the form refuses."""
    for kind, term, operator, value, note in ROWS:
        row = {"kind": kind, "term": term, "operator": operator, "value": value, "note": note}
        form = RequirementForm({**row, "tier": "refuse", "is_active": "on"})
        if not form.is_valid():
            raise ValueError(f"{kind or 'every kind'}, {term}: {form.errors.as_text()}")
        form.save()
    return Requirement.objects.filter(is_active=True).count()
