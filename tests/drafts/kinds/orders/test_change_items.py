from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.operations import ChangeItems
from connectors.types import Listing, OrderStatus
from drafts.forms.command import CommandForm
from drafts.kinds.base import CannotPropose
from drafts.kinds.orders.change_items import ChangeItemsCommand, ChangeItemsKind
from tests.drafts.kinds.desk import ORDER, Memory, matter

KIND = ChangeItemsKind()
BOWL = Listing(external_id="p9", sku="BOWL", price=Decimal("25.00"), currency="SGD")
SHOP = Memory(ORDER, BOWL)


def command(**changes: Any) -> ChangeItemsCommand:
    return ChangeItemsCommand.model_validate({"order_ref": "o1", **changes})


def changed(units: int, line: str = "l1") -> dict[str, Any]:
    return {"changed": [{"line_ref": line, "quantity": units}]}


def added(units: int = 1) -> dict[str, Any]:
    return {"added": [{"listing_ref": "p9", "quantity": units}]}


def refusals(asked: ChangeItemsCommand, shop: Memory = SHOP) -> list[str]:
    return KIND.refusals(asked, KIND.read_facts(asked, shop))


def test_fewer_of_one_line_and_another_listing_put_in() -> None:
    proposal = KIND.propose(matter(order_ref="o1", quantities={"l1": 1}, added={"p9": 2}), SHOP)
    facts = KIND.read_facts(proposal.command, SHOP)
    preview = KIND.preview(proposal.command, facts)
    operation = KIND.operation(proposal.command, facts, "k")

    assert KIND.refusals(proposal.command, facts) == []
    assert isinstance(operation, ChangeItems)
    assert (operation.quantities, operation.added) == ((("l1", 1),), (("p9", 2),))
    assert [(row.label, row.before, row.after) for row in preview.rows] == [("MUG", "2", "1"), ("BOWL", "0", "2")]
    assert preview.warnings[0] == "The buyer owes 30.00 SGD more: the channel asks them to pay."


def test_what_there_is_not_enough_of_is_taken_out_and_the_rest_goes() -> None:
    proposal = KIND.propose(matter(order_ref="o1", skus=["MUG"]), SHOP)
    preview = KIND.preview(proposal.command, KIND.read_facts(proposal.command, SHOP))

    assert [(one.line_ref, one.quantity) for one in proposal.command.changed] == [("l1", 0)]
    assert preview.warnings[0] == "40.00 SGD would be owed to the buyer: refund it by a draft of its own."


@pytest.mark.parametrize(
    ("asked", "reasons"),
    [
        (changed(2), ["order 1042 holds just that already"]),
        (changed(1, "l7"), ["order 1042 has no line l7"]),
        (
            {"changed": [{"line_ref": "l1", "quantity": 0}, {"line_ref": "l2", "quantity": 0}]},
            ["nothing would be left of order 1042; cancel it instead"],
        ),
    ],
)
def test_what_changes_nothing_or_leaves_nothing_is_refused(asked: dict[str, Any], reasons: list[str]) -> None:
    assert refusals(command(**asked)) == reasons


def test_a_listing_off_sale_or_in_another_currency_is_not_put_in() -> None:
    assert refusals(command(**added()), Memory(ORDER, replace(BOWL, status="paused"))) == [
        "BOWL is not for sale (paused)"
    ]
    assert refusals(command(**added()), Memory(ORDER, replace(BOWL, currency="USD"))) == ["BOWL is not sold in SGD"]
    with pytest.raises(LookupError, match="listing p9 is no longer there"):
        refusals(command(**added()), Memory(ORDER))


def test_an_order_that_has_left_keeps_its_items() -> None:
    gone = Memory(replace(ORDER, status=OrderStatus.SHIPPED))

    assert refusals(command(**changed(1)), gone) == ["order 1042 is shipped; it can no longer be changed"]


def test_nothing_said_is_nothing_proposed_and_a_line_is_named_once() -> None:
    with pytest.raises(CannotPropose, match="what should change in order 1042 is not said"):
        KIND.propose(matter(order_ref="o1"), SHOP)
    with pytest.raises(ValidationError, match="name at least one line to change"):
        command()
    with pytest.raises(ValidationError, match="name each line once"):
        command(changed=[{"line_ref": "l1", "quantity": 1}, {"line_ref": "l1", "quantity": 0}])


def test_units_are_edited_line_by_line_and_may_become_none() -> None:
    form = CommandForm(command(**changed(1), **added()), {"changed.0.quantity": "0", "added.0.quantity": "3"})

    assert list(form.fields) == ["changed.0.quantity", "added.0.quantity", "should_notify"]
    assert form.fields["changed.0.quantity"].label == "Changed 1: quantity"
    assert form.is_valid(), form.errors
    assert isinstance(form.command, ChangeItemsCommand)
    assert (form.command.changed[0].quantity, form.command.added[0].quantity) == (0, 3)
    assert (form.command.changed[0].line_ref, form.command.should_notify) == ("l1", False)
