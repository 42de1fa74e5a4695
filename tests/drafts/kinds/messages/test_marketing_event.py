"""News for the marketing system: of a checkout that was left by somebody who agreed, or of an order in trouble."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.money import Money
from connectors.operations import RecordEvent
from connectors.types import Checkout, Record
from drafts.kinds.base import CannotPropose
from drafts.kinds.messages.marketing_event import MarketingEventKind
from tests.drafts.kinds.desk import NOW, ORDER, Memory, matter

KIND = MarketingEventKind()
LEFT = Checkout(
    external_id="k1", customer_email="mei@example.com", started_at=NOW, total=Decimal("40.00"), currency="SGD",
    recovery_url="https://s.example/k1", may_be_mailed=True, skus=("MUG", "CUP"),
)  # fmt: skip


def memory(*records: Record) -> Memory:
    return Memory(*records, performer=4, calls=(RecordEvent,))


def refusals(record: Record, **about: Any) -> list[str]:
    command = KIND.propose(matter(**about), memory(LEFT, ORDER)).command
    return KIND.refusals(command, KIND.read_facts(command, memory(record)))


def test_a_reminder_of_a_checkout_goes_to_the_marketing_system_with_what_was_left() -> None:
    proposal = KIND.propose(matter(checkout_ref="k1"), memory(LEFT))

    assert proposal.shop_id == 4
    assert KIND.operation(proposal.command, {}, "k") == RecordEvent(
        metric="Checkout reminder approved",
        email="mei@example.com",
        properties=(("checkout_url", "https://s.example/k1"), ("skus", "MUG, CUP")),
        value=Money(Decimal("40.00"), "SGD"),
    )
    shown = KIND.preview(proposal.command, KIND.read_facts(proposal.command, memory(LEFT)))
    assert shown.summary == "Record “Checkout reminder approved” for mei@example.com"
    assert KIND.money(proposal.command) is None


def test_news_of_an_order_bears_the_name_that_flows_wait_for() -> None:
    command = KIND.propose(matter(order_ref="o1"), memory(ORDER)).command

    assert (command.metric, command.email) == ("Order delayed", "mei@example.com")
    assert [(one.name, one.value) for one in command.properties] == [("order", "1042"), ("status", "to_ship")]
    assert "transactional" in KIND.preview(command, KIND.read_facts(command, memory(ORDER))).warnings[1]


def test_who_bought_meanwhile_or_never_agreed_is_not_reminded() -> None:
    assert refusals(LEFT, checkout_ref="k1") == []
    assert refusals(replace(LEFT, completed_at=NOW), checkout_ref="k1") == [
        "the checkout was completed meanwhile; a reminder would annoy"
    ]
    assert refusals(replace(LEFT, may_be_mailed=False), checkout_ref="k1") == [
        "the buyer has not agreed to marketing mail"
    ]
    assert refusals(replace(ORDER, customer_email="new@example.com"), order_ref="o1") == [
        "mei@example.com is not the buyer's address"
    ]


def test_without_an_address_a_system_or_a_use_nothing_is_proposed() -> None:
    with pytest.raises(CannotPropose, match="address is not known"):
        KIND.propose(matter(checkout_ref="k1"), memory(replace(LEFT, customer_email="")))
    with pytest.raises(CannotPropose, match="no marketing system is connected"):
        KIND.propose(matter(checkout_ref="k1"), Memory(LEFT))
    with pytest.raises(CannotPropose, match="no use for this news"):
        KIND.propose(replace(matter(order_ref="o1"), detector="feed_stale"), memory(ORDER))
