"""A customer is exported whole and erased whole, and the ledger verifies as before."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from alerts.models import Alert, Ticket
from connectors.models import Conversation, Customer, Message, Order, RawPayload, Shop, WebhookEvent
from connectors.save import save
from connectors.webhooks import store
from drafts.ledger.seal import seal
from drafts.ledger.verify import verify
from drafts.models import Draft, LedgerEntry, LedgerText
from drafts.record import record, with_words
from drafts.states import State
from opsroom.people.models import User
from opsroom.privacy.erase import InFlight, erase, erase_again
from opsroom.privacy.models import Erased
from opsroom.privacy.subject import Subject
from tests.factories import (
    NOW,
    AlertFactory,
    ConversationFactory,
    DraftFactory,
    MessageFactory,
    ReturnFactory,
    ShopFactory,
    TicketFactory,
    order,
)

REF, MAIL, NAME = "gid://shopify/Customer/7001234", "mei.tan@example.com", "Mei Tan"


@pytest.fixture
def shop(db: None) -> Shop:
    return ShopFactory.create(kind="shopify", name="Mug House")


@pytest.fixture
def known(shop: Shop) -> Shop:
    """One customer with an order, a mail to the company's own mailbox, a ticket, an alert, a draft and pushes."""
    Customer.objects.create(
        shop=shop, external_id=REF, name=NAME, email=MAIL, phone="+6581234567", digest=b"0" * 16, changed_at=NOW,
        fetched_at=NOW,
    )  # fmt: skip
    theirs = order("gid://shopify/Order/555001", customer_ref=REF, customer_name=NAME, customer_email=MAIL)
    other = order("gid://shopify/Order/555002", customer_ref="other", customer_name="Li Wei", customer_email="li@x.sg")
    save(shop.pk, [theirs, other], received_at=NOW)
    ReturnFactory.create(shop=shop, order_ref="gid://shopify/Order/555001", text="I am Mei Tan and it broke")
    mailbox = ShopFactory.create(kind="mailbox")
    ConversationFactory.create(shop=mailbox, external_id="C1", address=MAIL, customer_name=NAME)
    MessageFactory.create(shop=mailbox, conversation_ref="C1", author=MAIL, text="Mei Tan here")
    TicketFactory.create(shop=shop, customer_ref=REF, text="Mei Tan here")
    alert = AlertFactory.create(shop=shop, customer_ref=REF, title=f"{NAME} waits", why=NAME)
    DraftFactory.create(alert=alert, facts={"name": NAME}, state=State.VERIFIED)
    store(shop, "push-1", "orders", json.dumps({"customer": {"email": MAIL}}).encode(), NOW)
    store(shop, "push-2", "orders", json.dumps({"customer": {"email": "li@x.sg"}}).encode(), NOW)
    return shop


def everything() -> str:
    """Every text and body in the tables that held the customer."""
    tables = (
        Customer, Order, Conversation, Message, Ticket, Alert, Draft, RawPayload, WebhookEvent, LedgerEntry, LedgerText,
    )  # fmt: skip
    rows = [row for table in tables for row in table.objects.all().values_list()]
    return repr([[bytes(value) if isinstance(value, memoryview) else value for value in row] for row in rows])


def test_nothing_of_an_erased_customer_is_left_and_everybody_else_stays(known: Shop) -> None:
    counts = erase(Subject.of(known, REF), by=None, now=NOW, why="test")
    left = everything()
    assert not [secret for secret in (NAME, MAIL, "+6581234567") if secret in left]
    assert "Li Wei" in left
    assert "li@x.sg" in left
    assert WebhookEvent.objects.get().event_id == "push-2"
    assert counts["connectors.Message"] == counts["drafts.Draft"] == counts["alerts.Ticket"] == 1
    assert Order.objects.get(external_id="gid://shopify/Order/555001").total is not None


@pytest.mark.django_db(transaction=True)
def test_the_ledger_verifies_after_erasing_and_names_nobody(known: Shop) -> None:
    before = Draft.objects.get().digest
    record("proposed", draft=Draft.objects.get())
    seal()
    head = verify().head
    erase(Subject.of(known, REF), by=None, now=NOW, why="test")
    body = json.loads(bytes(LedgerEntry.objects.get(action="customer_erased").body))
    assert set(body) == {"shop", "why", "rows"}
    assert Draft.objects.get().digest == before
    seal()
    report = verify(expect=head)
    assert report.valid
    assert report.sealed == 2


def test_a_write_under_way_keeps_everything_until_it_is_known(known: Shop) -> None:
    Draft.objects.update(state=State.VERIFIED)
    held = DraftFactory.create(alert=Alert.objects.get(), state=State.UNKNOWN)
    with pytest.raises(InFlight, match=str(held.pk)):
        erase(Subject.of(known, REF), by=None, now=NOW, why="test")
    assert Customer.objects.get().name == NAME
    assert not Erased.objects.exists()


def test_a_draft_that_waits_for_a_decision_is_ended_first(known: Shop) -> None:
    waiting = DraftFactory.create(alert=Alert.objects.get())
    erase(Subject.of(known, REF), by=None, now=NOW, why="test")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.command, waiting.facts) == (State.EXPIRED, "", {})


def test_what_the_platform_sends_again_is_erased_again(known: Shop) -> None:
    erase(Subject.of(known, REF), by=None, now=NOW, why="test")
    again = order("gid://shopify/Order/555001", customer_ref=REF, customer_name=NAME, customer_email=MAIL, region="SG")
    later = NOW + timedelta(hours=1)
    save(known.pk, [again], received_at=later)
    assert erase_again(later) == 1
    assert Order.objects.get(external_id="gid://shopify/Order/555001").customer_name == ""
    assert erase_again(later) == 0
    assert NAME not in everything()


def test_the_command_exports_what_the_tables_hold_and_then_erases_it(known: Shop) -> None:
    said = StringIO()
    call_command("customer", "export", REF, "--shop", "Mug House", stdout=said)
    tables = json.loads(said.getvalue())["tables"]
    assert tables["connectors.Customer"][0]["email"] == MAIL
    assert tables["connectors.Message"][0]["text"] == "Mei Tan here"
    call_command("customer", "erase", REF, "--shop", "Mug House", stdout=StringIO())
    assert Customer.objects.get().name == ""


def test_the_command_names_what_it_does_not_know(shop: Shop) -> None:
    with pytest.raises(CommandError, match="no shop called 'Nowhere'"):
        call_command("customer", "export", REF, "--shop", "Nowhere")
    with pytest.raises(CommandError, match="has no customer"):
        call_command("customer", "erase", REF, "--shop", "Mug House")


def test_owners_alone_export_and_erase_and_only_with_the_word(
    known: Shop, owner: User, approver: User, client_for: Callable[[User], Client]
) -> None:
    page = f"/privacy/customers/{known.pk}/?id={REF}"
    assert client_for(approver).post(page, {"confirm": "erase"}).status_code == 403
    mine = client_for(owner)
    assert "connectors.Customer" in mine.get(page).content.decode()
    assert mine.get(f"/privacy/customers/{known.pk}/file/?id={REF}").json()["customer"] == REF
    mine.post(page, {"confirm": "yes"})
    assert Customer.objects.get().name == NAME
    mine.post(page, {"confirm": "erase"})
    assert Customer.objects.get().name == ""
    entry: Any = LedgerEntry.objects.get(action="customer_erased")
    assert entry.actor == owner


def test_words_stand_beside_the_ledger_and_go_with_the_customer(known: Shop) -> None:
    record("rejected", draft=Draft.objects.get(), reason=f"{NAME} has called")
    entry = LedgerEntry.objects.get(action="rejected")
    assert NAME not in bytes(entry.body).decode()
    assert with_words(json.loads(bytes(entry.body)))["reason"] == f"{NAME} has called"
    LedgerText.objects.update(text='"nobody has called"')
    assert with_words(json.loads(bytes(entry.body)))["reason"] == "(changed after it was sealed)"
    erase(Subject.of(known, REF), by=None, now=NOW, why="test")
    assert not LedgerText.objects.exists()
    assert with_words(json.loads(bytes(entry.body)))["reason"] == "(erased)"


def test_the_record_page_leads_an_owner_there(known: Shop, owner: User, client_for: Callable[[User], Client]) -> None:
    shown = client_for(owner).get(f"/records/customer/{known.pk}/?id={REF}").content.decode()
    assert f"/privacy/customers/{known.pk}/?id={REF.replace(':', '%3A')}" in shown
