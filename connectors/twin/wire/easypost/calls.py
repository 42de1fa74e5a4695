"""What EasyPost's endpoints do: trackers, shipments and their postage, claims."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from connectors.twin.deeds import parcels as deed
from connectors.twin.market import Market, tracking_number
from connectors.twin.wire.easypost import shapes
from connectors.twin.wire.easypost.api import Body, EasyPost, EasyPostError, Entry, missing, not_found, page
from connectors.twin.world.channels import DAY
from connectors.twin.world.parcels import Claim, Label
from connectors.twin.world.trade import Order

KEPT = 90 * DAY
CHANNELS_SENT_HERE = ("shopify", "amazon")  # these ship from the warehouse in the United States
SIDES = ("weight", "length", "width", "height")


def shipped(market: Market) -> list[Order]:
    """Orders whose parcels left with a label of ours, newest first."""
    found = []
    for name in CHANNELS_SENT_HERE:
        if name in market.books:
            low, high = market.books[name].created(market.now - KEPT, market.now)
            found += [order for order in market.books[name].orders[low:high] if is_here(order)]
    return sorted(found, key=lambda order: order.packed, reverse=True)


def is_here(order: Order) -> bool:
    return order.courier in shapes.COURIERS and bool(order.packed)


def list_trackers(api: EasyPost, params: dict[str, str]) -> Body:
    market, code = api.market, params.get("tracking_code")
    rows = [
        Entry(shapes.tracker_id(order), order.packed, partial(one_tracker, market, order))
        for order in shipped(market)
        if code in (None, number_of(order))
    ]
    rows += [
        Entry(shapes.label_tracker_id(row), row.bought, partial(shapes.label_tracker, row, market.now))
        for row in market.parcels.labels
        if row.bought and code in (None, row.number)
    ]
    return page("trackers", sorted(rows, key=lambda row: row.at, reverse=True), params)


def one_tracker(market: Market, order: Order) -> Body:
    return shapes.tracker(market, order, market.parcels.scans(order, market.now))


def get_tracker(api: EasyPost, params: dict[str, str], id: str) -> Body:
    market = api.market
    order = shapes.tracked_order(market, id)
    if order is not None:
        return one_tracker(market, order)
    rows = [shapes.label_tracker(row, market.now) for row in market.parcels.labels if row.bought]
    return next((row for row in rows if id in (row["id"], row["tracking_code"])), None) or _no_such()


def _no_such() -> Body:
    raise not_found()


def list_shipments(api: EasyPost, params: dict[str, str]) -> Body:
    """Bought ones alone, unless `purchased=false` asks for all."""
    wants_all = params.get("purchased") == "false"
    labels = [row for row in reversed(api.market.parcels.labels) if wants_all or row.bought]
    rows = [
        Entry(shapes.shipment_id(row), row.created, partial(shapes.shipment, row, api.market.now)) for row in labels
    ]
    return page("shipments", rows, params)


def find(api: EasyPost, ref: str) -> Label:
    """By id, or by the reference that it was made with."""
    for row in api.market.parcels.labels:
        if ref in (shapes.shipment_id(row), row.reference):
            return row
    raise not_found()


def get_shipment(api: EasyPost, params: dict[str, str], ref: str) -> Body:
    return shapes.shipment(find(api, ref), api.market.now)


def make_shipment(api: EasyPost, body: Body) -> Body:
    given = body.get("shipment")
    if not isinstance(given, dict):
        raise missing("shipment")
    start, end = (place(given, name) for name in ("from_address", "to_address"))
    is_return = given.get("is_return") is True
    row = deed.make_shipment(
        api.market, reference=str(given.get("reference") or ""), is_return=is_return, start=end if is_return else start,
        end=start if is_return else end, parcel=measures(given.get("parcel")),
    )  # fmt: skip
    return shapes.shipment(row, api.market.now)


def place(given: Body, name: str) -> dict[str, str]:
    found = given.get(name)
    if not isinstance(found, dict):
        raise missing(name)
    for field in ("street1", "city", "country"):
        if not found.get(field):
            raise missing(f"{name}.{field}")
    return {str(key): str(value) for key, value in found.items() if value is not None}


def measures(parcel: Any) -> dict[str, float]:
    if not isinstance(parcel, dict) or not parcel.get("weight"):
        raise missing("parcel.weight")
    found = {name: float(parcel[name]) for name in SIDES if parcel.get(name)}
    if any(size <= 0 for size in found.values()):
        raise EasyPostError(422, "PARAMETER.INVALID", "a measure of the parcel must be above zero")
    return found


def buy_shipment(api: EasyPost, body: Body, ref: str) -> Body:
    row = find(api, ref)
    wanted = (body.get("rate") or {}).get("id")
    place = next((number for number, rate in enumerate(shapes.rates(row)) if rate["id"] == wanted), None)
    if place is None:
        raise EasyPostError(422, "SHIPMENT.RATE.INVALID", "The rate is not one of the shipment's.")
    deed.buy_label(api.market, row, place, shapes.price(row, place), shapes.shipment_id(row))
    return shapes.shipment(row, api.market.now)


def refund_shipment(api: EasyPost, body: Body, ref: str) -> Body:
    """A label that a courier has scanned is not given back: the answer is good and says `rejected`."""
    row = find(api, ref)
    if row.bought and len(shapes.label_scans(row, api.market.now)) > 1:
        return shapes.shipment(row, api.market.now) | {"refund_status": "rejected"}
    deed.void_label(api.market, row, shapes.shipment_id(row))
    return shapes.shipment(row, api.market.now)


def list_claims(api: EasyPost, params: dict[str, str]) -> Body:
    claims = reversed(api.market.parcels.claims)
    return page(
        "claims", [Entry(shapes.claim_id(row), row.created, partial(shapes.claim, row)) for row in claims], params
    )


def find_claim(api: EasyPost, id: str) -> Claim:
    found = next((row for row in api.market.parcels.claims if id in (shapes.claim_id(row), row.reference)), None)
    if found is None:
        raise not_found()
    return found


def get_claim(api: EasyPost, params: dict[str, str], id: str) -> Body:
    return shapes.claim(find_claim(api, id))


def file_claim(api: EasyPost, body: Body) -> Body:
    for field in ("tracking_code", "type", "amount", "description", "contact_email"):
        if not body.get(field):
            raise missing(field)
    if body["type"] not in ("damage", "loss", "theft"):
        raise EasyPostError(422, "CLAIM.INVALID", "type must be damage, loss or theft")
    order = next((row for row in shipped(api.market) if number_of(row) == body["tracking_code"]), None)
    if order is None:
        raise EasyPostError(422, "CLAIM.INVALID", "No insurance was found for this tracking code.")
    files = [
        len(body.get(name) or ())
        for name in ("email_evidence_attachments", "invoice_attachments", "supporting_documentation_attachments")
    ]
    made = deed.file_claim(
        api.market, order.packed, number=str(body["tracking_code"]), kind=str(body["type"]),
        amount=cents(body["amount"]), text=str(body["description"]), email=str(body["contact_email"]),
        reference=str(body.get("reference") or ""), attachments=sum(files),
    )  # fmt: skip
    return shapes.claim(made)


def number_of(order: Order) -> str:
    return order.tracking or tracking_number(order)


def cents(value: Any) -> int:
    try:
        return int((Decimal(str(value)) * 100).to_integral_value())
    except InvalidOperation as error:
        raise EasyPostError(422, "CLAIM.INVALID", "amount is no number") from error


def cancel_claim(api: EasyPost, body: Body, id: str) -> Body:
    row = find_claim(api, id)
    deed.cancel_claim(api.market, row)
    return shapes.claim(row)


def get_user(api: EasyPost, params: dict[str, str]) -> Body:
    return {"id": "user_lumenandloft", "object": "User", "name": "Lumen & Loft", "parent_id": None, "children": []}


ROUTES: dict[tuple[str, str], Callable[..., Body]] = {
    ("GET", "/trackers"): list_trackers,
    ("GET", "/trackers/*"): get_tracker,
    ("GET", "/shipments"): list_shipments,
    ("POST", "/shipments"): make_shipment,
    ("GET", "/shipments/*"): get_shipment,
    ("POST", "/shipments/*/buy"): buy_shipment,
    ("POST", "/shipments/*/refund"): refund_shipment,
    ("GET", "/claims"): list_claims,
    ("POST", "/claims"): file_claim,
    ("GET", "/claims/*"): get_claim,
    ("POST", "/claims/*/cancel"): cancel_claim,
    ("GET", "/users"): get_user,
}
