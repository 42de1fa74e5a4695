"""How long personal data is kept, what was asked about it, and who has been erased."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone


class Clock(models.Model):
    """For how many days one family of personal data is kept. Without a row its default holds."""

    class Name(models.TextChoices):
        PAYLOADS = "payloads", "what platforms sent, as received"
        PUSHES = "pushes", "bodies of pushes"
        MESSAGES = "messages", "what buyers wrote"
        CUSTOMERS = "customers", "names, mail addresses and phones of buyers"
        DECISIONS = "decisions", "what was proposed and decided, beside the ledger"

    DEFAULT_DAYS: ClassVar[dict[str, int]] = {
        Name.PAYLOADS: 90, Name.PUSHES: 30, Name.MESSAGES: 730, Name.CUSTOMERS: 730, Name.DECISIONS: 1095,
    }  # fmt: skip

    name = models.CharField(max_length=12, choices=Name, unique=True)
    days = models.PositiveIntegerField(validators=[MinValueValidator(7)], help_text="At least 7.")

    class Meta:
        verbose_name = "retention clock"
        constraints = [models.CheckConstraint(condition=models.Q(days__gte=7), name="clock_of_a_week_or_more")]

    def __str__(self) -> str:
        return f"{self.get_name_display()}: {self.days} days"

    @classmethod
    def days_by_name(cls) -> dict[str, int]:
        return {**cls.DEFAULT_DAYS, **dict(cls.objects.values_list("name", "days"))}


class Request(models.Model):
    """A platform's demand about a customer's data, taken from a verified push. Its body stays with the push alone."""

    class Kind(models.TextChoices):
        EXPORT = "customers/data_request", "a customer asks for their data"
        ERASE = "customers/redact", "a customer is to be erased"
        ERASE_SHOP = "shop/redact", "a shop's customers are to be erased"

    shop = models.ForeignKey("connectors.Shop", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30, choices=Kind)
    event_id = models.CharField(max_length=200)
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(blank=True, help_text="Counts only; nobody is named.")

    class Meta:
        verbose_name = "privacy request"
        constraints = [models.UniqueConstraint(fields=["shop", "event_id"], name="privacy_request_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.received_at:%Y-%m-%d %H:%M}"


class Erased(models.Model):
    """Somebody who was erased, by a salted digest, so that what a platform sends again can be erased again."""

    shop = models.ForeignKey("connectors.Shop", on_delete=models.PROTECT, related_name="+")
    salt = models.BinaryField(max_length=16)
    digest = models.BinaryField(max_length=32, help_text="HMAC-SHA256 of the customer's id under the salt.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "erased customers"

    def __str__(self) -> str:
        return f"erased at {self.at:%Y-%m-%d %H:%M}"

    @classmethod
    def of(cls, shop_id: int, customer_ref: str, at: datetime) -> Erased:
        salt = secrets.token_bytes(16)
        return cls(shop_id=shop_id, salt=salt, digest=digest(salt, customer_ref), at=at)

    def means(self, customer_ref: str) -> bool:
        return hmac.compare_digest(bytes(self.digest), digest(bytes(self.salt), customer_ref))


def digest(salt: bytes, customer_ref: str) -> bytes:
    return hmac.new(salt, customer_ref.encode("utf-8", "replace"), hashlib.sha256).digest()
