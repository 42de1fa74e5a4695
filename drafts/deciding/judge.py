"""The policy as it stands now, applied to one write: rules and rates are loaded once, then asked as often as wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from alerts.models import Alert
from connectors.models import FxRate
from connectors.money import MissingRate, Money, Rates
from drafts.models import Policy
from drafts.policy import Ask, Flag, Rule, decide
from drafts.states import Tier


@dataclass(frozen=True, slots=True)
class Judgement:
    """`base_amount` is None where the write moves no money or where no rate is known."""

    tier: Tier
    reasons: list[str]
    base_amount: Decimal | None


class Judge:
    def __init__(self) -> None:
        self.rules = [rule_of(row) for row in Policy.objects.filter(is_active=True)]
        base, today = settings.BASE_CURRENCY, timezone.now().date()
        newest = FxRate.objects.filter(base=base, day__lte=today).order_by("currency", "-day").distinct("currency")
        self.rates = Rates(base, newest.values_list("currency", "day", "rate"))

    def judge(
        self, kind: str, money: Money | None, shop_id: int | None, *, items: int = 1, flags: Iterable[Flag] = ()
    ) -> Judgement:
        """The tier of a write of `kind` that moves `money`."""
        base_amount = self.in_base(money, timezone.now().date())
        verdict = decide(Ask(kind, shop_id, money, base_amount, items, frozenset(flags)), self.rules)
        return Judgement(Tier(verdict.tier), list(verdict.reasons), base_amount)

    def in_base(self, money: Money | None, day: date) -> Decimal | None:
        """None where there is no money or no rate."""
        if money is None:
            return None
        try:
            return self.rates.convert(money, day).money.amount
        except MissingRate:
            return None


def rule_of(row: Policy) -> Rule:
    return Rule(row.tier, row.kind, row.shop_id, row.currency, Decimal(str(row.amount_from)), row.items_from, row.note)


def flags_of(alert: Alert | None) -> frozenset[Flag]:
    """What an alert says of the matter that asks for a person's full look."""
    if alert is None:
        return frozenset()
    said = {Flag(word) for word in alert.arguments.get("flags", ()) if word in Flag._value2member_map_}
    if alert.detector == "fraud_warning":
        said.add(Flag.FRAUD_SUSPECT)
    if alert.detector == "angry_message":
        said.add(Flag.HIGH_EMOTION)
    return frozenset(said)
