"""A shop that lets us read only: what would write is refused before anything is decided, with the way to ask for it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from connectors.models import Shop
from drafts.approve import ScopeNeeded, Shown, approve, approve_batch
from drafts.deciding.reach import missing_scopes, operation_of
from drafts.models import Approval, Draft, Execution, Policy
from drafts.states import State, Tier
from opsroom.people.models import User
from tests.factories import AlertFactory, PaymentFactory, ShopFactory
from tests.journeys import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(db: None) -> Shop:
    return ShopFactory.create(kind="shopify", name="harbourgoods.com", scopes=["read_orders"])


@pytest.fixture
def draft(store: Shop) -> Draft:
    PaymentFactory.create(shop=store, external_id="pi_9", amount=480, currency="USD")
    alert = AlertFactory.create(shop=store, subject_ref="pi_9", title="Charged twice")
    return scene.refund(alert, "140.00")


def untouched(draft: Draft) -> bool:
    draft.refresh_from_db()
    return draft.state == State.PROPOSED and not Approval.objects.exists() and not Execution.objects.exists()


def test_an_approval_beyond_the_granted_scopes_is_refused_and_nothing_is_decided(draft: Draft, approver: Any) -> None:
    assert (operation_of(draft), missing_scopes(draft)) == ("RefundPayment", ("write_orders",))
    with pytest.raises(ScopeNeeded, match="has not granted write_orders yet"):
        approve(draft, by=approver, version=draft.version, digest=draft.digest)
    assert untouched(draft)


def test_a_batch_leaves_such_a_draft_out_and_says_why(draft: Draft, approver: Any) -> None:
    Policy.objects.all().delete()
    Policy.objects.create(kind="refund", tier=Tier.CLICK)
    [decision] = approve_batch([Shown(draft.pk, draft.version, draft.digest)], by=approver)
    assert "write_orders" in decision.error
    assert untouched(draft)


@pytest.mark.parametrize("scopes", [None, ["read_orders", "write_orders"]])
def test_what_was_granted_or_is_not_told_stands_in_nobodys_way(
    scopes: list[str] | None, draft: Draft, store: Shop, approver: Any
) -> None:
    Shop.objects.filter(pk=store.pk).update(scopes=scopes)
    draft.refresh_from_db()
    assert approve(draft, by=approver, version=draft.version, digest=draft.digest) is not None


def test_the_card_shows_an_owner_the_way_and_others_whom_to_ask(
    draft: Draft, store: Shop, owner: User, approver: User, client_for: Callable[[User], Client]
) -> None:
    page = client_for(owner).get(f"/alerts/{draft.alert_id}/").text
    way = f"/connections/new/shopify/?shop={store.pk}&amp;for=RefundPayment&amp;next=/alerts/{draft.alert_id}/"
    assert "harbourgoods.com lets us read, not yet do this" in page
    assert way in page
    others = client_for(approver).get(f"/alerts/{draft.alert_id}/").text
    assert way not in others
    assert "An owner asks for it" in others
    refused = client_for(approver).post(
        f"/drafts/{draft.pk}/approve/", {"version": draft.version, "digest": draft.digest}
    )
    assert refused.status_code == 409
    assert "Nothing was done" in refused.text


def test_the_way_names_the_wider_permission(
    draft: Draft, store: Shop, owner: User, client_for: Callable[[User], Client]
) -> None:
    url = f"/connections/new/shopify/?shop={store.pk}&for=RefundPayment"
    client = client_for(owner)
    client.post("/connections/new/shopify/app/", {"app-client_id": "id-1", "app-client_secret": "very-secret-1"})
    assert "<code>write_orders</code>" in client.get(url).text
    assert "<code>write_orders</code>" not in client.get(url.partition("&")[0]).text
