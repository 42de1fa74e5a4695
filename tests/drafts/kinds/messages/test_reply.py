from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.operations import SendMessage
from connectors.types import Direction
from drafts.kinds.base import CannotPropose
from drafts.kinds.messages.reply import ReplyCommand, ReplyKind
from tests.drafts.kinds.desk import MAIL, NOW, ORDER, PARCEL, THREAD, Memory, matter

KIND = ReplyKind()
STRANGER = replace(ORDER, external_id="o2", number="2000", customer_email="someone@else.example")


def command(**changes: Any) -> ReplyCommand:
    return ReplyCommand(**({"conversation_ref": "c1", "to": "Mei@example.com", "text": "On its way."} | changes))


def refusals(*records: Any, **changes: Any) -> list[str]:
    asked = command(**changes)
    return KIND.refusals(asked, KIND.read_facts(asked, Memory(*records)))


def test_the_writer_of_a_waiting_conversation_may_be_answered() -> None:
    assert refusals(THREAD) == []
    assert refusals(THREAD, ORDER, order_ref="o1") == []


@pytest.mark.parametrize(
    ("records", "changes", "reason"),
    [
        ((THREAD,), {"to": "other@example.com"}, "other@example.com is not who wrote in this conversation"),
        ((THREAD,), {"text": ""}, "the message is empty"),
        ((replace(THREAD, last_direction=Direction.OUT),), {}, "somebody has answered this conversation already"),
        (
            (THREAD, STRANGER),
            {"order_ref": "o2"},
            "order 2000 belongs to another address; telling its details would leak them",
        ),
    ],
)
def test_a_wrong_recipient_a_second_answer_or_a_strangers_order_is_refused(
    records: tuple[Any, ...], changes: dict[str, Any], reason: str
) -> None:
    assert refusals(*records, **changes) == [reason]


def test_a_new_message_since_the_approval_shows_as_a_difference() -> None:
    before = KIND.read_facts(command(), Memory(THREAD))
    after = KIND.read_facts(command(), Memory(replace(THREAD, last_message_at=NOW)))

    assert [moved.field for moved in KIND.differences(before, after)] == ["last_message_at"]


def test_the_key_fixes_the_message_id_before_anything_leaves() -> None:
    operation = KIND.operation(command(subject="Re: Mug", in_reply_to="<m1@example.com>"), {}, "key-1")

    assert isinstance(operation, SendMessage)
    assert (operation.message_id, operation.references) == ("", ("<m1@example.com>",))


@pytest.mark.parametrize("subject", ["Hi\r\nBcc: all@example.com", "Hi\nBcc: x", "x" * 201])
def test_a_subject_that_would_break_a_header_never_becomes_a_command(subject: str) -> None:
    with pytest.raises(ValidationError):
        command(subject=subject)


def test_the_proposal_takes_its_recipient_from_the_thread_and_its_facts_from_records() -> None:
    thread = replace(THREAD, subject="Where\r\n is my mug?")
    proposal = KIND.propose(
        matter(conversation_ref="c1", order_ref="o1", to="attacker@evil.example", language="en"),
        Memory(thread, MAIL, ORDER, PARCEL),
    )

    assert proposal.command.to == "mei@example.com"
    assert (proposal.command.subject, proposal.command.in_reply_to) == ("Re: Where is my mug?", "<m1@example.com>")
    assert KIND.write(proposal, ()) == (
        "Hello Mei Tan,\n\nYour order 1042 has not left on the day we had planned, and we are sorry about that. "
        "We are sorry for the trouble. Please reply to this message if anything here does not match what you see."
        "\n\nKind regards,\nMug House"
    )


def test_a_strangers_order_is_left_out_of_what_is_told() -> None:
    proposal = KIND.propose(matter(conversation_ref="c1", order_ref="o2"), Memory(THREAD, MAIL, STRANGER))

    assert proposal.command.order_ref == ""
    assert proposal.told["order"] == ""


def test_nobody_to_answer_no_proposal() -> None:
    with pytest.raises(CannotPropose):
        KIND.propose(matter(), Memory(THREAD))
    with pytest.raises(CannotPropose):
        KIND.propose(matter(conversation_ref="c1"), Memory(replace(THREAD, address="")))
    assert KIND.hold == timedelta(seconds=10)


def test_an_unchecked_writer_hears_of_the_order_but_not_of_its_parcel() -> None:
    hidden = replace(ORDER, customer_email="", customer_ref="1100077")
    thread = replace(THREAD, customer_ref="mei@example.com")
    told = KIND.propose(matter(conversation_ref="c1", order_ref="o1"), Memory(thread, MAIL, hidden, PARCEL)).told

    assert (told["order"], told["tracking"]) == ("1042", "")
    facts = KIND.read_facts(command(order_ref="o1"), Memory(thread, hidden))
    assert KIND.refusals(command(order_ref="o1"), facts) == []
    assert "nobody could check" in KIND.preview(command(order_ref="o1"), facts).warnings[1]


def test_a_parcels_number_is_told_to_the_buyer_whose_address_matches() -> None:
    told = KIND.propose(matter(conversation_ref="c1", order_ref="o1"), Memory(THREAD, MAIL, ORDER, PARCEL)).told

    assert told["tracking"] == "JT900"
