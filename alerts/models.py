"""Alerts as kept, ranked and shown; the tickets and waves they are grouped in; the settings that steer them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from connectors.models.base import money_field


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> AlertQuerySet:
        """What waits for a decision now; served by the partial index `alert_open_rank`."""
        return self.filter(state=Alert.State.OPEN)

    def ranked(self) -> AlertQuerySet:
        """Best first; ties by id, so that a page can begin after (rank, id)."""
        return self.order_by("-rank", "-id")


class Alert(models.Model):
    """A finding kept: one per fingerprint, with its money, its evidence and its place in the list.

    Money is in the base currency. `rank` is dollars lost per hour of waiting per minute of deciding, as ranking.py
    computes it; `computed_rank` is that figure before a model weighed it within its range. `subject_version` counts
    changes of the facts (`state_digest`), and is what a rejected draft waits for.
    """

    class State(models.TextChoices):
        OPEN = "open"
        SNOOZED = "snoozed"
        DECIDED = "decided"
        RESOLVED = "resolved"
        GROUPED = "grouped"

    fingerprint = models.CharField(max_length=32, unique=True, editable=False)
    detector = models.CharField(max_length=40)
    shop = models.ForeignKey("connectors.Shop", null=True, blank=True, on_delete=models.CASCADE, related_name="alerts")
    subject_kind = models.CharField(max_length=20)
    subject_ref = models.TextField()
    subject_label = models.TextField(blank=True)
    customer_ref = models.TextField(blank=True)
    title = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    state_digest = models.CharField(max_length=32, editable=False)
    subject_version = models.PositiveIntegerField(default=1, editable=False)

    cash_low = money_field(null=True)
    cash_likely = money_field(null=True)
    cash_high = money_field(null=True)
    gmv_likely = money_field(null=True)
    currency = models.CharField(max_length=3)
    probability = models.DecimalField(max_digits=6, decimal_places=4, null=True)
    deadline = models.DateTimeField(null=True, blank=True)
    safe_until = models.DateTimeField(null=True, blank=True, help_text="Waiting until then costs next to nothing.")
    waiting = models.JSONField(default=list, help_text="(time, share lost by then), rising.")
    minutes = models.DecimalField(max_digits=6, decimal_places=1, default=2)
    computed_rank = models.FloatField(default=0)
    rank = models.FloatField(default=0)

    why = models.TextField(blank=True)
    tradeoff = models.TextField(blank=True)
    missing = ArrayField(models.TextField(), default=list, blank=True)
    assumed = ArrayField(models.TextField(), default=list, blank=True)
    arithmetic = models.JSONField(default=dict, help_text="Figures by name: ignored, acted, at_risk, gmv.")
    evidence = models.JSONField(default=list)
    drafts = ArrayField(
        models.CharField(max_length=40), default=list, help_text="Kinds of draft that would resolve it."
    )
    arguments = models.JSONField(default=dict)
    members = models.JSONField(default=list)

    worded_by = models.ForeignKey(
        "connectors.ModelCall", null=True, blank=True, on_delete=models.SET_NULL, related_name="alerts"
    )
    wave = models.ForeignKey("alerts.Wave", null=True, blank=True, on_delete=models.SET_NULL, related_name="alerts")
    as_of = models.DateTimeField(help_text="When the facts behind it were read.")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ranked_at = models.DateTimeField(null=True, blank=True)
    drafted_at = models.DateTimeField(null=True, blank=True, help_text="When drafts were prepared for this version.")
    snoozed_until = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = AlertQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                models.F("rank").desc(), models.F("id").desc(), name="alert_open_rank", condition=models.Q(state="open")
            ),
            models.Index(fields=["shop", "subject_kind", "subject_ref"], name="alert_subject"),
            models.Index(fields=["detector"], name="alert_open_detector", condition=models.Q(state="open")),
            models.Index(fields=["snoozed_until"], name="alert_snoozed", condition=models.Q(state="snoozed")),
            models.Index(fields=["id"], name="alert_undrafted", condition=models.Q(state="open", drafted_at=None)),
        ]

    def __str__(self) -> str:
        return self.title


class Wave(models.Model):
    """Many alerts or tickets with one root cause."""

    class State(models.TextChoices):
        CANDIDATE = "candidate"
        OPEN = "open"
        CLOSED = "closed"
        SPLIT = "split", "taken apart"

    fingerprint = models.CharField(max_length=32, unique=True, editable=False)
    title = models.TextField()
    cause = models.TextField(help_text="Why these belong together: what they share and what they do not.")
    shared = models.JSONField(default=dict, help_text="The fields that all members share: sku, courier, batch …")
    state = models.CharField(max_length=10, choices=State.choices, default=State.CANDIDATE)
    size = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.title} ({self.size})"


class Ticket(models.Model):
    """One matter of one customer: it groups conversations; merges and status act on it."""

    class State(models.TextChoices):
        OPEN = "open"
        WAITING = "waiting", "waiting for the customer"
        SOLVED = "solved"
        MERGED = "merged"

    class Priority(models.IntegerChoices):
        LOW = 1
        NORMAL = 2
        HIGH = 3
        URGENT = 4

    shop = models.ForeignKey("connectors.Shop", on_delete=models.CASCADE, related_name="tickets")
    subject = models.TextField()
    customer_ref = models.TextField(blank=True)
    order_ref = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    intent = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=8, blank=True)
    emotion = models.CharField(max_length=20, blank=True)
    text = models.TextField(
        blank=True, help_text="The customer's own words, without quoted mail: first 2,000 characters."
    )
    diagnosis = models.TextField(blank=True, help_text="What probably happened, prepared before anyone opens it.")
    reading = models.JSONField(default=dict, help_text="What the messages say: entities, promises, flags.")
    wave = models.ForeignKey(Wave, null=True, blank=True, on_delete=models.SET_NULL, related_name="tickets")
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="tickets"
    )
    opened_at = models.DateTimeField(default=timezone.now)
    first_answer_at = models.DateTimeField(null=True, blank=True)
    last_message_at = models.DateTimeField()
    solved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["last_message_at"], name="ticket_open", condition=models.Q(state="open")),
            models.Index(fields=["opened_at"], name="ticket_opened"),
        ]

    def __str__(self) -> str:
        return self.subject


class TicketConversation(models.Model):
    """Which conversations a ticket holds, by the channel's id; a merge moves them, an unmerge moves them back."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="conversations")
    shop = models.ForeignKey("connectors.Shop", on_delete=models.CASCADE, related_name="+")
    conversation_ref = models.TextField()
    came_from = models.ForeignKey(Ticket, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "conversation_ref"], name="conversation_in_one_ticket")]

    def __str__(self) -> str:
        return self.conversation_ref


class DetectorSetting(models.Model):
    """One threshold of one detector, for a marketplace and country, from a day on. The narrowest, newest row holds."""

    detector = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    channel = models.CharField(max_length=40, blank=True, help_text="Empty: every marketplace.")
    country = models.CharField(max_length=2, blank=True, help_text="Empty: every country.")
    value = models.DecimalField(max_digits=16, decimal_places=4)
    unit = models.CharField(max_length=20)
    effective_from = models.DateField(default=timezone.localdate)
    source = models.TextField(help_text="Page, contract or person this number is from.")
    is_assumed = models.BooleanField(default=False)

    class Meta:
        ordering = ["detector", "name", "channel", "country", "-effective_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["detector", "name", "channel", "country", "effective_from"], name="detector_setting_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.detector}.{self.name} = {self.value} {self.unit}"


class RankWeight(models.Model):
    """How much a detector's alerts count in the list, learned from decisions or set by hand; shown and reversible."""

    detector = models.CharField(max_length=40)
    shop = models.ForeignKey("connectors.Shop", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    weight = models.DecimalField(max_digits=5, decimal_places=3, default=1)
    reason = models.TextField()
    effective_from = models.DateTimeField(default=timezone.now)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(weight__gt=0, weight__lte=10), name="rank_weight_sane"),
            models.UniqueConstraint(
                fields=["detector", "shop"], condition=models.Q(is_active=True), name="rank_weight_one_active",
                nulls_distinct=False,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.detector} × {self.weight}"
