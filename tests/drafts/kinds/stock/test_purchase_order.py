from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.money import Money
from connectors.types import PurchaseOrder, Record
from drafts.kinds.base import CannotPropose
from drafts.kinds.own import SupplyPosition
from drafts.kinds.stock.purchase_order import PurchaseOrderCommand, PurchaseOrderKind
from tests.drafts.kinds.desk import NOW, SUPPLIER, Memory, matter

KIND = PurchaseOrderKind()
POSITION = SupplyPosition(
    external_id="MUG", title="Mug", on_hand=40, reserved=10, inbound=0, unit_cost=Decimal("2.5000"), currency="USD"
)
TEXT = "Order PO-1: 120 × MUG"


def command(**changes: Any) -> PurchaseOrderCommand:
    given = {
        "supplier_ref": "sup1", "to": "sales@kiln.example", "number": "PO-1", "sku": "MUG", "quantity": 120,
        "unit_cost": "2.50", "currency": "USD", "subject": "Order PO-1", "text": TEXT,
    }  # fmt: skip
    return PurchaseOrderCommand.model_validate(given | changes)


def refusals(supplier: Record = SUPPLIER, **changes: Any) -> list[str]:
    asked = command(**changes)
    return KIND.refusals(asked, KIND.read_facts(asked, Memory(supplier, POSITION)))


def test_whole_cases_above_the_minimum_to_the_suppliers_own_address_may_be_ordered() -> None:
    assert refusals() == []
    assert KIND.money(command()) == Money(Decimal("300.00"), "USD")


@pytest.mark.parametrize(
    ("supplier", "changes", "reason"),
    [
        ({}, {"to": "evil@example.com"}, "evil@example.com is not the address of Kiln Co"),
        ({"email": ""}, {}, "Kiln Co has no mail address on record; add it to the supplier first"),
        ({"skus": ("CUP",)}, {}, "Kiln Co is not recorded as a supplier of MUG"),
        ({"currency": "SGD"}, {}, "Kiln Co invoices in SGD, not USD"),
        ({}, {"quantity": 96, "text": "PO-1: 96 MUG"}, "Kiln Co takes no order under 100 units"),
        ({}, {"quantity": 130, "text": "PO-1: 130 MUG"}, "Kiln Co sells MUG in cases of 24"),
        ({}, {"quantity": 240}, "the mail does not name the order's quantity (240)"),
        ({}, {"text": "Please send 120 MUG"}, "the mail does not name the order's number (PO-1)"),
    ],
)
def test_what_the_supplier_would_not_take_is_refused(
    supplier: dict[str, Any], changes: dict[str, Any], reason: str
) -> None:
    assert refusals(replace(SUPPLIER, **supplier), **changes) == [reason]


def test_stock_that_sinks_is_no_difference_and_goods_under_way_are() -> None:
    before = KIND.read_facts(command(), Memory(SUPPLIER, POSITION))
    sold = KIND.read_facts(command(), Memory(SUPPLIER, replace(POSITION, on_hand=30)))
    ordered = KIND.read_facts(command(), Memory(SUPPLIER, replace(POSITION, inbound=120)))

    assert KIND.differences(before, sold) == []
    assert [(moved.field, moved.now) for moved in KIND.differences(before, ordered)] == [("inbound", "120")]


def test_the_proposal_rounds_up_to_minimum_and_cases_and_its_letter_passes_its_own_check() -> None:
    memory = Memory(SUPPLIER, POSITION)
    proposal = KIND.propose(matter(sku="MUG", supplier_ref="sup1", quantity=101), memory)
    text = KIND.write(proposal, ())
    whole = proposal.command.model_copy(update={"text": text})

    assert (whole.quantity, whole.number, proposal.shop_id) == (120, "PO-261121-7", 3)
    assert KIND.refusals(whole, KIND.read_facts(whole, memory)) == []
    assert "120 × MUG Mug\n  unit cost 2.50 USD, in total 300.00 USD" in text


def test_a_models_words_never_replace_the_orders_own_lines() -> None:
    memory = Memory(SUPPLIER, POSITION)
    proposal = KIND.propose(matter(sku="MUG", supplier_ref="sup1", quantity=120), memory)

    assert "Order PO-261121-7: 120 × MUG at 2.50 USD, in total 300.00 USD." in KIND.frame(
        proposal, "Send us 9999, quickly!"
    )


@pytest.mark.parametrize("records", [(), (POSITION,), (SUPPLIER,), (SUPPLIER, replace(POSITION, unit_cost=None))])
def test_a_missing_supplier_or_cost_stops_the_proposal(records: tuple[Record, ...]) -> None:
    with pytest.raises(CannotPropose):
        KIND.propose(matter(sku="MUG", supplier_ref="sup1", quantity=120), Memory(*records))


def test_what_was_ordered_is_kept_as_our_own_record() -> None:
    [kept] = KIND.kept(command(), {}, "k", NOW)

    assert isinstance(kept, PurchaseOrder)
    assert (kept.external_id, kept.status, kept.quantity, kept.ordered_at) == ("PO-1", "sent", 120, NOW)


def test_a_preview_names_the_commitment_and_what_is_not_known() -> None:
    preview = KIND.preview(command(unit_cost="3"), KIND.read_facts(command(), Memory(SUPPLIER, POSITION)))

    assert preview.summary == "Order 120 × MUG from Kiln Co for 360.00 USD"
    assert (preview.to, preview.text) == ("sales@kiln.example", TEXT)
    assert preview.warnings == ("The unit cost on record is 2.50 USD.",)
