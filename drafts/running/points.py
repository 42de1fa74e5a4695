"""Named places in the life of an execution. `chaos` stops the process there; nothing else listens."""

from collections.abc import Callable

POINTS = (
    "before_claim", "after_claim", "after_facts", "after_attempt", "before_call", "after_call", "after_record",
    "before_probe", "after_probe", "after_settle",
)  # fmt: skip
listeners: list[Callable[[str], None]] = []


def reached(point: str) -> None:
    for listener in listeners:
        listener(point)
