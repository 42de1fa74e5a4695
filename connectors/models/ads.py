"""Advertising: campaigns, and what each cost and brought on each day."""

from django.db import models

from connectors.models.base import RecordModel, choices, money_field, natural_key
from connectors.types import CampaignStatus


class Campaign(RecordModel):
    name = models.TextField()
    status = models.CharField(max_length=10, choices=choices(CampaignStatus))
    platform_status = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=60, blank=True)
    daily_budget = money_field(null=True, blank=True)
    total_budget = money_field(null=True, blank=True)
    currency = models.CharField(max_length=3)
    budget_ref = models.TextField(blank=True)
    budget_shared_by = models.PositiveIntegerField(null=True, blank=True)
    issue = models.TextField(blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [natural_key("campaign")]


class AdSpend(RecordModel):
    campaign = models.TextField()
    campaign_ref = models.TextField(blank=True)
    sku = models.TextField(blank=True)
    day = models.DateField()
    cost = money_field()
    currency = models.CharField(max_length=3)
    clicks = models.PositiveIntegerField(default=0)
    impressions = models.PositiveBigIntegerField(null=True, blank=True)
    conversions = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    conversions_value = money_field(null=True, blank=True)

    class Meta:
        constraints = [natural_key("ad_spend")]
        indexes = [models.Index(fields=["day"], name="ad_spend_day")]
