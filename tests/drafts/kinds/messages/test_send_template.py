"""A form that the channel approved: chosen as it was set up, filled from records, shown as the buyer reads it."""

from dataclasses import replace
from typing import Any

import pytest

from connectors.operations import SendTemplate
from connectors.types import Conversation, MessageForm, MessageForms, Record
from drafts.kinds.base import CannotPropose
from drafts.kinds.messages.send_template import SendTemplateCommand, SendTemplateKind
from tests.drafts.kinds.desk import ORDER, PARCEL, THREAD, Memory, matter

KIND = SendTemplateKind()
TALK: Conversation = replace(THREAD, channel="chat", address="6591234567", customer_ref="b1")
OWN = replace(ORDER, customer_email="", customer_ref="b1")
DELAYED = MessageForm(
    "parcel_delayed", "en", ("Hi {{1}}, your order {{2}} is late: {{3}}.", "See: https://s.example/{{1}}"),
    use="late_shipment", fills=("{name}", "{order}", "it waits for the courier", "{order}"),
)  # fmt: skip
PROBLEM = MessageForm("unexpectedProblem", longest=2000, use="*")
REVIEW = MessageForm("productReviewAndSellerFeedback")


def memory(*forms: MessageForm, records: tuple[Record, ...] = (TALK, OWN)) -> Memory:
    offered = [MessageForms(external_id=ref, forms=forms) for ref in ("c1", "o1")]
    return Memory(*records, *offered, calls=(SendTemplate,))


def proposed(*forms: MessageForm, **about: Any) -> SendTemplateCommand:
    return KIND.propose(matter(**({"conversation_ref": "c1", "order_ref": "o1"} | about)), memory(*forms)).command


def test_the_places_are_filled_as_they_were_set_up_and_shown_as_the_buyer_reads_them() -> None:
    command = proposed(DELAYED, REVIEW)
    facts = KIND.read_facts(command, memory(DELAYED))
    text = "Hi Mei Tan, your order 1042 is late: it waits for the courier.\nSee: https://s.example/1042"

    assert [(one.place, one.value) for one in command.places] == [
        ("1", "Mei Tan"), ("2", "1042"), ("3", "it waits for the courier"), ("1", "1042"),
    ]  # fmt: skip
    assert KIND.refusals(command, facts) == []
    assert KIND.preview(command, facts).text == text
    assert KIND.operation(command, facts, "k") == SendTemplate(
        to="6591234567", template="parcel_delayed", language="en", order_ref="o1", text=text,
        parameters=("Mei Tan", "1042", "it waits for the courier", "1042"),
    )  # fmt: skip


def test_the_buyers_language_is_taken_where_the_form_has_it() -> None:
    ours = replace(DELAYED, language="id")

    assert proposed(DELAYED, ours, language="id").language == "id"
    assert proposed(DELAYED, ours, language="th").language == "en"


def test_places_without_a_setting_are_filled_by_their_names_or_as_name_and_order() -> None:
    numbered = MessageForm("a", "en", ("{{1}}: {{2}}",), use="*")
    named = MessageForm("b", "en", ("{{order}} for {{name}}",), use="*")

    assert [one.value for one in proposed(numbered).places] == ["Mei Tan", "1042"]
    assert [one.value for one in proposed(named).places] == ["1042", "Mei Tan"]


def test_what_nobody_set_up_is_not_guessed() -> None:
    with pytest.raises(CannotPropose, match="no template is set up for late shipment .*; offered: how_was_it"):
        proposed(MessageForm("how_was_it", "en", ("Rate us, {{1}}",)))
    with pytest.raises(CannotPropose, match="nobody has said what fills place amount of refund_sent"):
        proposed(MessageForm("refund_sent", "en", ("{{amount}} is on its way",), use="*"))
    with pytest.raises(CannotPropose, match="has no approved forms"):
        KIND.propose(matter(conversation_ref="c1"), Memory(TALK))


def test_a_form_with_our_own_words_says_where_the_order_stands() -> None:
    command = KIND.propose(matter(order_ref="o1"), memory(PROBLEM, REVIEW, records=(ORDER,))).command
    facts = KIND.read_facts(command, memory(PROBLEM, records=(ORDER,)))

    assert (command.template, command.to, command.places) == ("unexpectedProblem", "1042", ())
    assert "Your order 1042 has not left on the day" in command.text
    assert KIND.refusals(command, facts) == []
    long = command.model_copy(update={"text": "x" * 2001})
    assert KIND.refusals(long, facts) == ["the channel takes 1 to 2000 characters, not 2001"]


def test_a_named_form_without_words_asks_for_a_review() -> None:
    about = matter(order_ref="o1", template="productReviewAndSellerFeedback")
    command = KIND.propose(about, memory(PROBLEM, REVIEW, records=(ORDER,))).command
    facts = KIND.read_facts(command, memory(REVIEW, records=(ORDER,)))

    assert (command.text, KIND.refusals(command, facts)) == ("", [])
    assert "words this message itself" in KIND.preview(command, facts).warnings[1]
    spoken = command.model_copy(update={"text": "Please!"})
    assert KIND.refusals(spoken, facts) == ["this form has no room for words of ours"]


@pytest.mark.parametrize(
    ("records", "forms", "reason"),
    [
        ((TALK, OWN), (REVIEW,), "the channel does not offer the template parcel_delayed now"),
        ((replace(TALK, address="999"), OWN), (DELAYED,), "6591234567 is not the buyer whom this is about"),
        (
            (TALK, replace(OWN, customer_ref="b2")), (DELAYED,),
            "order 1042 belongs to somebody else; telling its details would leak them",
        ),
        (
            (TALK, OWN), (replace(DELAYED, parts=("Hi {{1}}",)),),
            "the template parcel_delayed has other places than were filled",
        ),
    ],
)  # fmt: skip
def test_what_changed_at_the_channel_stops_it(
    records: tuple[Record, ...], forms: tuple[MessageForm, ...], reason: str
) -> None:
    command = proposed(DELAYED)

    assert KIND.refusals(command, KIND.read_facts(command, memory(*forms, records=records))) == [reason]


def test_an_empty_place_is_named() -> None:
    command = proposed(MessageForm("a", "en", ("{{1}}: {{2}}",), use="*"))
    emptied = command.model_copy(
        update={"places": (command.places[0], command.places[1].model_copy(update={"value": ""}))}
    )
    facts = KIND.read_facts(emptied, memory(MessageForm("a", "en", ("{{1}}: {{2}}",), use="*")))

    assert KIND.refusals(emptied, facts) == ["place 2 of the template is empty"]


def test_another_persons_order_is_never_told() -> None:
    stranger = memory(
        MessageForm("a", "en", ("About {{order}}",), use="*"), records=(TALK, replace(OWN, customer_ref="b2"))
    )

    with pytest.raises(CannotPropose, match="place order"):
        KIND.propose(matter(conversation_ref="c1", order_ref="o1"), stranger)


def test_the_parcels_number_is_told_to_its_own_buyer() -> None:
    form = MessageForm("a", "en", ("Track {{tracking}}",), use="*")
    command = KIND.propose(
        matter(conversation_ref="c1", order_ref="o1"), memory(form, records=(TALK, OWN, PARCEL))
    ).command

    assert command.places[0].value == "JT900"
