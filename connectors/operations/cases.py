"""Returns, disputes and appeals."""

from dataclasses import dataclass
from typing import Literal

from connectors.money import Money
from connectors.operations.base import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideReturn(Operation):
    """`offer` proposes `amount` instead of the whole; `reject` needs a reason and evidence."""

    return_ref: str
    decision: Literal["accept", "reject", "offer"]
    amount: Money | None = None
    reason_code: str = ""
    text: str = ""
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitEvidence(Operation):
    """Answer a dispute once and for all. `fields` are (evidence field of the processor, text)."""

    dispute_ref: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptDispute(Operation):
    dispute_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReturn(Operation):
    """Agree that goods come back, and by which of the customer's payment methods their money goes back once they do.

    `lines`: (order line id, units). Nothing is paid by this call.
    """

    order_ref: str
    lines: tuple[tuple[str, int], ...]
    method_ref: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal(Operation):
    """Contest a decision of a platform: a violation, a suspended listing, a penalty."""

    subject_ref: str
    text: str
    documents: tuple[str, ...] = ()
