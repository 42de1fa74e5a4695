"""Detectors and records as a reader knows them."""

from django.urls import reverse
from django.utils.http import urlencode

from alerts.detectors import DETECTORS as TABLE
from connectors import models
from connectors.models.base import RecordModel
from drafts.pages.wording import words

DETECTORS = {detector.name: detector.title for detector in TABLE}

# A source names its record as the model's verbose name: order, payment, stock level …
RECORDS: dict[str, type[RecordModel]] = {
    str(model._meta.verbose_name): model
    for name in models.__all__
    if isinstance(model := getattr(models, name, None), type) and issubclass(model, RecordModel)
}


def detector_title(name: str) -> str:
    return DETECTORS.get(name) or words(name)


def record_url(record: str, shop_id: int | None, external_id: str) -> str:
    """The page of a saved record or a draft; empty where there is none (a setting, a rate, a count)."""
    if record == "draft" and external_id.isdecimal():
        return reverse("draft", args=[int(external_id)])
    if record not in RECORDS or shop_id is None or not external_id:
        return ""
    return f"{reverse('record', args=[record.replace(' ', '-'), shop_id])}?{urlencode({'id': external_id})}"
