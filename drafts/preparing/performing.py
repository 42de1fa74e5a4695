"""Which shop performs a command that somebody else's program proposes, by the records that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from alerts.models import Alert
from connectors import types
from connectors.models import Shop
from connectors.operations import Operation
from drafts.deciding.errors import NotAllowed
from drafts.kinds.base import Command, Facts, Kind
from drafts.preparing.facts import SavedReader

Sees = Callable[[int | None], bool]  # whether the caller may reach that shop; None: what belongs to no single one

# Arguments that name a record, the one that a command is about first.
SUBJECTS: dict[str, type[types.Record]] = {
    "conversation_ref": types.Conversation,
    "review_ref": types.Review,
    "return_ref": types.Return,
    "dispute_ref": types.Dispute,
    "payment_ref": types.Payment,
    "shipment_ref": types.Shipment,
    "listing_ref": types.Listing,
    "stock_ref": types.StockLevel,
    "campaign_ref": types.Campaign,
    "purchase_ref": types.PurchaseOrder,
    "metric_ref": types.AccountMetric,
    "order_ref": types.Order,
    "supplier_ref": types.Supplier,
    "customer_ref": types.Customer,
}
# Arguments that name a matter and no record of a channel, and the fields by which one record belongs to another.
OTHER_NAMES = ("sku", "number", "main", "wave", "tracking_number")
LINKS = ("order_ref", "payment_ref", "sku", "purchase_ref")


def performing_shop(kind: Kind[Any], command: Command, facts: Facts, asked: int | None, sees: Sees) -> int | None:
    """The shop that holds what the command is about, else the one that performs for it; None for our own records.

    Raises NotAllowed for a record or shop out of the caller's reach, LookupError where no shop holds or does it, and
    ValueError where the shop asked for is not the one.
    """
    if asked is not None and (not sees(asked) or not Shop.objects.filter(pk=asked).exists()):
        raise LookupError(f"there is no shop {asked}")
    if kind.is_internal:
        if not sees(None):
            raise NotAllowed("This token is for some shops alone; our own records take one for every shop.")
        return asked
    holder = holder_of(command, asked, sees)
    operation = kind.operation(command, facts, "")
    if asked is None:
        performer = SavedReader(holder).performer(operation)
        if performer is None:
            raise LookupError("no connected shop does this by itself; name the one that is meant by shop_id")
        if not sees(performer):
            raise NotAllowed("The shop that would do this is out of this token’s reach.")
        return performer
    if holder not in (None, asked) and not _does_for(asked, holder, operation):
        raise ValueError(f"what it is about belongs to shop {holder}, not to shop {asked}")
    return asked


def holder_of(command: Command, asked: int | None, sees: Sees) -> int | None:
    """The shop of the record that the command is about. Raises LookupError where one that it names is out of reach."""
    saved, first = SavedReader(asked), None
    for name, record in SUBJECTS.items():
        ref = getattr(command, name, "")
        holder = saved.holder(record, ref) if ref else None
        if holder is not None and not sees(holder):
            raise LookupError(f"{name.removesuffix('_ref').replace('_', ' ')} {ref} is not among the saved records")
        first = first or holder
    return first


def concerns(command: Command, alert: Alert, saved: SavedReader) -> bool:
    """Whether a command names something of an alert's matter: its subject, members, evidence, or a record of those."""
    arguments = {name: value for name, value in alert.arguments.items() if not name.endswith("shop_id")}
    own = set(_texts([alert.subject_ref, arguments, [member.get("ref") for member in alert.members]]))
    own |= {str(line.get("id", "")) for line in alert.evidence}
    own.discard("")
    values = command.model_dump(mode="json")
    if values.get("alert") == alert.pk or own & set(_texts([values.get(name) for name in (*SUBJECTS, *OTHER_NAMES)])):
        return True
    rows = (saved.fetch(record, values.get(name) or "") for name, record in SUBJECTS.items())
    return any(getattr(row, name, "") in own for row in rows if row is not None for name in LINKS)


def _texts(value: Any) -> Iterator[str]:
    """Every text and number of a nested value, as texts."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)


def _does_for(shop_id: int, holder: int | None, operation: Operation) -> bool:
    """Whether a shop does for another what that one's own channel cannot: labels, credit notes, mail to suppliers."""
    return not SavedReader(holder).can(type(operation)) and SavedReader(shop_id).can(type(operation))
