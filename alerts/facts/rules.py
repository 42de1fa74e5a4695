"""Settings, dollar inputs and rates of one run, read once."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from alerts.lookup import DollarRow, Lookup, ThresholdRow
from alerts.models import DetectorSetting
from connectors.models import DollarInput, FxRate


def lookup(now: datetime) -> Lookup:
    """Four small reads; every threshold after that is a look-up in a dictionary."""
    fields = ("detector", "name", "channel", "country", "value", "unit", "effective_from", "source", "is_assumed")
    thresholds = [ThresholdRow(**row) for row in DetectorSetting.objects.values(*fields)]
    columns = ("name", "shop_id", "sku", "low", "likely", "high", "currency", "effective_from", "source", "is_assumed")
    dollars = [DollarRow(**row) for row in DollarInput.objects.values(*columns)]
    base = settings.BASE_CURRENCY
    rates = FxRate.objects.filter(base=base).values_list("currency", "day", "rate")
    return Lookup(base, now.date(), thresholds, dollars, rates)
