"""The policy as it stands now, applied to one write: rules and rates are loaded once, then asked as often as wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone

from alerts.models import Alert
from connectors.models import FxRate
from connectors.money import MissingRate, Money, Rates
from drafts.deciding.subject import NOBODY, Subject, segment_of, side_of, subject_of
from drafts.kinds import KINDS
from drafts.kinds.base import Command, Reader
from drafts.models import Draft, Policy, PolicyTrial, Requirement
from drafts.policy import Ask, Flag, Operator, Rule, Value, broken, decide
from drafts.policy import Requirement as Required
from drafts.states import Tier
from drafts.terms import TERMS, values_of

MOODS = {"legal": Flag.LEGAL_THREAT, "safety": Flag.SAFETY}


@dataclass(frozen=True, slots=True)
class Judgement:
    """`base_amount` is None where the write moves no money or where no rate is known. `side` is of a policy trial."""

    tier: Tier
    reasons: list[str]
    base_amount: Decimal | None
    subject: Subject = NOBODY
    side: str = ""


class Judge:
    """With `rules` or `requirements`: those instead of the saved ones, so that a change can be tried on the past."""

    def __init__(self, rules: Iterable[Rule] | None = None, requirements: Iterable[Required] | None = None) -> None:
        saved = map(rule_of, Policy.objects.filter(is_active=True)) if rules is None else rules
        needed = map(required_of, Requirement.objects.filter(is_active=True)) if requirements is None else requirements
        self.rules, self.requirements = list(saved), list(needed)
        has_sides = any(rule.side for rule in self.rules)
        self.trial = PolicyTrial.objects.filter(ended_at=None).first() if has_sides else None
        base, today = settings.BASE_CURRENCY, timezone.now().date()
        newest = FxRate.objects.filter(base=base, day__lte=today).order_by("currency", "-day").distinct("currency")
        self.rates = Rates(base, newest.values_list("currency", "day", "rate"))

    def judge(
        self, kind: str, money: Money | None, shop_id: int | None, *, items: int = 1, flags: Iterable[Flag] = (),
        subject: Subject = NOBODY, terms: Mapping[str, Value] | None = None, otherwise: str = "",
    ) -> Judgement:  # fmt: skip
        """The tier of a write of `kind` that moves `money`. `otherwise` parts a trial where the subject is unknown."""
        base_amount = self.in_base(money, timezone.now().date())
        segment = segment_of(shop_id, subject) if any(rule.customer for rule in self.rules) else ""
        trial = self.trial
        side = side_of(trial.name, trial.percent_b, shop_id, subject, otherwise) if trial else ""
        ask = Ask(
            kind, shop_id, money, base_amount, items, frozenset(flags), customer=segment, risk=subject.risk, side=side,
            terms=terms or {},
        )  # fmt: skip
        verdict = decide(ask, self.rules, self.requirements)
        return Judgement(Tier(verdict.tier), list(verdict.reasons), base_amount, subject, side)

    def of_draft(
        self, draft: Draft, command: Command, facts: Mapping[str, Any], reader: Reader, *, items: int = 1,
        flags: Iterable[Flag] = (),
    ) -> Judgement:  # fmt: skip
        """A draft as it stands, or as it would be with another command or facts; terms are read from `reader`."""
        subject = subject_of(draft.shop_id, command, facts, draft.alert)
        terms = self.terms_of(draft.kind, draft.shop_id, command, reader)
        return self.judge(
            draft.kind, KINDS[draft.kind].money(command), draft.shop_id, items=items,
            flags={*flags, *flags_of(draft.alert)}, subject=subject, terms=terms,
            otherwise=draft.alert.fingerprint if draft.alert else "",
        )  # fmt: skip

    def terms_of(self, kind: str, shop_id: int | None, command: Command, reader: Reader) -> dict[str, Value]:
        """The terms that this write's requirements name; nothing is read where there are none."""
        names = {each.term for each in self.requirements if each.speaks_of(kind, shop_id)}
        return values_of(names, kind, command, reader) if names else {}

    def refusals(self, kind: str, shop_id: int | None, command: Command, reader: Reader) -> list[str]:
        """What of the company's requirements forbids this write now, whoever approved it."""
        ask = Ask(kind, shop_id, terms=self.terms_of(kind, shop_id, command, reader))
        return [each.said(ask) for each in broken(ask, self.requirements) if each.tier == Tier.REFUSE]

    def in_base(self, money: Money | None, day: date) -> Decimal | None:
        """None where there is no money or no rate."""
        if money is None:
            return None
        try:
            return self.rates.convert(money, day).money.amount
        except MissingRate:
            return None


def rule_of(row: Policy) -> Rule:
    return Rule(
        row.tier, row.kind, row.shop_id, row.currency, Decimal(str(row.amount_from)), row.items_from, row.note,
        customer=row.customer, risk_from=row.risk_from, side=row.side,
    )  # fmt: skip


def required_of(row: Requirement) -> Required:
    values = TERMS[row.term].values(row.value)
    return Required(row.term, Operator(row.operator), values, row.tier, row.kind, row.shop_id, row.note)


def flags_of(alert: Alert | None) -> frozenset[Flag]:
    """What an alert says of the matter that asks for a person's full look."""
    if alert is None:
        return frozenset()
    said = {Flag(word) for word in alert.arguments.get("flags", ()) if word in Flag._value2member_map_}
    if alert.detector == "fraud_warning":
        said.add(Flag.FRAUD_SUSPECT)
    if alert.detector == "angry_message":
        said.add(Flag.HIGH_EMOTION)
    mood = alert.arguments.get("mood")
    return frozenset(said | ({MOODS[mood]} if mood in MOODS else set()))
