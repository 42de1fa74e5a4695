"""Zoho's objects, made from the market's state. Ids are the state's own numbers behind Zoho's long prefixes."""

from datetime import datetime, timedelta, timezone
from typing import Any

from connectors.twin.market import Market
from connectors.twin.world.goods import Good, Supplier
from connectors.twin.world.people import person
from connectors.twin.world.supply import Credit, Ordered, Purchase

ORGANISATION = "60021987345"
ZONE = timezone(timedelta(hours=8))
BASE = 4_815_000_000_000_000
ITEM, VENDOR, NOTE, CUSTOMER = (BASE + step * 1_000_000_000 for step in (1, 2, 5, 6))
LOCATION = {"location_id": str(BASE + 26_005), "location_name": "Singapore warehouse"}
Shape = dict[str, Any]


def moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, ZONE).strftime("%Y-%m-%dT%H:%M:%S%z")


def day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, ZONE).strftime("%Y-%m-%d")


def number_of(id: str, base: int) -> int | None:
    """The number behind an id; None where it is none of this kind."""
    found = int(id) - base if id.isdigit() else -1
    return found if 0 <= found < 1_000_000_000 else None


def organisation() -> Shape:
    return {
        "organization_id": ORGANISATION, "name": "Lumen & Loft", "is_default_org": True, "is_org_active": True,
        "currency_code": "USD", "currency_symbol": "$", "time_zone": "Asia/Singapore", "language_code": "en",
        "plan_name": "PROFESSIONAL", "plan_type": 3,
    }  # fmt: skip


def item(market: Market, good: Good) -> Shape:
    """A row of the list; the detailed one also tells its locations."""
    free = good.on_hand - good.reserved
    supplier = market.suppliers[good.supplier]
    return {
        "item_id": str(ITEM + good.index), "name": good.title, "sku": good.sku, "unit": "pcs", "status": "active",
        "item_type": "inventory", "rate": good.price_usd / 100, "purchase_rate": good.cost_usd / 100,
        "description": f"{good.title}, {good.category.lower()} range", "purchase_description": "",
        "vendor_id": str(VENDOR + supplier.index), "vendor_name": supplier.name, "reorder_level": good.minimum,
        "stock_on_hand": float(good.on_hand), "available_stock": float(free), "actual_available_stock": float(free),
        "track_batch_number": False, "created_time": moment(market.began - 300 * 86_400 + good.index),
        "last_modified_time": moment(max(good.updated, market.began - 200 * 86_400)),
    }  # fmt: skip


def detailed_item(market: Market, good: Good) -> Shape:
    whole = item(market, good)
    place = {
        **LOCATION, "status": "active", "is_primary": True, "location_stock_on_hand": whole["stock_on_hand"],
        "location_available_stock": whole["available_stock"],
        "location_actual_available_stock": whole["actual_available_stock"],
    }  # fmt: skip
    return {**whole, "locations": [place]}


def vendor(market: Market, supplier: Supplier) -> Shape:
    mine = [good for good in market.goods if good.supplier == supplier.index]
    return {
        "contact_id": str(VENDOR + supplier.index), "contact_name": supplier.name, "company_name": supplier.name,
        "contact_type": "vendor", "status": "active", "email": supplier.email, "currency_code": "USD",
        "payment_terms": 30, "payment_terms_label": "Net 30",
        "cf_lead_time_days": supplier.lead_days,
        "cf_minimum_quantity": min((good.minimum for good in mine), default=""),
        "cf_case_size": min((good.case for good in mine), default=""),
        "created_time": moment(market.began - 400 * 86_400 + supplier.index),
        "last_modified_time": moment(market.began - 90 * 86_400),
    }  # fmt: skip


def detailed_vendor(market: Market, supplier: Supplier) -> Shape:
    row = vendor(market, supplier)
    own = {name: row.pop(name) for name in [*row] if name.startswith("cf_")}
    contact_persons = [
        {"contact_person_id": row["contact_id"] + "1", "email": supplier.email, "is_primary_contact": True}
    ]
    return {**row, "custom_field_hash": own, "contact_persons": contact_persons}


def customer(market: Market, number: int) -> Shape:
    who = person(number, "US")
    return {
        "contact_id": str(CUSTOMER + number), "contact_name": who.name, "company_name": "", "contact_type": "customer",
        "status": "active", "email": who.email, "currency_code": "USD", "payment_terms": 0,
        "created_time": moment(market.began - 100 * 86_400), "last_modified_time": moment(market.began - 50 * 86_400),
    }  # fmt: skip


def order_row(market: Market, order: Purchase) -> Shape:
    supplier = market.suppliers[order.supplier]
    return {
        "purchaseorder_id": order.id, "vendor_id": str(VENDOR + supplier.index),
        "vendor_name": supplier.name, "purchaseorder_number": order.number, "reference_number": order.reference,
        "date": day(order.created), "delivery_date": day(order.due_at), "expected_delivery_date": "",
        "status": order.status, "order_status": order.status, "currency_code": "USD", "total": order.cents / 100,
        "is_emailed": order.is_mailed, "created_time": moment(order.created),
        "last_modified_time": moment(order.changed),
    }  # fmt: skip


def order(market: Market, order: Purchase) -> Shape:
    lines = [_line(market, order, place, line) for place, line in enumerate(order.lines)]
    return {
        **order_row(market, order), "line_items": lines, "sub_total": order.cents / 100, "tax_total": 0.0,
        "notes": order.note, "terms": "", "price_precision": 2, **LOCATION, "documents": [], "purchasereceives": [],
        "bills": [],
    }  # fmt: skip


def _line(market: Market, order: Purchase, place: int, line: Ordered) -> Shape:
    good = market.goods[line.good]
    return {
        "line_item_id": order.line_id(place), "item_id": str(ITEM + good.index),
        "name": good.title, "sku": good.sku, "description": "", "unit": "pcs", "quantity": float(line.quantity),
        "quantity_received": float(line.received), "quantity_billed": 0.0, "rate": line.cost / 100,
        "item_total": line.quantity * line.cost / 100, **LOCATION,
    }  # fmt: skip


def note(market: Market, credit: Credit) -> Shape:
    return {
        "creditnote_id": str(NOTE + credit.index), "creditnote_number": f"CN-{credit.index + 1:05d}",
        "reference_number": credit.reference, "customer_id": str(CUSTOMER + credit.customer), "status": credit.status,
        "date": day(credit.created), "currency_code": "USD", "total": credit.cents / 100,
        "balance": credit.cents / 100, "notes": credit.reason, "created_time": moment(credit.created),
        "last_modified_time": moment(credit.created),
    }  # fmt: skip
