"""May this write be approved, and with which proof? (ask, rules) → tier and reasons. Pure, so that it can be replayed.

The narrowest rule that applies holds, among equals the strictest. What a shop requires and rules on risk or on the
number of items can ask for more, never for less. Floors stand below all that: no setting loosens them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from connectors.money import Money

# Rising strictness; the same words as `drafts.states.Tier`.
TIERS = ("click", "review", "second_factor", "second_person", "refuse")
DEFAULT = "review"
FLOOR = "review"
RISKS = ("", "low", "medium", "high")  # rising

Value = bool | int | Decimal | str | None  # of a term; None: not known


class Operator(StrEnum):
    IS = "is"
    ONE_OF = "one_of"
    NONE_OF = "none_of"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"


class Customer(StrEnum):
    """Who a write is for, as far as a rule tells them apart."""

    NEW = "new"
    RETURNING = "returning"
    VIP = "vip"


class Flag(StrEnum):
    """What makes a write worth a person's full look, whatever the amount."""

    FRAUD_SUSPECT = "fraud_suspect"
    LEGAL_THREAT = "legal_threat"
    HIGH_EMOTION = "high_emotion"
    SAFETY = "safety"
    FACTS_CHANGED = "facts_changed"
    STRANGE_TEXT = "strange_text"


FLOORS = {
    Flag.FRAUD_SUSPECT: "Fraud is suspected.",
    Flag.LEGAL_THREAT: "Somebody speaks of a lawyer, a court or an authority.",
    Flag.HIGH_EMOTION: "The customer is very upset.",
    Flag.SAFETY: "Somebody may come to harm by these goods.",
    Flag.FACTS_CHANGED: "The facts have changed since this was approved.",
    Flag.STRANGE_TEXT: "The text from outside tries to give orders.",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Empty kind, shop, currency, customer or side: any. Without a currency the amounts are in the base currency.

    `risk_from` is the least risk of the order that it speaks of. `side` is the side of a policy trial it belongs to.
    """

    tier: str
    kind: str = ""
    shop_id: int | None = None
    currency: str = ""
    amount_from: Decimal = Decimal(0)
    items_from: int = 0
    note: str = ""
    customer: str = ""
    risk_from: str = ""
    side: str = ""

    @property
    def breadth(self) -> tuple[bool, ...]:
        """Sorts the narrowest first: a trial's rule stands above all, then a shop's, a kind's, a customer's, a
        currency's."""
        return not self.side, self.shop_id is None, not self.kind, not self.customer, not self.currency


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must hold of a write, in a term of `drafts.terms`; `tier` is what it takes where it does not hold.

    What is not known does not hold. A write that the term does not speak of is not met by it.
    """

    term: str
    operator: Operator
    values: tuple[Value, ...]
    tier: str = "refuse"
    kind: str = ""
    shop_id: int | None = None
    note: str = ""

    def speaks_of(self, kind: str, shop_id: int | None) -> bool:
        return self.kind in ("", kind) and self.shop_id in (None, shop_id)

    def said(self, ask: Ask) -> str:
        """The row's own words, else what the term came to."""
        known = ask.terms.get(self.term)
        came_to = "not known" if known is None else "no" if known is False else str(known)
        return self.note or f"The rule on {self.term.replace('_', ' ')} does not hold: it is {came_to}."

    def holds(self, value: Value) -> bool:
        if value is None:
            return False
        if isinstance(value, bool):
            return value is self.values[0]
        if isinstance(value, str):
            is_named = value.casefold() in {str(each).casefold() for each in self.values}
            return is_named is (self.operator is Operator.ONE_OF)
        bound = Decimal(str(self.values[0]))
        return value <= bound if self.operator is Operator.AT_MOST else value >= bound


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be decided. `base_amount` is the amount in the base currency, None where no rate is known.

    `terms` are the values of the terms that requirements name, without those that do not speak of this write.
    """

    kind: str
    shop_id: int | None
    amount: Money | None = None
    base_amount: Decimal | None = None
    items: int = 1
    flags: frozenset[Flag] = field(default_factory=frozenset)
    customer: str = ""
    risk: str = ""
    side: str = ""
    terms: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    tier: str
    reasons: tuple[str, ...]


def decide(ask: Ask, rules: Iterable[Rule], requirements: Iterable[Requirement] = ()) -> Verdict:
    """The tier, and why: the rule that held, then every requirement that does not hold, then every floor."""
    tier, reason = _by_rules(ask, list(rules))
    reasons = [reason]
    for unmet in broken(ask, requirements):
        tier = strictest(tier, unmet.tier)
        reasons.append(unmet.said(ask))
    for said in _floors(ask):
        tier = strictest(tier, FLOOR)
        reasons.append(said)
    return Verdict(tier, tuple(reasons))


def strictest(*tiers: str) -> str:
    return max(tiers, key=TIERS.index)


def broken(ask: Ask, requirements: Iterable[Requirement]) -> list[Requirement]:
    """Those that speak of this write and do not hold."""
    return [
        each
        for each in requirements
        if each.speaks_of(ask.kind, ask.shop_id) and each.term in ask.terms and not each.holds(ask.terms[each.term])
    ]


def _by_rules(ask: Ask, rules: list[Rule]) -> tuple[str, str]:
    """Rules on amounts, on the number of items and on risk are weighed apart: each may ask for more, none for less."""
    applying = [rule for rule in rules if _applies(rule, ask)]
    groups = (
        [rule for rule in applying if not rule.items_from and not rule.risk_from],
        [rule for rule in applying if rule.items_from],
        [rule for rule in applying if rule.risk_from and not rule.items_from],
    )
    held = [_narrowest(group) for group in groups if group]
    if not held:
        return DEFAULT, "No policy speaks of this; a person looks at it alone."
    rule = max(held, key=lambda rule: TIERS.index(rule.tier))
    return rule.tier, rule.note or f"The policy for {rule.kind or 'every kind'} from {rule.amount_from}."


def _applies(rule: Rule, ask: Ask) -> bool:
    if rule.kind not in ("", ask.kind) or rule.shop_id not in (None, ask.shop_id) or ask.items < rule.items_from:
        return False
    if rule.customer not in ("", ask.customer) or rule.side not in ("", ask.side) or not _is_as_risky(ask, rule):
        return False
    if rule.currency:
        return ask.amount is not None and ask.amount.currency == rule.currency and _reaches(ask.amount.amount, rule)
    return _reaches(ask.base_amount, rule)


def _is_as_risky(ask: Ask, rule: Rule) -> bool:
    """A word that is not ours counts as the highest risk."""
    said = RISKS.index(ask.risk) if ask.risk in RISKS else len(RISKS) - 1
    return said >= RISKS.index(rule.risk_from)


def _reaches(amount: Decimal | None, rule: Rule) -> bool:
    """A write without a known amount is met by the rules that begin at zero; the floor below covers a missing rate."""
    return rule.amount_from <= 0 if amount is None else amount >= rule.amount_from


def _narrowest(rules: list[Rule]) -> Rule:
    return min(rules, key=lambda rule: (rule.breadth, -TIERS.index(rule.tier)))


def _floors(ask: Ask) -> list[str]:
    said = [FLOORS[flag] for flag in Flag if flag in ask.flags]
    if ask.amount is not None and ask.base_amount is None:
        said.append(f"There is no exchange rate for {ask.amount.currency}, so no limit can be compared; add one.")
    return said
