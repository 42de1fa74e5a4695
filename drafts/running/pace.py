"""What keeps an approved write from being sent now though all is well: quiet hours, and the pace of what is new."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from drafts.limits import quiet_until
from drafts.models import Draft, QuietHours
from drafts.running import canaries
from drafts.running.hold import Hold

# Kinds whose effect is that a buyer is told something.
TELLS_BUYERS = frozenset({"reply", "ask_buyer", "send_template", "review_reply", "ask_payment"})


def pace_of(draft: Draft, now: datetime) -> Hold | None:
    """None where the draft may be sent now."""
    return quiet(draft, now) or slow(draft, now)


def quiet(draft: Draft, now: datetime) -> Hold | None:
    """The quiet hours that hold it longest. What would miss the platform's deadline by waiting is not held."""
    found: list[tuple[datetime, QuietHours]] = []
    for row in QuietHours.objects.filter(is_active=True):
        meant = draft.kind == row.kind if row.kind else draft.kind in TELLS_BUYERS
        if not meant or row.shop_id not in (None, draft.shop_id):
            continue
        until = quiet_until(row.begins, row.ends, ZoneInfo(row.time_zone), now)
        if until is not None:
            found.append((until, row))
    if not found:
        return None
    until, row = max(found, key=lambda pair: pair[0])
    if draft.expires_at is not None and draft.expires_at <= until:
        return None
    return Hold(f"Quiet hours: nothing is sent from {row}.", "It leaves by itself when they end.", until)


def slow(draft: Draft, now: datetime) -> Hold | None:
    """Something new of which enough ran today."""
    found = canaries.full(draft, now)
    if found is None:
        return None
    canary, until = found
    what = f"{canary.get_dimension_display().lower()} {canary.value}"
    why = f"Canary: {what} is new, and {canary.percent.normalize():f} % of its drafts may run a day."
    return Hold(why, "An owner can end the canary.", until)
