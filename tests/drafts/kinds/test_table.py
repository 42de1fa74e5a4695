"""What every kind must hold to, whichever it is."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.operations import Operation
from drafts.deciding.binding import canonical, command_text, digest
from drafts.kinds import KINDS, read_command
from drafts.kinds.base import Kind
from drafts.kinds.money.refund import RefundCommand

COMMAND = RefundCommand.model_validate({"payment_ref": "ch_1", "amount": "50.00", "currency": "USD"})


def test_every_kind_is_in_the_table_by_its_own_name_once() -> None:
    assert all(kind.name == name for name, kind in KINDS.items())
    assert len({kind.label for kind in KINDS.values()}) == len({kind.command for kind in KINDS.values()}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_says_how_it_is_undone_and_can_be_stopped_in_time(kind: Kind[Any]) -> None:
    assert kind.undo.label
    assert kind.label
    assert kind.hold >= timedelta(seconds=5)
    assert not kind.text_field or kind.text_field in kind.command.model_fields
    assert kind.command.model_config["extra"] == "forbid"
    assert kind.command.model_config["frozen"]


def test_a_stored_command_reads_back_to_the_same_bytes() -> None:
    text = command_text(COMMAND)

    assert command_text(read_command("refund", text)) == text
    assert text == (
        '{"amount":"50.00","currency":"USD","lines":[],"note":"","order_ref":"","payment_ref":"ch_1",'
        '"reason":"requested_by_customer"}'
    )


def test_the_digest_covers_kind_shop_version_command_and_facts() -> None:
    base = ("refund", 1, 1, "{}", {"refunded": "30"})
    others = [
        ("reply", 1, 1, "{}", {"refunded": "30"}),
        ("refund", 2, 1, "{}", {"refunded": "30"}),
        ("refund", None, 1, "{}", {"refunded": "30"}),
        ("refund", 1, 2, "{}", {"refunded": "30"}),
        ("refund", 1, 1, "{ }", {"refunded": "30"}),
        ("refund", 1, 1, "{}", {"refunded": "31"}),
    ]

    assert len({digest(*one) for one in [base, *others]}) == 7
    assert digest("refund", 1, 1, "{}", {"b": 1, "a": 2}) == digest("refund", 1, 1, "{}", {"a": 2, "b": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))


def test_an_operation_is_frozen_so_that_nothing_changes_it_on_the_way() -> None:
    operation = KINDS["refund"].operation(COMMAND, {}, "k")

    assert isinstance(operation, Operation)
    with pytest.raises(AttributeError):
        operation.amount = None  # type: ignore[attr-defined]  # the point of the test
