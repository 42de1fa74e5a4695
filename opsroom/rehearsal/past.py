"""A real order book driven through the real steps as of a past moment, and judged by what came after."""

import time
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from alerts.detect import detect_due
from alerts.models import Alert, DetectorSetting
from alerts.rank import rank_open
from connectors.intake.importing import import_report, shop_for
from opsroom.rehearsal.discrimination import auc, average_precision
from opsroom.rehearsal.order_book import Hindsight, as_of

# An order whose chance of being late is below this is not shown, and scores 0.
LEAST_SHARE = Decimal("0.001")
FORESEEN = ("late_shipment", "parcel_stuck")  # whose probability is that of a late delivery


def rehearse_report(path: Path, mapping: Mapping[str, object] | None, moment: datetime) -> dict[str, Any]:
    """Run in the database that is bound now; returns the keys of `manage.py rehearse --report --json`.

    Raises BadReport, or OSError where there is no such file.
    """
    started = time.perf_counter()
    hindsight = Hindsight()
    imported = import_report(
        path, shop_for(path.stem), "orders", mapping=mapping,
        through=lambda reads, mapped: as_of(reads, moment, mapped, hindsight),
    )  # fmt: skip
    show_all(moment)
    counts = detect_due(moment)
    rank_open(moment)
    alerts = [_alert(alert, place) for place, alert in enumerate(listed(), start=1)]
    return {
        "as_of": moment.isoformat(), "orders": imported.stored, "quarantined": imported.quarantined,
        "failed": counts.failed, "alerts": alerts, **judged(alerts, hindsight),
        "seconds": round(time.perf_counter() - started, 2),
    }  # fmt: skip


def show_all(moment: datetime) -> None:
    """An inbox shows what is likely; a rehearsal every order that may come late, so that the whole order is judged."""
    for detector in FORESEEN:
        DetectorSetting.objects.create(
            detector=detector, name="late_share", value=LEAST_SHARE, unit="share", effective_from=moment.date(),
            source="rehearsal: nothing that may come late is held back",
        )  # fmt: skip


def listed() -> list[Alert]:
    """In the list's order; where dollars are unknown, the likelier first."""
    return sorted(Alert.objects.open(), key=lambda alert: (-alert.rank, -(alert.probability or 0), alert.pk))


def _alert(alert: Alert, place: int) -> dict[str, Any]:
    cash = {name: _number(getattr(alert, f"cash_{name}")) for name in ("low", "likely", "high")}
    order = alert.subject_ref if alert.subject_kind == "order" else alert.arguments.get("order_ref", "")
    return {
        "order": order, "detector": alert.detector, "cash": cash, "gmv": _number(alert.gmv_likely),
        "currency": alert.currency, "deadline": alert.deadline.isoformat() if alert.deadline else None,
        "probability": _number(alert.probability), "rank": place, "missing": alert.missing,
    }  # fmt: skip


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def judged(alerts: list[dict[str, Any]], hindsight: Hindsight) -> dict[str, Any]:
    """Scores over every order that was open and whose delivery the book knows; one without an alert scores 0."""
    shown = {row["order"]: row["probability"] or 0.0 for row in alerts if row["detector"] in FORESEEN}
    scores = [shown.get(order, 0.0) for order in hindsight.late]
    late = list(hindsight.late.values())
    return {
        "auc": auc(scores, late),
        "average_precision": average_precision(scores, late),
        "scored": len(late),
        "late": sum(late),
    }
