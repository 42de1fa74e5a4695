"""Forms for the company's own rules: every choice is from a closed list, every value is of its term's type."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms

from drafts.kinds import KINDS
from drafts.models import Canary, Cap, Policy, QuietHours, Requirement
from drafts.pages.wording import words
from drafts.policy import Operator
from drafts.terms import OPERATORS, TERMS


def kinds() -> list[tuple[str, str]]:
    return [("", "every kind"), *sorted(((kind.name, kind.label) for kind in KINDS.values()), key=lambda pair: pair[1])]


def terms() -> list[tuple[str, str]]:
    return [(term.name, f"{term.label} ({term.type})") for term in TERMS.values()]


class RuleForm(forms.ModelForm[Any]):
    """A rule's kind is one of ours."""

    kind = forms.ChoiceField(choices=kinds, required=False)


class PolicyForm(RuleForm):
    class Meta:
        model = Policy
        fields = (
            "kind", "shop", "customer", "risk_from", "currency", "amount_from", "items_from", "side", "tier", "note",
            "is_active",
        )  # fmt: skip

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).upper()
        if currency and not (len(currency) == 3 and currency.isalpha()):
            raise forms.ValidationError("A currency has three letters, such as USD. Empty: the base currency.")
        return currency


class RequirementForm(RuleForm):
    """What must hold."""

    term = forms.ChoiceField(choices=terms)

    class Meta:
        model = Requirement
        fields = ("kind", "shop", "term", "operator", "value", "tier", "note", "is_active")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        term = TERMS.get(cleaned.get("term", ""))
        if term is None or "operator" not in cleaned or "value" not in cleaned:
            return cleaned
        fitting = OPERATORS[term.type]
        if Operator(cleaned["operator"]) not in fitting:
            able = " or ".join(words(each).lower() for each in fitting)
            self.add_error("operator", f"“{term.label}” is a matter of {able}.")
        try:
            term.values(cleaned["value"])
        except ValueError as error:
            self.add_error("value", f"{words(str(error))}.")
        return cleaned


class CapForm(RuleForm):
    class Meta:
        model = Cap
        fields = ("kind", "shop", "per", "most_count", "most_amount", "note", "is_active")


class QuietHoursForm(RuleForm):
    class Meta:
        model = QuietHours
        fields = ("kind", "shop", "begins", "ends", "time_zone", "note", "is_active")

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"])
        if name not in available_timezones():
            raise forms.ValidationError("Give a time zone like Asia/Singapore or America/New_York.")
        return name


class CanaryForm(forms.ModelForm[Canary]):
    class Meta:
        model = Canary
        fields = ("dimension", "value", "percent", "note", "ended_at")
