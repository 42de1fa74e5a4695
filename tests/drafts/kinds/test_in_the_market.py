"""Kinds on orders, money and parcels from alert to proof: prepared, approved, sent once, and seen by another read."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connectors.intake import onboarding
from connectors.models import Shop
from connectors.opening import open_shop
from connectors.save import save
from connectors.twin.server import TwinServer, serve
from connectors.twin.wire.easypost.calls import is_here
from connectors.twin.wire.easypost.shapes import tracker_id
from connectors.twin.wire.shopify.shapes.scalars import gid
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Order as MarketOrder
from connectors.twin.world.trade import Step
from connectors.types import Listing, Order, Payment, Record, Shipment
from drafts.approve import approve
from drafts.draft import draft_alert
from drafts.execute import run_due
from drafts.models import Draft, Execution
from drafts.states import State
from drafts.verify import verify_due
from opsroom.people.models import User
from tests.factories import AlertFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_once")]
SYSTEMS = ("shopify", "stripe", "zoho", "easypost", "ups", "mailbox")
ADDRESS = {"line1": "9 Quay Street", "city": "Austin", "region": "TX", "postcode": "78701", "country": "US"}


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinServer]:
    with serve("company", seed=7, orders=20, has_limits=False) as server:
        yield server


@pytest.fixture
def at_once(settings: Any) -> None:
    settings.EXECUTION_HOLD = settings.EXECUTION_FIRST_LOOK = timedelta()
    settings.MODEL_API_KEY = ""


@pytest.fixture
def shops(twin: TwinServer, db: None) -> dict[str, Shop]:
    return {row["kind"]: onboarding.connect(row) for row in twin.accounts() if row["kind"] in SYSTEMS}


@pytest.fixture
def desk(twin: TwinServer, shops: dict[str, Shop], owner: User) -> "Desk":
    return Desk(twin, shops, owner)


class Desk:
    """The company's systems, and a person who approves whatever is prepared."""

    used: set[int] = set()  # orders of the market that a test has changed

    def __init__(self, twin: TwinServer, shops: dict[str, Shop], owner: User) -> None:
        self.twin, self.shops, self.owner = twin, shops, owner

    def order(self, step: Step, fits: Callable[[MarketOrder], bool] = lambda order: True) -> tuple[MarketOrder, Order]:
        """An order of the shop that no other test has touched, newest first, as its channel tells it; saved."""
        for row in reversed(self.twin.market.books["shopify"].orders):
            if row.step == step and row.index not in self.used and fits(row):
                self.used.add(row.index)
                return row, self.read("shopify", Order, gid("Order", row.index))
        raise AssertionError(f"the market has no such order in {step!r}")

    def read(self, kind: str, record: type[Any], ref: str) -> Any:
        found = open_shop(self.shops[kind]).fetch(record, ref)
        assert found is not None
        return self.keep(kind, found)

    def keep(self, kind: str, record: Record) -> Any:
        save(self.shops[kind].pk, [record], received_at=timezone.now())
        return record

    def charge_of(self, order: Order) -> Payment:
        pages = open_shop(self.shops["stripe"]).pull("charges", "")
        for page in pages:
            for row in page.records:
                if isinstance(row, Payment) and row.order_number == order.number:
                    self.keep("stripe", row)
                    return row
        raise AssertionError(f"Stripe has no charge for {order.number}")

    def prepare(self, kind: str, **arguments: Any) -> Draft:
        alert = AlertFactory.create(
            shop=self.shops["shopify"], drafts=[kind], arguments=arguments,
            evidence=[{"claim": "Last scan", "value": "twelve days ago"}],
        )  # fmt: skip
        draft = draft_alert(alert)
        assert draft is not None
        return draft

    def carry_out(self, draft: Draft) -> list[dict[str, Any]]:
        """Approve, send and prove; the effects in the market that carry this intent's key."""
        before = len(self.twin.market.effects.as_rows(0))
        execution = approve(draft, by=self.owner, version=draft.version, digest=draft.digest)
        assert execution is not None
        assert len(self.twin.market.effects.as_rows(0)) == before, "nothing leaves before it is sent"
        for step in (run_due, run_due, verify_due):
            Execution.objects.filter(pk=execution.pk, next_at__isnull=False).update(next_at=timezone.now())
            step()
        draft.refresh_from_db()
        return self.twin.market.effects.as_rows(before)


def whole(order: MarketOrder) -> bool:
    return order.total > 0 and not order.refunded and not order.is_risky


def two_units(order: MarketOrder) -> bool:
    return whole(order) and any(quantity > 1 for _, quantity in order.lines)


def by_ups(order: MarketOrder) -> bool:
    return whole(order) and order.courier == "UPS" and not order.scans_end


Case = Callable[[Desk], tuple[str, dict[str, Any]]]


def held(desk: Desk) -> tuple[str, dict[str, Any]]:
    return "shopify", {"order_ref": desk.order(Step.TO_SHIP, whole)[1].external_id}


def moved(desk: Desk) -> tuple[str, dict[str, Any]]:
    order = desk.order(Step.TO_SHIP, whole)[1]
    return "shopify", {"order_ref": order.external_id} | {f"address_{part}": text for part, text in ADDRESS.items()}


def reduced(desk: Desk) -> tuple[str, dict[str, Any]]:
    order = desk.order(Step.TO_SHIP, two_units)[1]
    line = next(line for line in order.lines if line.quantity > 1)
    return "shopify", {"order_ref": order.external_id, "quantities": {line.external_id: line.quantity - 1}}


def sent_again(desk: Desk) -> tuple[str, dict[str, Any]]:
    return "shopify", {"order_ref": desk.order(Step.DELIVERED, whole)[1].external_id}


def exchanged(desk: Desk) -> tuple[str, dict[str, Any]]:
    order = desk.order(Step.DELIVERED, whole)[1]
    desk.read("shopify", Listing, order.lines[0].listing_ref)
    return "shopify", {"order_ref": order.external_id, "sku": order.lines[0].sku, "quantity": 1}


def credited(desk: Desk) -> tuple[str, dict[str, Any]]:
    return "shopify", {"order_ref": desk.order(Step.DELIVERED, whole)[1].external_id, "credit": "5.00"}


def noted(desk: Desk) -> tuple[str, dict[str, Any]]:
    return "zoho", {"order_ref": desk.order(Step.DELIVERED, whole)[1].external_id, "amount": "5.00"}


def refunded_apart(desk: Desk) -> tuple[str, dict[str, Any]]:
    order = desk.order(Step.DELIVERED, whole)[1]
    desk.charge_of(order)
    return "stripe", {"order_ref": order.external_id, "amount": "5.00"}


def marked(desk: Desk) -> tuple[str, dict[str, Any]]:
    charge = desk.charge_of(desk.order(Step.DELIVERED, whole)[1])
    return "stripe", {"shop_id": desk.shops["stripe"].pk, "payment_ref": charge.external_id}


def labelled(desk: Desk) -> tuple[str, dict[str, Any]]:
    return "easypost", {"order_ref": desk.order(Step.DELIVERED, whole)[1].external_id}


def turned_round(desk: Desk) -> tuple[str, dict[str, Any]]:
    market = desk.twin.market
    row, order = desk.order(Step.SHIPPED, lambda row: by_ups(row) and not market.parcels.is_out(row, market.now))
    parcel = desk.read("shopify", Shipment, gid("Fulfillment", row.index))
    return "ups", {"order_ref": order.external_id, "shipment_ref": parcel.external_id}


def asked(desk: Desk) -> tuple[str, dict[str, Any]]:
    return "mailbox", {"order_ref": desk.order(Step.DELIVERED, whole)[1].external_id, "asks": "photos"}


def claimed(desk: Desk) -> tuple[str, dict[str, Any]]:
    row, order = desk.order(Step.SHIPPED, lambda row: whole(row) and is_here(row))
    row.packed -= 20 * DAY  # EasyPost hears claims from the fifteenth day on
    parcel = desk.read("easypost", Shipment, tracker_id(row))
    return "easypost", {"order_ref": order.external_id, "shipment_ref": parcel.external_id, "cause": "lost"}


@pytest.mark.parametrize(
    ("kind", "case", "effect"),
    [
        ("hold_order", held, "hold"),
        ("change_address", moved, "change_address"),
        ("change_items", reduced, "edit_order"),
        ("reship", sent_again, "reship"),
        ("exchange", exchanged, "exchange"),
        ("store_credit", credited, "store_credit"),
        ("credit_note", noted, "credit_note"),
        ("refund", refunded_apart, "refund"),
        ("mark_fraud", marked, "mark_fraud"),
        ("return_label", labelled, "buy_label"),
        ("redirect_parcel", turned_round, "redirect"),
        ("file_claim", claimed, "file_claim"),
        ("ask_buyer", asked, "send_mail"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_is_prepared_approved_sent_once_and_proved(desk: Desk, kind: str, case: Case, effect: str) -> None:
    performer, arguments = case(desk)
    draft = desk.prepare(kind, **arguments)

    assert (draft.kind, draft.by_hand) == (kind, "")
    assert draft.shop is not None
    assert draft.shop.kind == performer
    effects = desk.carry_out(draft)

    assert (draft.state, draft.reason) == (State.VERIFIED, "")
    assert [row["operation"] for row in effects if row["operation"] != "make_shipment"] == [effect]


def test_a_label_that_nobody_used_is_given_back_once(desk: Desk) -> None:
    _, arguments = labelled(desk)
    desk.carry_out(desk.prepare("return_label", **arguments))

    draft = desk.prepare("void_label", **arguments)
    effects = desk.carry_out(draft)

    assert (draft.state, [row["operation"] for row in effects]) == (State.VERIFIED, ["void_label"])
    alert = AlertFactory.create(shop=desk.shops["shopify"], drafts=["void_label"], arguments=arguments)
    assert draft_alert(alert) is None, "there is no label left to give back"


def test_a_second_label_for_the_same_goods_is_not_prepared(desk: Desk) -> None:
    _, arguments = labelled(desk)
    desk.carry_out(desk.prepare("return_label", **arguments))

    alert = AlertFactory.create(shop=desk.shops["shopify"], drafts=["return_label"], arguments=arguments)
    assert draft_alert(alert) is None


def test_the_order_is_read_at_its_own_shop_right_before_another_one_acts_on_it(desk: Desk) -> None:
    row, order = desk.order(Step.DELIVERED, whole)
    draft = desk.prepare("return_label", order_ref=order.external_id)
    execution = approve(draft, by=desk.owner, version=draft.version, digest=draft.digest)
    assert execution is not None
    before = len(desk.twin.market.effects.as_rows(0))

    row.step = Step.CANCELLED
    Execution.objects.filter(pk=execution.pk).update(next_at=timezone.now())
    run_due()

    draft.refresh_from_db()
    assert draft.state == State.PROPOSED
    assert ("status", "delivered") in [(moved["field"], moved["approved"]) for moved in draft.drift]
    assert desk.twin.market.effects.as_rows(before) == []


def test_a_request_to_pay_leaves_once_and_is_not_called_done_where_no_read_can_show_it(desk: Desk) -> None:
    row, _ = desk.order(Step.TO_SHIP, whole)
    row.step = Step.UNPAID
    order = desk.read("shopify", Order, gid("Order", row.index))

    draft = desk.prepare("ask_payment", order_ref=order.external_id)
    effects = desk.carry_out(draft)

    assert (draft.by_hand, draft.state, draft.reason) == ("", State.SENT, "")
    assert [row["operation"] for row in effects] == ["send_invoice"]
