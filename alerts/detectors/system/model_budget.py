"""57 · The model's money for the day is spent, or will be before it ends: what then stays unweighed.

Past the limit everything is worded by templates and placed by the computed dollars; what a model would have moved up
waits longer than it should.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import slope
from alerts.figures import Source, between, given
from alerts.looks import ModelBudgetLook
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold

NAME = "model_budget"
HOUR = timedelta(hours=1)
EARLY = Decimal("0.5")  # of the limit: before that one busy hour foretells nothing

THRESHOLDS = {
    "warn_share": Threshold(Decimal("0.8"), "share", "own default", "Of the day's limit: from here on it is told."),
    "weighing_low": Threshold(Decimal(0), "share", "own estimate", "Of an alert's dollars that weighing saves: least."),
    "weighing": Threshold(Decimal("0.02"), "share", "own estimate", "Of an alert's dollars that weighing saves."),
    "weighing_high": Threshold(Decimal("0.1"), "share", "own estimate", "Of an alert's dollars that weighing saves."),
}


def detect(looks: Iterable[ModelBudgetLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        runs_out = runs_out_at(look, now)
        is_near = look.limit > 0 and look.spent >= look.limit * context.threshold("warn_share").likely
        will_run_out = runs_out is not None and look.spent >= look.limit * EARLY
        if look.limit > 0 and (is_near or will_run_out):
            yield finding(look, runs_out, now, context)


def runs_out_at(look: ModelBudgetLook, now: datetime) -> datetime | None:
    """When the limit is reached at the last hour's pace; None where the day ends first, or it is reached already."""
    if look.last_hour <= 0 or look.spent >= look.limit:
        return None
    moment = now + HOUR * float((look.limit - look.spent) / look.last_hour)
    return moment if moment < _end(look) else None


def _end(look: ModelBudgetLook) -> datetime:
    return datetime.combine(look.day, time.min, UTC) + timedelta(days=1)


def finding(look: ModelBudgetLook, runs_out: datetime | None, now: datetime, context: Context) -> Finding:
    place = Source("setting", "day_limit_usd", None, str(look.day), look.read_at, note="the day's model budget")
    over = given(max(Decimal(0), look.spent - look.limit), "spent beyond the limit", "USD", place)
    ignored = over.named("spent beyond the limit", context.base)
    if look.mean_cash is not None and look.unweighed:
        low, likely, high = (context.threshold(f"weighing{part}").likely for part in ("_low", "", "_high"))
        share = between("saved by weighing", low, likely, high, "share", is_assumed=True)
        alerts = given(look.unweighed, "alerts not weighed", "alerts")
        mean = given(look.mean_cash, "mean at risk", context.base, Source("alert", "cash_likely", read_at=look.read_at))
        ignored = (over + alerts * mean * share).named("what a worse order costs", context.base)
    is_spent = look.spent >= look.limit
    said = "is spent" if is_spent else f"will be spent by {runs_out:%H:%M} UTC" if runs_out else "is nearly spent"
    dearest = f" {look.dearest_task} took ${look.dearest_cost:.2f} of it." if look.dearest_task else ""
    return Finding(
        detector=NAME,
        subject=Subject("model budget", str(look.day), None, f"{look.day:%d %b}"),
        title=f"Today's model budget of ${look.limit:.2f} {said}",
        ignored=ignored,
        acted=given(0, "weighed again once a smaller model or a larger limit is set", context.base),
        deadline=runs_out,
        waiting=slope(now, _end(look)),
        minutes=Decimal(2),
        why=f"${look.spent:.2f} of ${look.limit:.2f} is spent.{dearest} Past the limit templates write, and the "
        "computed dollars rank.",
        tradeoff="Route the dearest task to a smaller model or to templates, or raise the limit under Model budgets.",
        missing=() if look.mean_cash is not None else ("what the open alerts are worth",),
        evidence=(
            Evidence("Spent today", place, f"{look.spent:.2f} USD"),
            Evidence("Spent within the last hour", place, f"{look.last_hour:.2f} USD"),
            Evidence("Open alerts that no model has weighed", place, str(look.unweighed)),
            Evidence("Calls today whose answer could not be used", place, str(look.refused)),
        ),
        drafts=("escalation_note",),
        arguments={"day": str(look.day), "limit": str(look.limit), "dearest_task": look.dearest_task},
        state="spent" if is_spent else "near",
    )


DETECTOR = Detector(NAME, 57, "Model budget overrun", ModelBudgetLook, detect, THRESHOLDS, ("escalation_note",))
