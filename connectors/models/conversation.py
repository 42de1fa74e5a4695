"""What buyers and suppliers write, and what was answered."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from connectors.models.base import RecordModel, choices, money_field, natural_key
from connectors.types import Direction


class Conversation(RecordModel):
    channel = models.CharField(max_length=20)
    subject = models.TextField(blank=True)
    customer_ref = models.TextField(blank=True)
    customer_name = models.TextField(blank=True)
    address = models.TextField(blank=True)
    order_ref = models.TextField(blank=True)
    last_message_at = models.DateTimeField()
    last_direction = models.CharField(max_length=3, choices=choices(Direction))

    class Meta:
        constraints = [natural_key("conversation")]
        indexes = [
            models.Index(fields=["address"], name="conversation_address", condition=~models.Q(address="")),
            models.Index(
                fields=["last_message_at"],
                name="conversation_waiting",
                condition=models.Q(last_direction=Direction.IN),
            ),
        ]


class Message(RecordModel):
    conversation_ref = models.TextField()
    direction = models.CharField(max_length=3, choices=choices(Direction))
    author = models.TextField(blank=True)
    sent_at = models.DateTimeField()
    subject = models.TextField(blank=True)
    text = models.TextField()
    message_id = models.TextField(blank=True)
    in_reply_to = models.TextField(blank=True)
    is_automatic = models.BooleanField(default=False)
    is_truncated = models.BooleanField(default=False)
    attachments = ArrayField(models.TextField(), default=list, blank=True)

    class Meta:
        constraints = [natural_key("message")]
        indexes = [
            models.Index(fields=["shop", "conversation_ref", "sent_at"], name="message_thread"),
            models.Index(fields=["message_id"], name="message_message_id", condition=~models.Q(message_id="")),
        ]


class Checkout(RecordModel):
    customer_ref = models.TextField(blank=True)
    customer_email = models.TextField(blank=True)
    started_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)
    total = money_field()
    currency = models.CharField(max_length=3)
    recovery_url = models.TextField(blank=True)
    may_be_mailed = models.BooleanField(default=False)
    skus = ArrayField(models.TextField(), default=list, blank=True)

    class Meta:
        constraints = [natural_key("checkout")]


class ModelCall(models.Model):
    """One call of a language model: which, for what, what it cost, how it ended."""

    at = models.DateTimeField(db_index=True)
    task = models.CharField(max_length=40)
    model = models.CharField(max_length=60)
    prompt_version = models.CharField(max_length=40, blank=True)
    input_tokens = models.PositiveIntegerField(default=0)
    cache_read_tokens = models.PositiveIntegerField(default=0)
    cache_write_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    latency_ms = models.PositiveIntegerField(default=0)
    stop_reason = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=20)  # used, refused, cut_off, malformed, invented, failed
    detail = models.TextField(blank=True)
    request_id = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"{self.task} by {self.model}: {self.outcome}"
