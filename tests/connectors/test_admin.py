"""The lists open, show what they promise, and never show a secret."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from connectors.models import DollarInput, Feed, FxRate, ModelCall, QuarantinedRow, Shop
from connectors.save import save
from opsroom.people.models import User
from tests.factories import NOW, FeedFactory, ShopFactory, order

Sign = Callable[[User], Client]


@pytest.fixture
def rows(db: None) -> Shop:
    shop = ShopFactory.create(name="Harbour Street", credentials={"access_token": "canary-7781"})
    FeedFactory.create(shop=shop, error_class="retry", error_text="HTTP 502", last_good_at=NOW - timedelta(days=9))
    save(shop.pk, [order(1, total=Decimal("NaN"), raw=b"<b>as received</b>")], received_at=NOW, feed="orders")
    FxRate.objects.create(currency="SGD", base="USD", day=NOW.date(), rate=Decimal("0.74"), source="settlement 8812")
    DollarInput.objects.create(name="margin", low=0, likely=Decimal("0.2"), high=1, source="the owner's word")
    ModelCall.objects.create(at=NOW, task="rank", model="large", outcome="used")
    return shop


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("shop", "Harbour Street"),
        ("feed", "HTTP 502"),
        ("quarantinedrow", "total: NaN is not an amount"),
        ("fxrate", "settlement 8812"),
        ("dollarinput", "the owner"),
        ("modelcall", "rank"),
        ("modelroute", "model route"),
        ("modelbudget", "model budget"),
        ("callhealth", "0 call health"),
        ("webhookrefusal", "0 webhook refusals"),
    ],
)
def test_a_list_opens_and_can_be_searched(rows: Shop, owner: User, client_for: Sign, model: str, shown: str) -> None:
    client = client_for(owner)
    listed = client.get(reverse(f"admin:connectors_{model}_changelist"))
    assert shown in listed.content.decode()
    assert client.get(reverse(f"admin:connectors_{model}_changelist"), {"q": "nothing"}).status_code == 200


def test_a_shop_shows_its_feeds_and_no_secret(rows: Shop, owner: User, client_for: Sign) -> None:
    text = client_for(owner).get(reverse("admin:connectors_shop_change", args=[rows.pk])).content.decode()
    assert "Harbour Street" in text
    assert "retry" in text
    assert "canary-7781" not in text


def test_a_quarantined_row_shows_what_came_as_text(rows: Shop, owner: User, client_for: Sign) -> None:
    row = QuarantinedRow.objects.get()
    text = client_for(owner).get(reverse("admin:connectors_quarantinedrow_change", args=[row.pk])).content.decode()
    assert "&lt;b&gt;as received&lt;/b&gt;" in text
    assert "<b>as received" not in text


def test_rows_are_settled_by_hand_with_a_history(rows: Shop, owner: User, client_for: Sign) -> None:
    row = QuarantinedRow.objects.get()
    client = client_for(owner)
    client.post(
        reverse("admin:connectors_quarantinedrow_changelist"), {"action": "settle", "_selected_action": [row.pk]}
    )
    row.refresh_from_db()
    assert row.settled_at is not None
    history = client.get(reverse("admin:connectors_quarantinedrow_history", args=[row.pk])).content.decode()
    assert "Settled by hand." in history


def test_a_feed_is_read_again_on_request(rows: Shop, owner: User, client_for: Sign) -> None:
    feed = Feed.objects.get()
    Feed.objects.update(next_pull_at=NOW + timedelta(days=365))
    client_for(owner).post(
        reverse("admin:connectors_feed_changelist"), {"action": "read_now", "_selected_action": [feed.pk]}
    )
    feed.refresh_from_db()
    assert feed.next_pull_at < NOW + timedelta(days=364)


def test_nobody_but_an_owner_sees_them(rows: Shop, approver: User, client_for: Sign) -> None:
    answer = client_for(approver).get(reverse("admin:connectors_shop_changelist"))
    assert answer.status_code in (302, 403)
    assert "Harbour Street" not in answer.content.decode()


def test_quarantined_rows_leave_as_a_file_in_which_nothing_is_live(rows: Shop, owner: User, client_for: Sign) -> None:
    save(rows.pk, [order("=cmd()", total=Decimal("NaN"))], received_at=NOW, feed="orders")
    chosen = [row.pk for row in QuarantinedRow.objects.all()]
    answer = client_for(owner).post(
        reverse("admin:connectors_quarantinedrow_changelist"), {"action": "download", "_selected_action": chosen}
    )
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # a streamed answer
    assert len(text.splitlines()) == 3
    assert '"\'=cmd()"' in text
    assert "NaN is not an amount" in text
