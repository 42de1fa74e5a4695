"""A desk as a founder meets it: several shops, every tier, long and right-to-left text, a doubt, a stale feed."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import zstandard
from django.db import connection
from django.utils import timezone

from alerts.figures import Source
from alerts.models import Alert
from connectors.models import Feed, Shop
from drafts.deciding.binding import command_text, digest
from drafts.kinds import KINDS
from drafts.kinds.messages.reply import ReplyCommand
from drafts.kinds.money.refund import RefundCommand
from drafts.models import Draft
from drafts.states import State, Tier
from tests.factories import AlertFactory, DraftFactory, FeedFactory, OrderFactory, PaymentFactory, ShopFactory

LETTER = """Hi Mei,

I am sorry your parcel is late. It left our warehouse on Tuesday and has not moved since Thursday morning, so I have \
asked the courier to look for it. If there is no scan by Monday, we send a new one the same day at no cost to you.

Best regards,
Lin, Harbour Goods"""
BUYER_FACTS = {
    "channel": "mail", "address": "mei@example.com", "last_message_at": "2026-11-20T08:00:00Z", "is_waiting": True,
    "order": "1042", "is_own_order": True,
}  # fmt: skip
RTL = "عميل غاضب: أين طلبي رقم ١٠٤٢؟ 😡 لم يصل شيء منذ أسبوعين وأريد استرداد أموالي"
LONG = (
    "Twenty-three orders of the blue enamel mug with bamboo lid and the matching tray promise a date that the stock "
    "on hand in Singapore and Kuala Lumpur cannot meet"
)


def shops() -> tuple[Shop, Shop]:
    now = timezone.now()
    harbour = ShopFactory.create(name="Harbour Goods SG", kind="shopee")
    store = ShopFactory.create(name="harbourgoods.com", kind="shopify", currency="USD", country="US")
    FeedFactory.create(shop=harbour, name="orders", last_good_at=now, next_pull_at=now + timedelta(seconds=40))
    FeedFactory.create(shop=store, name="orders", last_good_at=now, next_pull_at=now + timedelta(seconds=20),
                count_at_source=1204, count_stored=1204)  # fmt: skip
    return harbour, store


def stale(shop: Shop) -> Feed:
    """A feed that stopped three hours ago, and the alert that counts what it may hide."""
    AlertFactory.create(shop=shop, detector="feed_stale", subject_kind="feed", title="Returns are not being read",
                 cash_low=0, cash_likely=320, cash_high=900, rank=40, drafts=[])  # fmt: skip
    return FeedFactory.create(
        shop=shop, name="returns", last_good_at=timezone.now() - timedelta(hours=3), failures=12, error_class="retry",
        error_text="503 Service Unavailable after 30 s", next_pull_at=timezone.now() + timedelta(minutes=4),
    )  # fmt: skip


def refund(alert: Alert, amount: str = "240.00", tier: Tier = Tier.CLICK, **fields: Any) -> Draft:
    command = RefundCommand(payment_ref=alert.subject_ref, amount=Decimal(amount), currency="USD", reason="duplicate")
    facts = {
        "name": f"payment {alert.subject_ref}", "status": "succeeded", "is_charge": True, "is_paid": True,
        "is_disputed": False, "currency": "USD", "total": "480.00", "refunded": "0",
    }  # fmt: skip
    return _draft("refund", alert, command, facts, tier=tier, **fields)


def reply(alert: Alert, text: str = LETTER, **fields: Any) -> Draft:
    command = ReplyCommand(conversation_ref="C1", to="mei@example.com", subject="Re: where is my parcel", text=text)
    return _draft("reply", alert, command, BUYER_FACTS, **fields)


def _draft(kind: str, alert: Alert, command: Any, facts: dict[str, Any], **fields: Any) -> Draft:
    text = command_text(command)
    made: Draft = DraftFactory.create(
        kind=kind, alert=alert, written=command, command=text, facts=facts,
        digest=digest(kind, alert.shop_id, 1, text, facts), undo_label=KINDS[kind].undo.label, **fields,
    )  # fmt: skip
    return made


def desk() -> dict[str, Draft]:
    """Drafts by what they show."""
    now = timezone.now()
    harbour, store = shops()
    stale(harbour)
    OrderFactory.create(shop=harbour, external_id="1042", customer_ref="B7", customer_name="Mei Tan")
    order = OrderFactory.create(shop=store, external_id="gid1", number="#2044", customer_ref="B9", currency="USD")
    payment = PaymentFactory.create(
        shop=store, external_id="pi_123", order_ref=order.external_id, amount=480, currency="USD"
    )
    payload(
        store, "payment", payment.external_id, {"id": "pi_123", "amount": 48000, "receipt_email": "ana@example.com"}
    )
    twice = AlertFactory.create(
        shop=store, title="Ana Ruiz was charged twice for order #2044", subject_ref="pi_123", subject_label="pi_123",
        customer_ref="B9", deadline=now + timedelta(hours=26), safe_until=now + timedelta(hours=9), rank=900,
        why="Two charges of the same amount on the same card, 40 seconds apart, for one order.",
        tradeoff="A refund now costs the fee; a dispute would cost the amount, the fee and a mark on the account.",
        missing=["whether the buyer has written to another address"], assumed=["buyer disputes it"],
        waiting=[[(now + timedelta(hours=h)).isoformat(), s] for h, s in ((9, "0.05"), (26, "0.4"), (72, "1"))],
        evidence=[evidence("Both charges name order", "#2044", store.pk, "payment", "pi_123", "order_ref")],
    )  # fmt: skip
    late = AlertFactory.create(shop=harbour, title="Order 1042 is stuck with the courier since Thursday",
                        detector="parcel_stuck", customer_ref="B7", rank=700, cash_low=30, cash_likely=58, cash_high=90,
                        deadline=now + timedelta(hours=3), drafts=["reply"])  # fmt: skip
    angry = AlertFactory.create(shop=harbour, title=RTL, detector="angry_message", rank=650, arithmetic={},
                         cash_low=None, cash_likely=None, cash_high=None,
                         missing=["what this buyer has spent"], drafts=["reply"])  # fmt: skip
    over = AlertFactory.create(shop=harbour, title=LONG, detector="oversold", rank=600, cash_low=900, cash_likely=1240,
                        cash_high=1900, deadline=now + timedelta(hours=50), drafts=["purchase_order"])  # fmt: skip
    large = AlertFactory.create(
        shop=store, title="Order #1999 was paid but never shipped", rank=550, subject_ref="pi_9"
    )
    doubt = AlertFactory.create(
        shop=store, title="Order #1888 cancelled after payment", rank=500, state=Alert.State.DECIDED
    )
    for number in range(6):
        asked = AlertFactory.create(
            shop=store, title=f"Order #205{number}: the buyer waits for a first answer", detector="first_answer",
            rank=300 - number, cash_low=20, cash_likely=24, cash_high=30, drafts=["reply"],
        )  # fmt: skip
        reply(asked)
    return {
        "refund": refund(twice, "140.00", tier=Tier.REVIEW, tier_reasons=["Money leaves."]),
        "reply": reply(late),
        "angry": reply(angry, "مرحبا، نعتذر عن التأخير. سنعيد لك المبلغ كاملا اليوم.", tier=Tier.REVIEW,
                       tier_reasons=["The customer is very upset."]),
        "none": refund(over, "31.00", state=State.FAILED, reason="Refused by the channel: the order is closed."),
        "large": refund(large, "480.00", tier=Tier.SECOND_FACTOR, tier_reasons=["A refund above 200."]),
        "doubt": refund(doubt, "61.00", state=State.NEEDS_HUMAN, reason="No read can show a refund by amount."),
    }  # fmt: skip


def evidence(claim: str, value: str, shop_id: int, record: str, external_id: str, field: str) -> dict[str, Any]:
    place = Source(record, field, shop_id, external_id, timezone.now())
    source = {"record": place.record, "field": place.field, "shop": shop_id, "id": external_id}
    return {"claim": claim, "value": value, "source": source | {"read_at": timezone.now().isoformat(), "note": ""}}


def payload(shop: Shop, kind: str, external_id: str, content: dict[str, Any]) -> None:
    body = zstandard.ZstdCompressor(level=3).compress(json.dumps(content).encode())
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO connectors_rawpayload (received_at, shop_id, kind, external_id, body)"
            " VALUES (%s, %s, %s, %s, %s)",
            [timezone.now(), shop.pk, kind, external_id, body],
        )
