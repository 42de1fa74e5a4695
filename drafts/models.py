"""What is proposed, who decided it, how it ran, and the record of all that.

States and their edges stand in `drafts/states.py`; a trigger in the first migration refuses every other edge.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from connectors.models.base import money_field
from drafts.rulebook import BackTest, Canary, Cap, Pause, Policy, PolicyTrial, QuietHours, Requirement
from drafts.states import State, Tier

__all__ = [
    "Approval", "Attempt", "BackTest", "Canary", "Cap", "DigestMail", "Draft", "Execution", "LedgerEntry", "LedgerLine",
    "LedgerSeal", "LedgerText", "Passage", "Pause", "Policy", "PolicyTrial", "Presence", "QuietHours", "Requirement",
]  # fmt: skip


class DraftQuerySet(models.QuerySet["Draft"]):
    def waiting(self) -> DraftQuerySet:
        """What a person can decide now."""
        return self.filter(state__in=[State.PROPOSED, State.AWAITING_SECOND])

    def doubtful(self) -> DraftQuerySet:
        """Writes whose effect nobody has seen yet, and those that only a person can settle."""
        return self.filter(state__in=[State.UNKNOWN, State.NEEDS_HUMAN])


class Draft(models.Model):
    """One proposed write.

    `command` is the canonical JSON text that will be executed, byte for byte. `digest` is SHA-256 over kind, shop,
    version, command and the facts shown; an approval binds to it. `facts` are those facts, as the person saw them.
    """

    kind = models.CharField(max_length=40)
    alert = models.ForeignKey("alerts.Alert", null=True, blank=True, on_delete=models.PROTECT, related_name="proposals")
    shop = models.ForeignKey("connectors.Shop", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="parts")
    state = models.CharField(max_length=20, choices=State.choices, default=State.PROPOSED)
    version = models.PositiveIntegerField(default=1)
    command = models.TextField()
    facts = models.JSONField(default=dict)
    facts_read_at = models.DateTimeField()
    digest = models.CharField(max_length=64, editable=False)
    preview = models.JSONField(default=dict)
    prepared_text = models.TextField(blank=True, help_text="The text as it was prepared, kept once a person edits it.")
    drift = models.JSONField(default=list, blank=True, help_text="What moved since it was approved last.")
    citations = models.JSONField(default=list, blank=True)
    missing = ArrayField(models.TextField(), default=list, blank=True)

    # What it is about, as caps, canaries and trials count it; empty where that is not known.
    order_ref = models.CharField(max_length=250, blank=True)
    customer_ref = models.CharField(max_length=250, blank=True)
    country = models.CharField(max_length=2, blank=True)
    sku_group = models.CharField(max_length=60, blank=True)
    side = models.CharField(max_length=1, blank=True, help_text="Of the policy trial that it was judged under.")

    amount = money_field(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    base_amount = money_field(null=True, blank=True)
    tier = models.CharField(max_length=20, choices=Tier.choices, default=Tier.REVIEW)
    tier_reasons = ArrayField(models.TextField(), default=list, blank=True)
    undo_label = models.CharField(max_length=120, blank=True)

    written_by = models.CharField(max_length=80, help_text="offline, a model's name, or a person.")
    model_call = models.ForeignKey(
        "connectors.ModelCall", null=True, blank=True, on_delete=models.SET_NULL, related_name="drafts"
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    subject_version = models.PositiveIntegerField(default=1, help_text="The alert's version it was prepared for.")
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    hold_until = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, help_text="Why it was rejected, failed or needs a person.")
    by_hand = models.TextField(blank=True, help_text="Link and prepared text where the channel has no such call.")

    objects = DraftQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["alert"], name="draft_of_alert"),
            models.Index(fields=["changed_at"], name="draft_in_flight", condition=models.Q(
                state__in=[State.APPROVED, State.HELD, State.SENDING, State.SENT, State.UNKNOWN,
                           State.NEEDS_HUMAN])),
            models.Index(fields=["-changed_at"], name="draft_recent"),
            models.Index(fields=["order_ref"], name="draft_of_order", condition=~models.Q(order_ref="")),
            models.Index(fields=["decided_at"], name="draft_decided", condition=~models.Q(decided_at=None)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Approval(models.Model):
    """A person's decision on one digest, with how they proved themselves; two rows where two people are asked for."""

    class Method(models.TextChoices):
        SESSION = "session", "signed in"
        TOTP = "totp", "one-time code"
        WEBAUTHN = "webauthn", "passkey"

    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="approvals")
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals")
    method = models.CharField(max_length=10, choices=Method.choices, default=Method.SESSION)
    decided_at = models.DateTimeField()
    seconds_on_card = models.FloatField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "version", "by"], name="approved_once_by_each")]

    def __str__(self) -> str:
        return f"{self.by} approved {self.draft_id} v{self.version}"


class Execution(models.Model):
    """The one run of an approved draft. `key` is the idempotency key of the intent: made here, kept over every retry.

    A worker holds it by `lease_until` and `fence` (grows with each claim) and by a session advisory lock on its id.
    """

    draft = models.OneToOneField(Draft, on_delete=models.PROTECT, related_name="execution")
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="executions")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    fence = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True, help_text="When the next step may be taken; empty: none.")
    first_sent_at = models.DateTimeField(null=True, blank=True)
    absent_reads = models.PositiveSmallIntegerField(default=0)
    probes = models.PositiveSmallIntegerField(default=0)
    waiting_for = models.TextField(blank=True, help_text="What keeps it from being sent: a pause, a lost connection.")
    reference = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="execution_due", condition=~models.Q(next_at=None))]

    def __str__(self) -> str:
        return f"execution of draft {self.draft_id}"


class Attempt(models.Model):
    """One call made for an execution. The row is committed before the first byte leaves."""

    class Outcome(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        RETRY = "retry", "surely not done"
        REFUSED = "refused"
        UNKNOWN = "unknown"
        RECONNECT = "reconnect"

    execution = models.ForeignKey(Execution, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    fence = models.PositiveIntegerField()
    worker = models.CharField(max_length=120, blank=True)
    started_at = models.DateTimeField()
    deadline = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.PENDING)
    reference = models.TextField(blank=True)
    request_id = models.TextField(blank=True)
    receipt = models.BinaryField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["execution", "number"], name="attempt_numbered")]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.execution_id}: {self.outcome}"


class LedgerEntry(models.Model):
    """One thing decided or done. Only ever inserted; partitioned by month of `recorded_at`.

    `body` is canonical JSON as bytes (sorted keys, no spaces): who, what, when, on which digest. Personal data of
    buyers stays out of it. `txid` is the writing transaction: by it the sealer knows that no earlier entry can appear.
    """

    pk = models.CompositePrimaryKey("recorded_at", "id")
    id = models.BigIntegerField(editable=False)
    recorded_at = models.DateTimeField()
    txid = models.BigIntegerField(editable=False)
    action = models.CharField(max_length=40)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    draft_id = models.BigIntegerField(null=True)
    body = models.BinaryField()

    class Meta:
        verbose_name_plural = "ledger entries"
        indexes = [
            models.Index(fields=["draft_id", "id"], name="ledger_of_draft"),
            models.Index(fields=["txid"], name="ledger_txid"),
            models.Index(fields=["id"], name="ledger_id"),
        ]

    def __str__(self) -> str:
        return f"{self.action} at {self.recorded_at:%Y-%m-%d %H:%M:%S}"


class LedgerText(models.Model):
    """Words of a ledger entry that may name a buyer: a reason, a platform's answer, facts that moved.

    The entry holds `digest`, SHA-256 over the salt and the text; without this row it says nothing, so that erasing the
    row erases the words and every seal stays good.
    """

    digest = models.CharField(max_length=64, unique=True, editable=False)
    draft_id = models.BigIntegerField(db_index=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    salt = models.BinaryField(max_length=16)
    text = models.TextField(help_text="Canonical JSON of the value.")

    def __str__(self) -> str:
        return f"words of draft {self.draft_id} at {self.at:%Y-%m-%d %H:%M}"


class LedgerLine(models.Model):
    """A ledger entry as the admin can show it: the admin knows no keys of two columns."""

    id = models.BigIntegerField(primary_key=True)
    recorded_at = models.DateTimeField()
    action = models.CharField(max_length=40)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, related_name="+")
    draft_id = models.BigIntegerField(null=True)
    body = models.BinaryField()

    class Meta:
        managed = False
        db_table = "drafts_ledgerentry"
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger"

    def __str__(self) -> str:
        return f"{self.action} at {self.recorded_at:%Y-%m-%d %H:%M:%S}"


class LedgerSeal(models.Model):
    """A batch of entries in their final order, bound to the seal before it.

    `leaves` are the entries' SHA-256 leaves, 32 bytes each, in the order of `entry_ids`; `root` their Merkle root;
    `chain` SHA-256 over number, the chain before, the root, the count and `horizon`. Every entry whose `txid` is below
    `horizon` is in this seal or in one before it.
    """

    number = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField()
    horizon = models.BigIntegerField()
    entry_ids = ArrayField(models.BigIntegerField())
    leaves = models.BinaryField()
    root = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    chain = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"seal {self.number} of {len(self.entry_ids)} entries"


class Passage(models.Model):
    """A clause of a written rule or a product text that a draft may cite, valid from a day to a day."""

    document = models.CharField(max_length=120)
    clause = models.CharField(max_length=60, blank=True)
    text = models.TextField()
    shop = models.ForeignKey("connectors.Shop", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=8, default="en")
    valid_from = models.DateField(default=timezone.localdate)
    valid_until = models.DateField(null=True, blank=True)
    embedding = models.BinaryField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["document", "clause"]

    def __str__(self) -> str:
        return f"{self.document} {self.clause}"


class DigestMail(models.Model):
    """One digest or report sent to one person: what it showed, so that the next can say what changed."""

    class Kind(models.TextChoices):
        DAILY = "daily"
        STABILITY = "stability", "weekly stability report"

    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.DAILY)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digests")
    day = models.DateField(help_text="In the person's own time zone.")
    claimed_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    message_id = models.TextField(blank=True)
    shown = models.JSONField(default=dict, help_text="Alert id → cash shown.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day", "kind"], name="digest_once_a_day")]

    def __str__(self) -> str:
        return f"digest of {self.day} for {self.user_id}"


class Presence(models.Model):
    """Who has a card open, as last heard of; a few seconds old at most while the page is up."""

    alert = models.ForeignKey("alerts.Alert", on_delete=models.CASCADE, related_name="presences")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "user"], name="present_once")]

    def __str__(self) -> str:
        return f"{self.user_id} at alert {self.alert_id}"
