"""The company's rules in the admin. One that decides is tried on the past first, and only saved as it was tried."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest

from connectors.admin.readonly import ReadOnlyAdmin
from drafts.backtest.run import BackTested, back_test, changes, fresh
from drafts.backtest.sides import sides
from drafts.backtest.twin import NoTwin
from drafts.deciding.caps import left_today
from drafts.deciding.clock import now
from drafts.deciding.person import Person
from drafts.forms.rules import CanaryForm, CapForm, PolicyForm, QuietHoursForm, RequirementForm
from drafts.models import BackTest, Canary, Cap, Policy, PolicyTrial, QuietHours, Requirement
from drafts.record import record

NOT_YET = "Not saved yet. This is what the change would have done to the past; save again to keep it."


class Tried(forms.ModelForm[Any]):
    """A rule's form that is valid only once this person has seen its back-test. Mixed in before the rule's own form."""

    by: Person
    back_test: BackTest | None = None

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, after the instance is built
        if self.errors or not self.has_changed():
            return
        rule: BackTested = self.instance
        self.back_test = fresh(rule, self.by)
        if self.back_test is not None:
            return
        try:
            self.back_test = back_test(rule, self.by)
        except NoTwin as error:
            self.add_error(None, ValidationError(f"Not saved: it could not be tried on the past, since {error}."))
        else:
            self.add_error(None, ValidationError(NOT_YET, code="back_test"))


class RuleAdmin(admin.ModelAdmin[Any]):
    """A rule ends by being made inactive, so that what it was stays; every change stands in the ledger."""

    list_filter: ClassVar[Any] = ("is_active", "kind", "shop")
    search_fields = ("kind", "note")
    list_select_related = ("shop",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        said = changes(obj)
        super().save_model(request, obj, form, change)
        tried = getattr(form, "back_test", None)
        record(
            "policy_changed", by=cast(Person, request.user), rule=type(obj).__name__, row=obj.pk, changes=said,
            back_test=tried.pk if tried else None,
        )  # fmt: skip

    @admin.display(description="kind", ordering="kind")
    def kind_or_any(self, rule: Any) -> str:
        return rule.kind.replace("_", " ") or "every kind"


class TriedAdmin(RuleAdmin):
    change_form_template = "admin/drafts/rule_change_form.html"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        plain = super().get_form(request, obj, change, **kwargs)
        return type(plain.__name__, (Tried, plain), {"by": request.user})


@admin.register(Policy)
class PolicyAdmin(TriedAdmin):
    form = PolicyForm
    list_display = (
        "kind_or_any", "shop", "customer", "risk_from", "currency", "amount_from", "items_from", "side", "tier", "note",
        "is_active",
    )  # fmt: skip
    list_filter = ("is_active", "tier", "kind", "shop")


@admin.register(Requirement)
class RequirementAdmin(TriedAdmin):
    form = RequirementForm
    list_display = ("kind_or_any", "shop", "term", "operator", "value", "tier", "note", "is_active")


@admin.register(Cap)
class CapAdmin(TriedAdmin):
    form = CapForm
    list_display = ("kind_or_any", "shop", "per", "most_count", "most_amount", "left", "note", "is_active")

    @admin.display(description="left today")
    def left(self, cap: Cap) -> str:
        return left_today(cap, now()) if cap.is_active and cap.per == Cap.Per.DAY else "–"


@admin.register(QuietHours)
class QuietHoursAdmin(RuleAdmin):
    """They only make a write wait, so there is nothing to try on the past."""

    form = QuietHoursForm
    list_display = ("kind_or_any", "shop", "begins", "ends", "time_zone", "note", "is_active")


class TimedAdmin(admin.ModelAdmin[Any]):
    """What begins and ends; each change stands in the ledger."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        said = {name: str(form.cleaned_data[name]) for name in form.changed_data}
        record("policy_changed", by=cast(Person, request.user), rule=type(obj).__name__, row=obj.pk, changes=said)


@admin.register(Canary)
class CanaryAdmin(TimedAdmin):
    form = CanaryForm
    list_display = ("dimension", "value", "percent", "began_at", "ended_at", "note")
    list_filter = ("dimension",)
    search_fields = ("value",)


@admin.register(PolicyTrial)
class PolicyTrialAdmin(TimedAdmin):
    list_display = ("name", "percent_b", "began_at", "ended_at")
    search_fields = ("name",)
    fields = ("name", "percent_b", "ended_at", "measured")
    readonly_fields = ("measured",)

    @admin.display(description="measured so far")
    def measured(self, trial: PolicyTrial) -> str:
        found = sides(trial, now()) if trial.pk else []
        return " · ".join(side.told() for side in found) or "nothing yet"


@admin.register(BackTest)
class BackTestAdmin(ReadOnlyAdmin):
    list_display = ("at", "by", "source", "drafts", "said")
    list_select_related = ("by",)

    @admin.display(description="what it would have done")
    def said(self, test: BackTest) -> str:
        report = test.report
        return f"{'; '.join(report['changes'])}: {report['stricter']} stricter, {report['looser']} looser"
