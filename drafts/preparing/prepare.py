"""Prepare one draft: command and facts from saved records, text from the model or from templates, all of it checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import structlog
from django.conf import settings

from alerts.models import Alert, TicketConversation
from connectors.llm.client import Model
from connectors.models import Shop
from connectors.money import Money
from drafts.deciding.by_hand import by_hand
from drafts.kinds import KINDS
from drafts.kinds.base import CannotPropose, Command, Facts, Kind, Matter, Proposal
from drafts.knowledge.passages import CitedPassage
from drafts.knowledge.shelf import shelf_for
from drafts.preparing.company import signature
from drafts.preparing.facts import SavedReader
from drafts.preparing.wording import Worded, word

log = structlog.get_logger(__name__)

MOST_PARTS = 500
TO_SUPPLIERS = frozenset({"purchase_order", "mail_purchase_order", "chase_supplier"})  # our rules are for buyers
MAIL = ("mailbox", "gmail")  # kinds of account from which we write to suppliers
POLICY_QUESTION = "refund, return and cancellation policy"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A whole draft before it is stored."""

    kind: Kind[Any]
    proposal: Proposal[Any]
    command: Command
    facts: Facts
    worded: Worded
    by_hand: str
    parts: tuple[Prepared, ...] = ()


def prepare(kind: Kind[Any], matter: Matter, alert: Alert, model: Model | None, now: datetime) -> Prepared:
    """Command from records, facts, text, checks. Raises CannotPropose, also where the kind's own refusals stand."""
    saved = SavedReader(matter.shop_id, lambda: now)
    if kind.name == "dispute_evidence":
        rules = shelf_for(matter.shop_id).about(POLICY_QUESTION, limit=8)
        matter = replace(matter, rules=tuple((each.text, each.source) for each in rules))
    proposal = kind.propose(matter, saved)
    worded = word(kind, proposal, _passages(kind, proposal, matter), model, now.date())
    command = proposal.command
    if kind.text_field:
        command = type(command).model_validate({**command.model_dump(), kind.text_field: worded.text})
    facts = kind.read_facts(command, saved.of(proposal.shop_id))
    reasons = kind.refusals(command, facts)
    if reasons:
        raise CannotPropose("; ".join(reasons))
    parts = _answers(alert, matter, model, now) if kind.name == "merge_tickets" else ()
    return Prepared(kind, proposal, command, facts, worded, by_hand(kind, proposal.shop_id, command, facts), parts)


def matter_of(alert: Alert, now: datetime) -> Matter:
    """An alert as kinds see it."""
    mailbox = Shop.objects.filter(kind__in=MAIL, state=Shop.State.CONNECTED).order_by("id").first()
    home = alert.shop or mailbox
    cash = str(Money(alert.cash_likely, alert.currency)) if alert.cash_likely is not None else "not known"
    an_hour = Decimal(str((alert.rank or 0) * float(alert.minutes)))
    return Matter(
        alert_id=alert.pk,
        detector=alert.detector,
        title=alert.title,
        shop_id=alert.shop_id,
        arguments=alert.arguments,
        evidence=tuple((str(line.get("claim", "")), str(line.get("value", ""))) for line in alert.evidence),
        cash=cash,
        per_hour=str(Money(an_hour, alert.currency)) if alert.cash_likely is not None else "not known",
        deadline=f"{alert.deadline:%Y-%m-%d %H:%M} UTC" if alert.deadline else "none",
        company=signature(settings.COMPANY, home.name if home else "", home.country if home else ""),
        mailbox_id=mailbox.pk if mailbox else None,
        today=now.date(),
    )


def _passages(kind: Kind[Any], proposal: Proposal[Any], matter: Matter) -> list[CitedPassage]:
    """What the rules say about the matter; only kinds that are worded for somebody outside need them."""
    if not kind.text_field or kind.is_internal or kind.name in TO_SUPPLIERS:
        return []
    question = " ".join((matter.title, *(text[:500] for _, text in proposal.outside)))
    return shelf_for(proposal.shop_id).about(question)


def _answers(alert: Alert, matter: Matter, model: Model | None, now: datetime) -> tuple[Prepared, ...]:
    """One personal answer for each buyer of a merge; a buyer with two threads gets one, in the newest."""
    threads = TicketConversation.objects.filter(ticket_id__in=alert.arguments.get("ticket_ids", ())).select_related(
        "ticket"
    )
    answers: dict[str, Prepared] = {}
    for thread in threads.order_by("-ticket__last_message_at", "id")[:MOST_PARTS]:
        own = {
            "conversation_ref": thread.conversation_ref,
            "conversation_shop_id": thread.shop_id,
            "order_ref": thread.ticket.order_ref,
            "language": thread.ticket.language,
        }
        part = replace(matter, arguments=own, shop_id=thread.shop_id)
        try:
            # Templates: the same few sentences for everybody, each with the facts of that buyer's own order.
            answer = prepare(KINDS["reply"], part, alert, None, now)
        except (CannotPropose, LookupError, ValueError) as error:
            log.info("no_answer", ticket=thread.ticket_id, reason=str(error))
            continue
        answers.setdefault(str(getattr(answer.command, "to", "")).casefold(), answer)
    return tuple(answers.values())
