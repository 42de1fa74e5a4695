"""What a person may change of each kind on goods, messages and supply, and what stays as it was prepared."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from drafts.forms.command import CommandForm
from drafts.kinds import KINDS

ORDER = {"supplier_ref": "s1", "number": "PO-1", "sku": "MUG", "quantity": 120, "unit_cost": "2.50", "currency": "USD"}
# kind: (a whole command, what is typed into the form, what the command says then)
EDITS: dict[str, tuple[dict[str, Any], dict[str, str], dict[str, Any]]] = {
    "create_purchase_order": (
        ORDER, {"quantity": "144", "unit_cost": "2.40", "due_on": "2026-12-24", "note": "By sea"},
        {"quantity": 144, "unit_cost": Decimal("2.40"), "due_on": date(2026, 12, 24), "note": "By sea"},
    ),
    "issue_purchase_order": ({"number": "PO-1", "total": "300", "currency": "USD"}, {}, {}),
    "mail_purchase_order": (
        {"number": "PO-1", "supplier_ref": "s1", "to": "a@kiln.example", "subject": "PO-1", "text": "PO-1"},
        {"subject": "Our PO-1", "text": "PO-1, please"}, {"subject": "Our PO-1", "text": "PO-1, please"},
    ),
    "cancel_purchase_order": ({"number": "PO-1"}, {}, {}),
    "chase_supplier": (
        {"purchase_ref": "8:1", "supplier_ref": "s1", "to": "a@kiln.example", "number": "PO-1", "subject": "PO-1",
         "text": "PO-1"},
        {"subject": "Late", "text": "Where is PO-1?"}, {"subject": "Late", "text": "Where is PO-1?"},
    ),
    "send_template": (
        {"conversation_ref": "c1", "to": "6591", "template": "late", "language": "en",
         "places": [{"place": "1", "value": "Mei"}, {"place": "2", "value": "1042"}]},
        {"places.0.value": "Ms Tan", "places.1.value": "1042", "text": ""},
        {"places": ({"place": "1", "value": "Ms Tan"}, {"place": "2", "value": "1042"})},
    ),
    "review_reply": ({"review_ref": "r1", "text": "Thanks"}, {"text": "Thank you"}, {"text": "Thank you"}),
    "marketing_event": (
        {"order_ref": "o1", "metric": "Order delayed", "email": "a@b.example", "value": "60", "currency": "SGD",
         "properties": [{"name": "order", "value": "1042"}]},
        {"properties.0.name": "order", "properties.0.value": "#1042", "value": "55"},
        {"properties": ({"name": "order", "value": "#1042"},), "value": Decimal(55)},
    ),
    "fix_listing": (
        {"listing_ref": "l1", "sku": "MUG", "fields": [{"place": "title", "value": "Mug"}]},
        {"fields.0.value": "Mug, 300 ml"}, {"fields": ({"place": "title", "value": "Mug, 300 ml"},)},
    ),
    "end_promotion": ({"promotion_ref": "discount:1", "promotion": "Sale"}, {}, {}),
    "holiday_mode": (
        {"account_ref": "1", "until": "2026-11-24", "text": "Back soon"},
        {"is_away": "on", "until": "2026-11-25", "text": "Back"}, {"until": date(2026, 11, 25), "text": "Back"},
    ),
    "hand_over": (
        {"alert": 7, "title": "Late", "text": "Please", "fields": [{"name": "sku", "value": "MUG"}]},
        {"title": "Very late", "text": "Please", "fields.0.name": "sku", "fields.0.value": "MUG"},
        {"title": "Very late"},
    ),
    "set_stock": ({"stock_ref": "k1", "sku": "MUG", "quantity": 5}, {"quantity": "0"}, {"quantity": 0}),
    "set_price": (
        {"listing_ref": "l1", "sku": "MUG", "price": "9.90", "currency": "SGD"}, {"price": "10.50"},
        {"price": Decimal("10.50")},
    ),
    "pause_campaign": ({"campaign_ref": "c1"}, {"is_active": "on"}, {"is_active": True}),
    "campaign_budget": (
        {"campaign_ref": "c1", "daily": "20", "currency": "USD"}, {"daily": "25"}, {"daily": Decimal(25)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", EDITS)
def test_what_is_typed_is_what_the_command_says_and_nothing_else_moves(kind: str) -> None:
    given, typed, changed = EDITS[kind]
    original = KINDS[kind].command.model_validate(given)
    form = CommandForm(original, typed)

    assert form.is_valid(), form.errors
    assert form.command.model_dump() == original.model_dump() | changed
    assert set(form.fields) <= {*typed, "is_away", "is_active"}, "each field that is shown was filled in"


@pytest.mark.parametrize("kind", EDITS)
def test_the_form_shows_what_stays(kind: str) -> None:
    given, _, _ = EDITS[kind]
    form = CommandForm(KINDS[kind].command.model_validate(given))

    shown = {name.partition(".")[0] for name in form.fields}
    assert shown.isdisjoint({"number", "to", "sku", "currency", "total", "template", "metric", "email"})
    assert not any(name.endswith("_ref") for name in shown)


def test_what_breaks_a_limit_is_refused_at_its_field() -> None:
    order = KINDS["create_purchase_order"].command.model_validate(ORDER)
    form = CommandForm(order, {"quantity": "0", "unit_cost": "2.50", "due_on": "", "note": ""})

    assert not form.is_valid()
    assert list(form.errors) == ["quantity"]
