"""Saved records and passing time become alerts, through facts and detectors."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from alerts.defaults import enter_defaults
from alerts.detect import Counts, detect_changes, detect_due, detect_tickets, sweep
from alerts.detectors import BY_NAME, DETECTORS
from alerts.models import Alert, DetectorSetting, Ticket, Wave
from alerts.rank import Weighed, rank_open, weigh_top
from alerts.read import read_messages
from connectors.models import Change, FxRate, ModelCall, Order
from tests.factories import (
    NOW,
    ConversationFactory,
    FeedFactory,
    MessageFactory,
    OrderFactory,
    OrderLineFactory,
    PaymentFactory,
    ReturnFactory,
    ShopFactory,
)  # fmt: skip

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _rate() -> None:
    FxRate.objects.create(
        currency="SGD", base="USD", day=NOW.date() - timedelta(days=30), rate=Decimal("0.75"), source="a statement"
    )


def changed(row: Any, kind: str) -> None:
    Change.objects.create(shop=row.shop, kind=kind, external_id=row.external_id, at=NOW)


def due_order(**changes: Any) -> Order:
    values: dict[str, Any] = {"ordered_at": NOW - 40 * HOUR, "ship_by": NOW + 5 * HOUR, "total": Decimal(200)}
    order: Order = OrderFactory.create(**{**values, **changes})
    OrderLineFactory.create(shop=order.shop, order_ref=order.external_id, external_id="1")
    return order


def test_a_changed_order_that_is_due_becomes_an_alert_and_its_change_is_gone() -> None:
    order = due_order()
    changed(order, "order")
    assert detect_changes(now=NOW) == 1
    alert = Alert.objects.get()
    assert (alert.detector, alert.subject_ref, alert.shop_id) == ("late_shipment", order.external_id, order.shop_id)
    assert alert.deadline == order.ship_by
    assert alert.arguments["order_ref"] == order.external_id
    assert alert.currency == "USD"
    assert not Change.objects.exists()


def test_doing_it_again_adds_nothing() -> None:
    due_order()
    detect_due(NOW)
    counts = detect_due(NOW)
    assert (counts.new, Alert.objects.count()) == (0, 1)


def test_an_order_that_has_left_resolves_its_alert() -> None:
    order = due_order()
    detect_due(NOW)
    Order.objects.update(status="shipped", shipped_at=NOW)
    changed(order, "order")
    detect_changes(now=NOW)
    assert Alert.objects.get().state == "resolved"


def test_time_alone_makes_an_order_late() -> None:
    due_order(ship_by=NOW + 30 * HOUR)
    detect_due(NOW)
    assert not Alert.objects.exists()
    detect_due(NOW + 20 * HOUR)
    assert Alert.objects.get().detector == "late_shipment"


def test_a_threshold_of_the_admin_holds_for_its_marketplace_alone() -> None:
    due_order(ship_by=NOW + 20 * HOUR)
    due_order(ship_by=NOW + 20 * HOUR, shop=ShopFactory.create(kind="shopify"))
    DetectorSetting.objects.create(
        detector="late_shipment", name="warn_hours", channel="shopee", value=24, unit="hours",
        effective_from=NOW.date(), source="the owner",
    )  # fmt: skip
    detect_due(NOW)
    assert Alert.objects.values_list("shop__kind", flat=True).get() == "shopee"


def test_every_default_of_every_detector_is_a_row_with_its_source_and_an_entered_one_stays() -> None:
    DetectorSetting.objects.filter(detector="late_shipment", name="warn_hours").update(value=7)
    enter_defaults()
    rows = set(DetectorSetting.objects.exclude(source="").values_list("detector", "name"))
    assert rows == {(detector.name, name) for detector in DETECTORS for name in detector.thresholds}
    assert DetectorSetting.objects.get(detector="late_shipment", name="warn_hours").value == 7


def test_a_return_that_waits_and_a_double_charge_are_found_across_shops() -> None:
    store, pay = ShopFactory.create(kind="shopify", currency="USD"), ShopFactory.create(kind="stripe", currency="USD")
    order = due_order(shop=store, number="#1042", status="delivered", total=Decimal(50), currency="USD")
    ReturnFactory.create(shop=store, order_ref=order.external_id, decide_by=NOW + 20 * HOUR)
    for minutes in (0, 4):
        PaymentFactory.create(
            shop=pay,
            order_number="1042",
            amount=50,
            currency="USD",
            created_at=NOW - 3 * HOUR + timedelta(minutes=minutes),
        )
    detect_due(NOW)
    found = {alert.detector: alert for alert in Alert.objects.all()}
    assert set(found) == {"return_decision", "duplicate_charge"}
    assert found["duplicate_charge"].arguments["order_shop_id"] == store.pk
    assert found["return_decision"].subject_label == "#1042"


def test_a_failing_subject_sinks_neither_its_neighbours_nor_resolves_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = due_order(), due_order()
    detect_due(NOW)
    Alert.objects.filter(subject_ref=good.external_id).delete()
    detector = BY_NAME["late_shipment"]

    def breaks(looks: Any, now: Any, context: Any) -> Any:
        if looks[0].ref == bad.external_id:
            raise ArithmeticError("a fact nobody thought of")
        return detector.detect(looks, now, context)

    monkeypatch.setitem(BY_NAME, "late_shipment", replace(detector, detect=breaks))
    counts = detect_due(NOW)
    assert counts.failed == 1
    assert set(Alert.objects.filter(state="open").values_list("subject_ref", flat=True)) == {
        bad.external_id,
        good.external_id,
    }


def test_a_feed_that_was_never_read_is_a_blind_spot_and_closes_once_it_is_read() -> None:
    feed = FeedFactory.create(failures=1, error_class="reconnect", error_text="token revoked")
    detect_due(NOW)
    assert Alert.objects.get().detector == "feed_stale"
    feed.last_good_at, feed.failures, feed.error_class = NOW, 0, ""
    feed.save()
    detect_due(NOW)
    assert Alert.objects.get().state == "resolved"


def mail(number: int, text: str, order: Order, shop: Any, minutes: float) -> None:
    sent_at = NOW - timedelta(minutes=minutes)
    ref = f"C{number}"
    ConversationFactory.create(
        shop=shop, external_id=ref, subject=f"Order {order.number}", order_ref=order.number,
        address=f"b{number}@example.com", last_message_at=sent_at,
    )  # fmt: skip
    message = MessageFactory.create(shop=shop, conversation_ref=ref, text=text, sent_at=sent_at)
    changed(message, "message")


TEXTS = (
    "It arrived broken.",
    "Barang saya pecah",
    "收到时碎了",
    "The lid is cracked, please help",
    "สินค้าแตกค่ะ",
    "Hàng bị vỡ rồi",
)


def test_many_mails_about_one_sku_are_one_wave_and_a_late_one_joins_it() -> None:
    store, box = ShopFactory.create(kind="shopify"), ShopFactory.create(kind="mailbox")
    for number, text in enumerate(TEXTS):
        order = due_order(shop=store, status="delivered", number=f"#10{number}")
        mail(number, text, order, box, minutes=10 * number)
    counts = sweep(NOW)
    assert (counts.tickets, counts.waves) == (6, 1)
    wave = Wave.objects.get()
    assert (wave.size, wave.shared["sku"]) == (6, "MUG-BLUE")
    assert Alert.objects.get(detector="ticket_wave").arguments["wave_id"] == wave.pk
    late = due_order(shop=store, status="delivered", number="#2000")
    mail(99, "Mine is broken as well", late, box, minutes=1)
    sweep(NOW + HOUR)
    wave.refresh_from_db()
    assert wave.size == 7
    assert len(Alert.objects.get(detector="ticket_wave").members) == 7


def test_a_member_alert_folds_under_its_wave_but_a_legal_threat_stands_alone() -> None:
    store, box = ShopFactory.create(kind="shopify"), ShopFactory.create(kind="mailbox")
    for number, text in enumerate((*TEXTS[:5], "It arrived broken. My lawyer will hear of this.")):
        mail(
            number,
            text,
            due_order(shop=store, status="delivered", number=f"#10{number}"),
            box,
            minutes=60 * 20 + number,
        )
    sweep(NOW)
    grouped = Alert.objects.filter(state="grouped")
    assert set(grouped.values_list("detector", flat=True)) == {"first_answer"}
    assert all(alert.wave_id == Wave.objects.get().pk for alert in grouped)
    assert Alert.objects.get(detector="angry_message").state == "open"


def test_a_ticket_says_what_probably_happened_and_closes_when_we_have_answered() -> None:
    store, box = ShopFactory.create(kind="shopify"), ShopFactory.create(kind="mailbox")
    order = due_order(
        shop=store, status="delivered", number="#1042", shipped_at=NOW - 9 * 24 * HOUR, delivered_at=NOW - 50 * HOUR
    )
    mail(1, "I never received order #1042", order, box, minutes=60)
    sweep(NOW)
    ticket = Ticket.objects.get()
    assert (ticket.intent, ticket.language, ticket.order_ref) == ("not_received", "en", order.external_id)
    assert ticket.diagnosis.startswith(
        "Order #1042 is delivered, delivered on 19 Nov: the parcel may lie with a neighbour"
    )
    answer = MessageFactory.create(
        shop=box, conversation_ref="C1", direction="out", sent_at=NOW, text="We will look into it."
    )
    changed(answer, "message")
    sweep(NOW)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.first_answer_at) == ("waiting", NOW)


def test_ranks_move_as_the_deadline_nears() -> None:
    due_order(ship_by=NOW + 11 * HOUR)
    detect_due(NOW)
    before = Alert.objects.get().rank
    assert rank_open(NOW + 11 * HOUR - timedelta(minutes=5)) == 1
    assert Alert.objects.get().rank < before
    assert rank_open(NOW + 11 * HOUR - timedelta(minutes=5)) == 0


def test_a_model_weighs_within_the_computed_range_and_words_only_what_it_was_asked() -> None:
    due_order()
    detect_due(NOW)
    call = ModelCall.objects.create(at=NOW, task="weigh", model="m", outcome="used")
    seen: list[Any] = []

    def weigh(alerts: Any, ranks: Any) -> Any:
        seen.extend(ranks)
        return call.pk, [
            Weighed(alerts[0].pk, 1e9, "Because.", "Either way.", ("stock",)), Weighed(10**6, 1.0, "", ""),
        ]  # fmt: skip

    assert weigh_top(weigh, 10, NOW) == 1
    alert = Alert.objects.get()
    assert alert.rank == pytest.approx(seen[0].high)
    assert (alert.why, alert.tradeoff, alert.missing, alert.worded_by_id) == (
        "Because.",
        "Either way.",
        ["stock"],
        call.pk,
    )
    assert weigh_top(weigh, 10, NOW) == 0


def test_where_the_model_gives_nothing_the_computed_rank_stands() -> None:
    due_order()
    detect_due(NOW)
    before = Alert.objects.get().rank
    assert weigh_top(lambda alerts, ranks: (None, ()), 10, NOW) == 0
    assert Alert.objects.get().rank == before


def test_counts_of_a_sweep_over_nothing_are_zero() -> None:
    counts = sweep(NOW)
    assert isinstance(counts, Counts)
    assert (counts.changes, counts.found, counts.new, counts.failed, counts.tickets, counts.waves) == (0, 0, 0, 0, 0, 0)


def test_a_threat_is_shown_as_soon_as_it_was_read() -> None:
    store, box = ShopFactory.create(kind="shopify"), ShopFactory.create(kind="mailbox")
    order = due_order(shop=store, status="delivered", number="#1042")
    mail(1, "My lawyer will hear of order #1042.", order, box, minutes=2)
    read_messages(now=NOW)
    assert detect_tickets(NOW).new == 1
    alert = Alert.objects.get()
    assert (alert.detector, alert.arguments["mood"]) == ("angry_message", "legal")
