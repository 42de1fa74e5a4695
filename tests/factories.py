"""The smallest valid row of each kind. Rows of the commerce graph are saved the way the product saves them."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from alerts import figures
from alerts import models as alerts
from alerts.figures import Figure, Source, between
from connectors import models, types
from drafts import models as drafts
from drafts.deciding.binding import command_text, digest
from drafts.kinds import KINDS
from drafts.kinds.money.refund import RefundCommand
from drafts.states import Tier

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class ShopFactory(DjangoModelFactory[models.Shop]):
    class Meta:
        model = models.Shop

    kind = "shopee"
    name = Sequence(lambda n: f"Shop {n}")
    external_id = Sequence(lambda n: f"{100000 + n}")
    base_url = "http://127.0.0.1:1"
    country = "SG"
    currency = "SGD"


class FeedFactory(DjangoModelFactory[models.Feed]):
    class Meta:
        model = models.Feed

    shop = SubFactory(ShopFactory)
    name = "orders"
    next_pull_at = NOW


class RowFactory(DjangoModelFactory[Any]):
    """A row of the commerce graph; `shop` must be given where two rows belong together."""

    class Meta:
        abstract = True

    shop = SubFactory(ShopFactory)
    external_id = Sequence(lambda n: f"X{n:06d}")
    digest = Sequence(lambda n: n.to_bytes(16, "big"))
    changed_at = NOW
    fetched_at = NOW


class OrderFactory(RowFactory):
    class Meta:
        model = models.Order

    number = SelfAttribute("external_id")
    status = types.OrderStatus.TO_SHIP
    ordered_at = NOW - timedelta(days=1)
    updated_at = NOW - timedelta(days=1)
    currency = "SGD"
    total = Decimal("23.90")


class OrderLineFactory(DjangoModelFactory[models.OrderLine]):
    class Meta:
        model = models.OrderLine

    shop = SubFactory(ShopFactory)
    order_ref = "X000001"
    external_id = Sequence(lambda n: f"L{n}")
    sku = "MUG-BLUE"
    quantity = 1
    unit_price = Decimal("23.90")


class PaymentFactory(RowFactory):
    class Meta:
        model = models.Payment

    kind = types.PaymentKind.CHARGE
    status = types.PaymentStatus.SUCCEEDED
    amount = Decimal("23.90")
    currency = "SGD"
    created_at = NOW - timedelta(days=1)


class ShipmentFactory(RowFactory):
    class Meta:
        model = models.Shipment

    order_ref = "O1"
    status = types.ShipmentStatus.IN_TRANSIT
    tracking_number = SelfAttribute("external_id")


class ReturnFactory(RowFactory):
    class Meta:
        model = models.Return

    order_ref = "X000001"
    status = types.ReturnStatus.ASKED
    amount = Decimal("23.90")
    currency = "SGD"
    asked_at = NOW - timedelta(hours=2)
    updated_at = NOW - timedelta(hours=2)


class MessageFactory(RowFactory):
    class Meta:
        model = models.Message

    conversation_ref = "C1"
    direction = types.Direction.IN
    sent_at = NOW - timedelta(hours=1)
    text = "Where is my parcel?"


class ConversationFactory(RowFactory):
    class Meta:
        model = models.Conversation

    channel = "mail"
    subject = "Where is my parcel?"
    customer_name = "Mei Tan"
    address = "mei@example.com"
    last_message_at = NOW - timedelta(hours=1)
    last_direction = types.Direction.IN


class SupplierFactory(RowFactory):
    class Meta:
        model = models.Supplier

    name = "Kiln Co"
    email = "sales@kiln.example"
    currency = "USD"


class ProductFactory(RowFactory):
    class Meta:
        model = models.Product

    sku = "MUG-BLUE"
    title = "Blue mug"
    unit_cost = Decimal("2.50")
    currency = "USD"


class TicketFactory(DjangoModelFactory[alerts.Ticket]):
    class Meta:
        model = alerts.Ticket

    shop = SubFactory(ShopFactory)
    subject = "Where is my parcel?"
    opened_at = NOW - timedelta(hours=1)
    last_message_at = NOW - timedelta(hours=1)


def order(number: int | str = 1, /, **changes: Any) -> types.Order:
    """An order as a connector gives it; its bytes follow from its content."""
    identity = str(number)
    given: dict[str, Any] = {
        "external_id": identity,
        "number": identity,
        "status": types.OrderStatus.TO_SHIP,
        "ordered_at": NOW - timedelta(days=1),
        "updated_at": NOW - timedelta(days=1),
        "currency": "SGD",
        "total": Decimal("23.90"),
        "lines": (line(1),),
    } | changes
    content = repr(sorted(given.items(), key=lambda pair: pair[0])).encode("utf-8", "replace")
    return types.Order(**({"raw": content} | given))


def line(number: int | str = 1, /, **changes: Any) -> types.OrderLine:
    given: dict[str, Any] = {
        "external_id": str(number),
        "sku": "MUG-BLUE",
        "quantity": 1,
        "unit_price": Decimal("23.90"),
    }
    return types.OrderLine(**(given | changes))


class AlertFactory(DjangoModelFactory[alerts.Alert]):
    """An open alert worth 240.00 USD, with the arithmetic behind it."""

    class Meta:
        model = alerts.Alert

    fingerprint = Sequence(lambda n: f"{n:032x}")
    detector = "duplicate_charge"
    shop = SubFactory(ShopFactory)
    subject_kind = "payment"
    subject_ref = Sequence(lambda n: f"P{n}")
    title = Sequence(lambda n: f"Payment P{n} was charged twice")
    state_digest = "0" * 32
    cash_low, cash_likely, cash_high = Decimal(180), Decimal(240), Decimal(310)
    currency = "USD"
    rank = Sequence(lambda n: 1000.0 - n)
    drafts = ["refund"]
    arithmetic = LazyFunction(lambda: {name: figure.to_json() for name, figure in loss().items()})
    as_of = first_seen_at = last_seen_at = LazyFunction(timezone.now)


def loss() -> dict[str, Figure]:
    """What doing nothing and acting cost, as a detector computes them."""
    source = Source("payment", "amount", 1, "P1", NOW, "the second of two equal charges")
    amount = between("charged twice", 200, 260, 320, "USD", source=source)
    chance = between("buyer disputes it", Decimal("0.9"), 1, 1, "share", is_assumed=True)
    ignored = (amount * chance + 15).named("lost if ignored", "USD")
    return {
        "ignored": ignored,
        "acted": figures.given(15, "refund fee", "USD") + figures.given(20, "cost of acting", "USD"),
    }


class DraftFactory(DjangoModelFactory[drafts.Draft]):
    """A refund of 23.90 SGD that one click approves."""

    class Meta:
        model = drafts.Draft

    class Params:
        written = LazyAttribute(
            lambda draft: RefundCommand(payment_ref=draft.alert.subject_ref, amount=Decimal("23.90"), currency="SGD")
        )

    kind = "refund"
    alert = SubFactory(AlertFactory)
    shop = SelfAttribute("alert.shop")
    facts = LazyFunction(
        lambda: {
            "name": "payment P1", "status": "succeeded", "is_charge": True, "is_paid": True, "is_disputed": False,
            "currency": "SGD", "total": "47.80", "refunded": "0",
        }
    )  # fmt: skip
    facts_read_at = LazyFunction(timezone.now)
    command = LazyAttribute(lambda draft: command_text(draft.written))
    digest = LazyAttribute(lambda draft: digest(draft.kind, draft.shop.pk, 1, draft.command, draft.facts))
    preview = LazyAttribute(lambda draft: asdict(KINDS[draft.kind].preview(draft.written, draft.facts)))
    amount = LazyAttribute(lambda draft: getattr(KINDS[draft.kind].money(draft.written), "amount", None))
    currency = LazyAttribute(lambda draft: getattr(KINDS[draft.kind].money(draft.written), "currency", ""))
    tier = Tier.CLICK
    undo_label = "never"
    written_by = "offline"
