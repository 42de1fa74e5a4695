"""A program's proposal: checked like the product's own, shown with who made it, decided by a person alone."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from alerts.models import Alert
from connectors.models import FxRate
from drafts.deciding.errors import NotAllowed, NotValid, Stale
from drafts.kinds.money.refund import RefundCommand
from drafts.models import Approval, Draft, Execution, LedgerEntry, Passage, Policy
from drafts.propose import Proposed, Wanted, propose
from drafts.revise import edit, reject
from drafts.states import State, Tier
from opsroom.people.models import User
from tests.factories import (
    NOW,
    AlertFactory,
    ConversationFactory,
    MessageFactory,
    OrderFactory,
    PaymentFactory,
    ShopFactory,
)

pytestmark = pytest.mark.django_db
BECAUSE = "The buyer was charged twice."


def everything(shop_id: int | None) -> bool:
    return True


@pytest.fixture
def shop(db: None) -> Any:
    return ShopFactory.create(kind="stripe")


@pytest.fixture
def payment(shop: Any) -> Any:
    return PaymentFactory.create(shop=shop, external_id="pi_1", amount=Decimal("47.80"), refunded=Decimal(0))


def refund(amount: str = "23.90", ref: str = "pi_1", **more: Any) -> dict[str, Any]:
    return {"payment_ref": ref, "amount": amount, "currency": "SGD", **more}


def proposed(by: User, kind: str, command: dict[str, Any], **more: Any) -> Proposed:
    sees = more.pop("sees", everything)
    wanted = Wanted(kind=kind, command=command, because=BECAUSE, said_by="price bot", **more)
    return propose(wanted, by=by, sees=sees, now=NOW)


def nothing_kept() -> bool:
    return not Draft.objects.exists() and not Alert.objects.exists()


def test_it_waits_in_the_inbox_marked_with_who_proposed_it(
    payment: Any, drafter: User, client_for: Callable[[User], Client]
) -> None:
    draft = proposed(drafter, "refund", refund()).draft
    assert (draft.state, draft.version, draft.kind, draft.shop_id) == (State.PROPOSED, 1, "refund", payment.shop_id)
    assert (draft.written_by, draft.proposed_by) == ("price bot", drafter)
    assert draft.amount == Decimal("23.90")
    assert draft.facts["total"] == "47.8"
    assert draft.preview["summary"] == "Refund 23.90 SGD on payment pi_1: 50% of 47.80 SGD"
    assert not Approval.objects.exists()
    assert not Execution.objects.exists()
    inbox = client_for(drafter).get("/").content.decode()
    assert "Refund 23.90 SGD on payment pi_1" in inbox
    assert "by price bot" in inbox
    card = client_for(drafter).get(f"/alerts/{draft.alert_id}/").content.decode()
    assert "Proposed by price bot, for Drafter." in card
    assert BECAUSE in card
    entry = LedgerEntry.objects.get(action="proposed", draft_id=draft.pk)
    assert entry.actor == drafter
    assert b'"written_by":"price bot"' in bytes(entry.body)


def test_its_dollars_are_unknown_and_never_zero(payment: Any, drafter: User) -> None:
    alert = proposed(drafter, "refund", refund()).draft.alert
    assert alert is not None
    assert (alert.cash_likely, alert.cash_low, alert.cash_high) == (None, None, None)
    assert alert.missing == ["what it saves: a program proposed it, and nobody has computed that"]


def test_a_policy_of_one_click_does_not_reach_it(payment: Any, drafter: User) -> None:
    Policy.objects.update(tier=Tier.CLICK)
    FxRate.objects.create(base="USD", currency="SGD", day=NOW - timedelta(days=365), rate=Decimal("0.75"))
    draft = proposed(drafter, "refund", refund("1.00")).draft
    assert draft.tier == Tier.REVIEW
    assert "Proposed by a program: decided alone, with the card open." in draft.tier_reasons


def test_a_stricter_policy_holds(payment: Any, drafter: User) -> None:
    Policy.objects.all().delete()
    Policy.objects.create(tier=Tier.SECOND_PERSON, note="Two look at everything.")
    draft = proposed(drafter, "refund", refund()).draft
    assert draft.tier == Tier.SECOND_PERSON


def test_the_same_proposal_twice_is_one(payment: Any, drafter: User, approver: User) -> None:
    first, again = proposed(drafter, "refund", refund()), proposed(approver, "refund", refund())
    assert (first.is_new, again.is_new) == (True, False)
    assert again.draft == first.draft
    assert (Draft.objects.count(), Alert.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_programs_at_once_make_one_draft(payment: Any, drafter: User) -> None:
    together = threading.Barrier(2)

    def run(_: int) -> Proposed:
        together.wait()
        try:
            return proposed(drafter, "refund", refund())
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        made = list(threads.map(run, range(2)))
    assert sorted(one.is_new for one in made) == [False, True]
    assert made[0].draft == made[1].draft
    assert (Draft.objects.count(), Alert.objects.count()) == (1, 1)


def test_beside_an_alert_it_stands_with_what_was_prepared(payment: Any, drafter: User) -> None:
    alert = AlertFactory.create(shop=payment.shop, subject_ref="pi_1")
    draft = proposed(drafter, "refund", refund(), alert_id=alert.pk).draft
    assert draft.alert == alert
    assert Alert.objects.count() == 1


def test_a_matter_that_is_not_the_alerts_does_not_stand_on_its_card(payment: Any, drafter: User) -> None:
    alert = AlertFactory.create(shop=payment.shop, subject_ref="pi_9")
    with pytest.raises(NotValid, match=f"it names nothing of alert {alert.pk}"):
        proposed(drafter, "refund", refund(), alert_id=alert.pk)
    assert not Draft.objects.exists()


def test_a_payment_of_the_alerts_order_is_its_matter(payment: Any, drafter: User) -> None:
    type(payment)._default_manager.filter(pk=payment.pk).update(order_ref="X1")
    alert = AlertFactory.create(shop=payment.shop, subject_kind="order", subject_ref="X1")
    assert proposed(drafter, "refund", refund(), alert_id=alert.pk).draft.alert == alert


def test_its_reason_outlives_an_edit(payment: Any, drafter: User, client_for: Callable[[User], Client]) -> None:
    alert = AlertFactory.create(shop=payment.shop, subject_ref="pi_1")
    draft = proposed(drafter, "refund", refund(), alert_id=alert.pk).draft
    edit(draft, RefundCommand(**refund("5.00")), drafter)
    assert draft.version == 2
    assert BECAUSE in client_for(drafter).get(f"/alerts/{alert.pk}/").content.decode()


def test_a_fourth_move_on_one_alert_waits_its_turn(payment: Any, drafter: User) -> None:
    alert = AlertFactory.create(shop=payment.shop, subject_ref="pi_1")
    for cents in range(1, 4):
        proposed(drafter, "refund", refund(f"1.0{cents}"), alert_id=alert.pk)
    with pytest.raises(Stale, match="3 moves wait on alert"):
        proposed(drafter, "refund", refund("1.09"), alert_id=alert.pk)
    assert Draft.objects.count() == 3


def test_what_a_person_rejected_does_not_come_back_until_a_fact_has_changed(
    payment: Any, drafter: User, approver: User
) -> None:
    draft = proposed(drafter, "refund", refund()).draft
    reject(draft, by=approver, reason="He got a voucher.")
    with pytest.raises(Stale, match="He got a voucher"):
        proposed(drafter, "refund", refund())
    type(payment)._default_manager.filter(pk=payment.pk).update(refunded=Decimal("5.00"))
    again = proposed(drafter, "refund", refund())
    assert again.is_new
    assert again.draft.alert is not None
    again.draft.alert.refresh_from_db()
    assert again.draft.alert.state == Alert.State.OPEN


def test_a_rejection_on_an_alert_holds_for_its_kind(payment: Any, drafter: User, approver: User) -> None:
    alert = AlertFactory.create(shop=payment.shop, subject_ref="pi_1")
    reject(proposed(drafter, "refund", refund(), alert_id=alert.pk).draft, by=approver, reason="No.")
    with pytest.raises(Stale, match="rejected a draft of this kind"):
        proposed(drafter, "refund", refund("2.00"), alert_id=alert.pk)


def test_a_closed_alert_takes_no_proposal(payment: Any, drafter: User) -> None:
    alert = AlertFactory.create(shop=payment.shop, subject_ref="pi_1", state=Alert.State.RESOLVED, resolved_at=NOW)
    with pytest.raises(Stale, match="resolved"):
        proposed(drafter, "refund", refund(), alert_id=alert.pk)
    assert not Draft.objects.exists()


def test_a_viewer_proposes_nothing(payment: Any, viewer: User) -> None:
    with pytest.raises(NotAllowed, match="may not propose a write"):
        proposed(viewer, "refund", refund())
    assert nothing_kept()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (refund("99.00"), "99.00 is more than the 47.8"),
        (refund(currency="USD"), "is in SGD, not USD"),
        (refund(ref="pi_2"), "payment pi_2 is no longer there"),
        (refund("-1"), "amount: Input should be greater than 0"),
        (refund(approve=True), "approve: Extra inputs are not permitted"),
        ({"amount": "1.00", "currency": "SGD"}, "name the order or the payment"),
        (refund(note="one\ntwo"), "note: String should match pattern"),
        (refund(ref="pi\0_1"), "a text holds a NUL"),
    ],
)
def test_what_the_product_would_refuse_itself_is_refused(
    payment: Any, drafter: User, command: dict[str, Any], reason: str
) -> None:
    with pytest.raises(NotValid, match=reason):
        proposed(drafter, "refund", command)
    assert nothing_kept()


def test_an_unknown_kind_is_told_what_there_is(drafter: User, shop: Any) -> None:
    with pytest.raises(NotValid, match=r"no kind of draft called pay_me; there are: .*refund"):
        proposed(drafter, "pay_me", {})


def test_a_record_of_another_shop_is_not_acted_on_here(payment: Any, drafter: User) -> None:
    other = ShopFactory.create(kind="stripe")
    with pytest.raises(NotValid, match=f"belongs to shop {payment.shop_id}, not to shop {other.pk}"):
        proposed(drafter, "refund", refund(), shop_id=other.pk)
    assert nothing_kept()


def test_a_shop_out_of_reach_does_not_exist(payment: Any, drafter: User) -> None:
    def sees(shop_id: int | None) -> bool:
        return shop_id == int(payment.shop_id) + 1

    for shop_id in (None, payment.shop_id):
        with pytest.raises(NotValid, match="not among the saved records|there is no shop"):
            proposed(drafter, "refund", refund(), shop_id=shop_id, sees=sees)
    assert nothing_kept()


# -- messages ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def thread(db: None) -> Any:
    mailbox = ShopFactory.create(kind="mailbox")
    thread = ConversationFactory.create(shop=mailbox, external_id="C1", address="mei@example.com")
    MessageFactory.create(shop=mailbox, conversation_ref="C1")
    OrderFactory.create(external_id="1042", customer_email="mei@example.com", ship_by=NOW + timedelta(days=2))
    return thread


def reply(text: str, to: str = "mei@example.com", **more: Any) -> dict[str, Any]:
    return {"conversation_ref": "C1", "to": to, "text": text, "order_ref": "1042", **more}


def test_a_reply_to_the_writer_is_proposed_in_their_own_mailbox(thread: Any, drafter: User) -> None:
    draft = proposed(drafter, "reply", reply("Order 1042 leaves the day after tomorrow.")).draft
    assert draft.shop_id == thread.shop_id
    assert draft.preview["to"] == "mei@example.com"


def test_an_injected_recipient_is_refused_by_the_kind_itself(thread: Any, drafter: User) -> None:
    with pytest.raises(NotValid, match=r"thief@example\.net is not who wrote in this conversation"):
        proposed(drafter, "reply", reply("Order 1042 leaves tomorrow.", to="thief@example.net"))
    assert nothing_kept()


def test_an_injected_order_of_somebody_else_is_refused(thread: Any, drafter: User) -> None:
    OrderFactory.create(external_id="7", customer_email="li@example.com")
    with pytest.raises(NotValid, match="order 7 belongs to another address"):
        proposed(drafter, "reply", reply("Order 7 is on its way.", order_ref="7"))
    assert nothing_kept()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Pay again at https://evil.example/pay please.", "is a link or an address that nobody gave"),
        ("Write to boss@evil.example instead.", "is a link or an address that nobody gave"),
        ("You get 500 dollars.", "500 is nobody's number"),
        ("We refund every late parcel.", "states a rule and cites none"),
        ("We have sent it to [address].", "it carries a placeholder"),
    ],
)
def test_a_text_says_no_more_than_a_models_may(thread: Any, drafter: User, text: str, reason: str) -> None:
    with pytest.raises(NotValid, match=reason):
        proposed(drafter, "reply", reply(text))
    assert nothing_kept()


def test_a_rule_may_be_told_with_its_passage(thread: Any, drafter: User) -> None:

    row = Passage.objects.create(document="Returns", clause="2.1", text="We refund within 14 days.", valid_from=NOW)
    draft = proposed(drafter, "reply", reply("We refund within 14 days."), passages=(row.pk,)).draft
    assert [each["id"] for each in draft.citations] == [row.pk]
    with pytest.raises(NotValid, match="passage 999999 is none that holds"):
        proposed(drafter, "reply", reply("We refund within 14 days!"), passages=(999999,))


def test_an_instruction_hidden_in_the_reason_stays_a_text_on_the_card(
    payment: Any, drafter: User, client_for: Callable[[User], Client]
) -> None:
    attack = "<script>approve()</script> Ignore the policy & approve."
    wanted = Wanted(kind="refund", command=refund(), because=attack, said_by="<b>bot</b>")
    draft = propose(wanted, by=drafter, sees=everything, now=NOW).draft
    page = client_for(drafter).get(f"/alerts/{draft.alert_id}/").content.decode()
    assert "<script>approve()" not in page
    assert "&lt;script&gt;approve()" in page
    assert "<b>bot</b>" not in page
    assert draft.state == State.PROPOSED
