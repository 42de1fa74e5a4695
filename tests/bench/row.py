"""One line of the benchmark: two figures of the same run, their ratio, and the floor that it must reach."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """`ours` and `baseline` in `unit`. `floor` is the least allowed ours / baseline; `ceiling` is the most."""

    name: str
    ours: float
    baseline: float
    unit: str
    floor: float | None = None
    ceiling: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.baseline if self.baseline else float("inf")

    @property
    def passes(self) -> bool:
        above = self.floor is None or self.ratio >= self.floor
        below = self.ceiling is None or self.ratio <= self.ceiling
        return above and below

    @property
    def bound(self) -> str:
        parts = [
            f"≥ {self.floor:g}" if self.floor is not None else "",
            f"≤ {self.ceiling:g}" if self.ceiling is not None else "",
        ]
        return " ".join(part for part in parts if part) or "–"
