"""The company's own rules for its drafts, as rows that an owner sets: what takes which proof, what must hold, how much
may leave, when and at which pace. `drafts.policy` and `drafts.limits` say what they mean; `drafts.models` offers them.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from connectors.models.base import money_field
from drafts.policy import Customer, Operator
from drafts.states import Tier

SHARE = [MinValueValidator(Decimal(1)), MaxValueValidator(Decimal(5))]


class Rows(models.Model):
    """What every rule has."""

    kind = models.CharField(max_length=40, blank=True, help_text="Empty: every kind.")
    shop = models.ForeignKey("connectors.Shop", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    note = models.TextField(blank=True, help_text="Why; shown on the card.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True

    @property
    def scope(self) -> str:
        return (self.kind or "every kind").replace("_", " ") + (f" in {self.shop}" if self.shop else "")


class Policy(Rows):
    """From which amount a kind of draft needs which proof. The narrowest row holds; among equals, the strictest."""

    currency = models.CharField(max_length=3, blank=True, help_text="Empty: the amount is in the base currency.")
    amount_from = money_field(default=0)
    items_from = models.PositiveIntegerField(default=0, help_text="Holds for so many items decided at once, or more.")
    customer = models.CharField(
        max_length=10,
        blank=True,
        choices=[(each.value, each.value) for each in Customer],
        help_text="Empty: everybody.",
    )
    risk_from = models.CharField(
        max_length=6, blank=True, choices=[(each, each) for each in ("low", "medium", "high")],
        help_text="Holds for orders of this risk or more; it can ask for more proof, never for less.",
    )  # fmt: skip
    side = models.CharField(
        max_length=1, blank=True, choices=[("a", "A"), ("b", "B")], help_text="Only on this side of a policy trial."
    )
    tier = models.CharField(max_length=20, choices=Tier.choices)

    class Meta:
        verbose_name_plural = "policies"
        ordering = ["kind", "shop", "currency", "amount_from", "items_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "shop", "currency", "amount_from", "items_from", "customer", "risk_from", "side"],
                condition=models.Q(is_active=True), name="policy_once", nulls_distinct=False,
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind or 'any kind'} from {self.amount_from} {self.currency}: {self.tier}"


class Requirement(Rows):
    """What must hold of a write, in a term of `drafts.terms`. What is not known does not hold."""

    term = models.CharField(max_length=40)
    operator = models.CharField(
        max_length=10, choices=[(each.value, each.value.replace("_", " ")) for each in Operator]
    )
    value = models.CharField(max_length=250, help_text="yes or no, a number, or words parted by semicolons.")
    tier = models.CharField(
        "otherwise", max_length=20, choices=Tier.choices, default=Tier.REFUSE,
        help_text="What the write takes where this does not hold.",
    )  # fmt: skip

    class Meta:
        ordering = ["kind", "term", "id"]

    def __str__(self) -> str:
        return f"{self.scope}: {self.term} {self.operator} {self.value}, else {self.tier}"


class Cap(Rows):
    """How much may be approved at most: in all on one day (UTC), or for one customer."""

    class Per(models.TextChoices):
        DAY = "day", "a day, all together"
        CUSTOMER_DAY = "customer_day", "a day, one customer"
        CUSTOMER_MONTH = "customer_month", "30 days, one customer"

    per = models.CharField(max_length=16, choices=Per.choices)
    most_count = models.PositiveIntegerField(null=True, blank=True, help_text="Writes. Empty: any number.")
    most_amount = money_field(null=True, blank=True, help_text="In the base currency. Empty: any amount.")

    class Meta:
        ordering = ["kind", "per"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(most_count=None, most_amount=None), name="cap_says_how_much"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        parts = [f"{self.most_count} writes" if self.most_count is not None else ""]
        parts.append(f"{self.most_amount} {settings.BASE_CURRENCY}" if self.most_amount is not None else "")
        return f"{self.scope}: at most {' and '.join(filter(None, parts))}, {self.get_per_display()}"


class QuietHours(Rows):
    """When nothing that reaches a buyer leaves; approved drafts wait. Without a kind: every kind that writes to people.

    From `begins` up to `ends` by the clocks of `time_zone`; an end before the beginning is on the next day.
    """

    begins = models.TimeField()
    ends = models.TimeField()
    time_zone = models.CharField(max_length=64, default="UTC")

    class Meta:
        verbose_name_plural = "quiet hours"
        constraints = [models.CheckConstraint(condition=~models.Q(begins=models.F("ends")), name="quiet_some_time")]

    def __str__(self) -> str:
        return f"{self.begins:%H:%M} to {self.ends:%H:%M} {self.time_zone}"


class Canary(models.Model):
    """What is new goes slowly: so many percent of its drafts a day may run, at least one. Each draft stays visible."""

    class Dimension(models.TextChoices):
        KIND = "kind"
        CONNECTOR = "connector"
        SKU_GROUP = "sku_group", "SKU group"
        COUNTRY = "country"

    dimension = models.CharField(max_length=10, choices=Dimension.choices)
    value = models.CharField(
        max_length=60, help_text="A kind, a system, the part of a SKU before its first dash, or GB."
    )
    percent = models.DecimalField(max_digits=3, decimal_places=1, default=Decimal(5), validators=SHARE)
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="From here it runs like everything else.")
    note = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "canaries"
        constraints = [
            models.UniqueConstraint(
                fields=["dimension", "value"], condition=models.Q(ended_at=None), name="canary_once"
            ),
            models.CheckConstraint(
                condition=models.Q(percent__gte=1, percent__lte=5), name="canary_of_1_to_5_percent"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_dimension_display()} {self.value}: {self.percent:f} % a day"


class PolicyTrial(models.Model):
    """Two policies side by side: matters are parted for good by their own identity, `percent_b` of them to side B."""

    name = models.CharField(max_length=60, unique=True)
    percent_b = models.PositiveSmallIntegerField(default=50, validators=[MinValueValidator(1), MaxValueValidator(99)])
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(ended_at=None), name="one_policy_trial_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(percent_b__gte=1, percent_b__lte=99), name="trial_has_two_sides"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name}: {self.percent_b} % on side B"


class BackTest(models.Model):
    """What a change of a rule would have done to the past, shown to the person who is about to save it.

    `digest` is SHA-256 over the rule's kind of row and its values as they would be saved: nothing else is saved on it.
    """

    class Source(models.TextChoices):
        HISTORY = "history", "our own drafts"
        TWIN = "twin", "the twin: there are too few drafts of our own"

    digest = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    source = models.CharField(max_length=8, choices=Source.choices)
    drafts = models.PositiveIntegerField()
    report = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["digest", "by"], name="back_test_of")]

    def __str__(self) -> str:
        return f"{self.drafts} drafts on {self.get_source_display()}"


class Pause(models.Model):
    """While the newest row has no end, nothing leaves: approved drafts wait."""

    began_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(ended_at=None), name="one_pause_at_a_time",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"paused by {self.by}: {self.reason}"
