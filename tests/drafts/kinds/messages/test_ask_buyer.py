from dataclasses import replace
from typing import Any

import pytest

from connectors.llm.offline import asked_for, phrases
from connectors.operations import SendMessage
from drafts.forms.command import CommandForm
from drafts.kinds.base import CannotPropose
from drafts.kinds.messages.ask_buyer import WANTED, AskBuyerCommand, AskBuyerKind
from tests.drafts.kinds.desk import MAIL, NOW, ORDER, THREAD, Memory, matter

KIND = AskBuyerKind()
SHOP = Memory(ORDER, THREAD, MAIL)
LETTER = (
    "Hello Mei Tan,\n\nThis is about your order 1042. Please send us a few pictures of what you received and of its "
    "packing, so that we can decide quickly.\n\nKind regards,\nMug House"
)


def about(detector: str, **arguments: Any) -> Any:
    return replace(matter(**arguments), detector=detector)


def asked(text: str = LETTER, **changes: Any) -> AskBuyerCommand:
    given = {"asks": "photos", "conversation_ref": "c1", "order_ref": "o1", "to": "mei@example.com", "text": text}
    return AskBuyerCommand.model_validate(given | changes)


def test_the_buyer_is_asked_in_their_own_conversation_for_what_the_matter_lacks() -> None:
    proposal = KIND.propose(about("return_decision", conversation_ref="c1", order_ref="o1", shop_id=2), SHOP)
    command = asked(KIND.write(proposal, ()), subject="Where is my mug?", in_reply_to="<m1@example.com>")
    facts = KIND.read_facts(command, SHOP)

    assert command.text == LETTER
    assert (proposal.command, proposal.shop_id) == (command.model_copy(update={"text": ""}), 2)
    assert KIND.refusals(command, facts) == []
    assert KIND.operation(command, facts, "k") == SendMessage(
        to="mei@example.com", text=LETTER, subject="Where is my mug?", conversation_ref="c1",
        in_reply_to="<m1@example.com>", references=("<m1@example.com>",),
    )  # fmt: skip


def test_where_nobody_has_written_a_mail_goes_to_the_orders_own_address() -> None:
    proposal = KIND.propose(about("fraud_warning", order_ref="o1"), SHOP)

    assert (proposal.shop_id, proposal.command.to, proposal.command.subject) == (
        3,
        "mei@example.com",
        "Your order 1042",
    )
    assert proposal.command.asks == "payment"
    command = proposal.command.model_copy(update={"text": "Did you pay?"})
    assert KIND.refusals(command, KIND.read_facts(command, SHOP)) == []


def test_an_answer_of_the_buyer_after_the_approval_brings_the_draft_back() -> None:
    later = Memory(ORDER, replace(THREAD, last_message_at=NOW))

    [moved] = KIND.differences(KIND.read_facts(asked(), SHOP), KIND.read_facts(asked(), later))
    assert moved.field == "last_message_at"


@pytest.mark.parametrize(
    ("changes", "shop", "reason"),
    [
        ({"text": ""}, SHOP, "the message is empty"),
        ({"to": "eve@example.com"}, SHOP, "eve@example.com is not the buyer whom this is about"),
        (
            {},
            Memory(replace(ORDER, customer_email="lin@example.com"), THREAD),
            "order 1042 belongs to another address; telling its details would leak them",
        ),
    ],
)
def test_nobody_else_is_asked(changes: dict[str, Any], shop: Memory, reason: str) -> None:
    command = asked(**changes)

    assert KIND.refusals(command, KIND.read_facts(command, shop)) == [reason]


def test_an_order_of_somebody_else_is_not_named_to_the_writer() -> None:
    foreign = Memory(replace(ORDER, customer_email="lin@example.com"), THREAD, MAIL)
    proposal = KIND.propose(about("first_answer", conversation_ref="c1", order_ref="o1", asks="address"), foreign)

    assert (proposal.command.order_ref, proposal.command.asks) == ("", "address")
    assert "1042" not in KIND.write(proposal, ())


def test_without_thread_and_address_nobody_can_be_asked() -> None:
    with pytest.raises(CannotPropose, match="no mail can be sent to its buyer"):
        KIND.propose(about("oversold", order_ref="o1"), Memory(replace(ORDER, customer_email="")))


@pytest.mark.parametrize("language", sorted(set(phrases()) - {"letters"}))
@pytest.mark.parametrize("topic", sorted(WANTED))
def test_each_question_stands_in_each_language(topic: str, language: str) -> None:
    alone, named = (asked_for(topic, language, {"order": order}) for order in ("", "#1042"))

    assert len(alone) > 15
    assert named.endswith(alone)
    assert "#1042" in named


def test_the_words_are_edited_the_question_and_who_is_asked_stay() -> None:
    form = CommandForm(asked())

    assert list(form.fields) == ["subject", "text"]
    assert ("To", "mei@example.com") in form.kept
