"""May this write be approved, and with which proof? (ask, rules) → tier and reasons. Pure, so that it can be replayed.

The narrowest rule that applies holds, among equals the strictest. Floors stand below that: no setting loosens them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from connectors.money import Money

# Rising strictness; the same words as `drafts.states.Tier`.
TIERS = ("click", "review", "second_factor", "second_person", "refuse")
DEFAULT = "review"
FLOOR = "review"


class Flag(StrEnum):
    """What makes a write worth a person's full look, whatever the amount."""

    FRAUD_SUSPECT = "fraud_suspect"
    LEGAL_THREAT = "legal_threat"
    HIGH_EMOTION = "high_emotion"
    FACTS_CHANGED = "facts_changed"
    STRANGE_TEXT = "strange_text"


FLOORS = {
    Flag.FRAUD_SUSPECT: "Fraud is suspected.",
    Flag.LEGAL_THREAT: "Somebody speaks of a lawyer, a court or an authority.",
    Flag.HIGH_EMOTION: "The customer is very upset.",
    Flag.FACTS_CHANGED: "The facts have changed since this was approved.",
    Flag.STRANGE_TEXT: "The text from outside tries to give orders.",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Empty kind, shop or currency: any. Without a currency the amounts are in the base currency."""

    tier: str
    kind: str = ""
    shop_id: int | None = None
    currency: str = ""
    amount_from: Decimal = Decimal(0)
    items_from: int = 0
    note: str = ""

    @property
    def breadth(self) -> tuple[bool, bool, bool]:
        """Sorts the narrowest first: a shop's own rule stands above a kind's, a kind's above a currency's."""
        return self.shop_id is None, not self.kind, not self.currency


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be decided. `base_amount` is the amount in the base currency, None where no rate is known."""

    kind: str
    shop_id: int | None
    amount: Money | None = None
    base_amount: Decimal | None = None
    items: int = 1
    flags: frozenset[Flag] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Verdict:
    tier: str
    reasons: tuple[str, ...]


def decide(ask: Ask, rules: Iterable[Rule]) -> Verdict:
    """The tier, and why: the rule that held, then every floor that reaches it."""
    tier, reason = _by_rules(ask, list(rules))
    reasons = [reason]
    for said in _floors(ask):
        tier = strictest(tier, FLOOR)
        reasons.append(said)
    return Verdict(tier, tuple(reasons))


def strictest(*tiers: str) -> str:
    return max(tiers, key=TIERS.index)


def _by_rules(ask: Ask, rules: list[Rule]) -> tuple[str, str]:
    """Amount rules and rules on the number of items are weighed apart: each may ask for more, neither for less."""
    single = [rule for rule in rules if not rule.items_from and _applies(rule, ask)]
    bulk = [rule for rule in rules if rule.items_from and _applies(rule, ask)]
    held = [_narrowest(group) for group in (single, bulk) if group]
    if not held:
        return DEFAULT, "No policy speaks of this; a person looks at it alone."
    rule = max(held, key=lambda rule: TIERS.index(rule.tier))
    return rule.tier, rule.note or f"The policy for {rule.kind or 'every kind'} from {rule.amount_from}."


def _applies(rule: Rule, ask: Ask) -> bool:
    if rule.kind not in ("", ask.kind) or rule.shop_id not in (None, ask.shop_id) or ask.items < rule.items_from:
        return False
    if rule.currency:
        return ask.amount is not None and ask.amount.currency == rule.currency and _reaches(ask.amount.amount, rule)
    return _reaches(ask.base_amount, rule)


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
