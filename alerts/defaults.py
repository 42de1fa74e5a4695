"""The detectors' default thresholds as rows of the admin."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connections

from alerts.detectors import DETECTORS
from alerts.models import DetectorSetting

# The day from which the defaults hold; a row entered for a later day goes before them.
EFFECTIVE_FROM = date(2026, 1, 1)


def enter_defaults(using: str = "default", **_: Any) -> None:
    """Add a row for each default that has none. Run after every migration; a row that is there is left as it is."""
    if DetectorSetting._meta.db_table not in connections[using].introspection.table_names():
        return  # another app was migrated alone, before ours
    DetectorSetting.objects.using(using).bulk_create(
        [
            DetectorSetting(
                detector=detector.name,
                name=name,
                value=threshold.value,
                unit=threshold.unit,
                effective_from=EFFECTIVE_FROM,
                source=threshold.source,
                is_assumed=threshold.source.startswith("own"),
            )
            for detector in DETECTORS
            for name, threshold in detector.thresholds.items()
        ],
        ignore_conflicts=True,
    )
