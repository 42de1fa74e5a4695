"""The drafts of a chaos run: real kinds on the twin's own orders, payments, returns, disputes and letters.

Some are bait that nobody approves; of some the facts are moved by another hand after they were drafted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import cycle
from typing import Any
from uuid import uuid4

from django.utils import timezone

from alerts.models import Ticket, TicketConversation
from connectors.base import Permit, Refused
from connectors.models import Conversation, Dispute, Feed, Message, Order, Payment, Return, Shop, Supplier
from connectors.money import Money
from connectors.opening import open_shop
from connectors.operations import RefundPayment
from connectors.pull import pull
from drafts.approve import Proof, approve
from drafts.deciding.appraise import appraised
from drafts.deciding.binding import command_text, digest
from drafts.kinds import KINDS
from drafts.kinds.base import Command
from drafts.kinds.cases.decide_return import DecideReturnCommand
from drafts.kinds.cases.dispute_evidence import DisputeEvidenceCommand
from drafts.kinds.messages.reply import ReplyCommand
from drafts.kinds.money.refund import RefundCommand
from drafts.kinds.orders.arrange_shipment import ArrangeShipmentCommand
from drafts.kinds.orders.cancel_order import CancelOrderCommand
from drafts.kinds.stock.purchase_order import PurchaseOrderCommand
from drafts.kinds.tickets.merge_tickets import MergeTicketsCommand
from drafts.models import Approval, Draft
from drafts.preparing.facts import reader_for
from drafts.record import record
from drafts.states import State
from opsroom.people.models import User

SMALL = Decimal("1.50")
BAIT_EVERY, DRIFT_EVERY = 20, 5
Candidate = tuple[str, Shop, Command]


@dataclass
class Cast:
    """Drafts by what they are there for; `hands` are the keys of what another hand did."""

    approved: list[int] = field(default_factory=list)
    bait: list[int] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)
    hands: list[str] = field(default_factory=list)
    refunds: int = 0


def pull_everything() -> None:
    for feed in Feed.objects.order_by("shop", "name"):
        pull(feed.pk)


def propose(runs: int) -> list[Draft]:
    """Up to `runs` drafts, all kinds in turn; fewer where the market holds no more to act on."""
    made: list[Draft] = []
    sources = [iter(source) for source in _sources()]
    for source in cycle(list(sources)):
        if len(made) == runs or not sources:
            return made
        if source not in sources:
            continue
        draft = next((draft for draft in map(_draft, source) if draft is not None), None)
        if draft is None:
            sources.remove(source)
        else:
            made.append(draft)
    return made


def _draft(candidate: Candidate) -> Draft | None:
    """None where the kind itself has something against it."""
    name, shop, command = candidate
    kind = KINDS[name]
    reader = reader_for(None, None if kind.is_internal else open_shop(shop))
    try:
        facts = kind.read_facts(command, reader)
    except LookupError:
        return None
    if kind.refusals(command, facts):
        return None
    text, shop_id = command_text(command), None if kind.is_internal else shop.pk
    draft = Draft(
        kind=name, shop_id=shop_id, command=text, facts=facts, facts_read_at=timezone.now(),
        digest=digest(name, shop_id, 1, text, facts), written_by="chaos",
    )  # fmt: skip
    for column, value in appraised(draft, command, facts, reader_for(draft.shop_id)).items():
        setattr(draft, column, value)
    draft.save(force_insert=True)
    record("proposed", draft=draft)
    return draft


def _sources() -> list[Iterator[Candidate]]:
    shops = {shop.kind: shop for shop in Shop.objects.all()}
    stripe, shopify, shopee, mailbox = (shops.get(kind) for kind in ("stripe", "shopify", "shopee", "mailbox"))
    sources: list[Iterator[Candidate]] = []
    if stripe:
        sources += [_stripe_refunds(stripe), _evidence(stripe)]
    if shopify:
        sources += [_shopify_refunds(shopify), _cancels(shopify, 1), _shipments(shopify, 3)]
    if shopee:
        sources += [_shipments(shopee, 0), _cancels(shopee, 1), _returns(shopee)]
    if mailbox:
        sources += [_replies(mailbox), _purchase_orders(mailbox), _merges(mailbox)]
    return sources


def _stripe_refunds(shop: Shop) -> Iterator[Candidate]:
    rows = Payment.objects.filter(shop=shop, kind="charge", status="succeeded", is_disputed=False, refunded=0)
    for row in rows.filter(amount__gt=20).order_by("external_id").iterator():
        # A charge and its order at the other shop are one matter; every second one is left to that shop.
        if sum(row.order_number.encode()) % 2:
            yield "refund", shop, RefundCommand(payment_ref=row.external_id, amount=SMALL, currency=row.currency)


def _shopify_refunds(shop: Shop) -> Iterator[Candidate]:
    rows = Order.objects.filter(shop=shop, status__in=["delivered", "completed", "shipped"], refunded=0, total__gt=20)
    for row in rows.order_by("external_id").iterator():
        if sum(row.number.encode()) % 2 == 0:
            yield "refund", shop, RefundCommand(order_ref=row.external_id, amount=SMALL, currency=row.currency)


def _to_ship(shop: Shop, share: int) -> Iterator[Order]:
    """Orders that wait to be sent, dealt out in four shares so that no two drafts touch one order."""
    rows = Order.objects.filter(shop=shop, status="to_ship").order_by("external_id")
    return (row for number, row in enumerate(rows.iterator()) if number % 4 in (share, share + 2))


def _cancels(shop: Shop, share: int) -> Iterator[Candidate]:
    for row in _to_ship(shop, share):
        amount = row.total if row.paid_at else None
        command = CancelOrderCommand(
            order_ref=row.external_id, reason="out_of_stock", amount=amount, currency=row.currency
        )
        yield "cancel_order", shop, command


def _shipments(shop: Shop, share: int) -> Iterator[Candidate]:
    for number, row in enumerate(_to_ship(shop, share % 2)):
        if shop.kind == "shopify":
            command = ArrangeShipmentCommand(
                order_ref=row.external_id, method="own_courier", carrier="DHL", tracking_number=f"CHAOS{number:08}"
            )
        else:
            command = ArrangeShipmentCommand(order_ref=row.external_id)
        yield "arrange_shipment", shop, command


def _returns(shop: Shop) -> Iterator[Candidate]:
    for row in Return.objects.filter(shop=shop, status="asked").order_by("external_id"):
        command = DecideReturnCommand(
            return_ref=row.external_id, decision="accept", amount=row.amount, currency=row.currency
        )
        yield "decide_return", shop, command


def _evidence(shop: Shop) -> Iterator[Candidate]:
    for row in Dispute.objects.filter(shop=shop, status="needs_response").order_by("external_id"):
        command = DisputeEvidenceCommand(
            dispute_ref=row.external_id, decision="submit", amount=row.amount, currency=row.currency,
            narrative="The parcel was delivered to the address given.",
        )  # fmt: skip
        yield "dispute_evidence", shop, command


def _replies(shop: Shop) -> Iterator[Candidate]:
    for row in Conversation.objects.filter(shop=shop, last_direction="in").exclude(address="").order_by("external_id"):
        last = Message.objects.filter(shop=shop, conversation_ref=row.external_id, direction="in").last()
        command = ReplyCommand(
            conversation_ref=row.external_id, to=row.address, subject=f"Re: {' '.join(row.subject.split())}"[:200],
            text="Thank you for writing. We have looked into it.", in_reply_to=last.message_id if last else "",
        )  # fmt: skip
        yield "reply", shop, command


def _purchase_orders(shop: Shop) -> Iterator[Candidate]:
    for supplier in Supplier.objects.exclude(email="").order_by("external_id")[:10]:
        number = f"PO-CHAOS-{supplier.pk}"
        command = PurchaseOrderCommand(
            supplier_ref=supplier.external_id, to=supplier.email, number=number, sku="LAMP-1", quantity=48,
            unit_cost=Decimal("3.10"), currency=supplier.currency or "USD", subject=f"Order {number}",
            text="Please send.",
        )  # fmt: skip
        yield "purchase_order", shop, command


def _merges(shop: Shop) -> Iterator[Candidate]:
    rows = list(Conversation.objects.filter(shop=shop).order_by("external_id")[:18])
    for group in (rows[i : i + 3] for i in range(0, len(rows) - 2, 3)):
        main, *others = (_ticket(row) for row in group)
        yield "merge_tickets", shop, MergeTicketsCommand(main=main, tickets=tuple(others), cause="one batch")


def _ticket(row: Conversation) -> int:
    ticket = Ticket.objects.create(shop=row.shop, subject=row.subject, last_message_at=row.last_message_at)
    TicketConversation.objects.create(ticket=ticket, shop=row.shop, conversation_ref=row.external_id)
    return ticket.pk


def decide(cast: Cast, drafts: list[Draft], by: User) -> None:
    """Approve, except for bait; before some approvals another hand has moved the facts."""
    for draft in drafts:
        number = len(cast.approved) + len(cast.bait)
        if number % BAIT_EVERY == BAIT_EVERY - 1:
            cast.bait.append(draft.pk)
            continue
        if draft.kind == "refund":
            cast.refunds += 1
            if cast.refunds % DRIFT_EVERY == 0:
                cast.hands.append(_another_hand(draft))
                cast.moved.append(draft.pk)
        proof = Proof(by=by.pk, method=Approval.Method.TOTP, at=timezone.now(), digest=draft.digest)
        approve(draft, by=by, version=draft.version, digest=draft.digest, proof=proof)
        cast.approved.append(draft.pk)


def _another_hand(draft: Draft) -> str:
    """Somebody gives money back in the platform's own pages: the same subject, another key."""
    assert draft.shop is not None
    key = str(uuid4())
    channel = open_shop(draft.shop, gate=lambda permit: None)
    operation: Any = KINDS[draft.kind].operation(_command(draft), draft.facts, key)
    assert isinstance(operation, RefundPayment)
    own = RefundPayment(
        order_ref=operation.order_ref, payment_ref=operation.payment_ref, amount=Money(Decimal("1.00"), draft.currency)
    )
    try:
        channel.perform(own, Permit(0, 0, "", key, 0, timezone.now() + timedelta(seconds=30)))
    except Refused:
        pass  # the market itself has moved the facts already: nothing is left to give back
    return key


def _command(draft: Draft) -> Command:
    return KINDS[draft.kind].command.model_validate_json(draft.command)


def open_runs(cast: Cast) -> list[str]:
    """Approved drafts whose story is not over: kind, state and what they wait for."""
    moving = [State.APPROVED, State.HELD, State.SENDING, State.SENT, State.UNKNOWN]
    rows = Draft.objects.filter(pk__in=cast.approved, state__in=moving).order_by("pk")
    return [" ".join(map(str, row)) for row in rows.values_list("kind", "state", "execution__waiting_for")]
