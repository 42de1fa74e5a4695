"""Back-test: what saving this rule would have done to the past. Kept with its digest, so that exactly that is saved."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.forms.models import model_to_dict
from django.utils import timezone

from drafts.backtest.past import our_past
from drafts.backtest.twin import twin_past
from drafts.deciding.binding import canonical
from drafts.deciding.judge import required_of, rule_of
from drafts.deciding.person import Person
from drafts.limits import Most
from drafts.models import BackTest, Cap, Policy, Requirement
from drafts.replay import Bound, Past, Rules, is_stricter, replay, replay_cap

LEAST = 30  # past drafts of our own; with fewer the twin's are taken
HOLDS_FOR = timedelta(hours=1)
BackTested = Policy | Requirement | Cap


def back_test(rule: BackTested, by: Person) -> BackTest:
    """Try a rule, saved or not, against the past. Raises NoTwin where there is neither a past nor a twin."""
    past, source = the_past(rule)
    moves = _moves(rule, past)
    report = {
        "moves": moves,
        "stricter": sum(move["drafts"] for move in moves if is_stricter(move)),
        "looser": sum(move["drafts"] for move in moves if not is_stricter(move)),
        "changes": changes(rule),
    }
    return BackTest.objects.create(digest=digest_of(rule), by_id=by.pk, source=source, drafts=len(past), report=report)


def the_past(rule: BackTested) -> tuple[list[Past], BackTest.Source]:
    names = {row.term for row in Requirement.objects.filter(is_active=True)}
    if isinstance(rule, Requirement):
        names.add(rule.term)
    past = our_past(names)
    return (past, BackTest.Source.HISTORY) if len(past) >= LEAST else (twin_past(), BackTest.Source.TWIN)


def fresh(rule: BackTested, by: Person) -> BackTest | None:
    """This person's own back-test of exactly these values, not an hour old."""
    since = timezone.now() - HOLDS_FOR
    return BackTest.objects.filter(digest=digest_of(rule), by_id=by.pk, at__gt=since).order_by("-id").first()


def digest_of(rule: BackTested) -> str:
    """Over the table, the row and its values, and over the other rules it was tried with."""
    tables: tuple[Any, ...] = (Policy, Requirement)
    others = {
        model.__name__: [_values(row) for row in model.objects.filter(is_active=True).order_by("pk") if row != rule]
        for model in tables
    }
    bound = {"table": type(rule).__name__, "row": rule.pk, "values": _values(rule), "others": others}
    return sha256(canonical(bound).encode()).hexdigest()


def changes(rule: BackTested) -> list[str]:
    """The change in plain words, value by value."""
    table: Any = type(rule)
    known = table.objects.filter(pk=rule.pk).first() if rule.pk else None
    new = _values(rule)
    if known is None:
        return [f"new: {rule}"]
    old = _values(known)
    moved = [name for name in new if old[name] != new[name]]
    return [f"{name.replace('_', ' ')}: {old[name] or 'any'} → {new[name] or 'any'}" for name in moved]


def _moves(rule: BackTested, past: list[Past]) -> list[dict[str, Any]]:
    if isinstance(rule, Cap):
        saved = Cap.objects.filter(pk=rule.pk, is_active=True).first() if rule.pk else None
        return replay_cap(past, bound_of(saved) if saved else None, bound_of(rule) if rule.is_active else None)
    policies = list(Policy.objects.filter(is_active=True))
    needed = list(Requirement.objects.filter(is_active=True))
    before = Rules([rule_of(row) for row in policies], [required_of(row) for row in needed])
    if isinstance(rule, Policy):
        rows = [row for row in policies if row.pk != rule.pk] + ([rule] if rule.is_active else [])
        return replay(past, before, Rules([rule_of(row) for row in rows], before.requirements))
    kept = [row for row in needed if row.pk != rule.pk] + ([rule] if rule.is_active else [])
    return replay(past, before, Rules(before.rules, [required_of(row) for row in kept]))


def bound_of(cap: Cap) -> Bound:
    return Bound(
        Most(cap.most_count, cap.most_amount), cap.kind, cap.shop_id,
        is_each_customer=cap.per != Cap.Per.DAY, is_month=cap.per == Cap.Per.CUSTOMER_MONTH,
    )  # fmt: skip


def _values(rule: Any) -> dict[str, str]:
    """Without what does not decide: an amount is the same with and without its zeros."""
    plain = model_to_dict(rule, exclude=["id", "created_at"])
    return {name: "" if value is None else _plain(value) for name, value in plain.items()}


def _plain(value: Any) -> str:
    return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)
