from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.money import Money
from connectors.operations import OpenReturn
from connectors.types import Order, OrderStatus
from drafts.kinds.base import CannotPropose
from drafts.kinds.orders.open_return import OpenReturnCommand, OpenReturnKind
from tests.drafts.kinds.desk import ORDER, Memory, matter

KIND = OpenReturnKind()
HOME = replace(ORDER, status=OrderStatus.DELIVERED, customer_ref="c1")


def command(**changes: Any) -> OpenReturnCommand:
    given = {"order_ref": "o1", "lines": [{"line_ref": "l1", "quantity": 1}], "worth": "20.00", "currency": "SGD"}
    return OpenReturnCommand.model_validate(given | changes)


def refusals(order: Order = HOME, **changes: Any) -> list[str]:
    asked = command(**changes)
    return KIND.refusals(asked, KIND.read_facts(asked, Memory(order)))


def test_delivered_goods_may_come_back_and_count_as_what_they_were_sold_for() -> None:
    asked = command(method_ref="card_1")
    assert refusals(method_ref="card_1") == []
    assert KIND.money(asked) == Money(Decimal("20.00"), "SGD")
    assert KIND.operation(asked, {}, "k") == OpenReturn(order_ref="o1", lines=(("l1", 1),), method_ref="card_1")


@pytest.mark.parametrize(
    ("order", "changes", "reason"),
    [
        ({"status": OrderStatus.SHIPPED}, {}, "order 1042 is shipped; only what was delivered can come back"),
        ({}, {"currency": "USD"}, "order 1042 is in SGD, not USD"),
        ({}, {"lines": [{"line_ref": "l1", "quantity": 3}]}, "line l1 of order 1042 has 2 units, not 3"),
        ({}, {"lines": [{"line_ref": "x", "quantity": 1}]}, "line x is not of order 1042"),
        ({}, {"worth": "21"}, "these goods were sold for 20.00 SGD; the draft says 21"),
    ],
)
def test_what_cannot_come_back_is_refused_in_words(order: Any, changes: Any, reason: str) -> None:
    assert refusals(replace(HOME, **order), **changes) == [reason]


def test_a_return_of_nothing_is_no_command() -> None:
    with pytest.raises(ValidationError, match="at least 1 item"):
        command(lines=[])


def test_the_whole_order_is_proposed_unless_the_matter_names_lines() -> None:
    whole = KIND.propose(matter(order_ref="o1"), Memory(HOME)).command
    part = KIND.propose(matter(order_ref="o1", taken={"l2": 1}), Memory(HOME)).command

    assert (whole.worth, whole.asked_by_ref, len(whole.lines)) == (Decimal("60.00"), "c1", 2)
    assert (part.worth, part.lines[0].line_ref) == (Decimal("20.00"), "l2")
    with pytest.raises(CannotPropose, match="nothing that could come back; it is to ship"):
        KIND.propose(matter(order_ref="o1"), Memory(ORDER))


def test_the_preview_says_that_no_money_leaves_yet() -> None:
    shown = KIND.preview(command(), KIND.read_facts(command(), Memory(HOME)))

    assert shown.summary == "Take 1 × MUG of order 1042 back (sold for 20.00 SGD)"
    assert shown.warnings == ("Nothing is paid by this: the refund is a draft of its own, once the goods are here.",)
