"""A supplier is asked after what it owes, at its own address, and not after what has come."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.operations import SendMessage
from connectors.types import PurchaseOrder
from drafts.kinds.base import CannotPropose
from drafts.kinds.stock.chase_supplier import ChaseSupplierCommand, ChaseSupplierKind
from tests.drafts.kinds.desk import DAY, NOW, SUPPLIER, Memory, matter

KIND = ChaseSupplierKind()
LINE = PurchaseOrder(
    external_id="81:1", number="PO-81", supplier_ref="sup1", status="sent", sku="MUG", quantity=120,
    received_quantity=24, unit_cost=Decimal("2.50"), currency="USD", ordered_at=NOW - 20 * DAY, due_at=NOW - 2 * DAY,
)  # fmt: skip
TEXT = "Where is PO-81?"


def command(**changes: Any) -> ChaseSupplierCommand:
    given = {
        "purchase_ref": "81:1", "supplier_ref": "sup1", "to": "sales@kiln.example", "number": "PO-81",
        "subject": "Our order PO-81: please confirm", "text": TEXT,
    }  # fmt: skip
    return ChaseSupplierCommand.model_validate(given | changes)


def test_the_mail_says_what_is_open_and_leaves_through_the_mailbox() -> None:
    proposal = KIND.propose(matter(purchase_ref="81:1"), Memory(SUPPLIER, LINE))
    whole = proposal.command.model_copy(update={"text": KIND.write(proposal, ())})
    facts = KIND.read_facts(whole, Memory(SUPPLIER, LINE))

    assert (proposal.shop_id, whole.to, whole.number) == (3, "sales@kiln.example", "PO-81")
    assert "order PO-81: 96 × MUG, agreed for 2026-11-19." in whole.text
    assert "Ship by: 2026-11-20" in whole.text
    assert KIND.refusals(whole, facts) == []
    assert KIND.operation(whole, facts, "k") == SendMessage(to=whole.to, subject=whole.subject, text=whole.text)
    assert KIND.frame(proposal, "Hurry.").count("96 × MUG, agreed for 2026-11-19") == 1


@pytest.mark.parametrize(
    ("line", "changes", "reason"),
    [
        ({"status": "received"}, {}, "order PO-81 is received; nothing of it is waited for"),
        ({"received_quantity": 120}, {}, "order PO-81 is sent; nothing of it is waited for"),
        ({"supplier_ref": "sup2"}, {}, "order PO-81 is not from Kiln Co"),
        ({}, {"to": "x@example.com"}, "x@example.com is not the address of Kiln Co"),
        ({}, {"text": "Where is it?"}, "the mail does not name the order's number (PO-81)"),
    ],
)
def test_what_has_come_or_goes_elsewhere_is_not_chased(
    line: dict[str, Any], changes: dict[str, Any], reason: str
) -> None:
    asked = command(**changes)

    assert KIND.refusals(asked, KIND.read_facts(asked, Memory(SUPPLIER, replace(LINE, **line)))) == [reason]


def test_a_new_promised_day_and_a_delivery_bring_the_draft_back() -> None:
    before = KIND.read_facts(command(), Memory(SUPPLIER, LINE))
    after = KIND.read_facts(command(), Memory(SUPPLIER, replace(LINE, due_at=NOW + DAY, received_quantity=48)))

    assert [(one.field, one.now) for one in KIND.differences(before, after)] == [
        ("due_at", "2026-11-22T09:00:00+00:00"),
        ("open", "72"),
    ]


def test_without_an_address_or_a_mailbox_nothing_is_proposed() -> None:
    with pytest.raises(CannotPropose, match="address or a connected mailbox is missing"):
        KIND.propose(matter(purchase_ref="81:1"), Memory(replace(SUPPLIER, email=""), LINE))
    with pytest.raises(CannotPropose, match="no purchase is named"):
        KIND.propose(matter(), Memory(SUPPLIER, LINE))
