"""EasyPost's objects, made of the market's parcels and of the labels that were asked for."""

from hashlib import md5
from typing import Any

from connectors.twin.deeds import amount
from connectors.twin.market import Market, tracking_number
from connectors.twin.world.channels import DAY, HOUR, decode, encode
from connectors.twin.world.parcels import Claim, Event, Label, Scan, iso
from connectors.twin.world.trade import Order

COURIERS = ("USPS", "FedEx")  # of these the company buys its labels here
RATES = (  # carrier, service, base in cents, cents an ounce, days
    ("USPS", "GroundAdvantage", 480, 7, 3), ("USPS", "Priority", 640, 11, 2), ("UPSDAP", "Ground", 690, 8, 4),
    ("FedExDefault", "FEDEX_GROUND", 745, 8, 4), ("USPS", "Express", 3080, 16, 1),
)  # fmt: skip
STATUSES = {  # event → status, detail, message
    Event.LABEL: ("pre_transit", "label_created", "Shipping label created, awaiting item"),
    Event.PICKED_UP: ("in_transit", "received_at_origin_facility", "Accepted at origin facility"),
    Event.DEPOT: ("in_transit", "arrived_at_facility", "Arrived at facility"),
    Event.OUT: ("out_for_delivery", "out_for_delivery", "Out for delivery"),
    Event.ATTEMPT: ("in_transit", "delivery_exception", "Delivery attempted, no access to delivery location"),
    Event.BAD_ADDRESS: ("in_transit", "address_correction", "Insufficient address"),
    Event.DELIVERED: ("delivered", "arrived_at_destination", "Delivered"),
    Event.CHANGED: ("in_transit", "status_update", "Delivery change requested"),
    Event.HELD: ("available_for_pickup", "held", "Held for pickup"),
    Event.COMING_BACK: ("return_to_sender", "return", "Returning to sender"),
    Event.CAME_BACK: ("return_to_sender", "return", "Returned to sender"),
}
DROPPED_OFF, ON_THE_WAY = 30 * HOUR, 4 * DAY  # a return label: until the buyer hands it over, and until it is here


def tracker(market: Market, order: Order, scans: list[Scan]) -> dict[str, Any]:
    eta = iso(market.parcels.expected(order)) if order.shipped else None
    return made_of(
        tracker_id(order), order.tracking or tracking_number(order), order.courier, scans, order.packed, eta,
        label_id=f"shp_{hashed('order', order.channel, order.index)}", is_return=False,
    )  # fmt: skip


def label_tracker(row: Label, now: int) -> dict[str, Any]:
    return made_of(
        label_tracker_id(row), row.number, RATES[row.rate][0], label_scans(row, now), row.bought,
        None, label_id=shipment_id(row), is_return=row.is_return,
    )  # fmt: skip


def label_scans(row: Label, now: int) -> list[Scan]:
    """A label is made, handed over a day later and here within the week, unless it was given back before."""
    steps = ((row.bought, Event.LABEL), (row.bought + DROPPED_OFF, Event.PICKED_UP),
             (row.bought + DROPPED_OFF + ON_THE_WAY, Event.DELIVERED))  # fmt: skip
    until = min(now, row.voided or now)
    return [Scan(at, event, "") for at, event in steps if at <= until]


def made_of(
    id: str, code: str, carrier: str, scans: list[Scan], created: int, eta: str | None, *, label_id: str,
    is_return: bool,
) -> dict[str, Any]:  # fmt: skip
    status, detail, _ = STATUSES[scans[-1].event]
    return {
        "id": id, "object": "Tracker", "mode": "production", "tracking_code": code, "status": status,
        "status_detail": detail, "created_at": iso(created), "updated_at": iso(scans[-1].at), "signed_by": None,
        "weight": None, "est_delivery_date": eta, "shipment_id": label_id, "carrier": carrier,
        "tracking_details": [scan_row(scan, carrier) for scan in scans],
        "carrier_detail": None, "finalized": status in ("delivered", "return_to_sender"), "is_return": is_return,
        "public_url": f"https://track.easypost.com/{id}", "fees": [],
    }  # fmt: skip


def scan_row(scan: Scan, carrier: str) -> dict[str, Any]:
    status, detail, message = STATUSES[scan.event]
    city, _, region = scan.place.partition(", ")
    place = {"object": "TrackingLocation", "city": city or None, "state": region or None, "country": "US", "zip": None}
    return {
        "object": "TrackingDetail", "message": message, "description": message, "status": status,
        "status_detail": detail, "datetime": iso(scan.at), "source": carrier, "carrier_code": None,
        "tracking_location": place,
    }  # fmt: skip


def rates(row: Label) -> list[dict[str, Any]]:
    return [rate(row, place) for place in range(len(RATES))]


def price(row: Label, place: int) -> int:
    _, _, base, each, _ = RATES[place]
    return base + round(each * row.parcel["weight"])


def rate(row: Label, place: int) -> dict[str, Any]:
    carrier, service, _, _, days = RATES[place]
    return {
        "id": f"rate_{hashed('rate', str(place), row.index)}", "object": "Rate", "mode": "production",
        "created_at": iso(row.created), "updated_at": iso(row.created), "service": service, "carrier": carrier,
        "rate": f"{amount(price(row, place)):.2f}", "currency": "USD", "retail_rate": None, "retail_currency": None,
        "list_rate": None, "list_currency": None, "billing_type": "easypost", "delivery_days": days,
        "delivery_date": None, "delivery_date_guaranteed": False, "est_delivery_days": days,
        "shipment_id": shipment_id(row), "carrier_account_id": f"ca_{hashed('carrier', carrier, 0)}",
    }  # fmt: skip


def shipment(row: Label, now: int) -> dict[str, Any]:
    postage = {
        "object": "PostageLabel", "id": f"pl_{hashed('postage', '', row.index)}", "created_at": iso(row.bought),
        "updated_at": iso(row.bought), "label_size": "4x6", "label_file_type": "image/png",
        "label_url": f"https://easypost-files.example/postage_label/{shipment_id(row)}.png", "label_pdf_url": None,
    } if row.bought else None  # fmt: skip
    tracked = label_tracker(row, now) if row.bought else None
    return {
        "id": shipment_id(row), "object": "Shipment", "mode": "production", "created_at": iso(row.created),
        "updated_at": iso(max(row.created, row.bought, row.voided)), "reference": row.reference or None,
        "is_return": row.is_return, "messages": [], "status": tracked["status"] if tracked else "unknown",
        "tracking_code": row.number or None, "from_address": address(row, "start"), "to_address": address(row, "end"),
        "parcel": {"object": "Parcel", "id": f"prcl_{hashed('parcel', '', row.index)}", **row.parcel},
        "postage_label": postage, "rates": rates(row), "selected_rate": rate(row, row.rate) if row.bought else None,
        "refund_status": row.refund or None, "insurance": None, "tracker": tracked, "forms": [], "fees": [],
        "options": {"currency": "USD"},
    }  # fmt: skip


def address(row: Label, which: str) -> dict[str, Any]:
    given = row.start if which == "start" else row.end
    return {"id": f"adr_{hashed('address', which, row.index)}", "object": "Address", **given}


def claim(row: Claim) -> dict[str, Any]:
    status = "cancelled" if row.is_cancelled else "submitted"
    return {
        "id": claim_id(row), "object": "Claim", "mode": "production", "created_at": iso(row.created),
        "updated_at": iso(row.created), "approved_amount": None, "attachments": [
            f"https://easypost-files.example/insurance/{claim_id(row)}/{number}" for number in range(row.attachments)
        ],
        "contact_email": row.email, "description": row.text, "history": [
            {"status": "submitted", "status_detail": "Claim was created.", "timestamp": iso(row.created)}
        ],
        "insurance_amount": f"{amount(row.amount):.2f}", "insurance_id": f"ins_{hashed('insurance', '', row.index)}",
        "payment_method": "easypost_wallet", "recipient_name": None, "reference": row.reference or None,
        "requested_amount": f"{amount(row.amount):.2f}", "salvage_value": None, "shipment_id": None, "status": status,
        "status_detail": "Claim was created.", "status_timestamp": iso(row.created), "tracking_code": row.number,
        "type": row.kind,
    }  # fmt: skip


def tracker_id(order: Order) -> str:
    """Holds the channel and the order's index, so that no table is needed to find it."""
    return f"trk_{order.channel}{encode(order.index)}"


def label_tracker_id(row: Label) -> str:
    return f"trk_{hashed('label', '', row.index)}"


def tracked_order(market: Market, id: str) -> Order | None:
    code = id.removeprefix("trk_")
    book, index = market.books.get(code[:-8]), decode(code[-8:])
    if book is None or index is None or index >= len(book.orders):
        return None
    order = book.orders[index]
    return order if order.courier in COURIERS and order.packed else None


def shipment_id(row: Label) -> str:
    return f"shp_{hashed('shipment', '', row.index)}"


def claim_id(row: Claim) -> str:
    return f"clm_{hashed('claim', '', row.index)}"


def hashed(kind: str, part: str, index: int) -> str:
    """32 hexadecimal characters, the same every time."""
    return md5(f"{kind} {part} {index}".encode(), usedforsecurity=False).hexdigest()
