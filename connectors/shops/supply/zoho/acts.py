"""Zoho's writes and the reads that prove them. Zoho keeps no keys: our own reference stands on what we make."""

from collections import Counter
from decimal import Decimal
from html import escape

from connectors.base import ConnectorError, Permit, Refused, Unknown
from connectors.operations import (
    CancelPurchaseOrder,
    CreatePurchaseOrder,
    CreditNote,
    IssuePurchaseOrder,
    MailPurchaseOrder,
    PurchaseLine,
)
from connectors.shops.reading import Row, amount
from connectors.shops.supply.zoho import parse, reads
from connectors.shops.supply.zoho.centres import BOOKS
from connectors.shops.supply.zoho.client import Client, made
from connectors.types import Receipt, Sight, Sighting

ISSUED = parse.OPEN | {"received", "billed", "closed"}
# A number of ours must not be replaced by the next one of Zoho's own series.
OWN_NUMBER = {"ignore_auto_number_generation": "true"}


def reference(key: str) -> str:
    """What the order or note carries, so that a read finds it again. Zoho takes a hundred characters."""
    return f"OPS-{key}"


def create(client: Client, operation: CreatePurchaseOrder, permit: Permit) -> Receipt:
    """The price is always sent: without one Zoho takes the item's, which may be old."""
    vendor = _contact(client, operation.supplier_ref, "vendor", operation.currency)
    items = {line.sku: _item_id(client, line.sku) for line in operation.lines}
    body: Row = {
        "vendor_id": str(vendor["contact_id"]),
        "purchaseorder_number": operation.number,
        "reference_number": reference(permit.key),
        "date": f"{client.clock():%Y-%m-%d}",
        "line_items": [
            {"item_id": items[line.sku], "quantity": line.quantity, "rate": float(line.unit_cost)}
            for line in operation.lines
        ],
        "notes": operation.note,
    }
    if operation.due_on:
        body["delivery_date"] = operation.due_on.isoformat()
    answer = client.write("/purchaseorders", permit, body, OWN_NUMBER)
    order = made(answer, "purchaseorder_id", "purchaseorder", "purchase_order")
    return client.receipt(answer, str(order["purchaseorder_id"]))


def _contact(client: Client, ref: str, kind: str, currency: str) -> Row:
    """The vendor or customer. Zoho would write the amounts in the contact's currency, so another one is refused."""
    try:
        contact = client.one(f"/contacts/{ref}", "contact")
    except Refused as error:
        if reads.gone(error):
            raise Refused(f"Zoho knows no {kind} {ref}; enter it there first", code=f"no_{kind}") from error
        raise
    if contact.get("contact_type", kind) != kind:
        raise Refused(f"{contact.get('contact_name')} is no {kind} in Zoho", code=f"no_{kind}")
    if contact.get("currency_code") and contact["currency_code"] != currency:
        raise Refused(f"Zoho keeps {contact.get('contact_name')} in {contact['currency_code']}, not {currency}")
    return contact


def _item_id(client: Client, sku: str) -> str:
    rows = client.rows("/items", "items", {"sku": sku, "per_page": 200})
    found = [row for row in rows if isinstance(row, dict) and row.get("sku") == sku]
    if len(found) != 1:
        raise Refused(f"Zoho has {len(found)} items with the SKU {sku}; exactly one is needed", code="no_item")
    return str(found[0]["item_id"])


def see_create(client: Client, operation: CreatePurchaseOrder, key: str) -> Sighting:
    ours = reads.listed(client, "/purchaseorders", "purchaseorders", "reference_number", reference(key))
    if not ours:
        return Sighting(Sight.ABSENT, "", "no purchase order carries our reference")
    ref = str(ours[0]["purchaseorder_id"])
    order = reads.order(client, ref)
    if order is None or _lines_of(order) != _lines_asked(operation.lines):
        return Sighting(Sight.UNCLEAR, ref, "an order carries our reference, but its lines are not those approved")
    return Sighting(Sight.SEEN, ref, f"order {order.get('purchaseorder_number')} stands as {parse.status_of(order)}")


def _lines_of(order: Row) -> Counter[tuple[str, int, Decimal]]:
    return Counter(
        (str(line.get("sku") or ""), parse.units(line["quantity"]), amount(line["rate"]).normalize())
        for line in order["line_items"]
    )


def _lines_asked(lines: tuple[PurchaseLine, ...]) -> Counter[tuple[str, int, Decimal]]:
    return Counter((line.sku, line.quantity, line.unit_cost.normalize()) for line in lines)


def by_number(client: Client, number: str) -> Row:
    """The order in full. Raises Refused where there is not exactly one of that number."""
    rows = reads.listed(client, "/purchaseorders", "purchaseorders", "purchaseorder_number", number)
    found = reads.order(client, str(rows[0]["purchaseorder_id"])) if len(rows) == 1 else None
    if found is None:
        raise Refused(f"Zoho has {len(rows)} purchase orders numbered {number}; exactly one is needed", code="no_order")
    return found


def issue(client: Client, operation: IssuePurchaseOrder, permit: Permit) -> Receipt:
    order = by_number(client, operation.number)
    ref, status = str(order["purchaseorder_id"]), parse.status_of(order)
    if status in ISSUED:
        return Receipt(ref, f"the order stands as {status} already".encode(), is_replay=True)
    if status not in ("draft", "approved"):
        raise Refused(f"order {operation.number} stands as {status} in Zoho; only a draft can be issued", code=status)
    return client.receipt(client.write(f"/purchaseorders/{ref}/status/issued", permit), ref)


def see_issue(client: Client, operation: IssuePurchaseOrder, key: str) -> Sighting:
    order = by_number(client, operation.number)
    status = parse.status_of(order)
    sight = Sight.SEEN if status in ISSUED else Sight.UNCLEAR if status in ("cancelled", "rejected") else Sight.ABSENT
    return Sighting(sight, str(order["purchaseorder_id"]), f"the order stands as {status}")


def mail(client: Client, operation: MailPurchaseOrder, permit: Permit) -> Receipt:
    """Only Books sends mails, for the same order under the same id. The one trace is a mark on the order, so an order
    that bears it already is not mailed again: nobody could tell later whether ours had gone out.
    """
    order = by_number(client, operation.number)
    ref, status = str(order["purchaseorder_id"]), parse.status_of(order)
    if status not in ISSUED:
        raise Refused(f"order {operation.number} stands as {status} in Zoho; issue it before it is mailed", code=status)
    if order.get("is_emailed"):
        raise Refused(f"Zoho says that order {operation.number} has been mailed already", code="mailed")
    text = escape(operation.text).replace("\n", "<br>")
    body = {"to_mail_ids": [operation.to], "subject": operation.subject, "body": text}
    answer = client.write(f"/purchaseorders/{ref}/email", permit, body, {"send_attachment": "true"}, BOOKS)
    return client.receipt(answer, ref)


def see_mail(client: Client, operation: MailPurchaseOrder, key: str) -> Sighting:
    """Only the mark proves anything; without it the mail may still be on its way."""
    order = by_number(client, operation.number)
    ref = str(order["purchaseorder_id"])
    if order.get("is_emailed"):
        return Sighting(Sight.SEEN, ref, "Zoho marks the order as mailed")
    return Sighting(Sight.UNCLEAR, ref, "Zoho does not mark the order as mailed, which proves nothing yet")


def cancel(client: Client, operation: CancelPurchaseOrder, permit: Permit) -> Receipt:
    order = by_number(client, operation.number)
    ref, status = str(order["purchaseorder_id"]), parse.status_of(order)
    if status == "cancelled":
        return Receipt(ref, b"the order is cancelled already", is_replay=True)
    if status not in ("draft", "issued", "open"):
        raise Refused(f"order {operation.number} stands as {status}; goods or bills hang on it", code=status)
    return client.receipt(client.write(f"/purchaseorders/{ref}/status/cancelled", permit), ref)


def see_cancel(client: Client, operation: CancelPurchaseOrder, key: str) -> Sighting:
    order = by_number(client, operation.number)
    status = parse.status_of(order)
    sight = Sight.SEEN if status == "cancelled" else Sight.ABSENT
    return Sighting(sight, str(order["purchaseorder_id"]), f"the order stands as {status}")


def credit(client: Client, operation: CreditNote, permit: Permit) -> Receipt:
    """The number stays Zoho's own: in many countries the series of credit notes must have no gap."""
    customer = _contact(client, operation.customer_ref, "customer", operation.amount.currency)
    line = {
        "name": f"Credit for order {operation.order_ref}",
        "description": operation.reason,
        "quantity": 1,
        "rate": float(operation.amount.amount),
    }
    body = {
        "customer_id": str(customer["contact_id"]),
        "reference_number": reference(permit.key),
        "date": f"{client.clock():%Y-%m-%d}",
        "line_items": [line],
        "notes": operation.reason,
    }
    answer = client.write("/creditnotes", permit, body)
    note = made(answer, "creditnote_id", "creditnote", "credit_note")
    if str(note.get("status")).lower() == "draft":
        _open(client, note, permit)
    return client.receipt(answer, str(note["creditnote_id"]))


def _open(client: Client, note: Row, permit: Permit) -> None:
    """A draft credits nobody yet. The note is there by now, so whatever goes wrong here must be looked at."""
    try:
        client.write(f"/creditnotes/{note['creditnote_id']}/converttoopen", permit)
    except ConnectorError as error:
        raise Unknown(f"credit note {note.get('creditnote_number')} was made, but stays a draft: {error}") from error


def see_credit(client: Client, operation: CreditNote, key: str) -> Sighting:
    ours = reads.listed(client, "/creditnotes", "creditnotes", "reference_number", reference(key))
    if not ours:
        return Sighting(Sight.ABSENT, "", "no credit note carries our reference")
    note = ours[0]
    ref, status = str(note["creditnote_id"]), str(note.get("status")).lower()
    is_same = amount(note["total"]) == operation.amount.amount
    if is_same and status in ("open", "closed"):
        return Sighting(Sight.SEEN, ref, f"credit note {note.get('creditnote_number')} stands as {status}")
    return Sighting(Sight.UNCLEAR, ref, f"a note with our reference stands as {status} over {note['total']}")
