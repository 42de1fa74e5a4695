"""What the market knows and nobody else does: each planted exception with what it costs to ignore and to act on.

Costs are the expectation under the market's own odds, in US dollars; `realised_*` is one throw of the same dice, for
judging intervals. They are worked out from what would happen in this market, never from a detector's formula.
"""

import random
from dataclasses import asdict, dataclass, field
from typing import Any

DETECTORS = {
    "late_shipment": 1, "shopee_late_rate": 8, "parcel_stuck": 21, "return_decision": 22, "duplicate_charge": 27,
    "ticket_wave": 29, "angry_message": 30, "first_answer": 31, "dispute_evidence": 34, "fraud_warning": 35,
    "stock_out": 40, "bestseller_out": 41, "oversold": 42, "ads_out_of_stock": 43, "ad_spend_anomaly": 45,
    "supplier_late": 48, "feed_stale": 54,
}  # fmt: skip


@dataclass(slots=True)
class Planted:
    """One exception. `refs` are further ids of the same subject (order number, message ids) by which it may be found.

    A borderline one may be reported or not: it counts neither as missed nor as false.
    """

    detector: str
    shop: str
    subject_kind: str
    subject_ref: str
    planted_at: int
    deadline: int | None
    cost_if_ignored: float
    cost_if_acted: float
    note: str
    refs: list[str] = field(default_factory=list)
    is_borderline: bool = False
    realised_if_ignored: float = 0.0
    realised_if_acted: float = 0.0

    @property
    def at_risk(self) -> float:
        return self.cost_if_ignored - self.cost_if_acted


class Truth:
    """The list, with its own dice."""

    def __init__(self, seed: int) -> None:
        self.planted: list[Planted] = []
        self._dice = random.Random(f"truth {seed}")
        self._seen: set[tuple[str, str, str]] = set()

    def plant(self, row: Planted, odds: float = 1.0) -> bool:
        """Add one unless the same subject already has it. `odds` is the chance that the ignored cost comes at all.

        The expectation stays `cost_if_ignored`: when it comes, it comes as cost / odds, with a log-normal spread.
        """
        key = (row.detector, row.shop, row.subject_ref)
        if key in self._seen:
            return False
        self._seen.add(key)
        spread = self._dice.lognormvariate(-0.02, 0.2)
        happens = self._dice.random() < odds
        row.realised_if_ignored = round(row.cost_if_ignored / odds * spread, 2) if happens else 0.0
        row.realised_if_acted = round(row.cost_if_acted * self._dice.lognormvariate(-0.02, 0.2), 2)
        self.planted.append(row)
        return True

    def of(self, detector: str) -> list[Planted]:
        return [row for row in self.planted if row.detector == detector]

    def as_rows(self) -> list[dict[str, Any]]:
        """JSON-ready, with the detector's number and the difference that a perfect ranking sorts by."""
        return [
            asdict(row) | {"number": DETECTORS[row.detector], "at_risk": round(row.at_risk, 2)} for row in self.planted
        ]
