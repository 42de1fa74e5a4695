"""Each kind on goods, messages, ads and orders to suppliers, from alert to proof against the company's own systems."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from alerts.models import Alert
from connectors.intake import onboarding
from connectors.opening import open_shop
from connectors.save import save
from connectors.twin.server import TwinServer, serve
from connectors.twin.wire.shopee.offers import promotion_id
from connectors.types import (
    BadRow,
    Campaign,
    CampaignStatus,
    Listing,
    Order,
    OrderStatus,
    Product,
    PurchaseOrder,
    Record,
    Review,
    StockLevel,
    Supplier,
)
from drafts.approve import approve
from drafts.draft import draft_alert
from drafts.execute import run_due
from drafts.following import draft_following
from drafts.models import Draft, Execution
from drafts.states import State
from drafts.verify import verify_due
from opsroom.people.models import User
from tests.drafts.conftest import proof
from tests.factories import AlertFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_once")]
SYSTEMS = (
    "shopee", "shopify", "lazada", "amazon", "zoho", "klaviyo", "google_ads", "meta_ads", "mailbox", "helpdesk",
)  # fmt: skip


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinServer]:
    with serve("company", seed=7, orders=60, has_limits=False) as server:
        yield server


@pytest.fixture
def at_once(settings: Any) -> None:
    settings.EXECUTION_HOLD = settings.EXECUTION_FIRST_LOOK = timedelta()
    settings.MODEL_API_KEY = ""


class Desk:
    """The company's systems, and a person who approves whatever is prepared."""

    def __init__(self, twin: TwinServer, owner: User) -> None:
        self.twin, self.owner = twin, owner
        self.shops = {row["kind"]: onboarding.connect(row) for row in twin.accounts() if row["kind"] in SYSTEMS}

    def pulled(self, kind: str, feed: str, record: type[Any], fits: Callable[[Any], bool] = lambda row: True) -> Any:
        """The first record of a feed that fits; all of the feed is saved."""
        shop, rows = self.shops[kind], list[Record | BadRow]()
        for page in open_shop(shop).pull(feed, ""):
            rows += page.records
        assert not [row for row in rows if isinstance(row, BadRow)]
        save(shop.pk, rows, received_at=timezone.now())
        return next(row for row in rows if isinstance(row, record) and fits(row))

    def alert(self, kind: str, shop: str | None, **arguments: Any) -> Alert:
        return AlertFactory.create(
            shop=self.shops[shop] if shop else None, drafts=[kind], arguments=arguments, detector="late_shipment",
            evidence=[{"claim": "Agreed day", "value": "2026-11-01"}],
        )  # fmt: skip

    def carry_out(self, draft: Draft) -> list[dict[str, Any]]:
        """Approve, send and look; the effects in the market since."""
        before = len(self.twin.market.effects.as_rows(0))
        factor = proof(self.owner, draft.digest)
        execution = approve(draft, by=self.owner, version=draft.version, digest=draft.digest, proof=factor)
        assert execution is not None
        assert len(self.twin.market.effects.as_rows(0)) == before, "nothing leaves before it is sent"
        for step in (run_due, run_due, verify_due):
            Execution.objects.filter(pk=execution.pk, next_at__isnull=False).update(next_at=timezone.now())
            step()
        draft.refresh_from_db()
        return self.twin.market.effects.as_rows(before)


@pytest.fixture
def desk(twin: TwinServer, owner: User) -> Desk:
    return Desk(twin, owner)


Case = Callable[[Desk], tuple[str, dict[str, Any]]]


def sellable(desk: Desk, kind: str, feed: str) -> tuple[str, dict[str, Any]]:
    level = desk.pulled(kind, feed, StockLevel, lambda row: row.on_hand - row.reserved > 3)
    return kind, {"stock_ref": level.external_id, "sellable": 2}


def priced(desk: Desk, kind: str, feed: str) -> tuple[str, dict[str, Any]]:
    listing = desk.pulled(kind, feed, Listing, lambda row: row.status == "live")
    return kind, {"listing_ref": listing.external_id, "price": str(listing.price + 1)}


def retitled(desk: Desk) -> tuple[str, dict[str, Any]]:
    listing = desk.pulled("shopee", "goods", Listing)
    return "shopee", {"listing_ref": listing.external_id, "fields": {"title": "Lamp of oak, boxed"}}


def running(desk: Desk, kind: str) -> tuple[str, dict[str, Any]]:
    campaign = desk.pulled(
        kind, "campaigns", Campaign, lambda row: row.status == CampaignStatus.ACTIVE and row.daily_budget
    )
    return kind, {"campaign_ref": campaign.external_id, "daily_budget": str(campaign.daily_budget - 1)}


def reviewed(desk: Desk) -> tuple[str, dict[str, Any]]:
    review = desk.pulled("lazada", "reviews", Review, lambda row: row.answered_at is None)
    return "lazada", {"review_ref": review.external_id, "language": "ms"}


def bought(desk: Desk) -> tuple[str, dict[str, Any]]:
    order = desk.pulled("amazon", "orders", Order, lambda row: row.status == OrderStatus.SHIPPED)
    return "amazon", {"order_ref": order.external_id}


def chased(desk: Desk) -> tuple[str, dict[str, Any]]:
    desk.pulled("zoho", "vendors", Supplier)
    line = desk.pulled("zoho", "purchase_orders", PurchaseOrder, lambda row: row.status == "sent")
    return "mailbox", {"purchase_ref": line.external_id, "purchase_shop_id": desk.shops["zoho"].pk}


def needed(desk: Desk) -> tuple[str, dict[str, Any]]:
    supplier = desk.pulled("zoho", "vendors", Supplier, lambda row: row.skus and row.email)
    desk.pulled("zoho", "items", Product)
    about = {"sku": supplier.skus[0], "supplier_ref": supplier.external_id, "quantity": 40}
    return "zoho", about | {"supplier_shop_id": desk.shops["zoho"].pk}


def running_out(desk: Desk) -> tuple[str, dict[str, Any]]:
    row = next(row for row in desk.twin.market.changes.promotions if row.kind == "discount")
    return "shopee", {"promotion_ref": f"discount:{promotion_id(row)}", "promotion": row.name}


def away(desk: Desk) -> tuple[str, dict[str, Any]]:
    return "shopee", {}


def news(desk: Desk) -> tuple[str, dict[str, Any]]:
    order = desk.pulled("shopify", "orders", Order, lambda row: row.customer_email)
    return "shopify", {"order_ref": order.external_id}


def handed(desk: Desk) -> tuple[str, dict[str, Any]]:
    return "helpdesk", {"sku": "MUG"}


@pytest.mark.parametrize(
    ("kind", "case", "effect"),
    [
        ("set_stock", lambda desk: sellable(desk, "shopee", "goods"), "set_stock"),
        ("set_price", lambda desk: priced(desk, "lazada", "goods"), "set_price"),
        ("fix_listing", retitled, "fix_listing"),
        ("end_promotion", running_out, "end_promotion"),
        ("holiday_mode", away, "set_holiday"),
        ("pause_campaign", lambda desk: running(desk, "google_ads"), "set_campaign"),
        ("campaign_budget", lambda desk: running(desk, "meta_ads"), "set_budget"),
        ("review_reply", reviewed, "answer_review"),
        ("chase_supplier", chased, "send_mail"),
        ("hand_over", handed, "hand_over"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_is_prepared_approved_sent_once_and_proved(desk: Desk, kind: str, case: Case, effect: str) -> None:
    performer, arguments = case(desk)
    draft = draft_alert(desk.alert(kind, performer, **arguments))

    assert draft is not None
    assert (draft.kind, draft.by_hand) == (kind, "")
    assert draft.shop is not None
    assert draft.shop.kind == performer
    effects = desk.carry_out(draft)

    assert (draft.state, draft.reason) == (State.VERIFIED, "")
    assert [row["operation"] for row in effects] == [effect]


@pytest.mark.parametrize(
    ("kind", "case", "performer"),
    [("send_template", bought, "amazon"), ("marketing_event", news, "klaviyo")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_no_read_shows_at_once_is_sent_once_and_not_called_done(
    desk: Desk, kind: str, case: Case, performer: str
) -> None:
    shop, arguments = case(desk)
    draft = draft_alert(desk.alert(kind, shop, **arguments))

    assert draft is not None
    assert draft.shop is not None
    assert (draft.shop.kind, draft.by_hand) == (performer, "")
    effects = desk.carry_out(draft)

    assert draft.state == State.SENT
    assert [row["operation"] for row in effects] == ["send_template" if kind == "send_template" else "record_event"]


def test_an_order_to_a_supplier_takes_three_decisions_and_three_effects(desk: Desk) -> None:
    _, arguments = needed(desk)
    alert = AlertFactory.create(
        shop=None, drafts=["purchase_order", "create_purchase_order"], arguments=arguments, detector="stock_out"
    )
    draft = draft_alert(alert)

    effects, amounts = [], []
    for kind in ("create_purchase_order", "issue_purchase_order", "mail_purchase_order"):
        assert draft is not None
        assert (draft.kind, draft.by_hand, draft.state) == (kind, "", State.PROPOSED)
        amounts.append(draft.amount)
        effects += [row["operation"] for row in desk.carry_out(draft)]
        assert (draft.state, draft.reason) == (State.VERIFIED, "")
        draft_following()
        draft = Draft.objects.filter(alert=alert, pk__gt=draft.pk).first()

    assert draft is None, "nothing follows the last step"
    assert effects == ["create_purchase_order", "issue_purchase_order", "mail_purchase_order"]
    assert amounts[0] is amounts[2] is None
    assert amounts[1] is not None, "issuing it is what commits the money"


def test_an_order_that_was_written_down_is_taken_back(desk: Desk) -> None:
    _, arguments = needed(desk)
    alert = desk.alert("create_purchase_order", None, **arguments)
    made = draft_alert(alert)
    assert made is not None
    desk.carry_out(made)

    Alert.objects.filter(pk=alert.pk).update(state=Alert.State.OPEN)
    draft = draft_alert(Alert.objects.get(pk=alert.pk), kind="cancel_purchase_order")
    assert draft is not None
    effects = desk.carry_out(draft)

    assert (draft.state, [row["operation"] for row in effects]) == (State.VERIFIED, ["cancel_purchase_order"])


def test_an_order_that_somebody_changed_in_the_books_comes_back_before_it_is_issued(desk: Desk) -> None:
    _, arguments = needed(desk)
    alert = desk.alert("create_purchase_order", None, **arguments)
    made = draft_alert(alert)
    assert made is not None
    desk.carry_out(made)
    draft_following()
    issue = Draft.objects.get(alert=alert, kind="issue_purchase_order")
    desk.twin.market.supply.purchases[-1].lines[0].quantity += 100

    effects = desk.carry_out(issue)

    assert issue.state == State.PROPOSED
    assert {moved["field"] for moved in issue.drift} == {"lines", "total"}
    assert effects == []
