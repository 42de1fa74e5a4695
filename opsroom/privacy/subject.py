"""Everything that is kept about one customer of one shop, table by table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from connectors.models import Checkout, Conversation, Customer, Order, Payment, Return, Shop
from opsroom.privacy.inventory import BY_MODEL, Held

SHORTEST = 6  # shorter ids would be found inside other numbers


@dataclass(frozen=True, slots=True)
class Subject:
    """One customer: their id at the shop, the mail addresses they are known by, and the ids of what is theirs."""

    shop: Shop
    ref: str
    mails: frozenset[str]
    orders: frozenset[str]
    conversations: frozenset[tuple[int, str]]
    records: frozenset[tuple[int, str, str]]

    @classmethod
    def of(cls, shop: Shop, ref: str) -> Subject:
        """`ref` is the customer's id at the shop, or the mail address of one who only wrote."""
        mine: dict[str, Any] = {"shop": shop}
        mails = {ref} if "@" in ref else set()
        mails |= set(Customer.objects.filter(**mine, external_id=ref).values_list("email", flat=True))
        mails |= set(Order.objects.filter(**mine, customer_ref=ref).values_list("customer_email", flat=True))
        mails = {mail for mail in mails if mail}
        is_theirs = Q(customer_ref=ref) | Q(customer_email__in=mails)
        orders = set(Order.objects.filter(is_theirs, **mine).values_list("external_id", flat=True))
        checkouts = set(Checkout.objects.filter(is_theirs, **mine).values_list("external_id", flat=True))
        # A buyer of a shop writes to the company's mailbox, which is a shop of its own.
        talks = Conversation.objects.filter(Q(shop=shop, customer_ref=ref) | Q(address__in=mails))
        conversations = frozenset(talks.values_list("shop_id", "external_id"))
        payments = Payment.objects.filter(Q(customer_ref=ref) | Q(order_ref__in=orders), shop=shop)
        returns = Return.objects.filter(shop=shop, order_ref__in=orders)
        records = {(shop.pk, "customer", ref)}
        for kind, ids in (
            ("order", orders), ("checkout", checkouts), ("payment", payments.values_list("external_id", flat=True)),
            ("return", returns.values_list("external_id", flat=True)),
        ):  # fmt: skip
            records |= {(shop.pk, kind, one) for one in ids}
        records |= {(shop_id, "conversation", one) for shop_id, one in conversations}
        return cls(shop, ref, frozenset(mails), frozenset(orders), conversations, frozenset(records))

    @property
    def is_known(self) -> bool:
        is_customer = Customer.objects.filter(shop=self.shop, external_id=self.ref).exists()
        return is_customer or bool(self.orders or self.conversations)

    @property
    def needles(self) -> list[bytes]:
        """What names this customer in bytes that nobody has parsed."""
        named = {self.ref, *self.mails, *self.orders, *(ref for _, ref in self.conversations)}
        numbers = {one.rpartition("/")[2] for one in named}
        return sorted(one.encode() for one in named | numbers if len(one) >= SHORTEST)

    def rows(self) -> Iterator[tuple[Held, QuerySet[Any]]]:
        """The rows of each table in the inventory that are about them."""
        for model, condition in self.conditions().items():
            held = BY_MODEL[model]
            yield held, held.model_class._default_manager.filter(condition)

    def conditions(self) -> dict[str, Q]:
        mine = Q(shop=self.shop)
        messages = one_of(Q(shop=shop_id, conversation_ref=ref) for shop_id, ref in self.conversations)
        subjects = one_of(
            Q(shop=shop_id, subject_kind=kind, subject_ref=ref) for shop_id, kind, ref in sorted(self.records)
        )
        alerts = (mine & Q(customer_ref=self.ref)) | subjects
        drafts = mine & (Q(customer_ref=self.ref) | Q(order_ref__in=self.orders)) | one_of(
            Q(alert__shop=shop_id, alert__subject_kind=kind, alert__subject_ref=ref)
            for shop_id, kind, ref in sorted(self.records)
        ) | Q(alert__shop=self.shop, alert__customer_ref=self.ref)  # fmt: skip
        their_drafts = BY_MODEL["drafts.Draft"].model_class.objects.filter(drafts)
        attempts = Q(execution__draft__in=their_drafts)
        theirs = mine & (Q(customer_ref=self.ref) | Q(customer_email__in=self.mails))
        return {
            "connectors.Customer": mine & Q(external_id=self.ref),
            "connectors.Order": theirs,
            "connectors.Checkout": theirs,
            "connectors.Return": mine & Q(order_ref__in=self.orders),
            "connectors.Review": mine & Q(order_ref__in=self.orders),
            "connectors.Payment": mine & (Q(customer_ref=self.ref) | Q(order_ref__in=self.orders)),
            "connectors.Message": messages,
            "connectors.RawPayload": self.payloads(),
            "connectors.Conversation": one_of(
                Q(shop=shop_id, external_id=ref) for shop_id, ref in self.conversations
            ),
            "alerts.Ticket": (mine & Q(customer_ref=self.ref)) | (mine & Q(order_ref__in=self.orders)) | one_of(
                Q(conversations__shop=shop_id, conversations__conversation_ref=ref)
                for shop_id, ref in self.conversations
            ),
            "drafts.Attempt": attempts,
            "drafts.LedgerText": Q(draft_id__in=their_drafts.values("pk")),
            "drafts.Draft": drafts,
            "alerts.Alert": alerts,
        }  # fmt: skip

    def payloads(self) -> Q:
        """Payloads of their records; those of messages carry the message's own id."""
        held = BY_MODEL["connectors.Message"].model_class.objects
        found = one_of(Q(shop=shop_id, kind=kind, external_id=ref) for shop_id, kind, ref in self.records)
        messages = one_of(Q(shop=shop_id, conversation_ref=ref) for shop_id, ref in self.conversations)
        for shop_id, ref in held.filter(messages).values_list("shop_id", "external_id"):
            found |= Q(shop=shop_id, kind="message", external_id=ref)
        return found


def one_of(conditions: Iterator[Q]) -> Q:
    """Any of them; of none, nothing."""
    found = Q(pk__in=())
    for condition in conditions:
        found |= condition
    return found
