"""What really happened outside, kept apart from the wire: a refund that was done twice is two entries here."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Effect:
    """One change that a buyer, a supplier or a platform holds or sees. `at` is in simulated Unix seconds.

    `key` is the idempotency key the caller sent (empty where the protocol has none); `reference` the outside's own
    id of the effect; `subject` the order, charge, return or address that it touched.
    """

    id: int
    at: float
    shop: str
    operation: str
    key: str
    reference: str
    subject: str
    amount: str
    currency: str
    detail: dict[str, Any]


class EffectsLog:
    """Append-only."""

    def __init__(self) -> None:
        self._entries: list[Effect] = []

    def append(
        self,
        at: float,
        shop: str,
        operation: str,
        *,
        subject: str,
        reference: str = "",
        key: str = "",
        amount: Decimal | None = None,
        currency: str = "",
        **detail: Any,
    ) -> Effect:
        """Record one effect; ids count from 1 without a gap."""
        text = "" if amount is None else str(amount)
        entry = Effect(len(self._entries) + 1, at, shop, operation, key, reference, subject, text, currency, detail)
        self._entries.append(entry)
        return entry

    def since(self, id: int = 0) -> list[Effect]:
        """Entries with a larger id."""
        return self._entries[id:]

    def as_rows(self, id: int = 0) -> list[dict[str, Any]]:
        """Entries after `id` as JSON-ready dicts."""
        return [asdict(entry) for entry in self.since(id)]
