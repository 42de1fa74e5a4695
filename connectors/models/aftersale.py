"""What comes after the sale: returns, disputes, reviews."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from connectors.models.base import RecordModel, choices, money_field, natural_key
from connectors.types import DisputeStatus, ReturnStatus


class Return(RecordModel):
    order_ref = models.TextField()
    status = models.CharField(max_length=20, choices=choices(ReturnStatus))
    platform_status = models.CharField(max_length=60, blank=True)
    reason = models.TextField(blank=True)
    text = models.TextField(blank=True)
    sku = models.TextField(blank=True)
    quantity = models.PositiveIntegerField(null=True, blank=True)
    amount = money_field()
    currency = models.CharField(max_length=3)
    asked_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    decide_by = models.DateTimeField(null=True, blank=True)
    inspect_by = models.DateTimeField(null=True, blank=True)
    compensation_by = models.DateTimeField(null=True, blank=True)
    needs_goods_back = models.BooleanField(null=True, blank=True)
    photos = ArrayField(models.TextField(), default=list, blank=True)

    class Meta:
        constraints = [natural_key("return")]
        indexes = [
            models.Index(fields=["shop", "order_ref"], name="return_order"),
            models.Index(fields=["decide_by"], name="return_waiting", condition=models.Q(status=ReturnStatus.ASKED)),
        ]


class Dispute(RecordModel):
    status = models.CharField(max_length=20, choices=choices(DisputeStatus))
    platform_status = models.CharField(max_length=60, blank=True)
    payment_ref = models.TextField()
    order_ref = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    amount = money_field()
    currency = models.CharField(max_length=3)
    opened_at = models.DateTimeField()
    evidence_by = models.DateTimeField(null=True, blank=True)
    has_evidence = models.BooleanField(default=False)
    submission_count = models.PositiveIntegerField(default=0)
    is_refundable = models.BooleanField(null=True, blank=True)

    class Meta:
        constraints = [natural_key("dispute")]
        indexes = [
            models.Index(fields=["shop", "payment_ref"], name="dispute_payment"),
            models.Index(
                fields=["evidence_by"],
                name="dispute_waiting",
                condition=models.Q(status__in=[DisputeStatus.WARNING, DisputeStatus.NEEDS_RESPONSE]),
            ),
        ]


class Review(RecordModel):
    order_ref = models.TextField(blank=True)
    sku = models.TextField(blank=True)
    rating = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)
    created_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [natural_key("review")]
