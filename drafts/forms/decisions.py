"""A reason to reject, a time to snooze to, what really became of a write."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from drafts.pages.menus import NAPS, REASONS

MORNING = 9


class RejectForm(forms.Form):
    preset = forms.ChoiceField(
        choices=[(reason, reason) for reason in REASONS], widget=forms.RadioSelect, required=False
    )
    text = forms.CharField(max_length=500, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        parts = [cleaned.get("preset") or "", (cleaned.get("text") or "").strip()]
        cleaned["reason"] = ": ".join(filter(None, parts))
        if not cleaned["reason"]:
            raise forms.ValidationError(
                "Say why: choose a reason or write one. It keeps the same draft from coming back."
            )
        return cleaned


class SnoozeForm(forms.Form):
    nap = forms.ChoiceField(choices=NAPS, widget=forms.RadioSelect, required=False)
    at = forms.DateTimeField(required=False, widget=forms.DateTimeInput({"type": "datetime-local"}))
    accept_loss = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        now = timezone.now()
        until = cleaned.get("at") if cleaned.get("nap") in ("at", "") else wake(cleaned.get("nap", ""), now)
        if until is None:
            raise forms.ValidationError("Choose until when.")
        if until <= now:
            raise forms.ValidationError("That time has passed. Choose a later one.")
        cleaned["until"] = until
        return cleaned


def wake(nap: str, now: datetime) -> datetime | None:
    """When a preset ends, in the person's own zone."""
    if nap in ("1h", "4h"):
        return now + timedelta(hours=int(nap[0]))
    local = timezone.localtime(now).replace(hour=MORNING, minute=0, second=0, microsecond=0)
    if nap == "tomorrow":
        return local + timedelta(days=1)
    if nap == "monday":
        return local + timedelta(days=7 - local.weekday())
    return None


class SettleForm(forms.Form):
    """What a person found out about a write whose effect no read could show."""

    answer = forms.ChoiceField(choices=[("happened", "It happened"), ("not", "It did not happen")])
    evidence = forms.CharField(max_length=1000)
