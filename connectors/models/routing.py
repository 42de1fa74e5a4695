"""Which model does which task, and what models may cost in a day: rows, so that they change without a release."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone


class ModelRoute(models.Model):
    """One task's model. A task without an active row is written from templates."""

    class Effort(models.TextChoices):
        LOW = "low"
        MEDIUM = "medium"
        HIGH = "high"

    task = models.CharField(max_length=40, unique=True)
    model = models.CharField(max_length=60, help_text="The provider's id, such as claude-haiku-5-5.")
    max_tokens = models.PositiveIntegerField(
        default=4000,
        # A call without streaming that may take past ten minutes is refused by the provider's own library.
        validators=[MinValueValidator(500), MaxValueValidator(16_000)],
        help_text="Of the answer, with what the model thinks before it.",
    )
    effort = models.CharField(max_length=10, choices=Effort.choices, default=Effort.LOW)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["task"]

    def __str__(self) -> str:
        return f"{self.task} → {self.model}"


class ModelBudget(models.Model):
    """Dollars that all model calls of one day (UTC) may cost, from a day on; the newest row holds."""

    effective_from = models.DateField(default=timezone.localdate, unique=True)
    day_limit_usd = models.DecimalField(
        max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal(0))], help_text="0 switches models off."
    )
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-effective_from"]

    def __str__(self) -> str:
        return f"${self.day_limit_usd} a day from {self.effective_from}"
