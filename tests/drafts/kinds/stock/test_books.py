"""An order to a supplier through the books: written, issued, mailed, taken back, each a decision of its own."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.money import Money
from connectors.operations import (
    CancelPurchaseOrder,
    CreatePurchaseOrder,
    IssuePurchaseOrder,
    MailPurchaseOrder,
    PurchaseLine,
)
from connectors.types import Record, SupplierOrder, SupplierOrderLine
from drafts.kinds import KINDS
from drafts.kinds.base import CannotPropose, Kind
from drafts.kinds.own import OrderedHere, SupplyPosition
from drafts.kinds.stock.cancel_purchase_order import CancelPurchaseOrderKind
from drafts.kinds.stock.create_purchase_order import CreatePurchaseOrderKind
from drafts.kinds.stock.issue_purchase_order import IssuePurchaseOrderKind
from drafts.kinds.stock.mail_purchase_order import MailPurchaseOrderKind
from drafts.kinds.stock.purchase_order import PurchaseOrderKind
from tests.drafts.kinds.desk import SUPPLIER, Memory, matter

CREATE, ISSUE, MAIL, CANCEL = (
    CreatePurchaseOrderKind(),
    IssuePurchaseOrderKind(),
    MailPurchaseOrderKind(),
    CancelPurchaseOrderKind(),
)
POSITION = SupplyPosition(
    external_id="MUG", title="Mug", on_hand=4, reserved=1, inbound=0, unit_cost=Decimal("2.5000"), currency="USD"
)
ORDERED = OrderedHere(external_id="7", number="PO-261121-7", shop_id=5)
DRAFT = SupplierOrder(
    external_id="PO-261121-7", status="draft", supplier_ref="sup1", supplier_name="Kiln Co", currency="USD",
    lines=(SupplierOrderLine("MUG", 120, Decimal("2.50")),),
)  # fmt: skip
ISSUED = replace(DRAFT, status="sent")
CALLS = (CreatePurchaseOrder, IssuePurchaseOrder, MailPurchaseOrder, CancelPurchaseOrder)


def books(*records: Record, calls: tuple[Any, ...] = CALLS) -> Memory:
    return Memory(SUPPLIER, POSITION, *records, shop_id=5, calls=calls)


def refusals(kind: Kind[Any], order: SupplierOrder, **changes: Any) -> list[str]:
    command = kind.propose(matter(), books(ORDERED, DRAFT)).command
    command = command.model_copy(update={"text": f"Our order {command.number}"} if kind is MAIL else {})
    return kind.refusals(command.model_copy(update=changes), kind.read_facts(command, books(order)))


def test_where_books_keep_the_supplier_the_order_goes_through_them_in_whole_cases() -> None:
    about = matter(sku="MUG", supplier_ref="sup1", quantity=101)
    proposal = CREATE.propose(about, books())
    facts = CREATE.read_facts(proposal.command, books())

    assert proposal.shop_id == 5
    assert CREATE.refusals(proposal.command, facts) == []
    assert CREATE.money(proposal.command) is None, "a draft binds nobody"
    assert CREATE.operation(proposal.command, facts, "k") == CreatePurchaseOrder(
        supplier_ref="sup1",
        number="PO-261121-7",
        lines=(PurchaseLine(sku="MUG", quantity=120, unit_cost=Decimal("2.5000")),),
        currency="USD",
        due_on=date(2026, 12, 9),
    )
    assert "Nothing reaches the supplier yet" in CREATE.preview(proposal.command, facts).warnings[0]
    with pytest.raises(CannotPropose, match="the books keep Kiln Co: the order goes through them"):
        PurchaseOrderKind().propose(about, books())


def test_without_books_the_order_goes_by_mail() -> None:
    about = matter(sku="MUG", supplier_ref="sup1", quantity=101)

    assert PurchaseOrderKind().propose(about, books(calls=())).shop_id == 3
    with pytest.raises(CannotPropose, match="no connected books keep Kiln Co"):
        CREATE.propose(about, books(calls=()))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"quantity": 96}, "Kiln Co takes no order under 100 units"),
        ({"quantity": 121}, "Kiln Co sells MUG in cases of 24"),
        ({"currency": "SGD"}, "Kiln Co invoices in USD, not SGD"),
    ],
)
def test_what_the_supplier_would_not_take_is_not_written_down(changes: dict[str, Any], reason: str) -> None:
    command = CREATE.propose(matter(sku="MUG", supplier_ref="sup1", quantity=120), books()).command
    changed = command.model_copy(update=changes)

    assert CREATE.refusals(changed, CREATE.read_facts(changed, books())) == [reason]


def test_each_step_names_the_next_one() -> None:
    steps = ["create_purchase_order"]
    while KINDS[steps[-1]].follows:
        steps.append(KINDS[steps[-1]].follows)

    assert steps == ["create_purchase_order", "issue_purchase_order", "mail_purchase_order"]


@pytest.mark.parametrize("kind", [ISSUE, MAIL, CANCEL], ids=lambda kind: kind.name)
def test_a_later_step_needs_the_order_in_the_books(kind: Kind[Any]) -> None:
    with pytest.raises(CannotPropose, match="no purchase order has been written into the books"):
        kind.propose(matter(), books(DRAFT))
    with pytest.raises(CannotPropose, match="the books have no order PO-261121-7"):
        kind.propose(matter(), books(ORDERED))
    with pytest.raises(CannotPropose, match="does not stand in connected books"):
        kind.propose(matter(), books(ORDERED, DRAFT, calls=()))


def test_issuing_commits_what_the_books_say_it_comes_to() -> None:
    proposal = ISSUE.propose(matter(), books(ORDERED, DRAFT))
    facts = ISSUE.read_facts(proposal.command, books(DRAFT))
    shown = ISSUE.preview(proposal.command, facts)

    assert ISSUE.money(proposal.command) == Money(Decimal("300.00"), "USD")
    assert (shown.summary, shown.rows[1].after) == (
        "Issue PO-261121-7 to Kiln Co over 300.00 USD",
        "120 × MUG at 2.5",
    )
    assert ISSUE.operation(proposal.command, facts, "k") == IssuePurchaseOrder(number="PO-261121-7")
    assert refusals(ISSUE, DRAFT) == []
    assert refusals(ISSUE, ISSUED) == ["order PO-261121-7 is issued already"]
    assert refusals(ISSUE, replace(DRAFT, status="cancelled")) == [
        "order PO-261121-7 is cancelled; only a draft can be issued"
    ]
    assert refusals(ISSUE, replace(DRAFT, lines=(SupplierOrderLine("MUG", 1200, Decimal("2.50")),))) == [
        "order PO-261121-7 comes to 3,000.00 USD in the books, not 300.00 USD"
    ]


def test_a_line_that_somebody_changed_in_the_books_is_a_difference() -> None:
    command = ISSUE.propose(matter(), books(ORDERED, DRAFT)).command
    swapped = replace(DRAFT, lines=(SupplierOrderLine("CUP", 120, Decimal("2.50")),))
    moved = ISSUE.differences(ISSUE.read_facts(command, books(DRAFT)), ISSUE.read_facts(command, books(swapped)))

    assert [(one.field, one.now) for one in moved] == [("lines", "120 × CUP at 2.5")]


def test_only_an_issued_order_is_mailed_once_to_the_suppliers_own_address() -> None:
    proposal = MAIL.propose(matter(), books(ORDERED, ISSUED))
    text = MAIL.write(proposal, ())
    whole = proposal.command.model_copy(update={"text": text})

    assert "order PO-261121-7 attached: 120 × MUG." in text
    assert MAIL.refusals(whole, MAIL.read_facts(whole, books(ISSUED))) == []
    assert MAIL.operation(whole, {}, "k") == MailPurchaseOrder(
        number="PO-261121-7", to="sales@kiln.example", subject="Purchase order PO-261121-7", text=text
    )
    assert "Order PO-261121-7: 120 × MUG." in MAIL.frame(proposal, "Please send 9999.")
    assert refusals(MAIL, DRAFT) == ["order PO-261121-7 is draft; issue it before it is mailed"]
    assert refusals(MAIL, replace(ISSUED, is_mailed=True)) == [
        "the books say that order PO-261121-7 has been mailed already"
    ]
    assert refusals(MAIL, ISSUED, to="evil@example.com") == ["evil@example.com is not the address of Kiln Co"]
    assert refusals(MAIL, ISSUED, text="Hello") == ["the mail does not name the order's number (PO-261121-7)"]
    assert refusals(MAIL, replace(ISSUED, supplier_ref="sup2")) == [
        "order PO-261121-7 goes to another supplier in the books"
    ]


def test_an_order_is_taken_back_until_goods_have_come() -> None:
    proposal = CANCEL.propose(matter(purchase_number="PO-261121-7", purchase_shop_id=5), books(ISSUED))
    shown = CANCEL.preview(proposal.command, CANCEL.read_facts(proposal.command, books(ISSUED)))

    assert (proposal.command.number, proposal.shop_id) == ("PO-261121-7", 5)
    assert "do not tell the supplier" in shown.warnings[1]
    assert CANCEL.operation(proposal.command, {}, "k") == CancelPurchaseOrder(number="PO-261121-7")
    assert refusals(CANCEL, ISSUED) == []
    come = replace(ISSUED, status="part_received", lines=(SupplierOrderLine("MUG", 120, Decimal("2.50"), 24),))
    assert refusals(CANCEL, come) == ["24 units of PO-261121-7 have come; return them or close the order instead"]
    assert refusals(CANCEL, replace(ISSUED, status="confirmed")) == [
        "order PO-261121-7 is confirmed; it can no longer be cancelled"
    ]
