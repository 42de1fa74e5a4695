"""A card shows all that a decision rests on, and each figure opens to its arithmetic."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from drafts.models import Draft, Presence
from drafts.states import State, Tier
from opsroom.people.models import User
from tests.factories import AlertFactory, DraftFactory, OrderFactory, PaymentFactory
from tests.journeys import scene

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "pane"}
ClientFor = Callable[[User], Client]


def card(client: Client, draft: Draft, **headers: str) -> str:
    return client.get(f"/alerts/{draft.alert_id}/", headers=headers).text


def test_the_page_holds_list_and_card_and_htmx_gets_the_card_alone(client_for: ClientFor, viewer: User) -> None:
    draft = DraftFactory.create()
    whole, part = card(client_for(viewer), draft), card(client_for(viewer), draft, **HTMX)
    assert 'id="queue"' in whole
    assert 'class="card"' in whole
    assert part.lstrip().startswith('<article class="card"')
    assert 'id="queue"' not in part


def test_do_wait_and_nothing_each_have_their_dollars(client_for: ClientFor, viewer: User) -> None:
    draft = scene.desk()["refund"]
    page = card(client_for(viewer), draft)
    for title, cost in (("Do it", "$35.00"), ("Wait", "$47.00"), ("Do nothing", "$275.00")):
        assert f"<h3>{title}</h3>" in page
        assert f'<summary class="big">{cost}</summary>' in page


def test_each_input_names_its_record_and_leads_to_it(client_for: ClientFor, viewer: User) -> None:
    draft = scene.desk()["refund"]
    client = client_for(viewer)
    page = card(client, draft)
    address = f"/records/payment/{draft.shop_id}/?id=pi_123"
    assert f'<a href="{address}">payment pi_123, order ref</a>' in page
    assert "buyer disputes it" in page
    assert '<span class="tag warn">assumed</span>' in page
    assert client.get(address).status_code == 200


def test_an_alert_without_a_rate_says_so_instead_of_a_number(client_for: ClientFor, viewer: User) -> None:
    page = card(client_for(viewer), scene.desk()["angry"])
    assert "The dollars cannot be computed yet" in page
    assert "what this buyer has spent" in page


def test_what_changed_since_the_approval_is_shown(client_for: ClientFor, viewer: User) -> None:
    draft = DraftFactory.create(drift=[{"field": "refunded", "approved": "0", "now": "23.90"}])
    page = card(client_for(viewer), draft)
    assert "Changed since you approved" in page
    assert "<strong>23.90</strong>" in page


def test_an_edited_text_shows_what_was_taken_out_and_put_in(client_for: ClientFor, viewer: User) -> None:
    draft = scene.reply(AlertFactory.create(), text="We send it on Monday.", prepared_text="We send it on Friday.")
    page = card(client_for(viewer), draft)
    assert "<del>Friday.</del> <ins>Monday.</ins>" in page


def test_the_text_of_a_draft_is_escaped(client_for: ClientFor, viewer: User) -> None:
    draft = scene.reply(AlertFactory.create(), text="<img src=x onerror=alert(1)>", prepared_text="<b>old</b>")
    page = card(client_for(viewer), draft)
    assert "<img" not in page
    assert "<b>old" not in page


def test_a_viewer_sees_no_way_to_decide_and_a_drafter_may_only_edit(
    client_for: ClientFor, viewer: User, drafter: User
) -> None:
    draft = DraftFactory.create()
    assert "You can look. Approvers decide." in card(client_for(viewer), draft)
    page = card(client_for(drafter), draft)
    assert f"/drafts/{draft.pk}/edit/" in page
    assert f"/drafts/{draft.pk}/approve/" not in page


def test_a_draft_that_the_policy_refuses_has_no_approve_button(client_for: ClientFor, owner: User) -> None:
    draft = DraftFactory.create(tier=Tier.REFUSE)
    page = card(client_for(owner), draft)
    assert "The policy does not allow this write." in page
    assert f"/drafts/{draft.pk}/approve/" not in page


def test_the_customer_strip_counts_what_this_buyer_did_here(client_for: ClientFor, owner: User) -> None:
    alert = AlertFactory.create(customer_ref="B7")
    OrderFactory.create_batch(2, shop=alert.shop, customer_ref="B7", total=50)
    OrderFactory.create(shop=alert.shop, customer_ref="somebody else")
    strip = client_for(owner).get(f"/alerts/{alert.pk}/").context["customer"]
    assert dict(strip.facts) == {
        "Orders": "2", "Spent": "S$100", "Refunded": "S$0.00", "Tickets": "0", "Returns": "0", "Disputes": "0",
    }  # fmt: skip


def test_the_last_decisions_of_this_kind_here_are_remembered(client_for: ClientFor, owner: User) -> None:
    draft = DraftFactory.create()
    alert = AlertFactory.create(shop=draft.shop)
    DraftFactory.create(alert=alert, state=State.REJECTED, reason="Not worth doing", decided_at=timezone.now())
    page = card(client_for(owner), draft)
    assert "rejected: Not worth doing" in page


def test_two_people_at_one_card_see_each_other(client_for: ClientFor, owner: User, approver: User) -> None:
    draft = DraftFactory.create()
    card(client_for(approver), draft)
    assert "Approver is looking at this" in card(client_for(owner), draft)
    Presence.objects.update(seen_at=timezone.now() - timedelta(minutes=1))
    assert "is looking at this" not in card(client_for(owner), draft)


def test_an_unchanged_card_answers_304_and_a_decided_one_brings_its_new_state(
    client_for: ClientFor, owner: User
) -> None:
    draft = DraftFactory.create()
    client = client_for(owner)
    address = f"/alerts/{draft.alert_id}/live/?draft={draft.pk}&shown={draft.pk}.1.proposed"
    first = client.get(address, headers=HTMX)
    assert 'id="decide"' not in first.text
    etag = {"If-None-Match": first.headers["ETag"]}
    assert client.get(address, headers=HTMX | etag).status_code == 304
    Draft.objects.filter(pk=draft.pk).update(state=State.REJECTED)
    later = client.get(address, headers=HTMX | etag)
    assert "Refund: rejected" in later.text
    assert 'id="decide" class="decide" hx-swap-oob="true"' in later.text


def test_personal_fields_of_a_record_are_masked_for_viewers(client_for: ClientFor, owner: User, viewer: User) -> None:
    draft = scene.desk()["refund"]
    OrderFactory.create(shop=draft.shop, external_id="O9", customer_name="Ana Ruiz")
    address = f"/records/payment/{draft.shop_id}/?id=pi_123"
    assert "ana@example.com" in client_for(owner).get(address).text
    masked = client_for(viewer).get(address).text
    assert "ana@example.com" not in masked
    assert "48000" in masked
    assert "Ana Ruiz" not in client_for(viewer).get(f"/records/order/{draft.shop_id}/?id=O9").text


@pytest.mark.parametrize("address", ["/records/user/1/?id=1", "/records/order/1/?id=none", "/alerts/999999/"])
def test_what_is_not_there_is_a_clear_404(client_for: ClientFor, owner: User, address: str) -> None:
    PaymentFactory.create()
    answer = client_for(owner).get(address)
    assert answer.status_code == 404
    assert "This page is not here" in answer.text


def test_the_story_of_a_draft_stands_on_its_own_page(client_for: ClientFor, viewer: User) -> None:
    draft = DraftFactory.create()
    page = client_for(viewer).get(f"/drafts/{draft.pk}/").text
    assert "Nothing has been decided on this draft." in page
