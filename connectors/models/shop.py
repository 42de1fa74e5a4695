"""Connected accounts, their feeds, what arrived from them, and what could not be read."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.utils import timezone

from connectors.models.base import RecordModel, choices, natural_key
from connectors.models.fields import EncryptedJSONField
from connectors.types import Boundary


class Shop(models.Model):
    """One connected account on a channel."""

    class State(models.TextChoices):
        CONNECTED = "connected"
        NEEDS_RECONNECT = "needs_reconnect"
        PAUSED = "paused"
        FILES_ONLY = "files_only", "files only"
        DISCONNECTED = "disconnected"

    UNREAD: ClassVar = (State.PAUSED, State.FILES_ONLY, State.DISCONNECTED)  # a person wants nothing read from these

    kind = models.CharField(max_length=40, help_text="Which connector: shopee, shopify, stripe, mailbox, report_file …")
    name = models.CharField(max_length=120, unique=True)
    external_id = models.CharField(max_length=200, blank=True, help_text="The channel's own id of this account.")
    base_url = models.CharField(max_length=300, blank=True)
    country = models.CharField(max_length=2, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    time_zone = models.CharField(max_length=60, default="UTC")
    state = models.CharField(max_length=20, choices=State.choices, default=State.CONNECTED)
    state_reason = models.TextField(blank=True)
    credentials = EncryptedJSONField(default=dict, blank=True)
    credentials_expire_at = models.DateTimeField(null=True, blank=True, help_text="When the access token ends.")
    renewable_until = models.DateTimeField(null=True, blank=True, help_text="When the permission itself ends.")
    renewal_began_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Set while a refresh token is being spent."
    )
    scopes = models.JSONField(null=True, blank=True, help_text="What was granted; null: the platform does not say.")
    settings = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "external_id"], condition=~models.Q(external_id=""), name="shop_connected_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class FeedQuerySet(models.QuerySet["Feed"]):
    def due(self, now: object) -> FeedQuerySet:
        """Feeds whose next pull has come, of shops that can be pulled."""
        return self.filter(next_pull_at__lte=now, shop__state=Shop.State.CONNECTED)


class Feed(models.Model):
    """One stream of a shop: where the next pull begins, how it went, what is stored against what the source counts."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="feeds")
    name = models.CharField(max_length=40)
    cursor = models.TextField(blank=True)
    window_cursor = models.TextField(null=True, blank=True, editable=False)  # noqa: DJ001  # None: no window is half read
    window_seen = models.PositiveIntegerField(default=0, editable=False, help_text="Rows read of the half-read window.")
    every_seconds = models.PositiveIntegerField(default=60)
    next_pull_at = models.DateTimeField(default=timezone.now, db_index=True)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    last_tried_at = models.DateTimeField(null=True, blank=True)
    last_good_at = models.DateTimeField(null=True, blank=True)
    count_at_source = models.BigIntegerField(null=True, blank=True, help_text="Of the last finished pull's window.")
    count_stored = models.BigIntegerField(null=True, blank=True, help_text="Rows of that window that are stored.")
    count_quarantined = models.BigIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0, help_text="Failed pulls since the last good one.")
    error_class = models.CharField(max_length=40, blank=True)
    error_text = models.TextField(blank=True)

    objects = FeedQuerySet.as_manager()

    class Meta:
        ordering = ["shop", "name"]
        constraints = [models.UniqueConstraint(fields=["shop", "name"], name="feed_once_per_shop")]

    def __str__(self) -> str:
        return f"{self.name} of {self.shop_id}"


class CallHealth(models.Model):
    """Running counts of one shop's calls of one operation: the health record that the transport keeps."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="calls")
    operation = models.CharField(max_length=80)
    hour = models.DateTimeField()
    calls = models.PositiveIntegerField(default=0)
    failures = models.JSONField(default=dict, help_text="Failed calls by error class.")
    total_ms = models.BigIntegerField(default=0)
    slowest_ms = models.PositiveIntegerField(default=0)
    remaining_budget = models.FloatField(null=True, blank=True, help_text="What the last reply said is left.")
    last_error = models.TextField(blank=True)
    last_good_at = models.DateTimeField(null=True, blank=True)
    last_failed_at = models.DateTimeField(null=True, blank=True)
    failing = models.PositiveIntegerField(default=0, help_text="Failed calls since the last good one of this hour.")
    latencies = ArrayField(
        models.PositiveIntegerField(), default=list, help_text="Calls by the bounds of `connectors.health`."
    )

    class Meta:
        verbose_name_plural = "call health"
        constraints = [models.UniqueConstraint(fields=["shop", "operation", "hour"], name="call_health_hourly")]

    def __str__(self) -> str:
        return f"{self.operation} at {self.hour:%Y-%m-%d %H:00}"


class FeedHealth(models.Model):
    """Running counts of one feed's pulls: what the feed's own row forgets with the next good one."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="history")
    hour = models.DateTimeField()
    pulls = models.PositiveIntegerField(default=0)
    failures = models.JSONField(default=dict, help_text="Failed pulls by error class.")
    lacking = models.BigIntegerField(default=0, help_text="Rows that the source counted and did not give.")
    rows_read = models.BigIntegerField(default=0)
    rows_quarantined = models.BigIntegerField(default=0)
    total_ms = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "feed health"
        constraints = [models.UniqueConstraint(fields=["feed", "hour"], name="feed_health_hourly")]

    def __str__(self) -> str:
        return f"feed {self.feed_id} at {self.hour:%Y-%m-%d %H:00}"


class AccountMetric(RecordModel):
    """A figure by which a channel judges the shop, as last read."""

    name = models.CharField(max_length=80)
    value = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    target = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    boundary = models.CharField(max_length=10, choices=choices(Boundary), null=True, blank=True)  # noqa: DJ001  # None: no target
    unit = models.CharField(max_length=20, blank=True)
    window = models.CharField(max_length=60, blank=True)
    numerator = models.IntegerField(null=True, blank=True)
    denominator = models.IntegerField(null=True, blank=True)
    points = models.IntegerField(null=True, blank=True)
    tier = models.IntegerField(null=True, blank=True)
    measured_at = models.DateTimeField()
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [natural_key("account_metric")]


class RawPayload(models.Model):
    """The content of one record as received, zstd-compressed, one row a change. Partitioned by month of receipt."""

    pk = models.CompositePrimaryKey("received_at", "id")
    id = models.BigIntegerField(editable=False)
    received_at = models.DateTimeField()
    shop = models.ForeignKey(Shop, on_delete=models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+")
    kind = models.CharField(max_length=20)
    external_id = models.TextField()
    body = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["shop", "kind", "external_id", "-received_at"], name="raw_payload_of_record")]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id} at {self.received_at:%Y-%m-%d %H:%M}"


class WebhookEvent(models.Model):
    """One verified push, stored before it was answered. Partitioned by month of receipt."""

    pk = models.CompositePrimaryKey("received_at", "id")
    id = models.BigIntegerField(editable=False)
    received_at = models.DateTimeField()
    shop = models.ForeignKey(Shop, on_delete=models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+")
    event_id = models.TextField(help_text="The outside's own id, or the digest of the body where it has none.")
    topic = models.CharField(
        max_length=80, blank=True, help_text="The feeds that it says have changed, comma-separated."
    )
    body = models.BinaryField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["received_at"], name="webhook_waiting", condition=models.Q(done_at=None)),
            models.Index(fields=["shop", "event_id"], name="webhook_event_id"),
            # Of messengers the pushes are the record, and are read by time; for the others it would be weight alone.
            models.Index(
                fields=["shop", "received_at", "id"],
                name="webhook_record",
                condition=models.Q(topic__startswith="messages"),
            ),
            # Demands about a customer's data are few, and looked for each minute.
            models.Index(
                fields=["received_at"], name="webhook_privacy", condition=models.Q(topic__startswith="privacy:")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.event_id}"


class WebhookKey(models.Model):
    """An event that has been stored: a unique key cannot reach over partitions, and repeats may cross a month's end."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, db_index=False, related_name="+")
    digest = models.BinaryField(max_length=16, help_text="BLAKE2b-128 of the event's own id.")
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "digest"], name="webhook_once")]

    def __str__(self) -> str:
        return f"{bytes(self.digest).hex()} at {self.seen_at:%Y-%m-%d %H:%M}"


class WebhookRefusal(models.Model):
    """Pushes of one hour whose signature did not hold. Counted only: nothing of them is kept."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "hour"], name="webhook_refusal_hourly")]

    def __str__(self) -> str:
        return f"{self.count} at {self.hour:%Y-%m-%d %H:00}"


class ChangeQuerySet(models.QuerySet["Change"]):
    def take(
        self, limit: int, *, kinds: Collection[str] | None = None, but_not: Collection[str] = ()
    ) -> list[tuple[str, int, str]]:
        """Remove the oldest `limit` changes that nobody else is taking; (kind, shop id, external id), each once.

        Only of these `kinds` (None: of every kind), and none of the kinds `but_not`, which another step takes.

        They come back if the caller's transaction fails, so take them in the transaction that acts on them.
        """
        wanted = None if kinds is None else list(kinds)
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM connectors_change WHERE id = ANY(ARRAY("
                "SELECT id FROM connectors_change WHERE (%s::text[] IS NULL OR kind = ANY(%s::text[]))"
                " AND kind <> ALL(%s::text[]) ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED))"
                " RETURNING kind, shop_id, external_id",
                [wanted, wanted, list(but_not), limit],
            )
            return sorted(set(cursor.fetchall()))


class Change(models.Model):
    """A record whose content moved and that nobody has looked at yet. `save` writes it, `detect` takes it."""

    shop = models.ForeignKey(Shop, on_delete=models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+")
    kind = models.CharField(max_length=20)
    external_id = models.TextField()
    at = models.DateTimeField()

    objects = ChangeQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id} at {self.at:%Y-%m-%d %H:%M}"


class QuarantinedRow(models.Model):
    """A row that could not be read. Kept whole until a person or a better parser settles it."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="quarantined")
    feed = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    external_id = models.TextField(blank=True)
    place = models.CharField(max_length=120, blank=True)
    reason = models.TextField()
    raw = models.BinaryField()
    digest = models.BinaryField(max_length=16)
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    times_seen = models.PositiveIntegerField(default=1)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "feed", "digest"], name="quarantined_once")]
        indexes = [models.Index(fields=["shop", "feed"], name="quarantine_open", condition=models.Q(settled_at=None))]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id or self.place}: {self.reason[:60]}"
