"""UPS's answers, made of the market's parcels: tracking, eligibility and charges."""

from datetime import UTC, datetime
from typing import Any

from connectors.twin.deeds import amount
from connectors.twin.deeds import parcels as deed
from connectors.twin.market import Market
from connectors.twin.world.parcels import Event, Redirect, Scan
from connectors.twin.world.people import spread
from connectors.twin.world.trade import Order

# Event → type, code and words of an activity, and the three-digit code of a package's state.
STATUSES = {
    Event.LABEL: ("M", "MP", "Shipper created a label, UPS has not received the package yet.", "003"),
    Event.PICKED_UP: ("I", "OR", "Origin Scan", "005"),
    Event.DEPOT: ("I", "AR", "Arrived at Facility", "005"),
    Event.OUT: ("O", "OT", "Out For Delivery", "021"),
    Event.ATTEMPT: ("X", "48", "The receiver was not available for delivery.", "012"),
    Event.BAD_ADDRESS: ("X", "K2", "The address is incorrect. UPS will attempt to update it.", "012"),
    Event.DELIVERED: ("D", "KB", "DELIVERED", "011"),
    Event.CHANGED: ("I", "ZS", "A delivery change for this package has been requested.", "016"),
    Event.HELD: ("I", "HL", "The package will be held for a customer pickup.", "016"),
    Event.COMING_BACK: ("RS", "RS", "Returning to Sender", "035"),
    Event.CAME_BACK: ("D", "KB", "DELIVERED", "034"),
}
FEATURES = {"reschedule": "FD", "hold_for_pickup": "WC", "reroute": "RD", "return": "RTS"}
REQUESTS = {"reschedule": "FD", "hold_for_pickup": "WC", "reroute": "AA", "return": "RS"}
REASONS = (("AM", "Cancelled order"), ("FA", "Incorrect address"), ("KV", "Other non-delivery"))
WAREHOUSE = {
    "addressLine1": "1200 Warehouse Way", "city": "Austin", "stateProvince": "TX", "postalCode": "78744",
    "countryCode": "US", "country": "US",
}  # fmt: skip


def day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%d")


def track(market: Market, order: Order, number: str) -> dict[str, Any]:
    one = package(market, order, number, market.parcels.scans(order, market.now))
    return {"trackResponse": {"shipment": [{"inquiryNumber": number, "package": [one], "userRelation": ["SHIPPER"]}]}}


def package(market: Market, order: Order, number: str, scans: list[Scan]) -> dict[str, Any]:
    _, _, words, code = STATUSES[scans[-1].event]
    return {
        "trackingNumber": number,
        "deliveryDate": delivery_dates(market, order, scans),
        "activity": [activity(scan) for scan in reversed(scans)],
        "currentStatus": {"description": words, "code": code},
        "packageAddress": [
            {"type": "ORIGIN", "name": "Lumen & Loft", "address": WAREHOUSE},
            {"type": "DESTINATION", "name": market.buyer(order).name, "address": destination(market, order)},
        ],
        "service": {"code": "518", "levelCode": "003", "description": "UPS Ground"},
        "referenceNumber": [{"type": "SHIPMENT", "number": order.number}],
        "weight": {"unitOfMeasurement": "LBS", "weight": f"{spread(order.index, 61, 5, 90) / 10:.2f}"},
        "packageCount": 1,
    }


def destination(market: Market, order: Order) -> dict[str, str]:
    change, buyer = market.parcels.last(order), market.buyer(order)
    if change is not None and change.way == "reroute":
        return change.address
    return {
        "addressLine1": buyer.street, "city": buyer.city, "stateProvince": buyer.state, "postalCode": buyer.postcode,
        "countryCode": buyer.country, "country": buyer.country,
    }  # fmt: skip


def delivery_dates(market: Market, order: Order, scans: list[Scan]) -> list[dict[str, str]]:
    if order.delivered or scans[-1].event is Event.CAME_BACK:
        return [{"type": "DEL", "date": day(scans[-1].at)}]
    if not order.shipped:
        return []
    change = market.parcels.last(order)
    rows = [{"type": "SDD", "date": day(order.deliver_by)}]
    if change is not None and change.way == "reschedule":
        rows.append({"type": "RDD", "date": day(change.until)})
    return rows


def activity(scan: Scan) -> dict[str, Any]:
    kind, code, words, state = STATUSES[scan.event]
    when = datetime.fromtimestamp(scan.at, UTC)
    city, _, region = scan.place.partition(", ")
    return {
        "location": {"address": {"city": city, "stateProvince": region, "countryCode": "US", "country": "US"}},
        "status": {"type": kind, "description": words, "code": code, "statusCode": state},
        "date": when.strftime("%Y%m%d"), "time": when.strftime("%H%M%S"),
        "gmtDate": when.strftime("%Y%m%d"), "gmtOffset": "+00:00", "gmtTime": when.strftime("%H:%M:%S"),
    }  # fmt: skip


def eligibility(market: Market, order: Order) -> list[dict[str, Any]]:
    standing = market.parcels.standing(order, market.now)
    can_create = deed.can_redirect(market, order)
    return [one_feature(market, order, way, standing, can_create=can_create) for way in FEATURES]


def one_feature(
    market: Market, order: Order, way: str, standing: Redirect | None, *, can_create: bool
) -> dict[str, Any]:
    is_standing = standing is not None and standing.way == way
    words = {True: "ELIGIBLE", False: "NOT_ELIGIBLE"}
    value: dict[str, Any] = {
        "createEligibility": words[can_create], "modifyEligibility": "NOT_ELIGIBLE",
        "cancelEligibility": words[is_standing],
    }  # fmt: skip
    if way == "reschedule" and can_create:
        value["dateOptionsforFutureDelivery"] = [one_day(at) for at in deed.days(market, order)]
    if way == "return" and can_create:
        value["reasonOptionsForRTS"] = [{"id": id, "value": text} for id, text in REASONS]
    return {"interceptFeature": FEATURES[way], "eligibilityValue": value}


def one_day(at: int) -> dict[str, str]:
    when = datetime.fromtimestamp(at, UTC)
    return {
        "date": day(at), "dayOfWeekText": when.strftime("%A"), "dayOfWeekNumber": f"{when.isoweekday() % 7 + 1:02d}",
    }  # fmt: skip


def charges(market: Market, order: Order, number: str, option: str) -> dict[str, Any]:
    """Fees by request type. One asked for alone stands in the totals, all of them in the details."""
    fees = {REQUESTS[way]: fee for way, fee in deed.FEES.items()}
    total = 0 if option == "AL" else fees[option]
    details = [detail(request, fee) for request, fee in fees.items()] if option == "AL" else []
    return {
        "trackingNumber": number, "accessorialCharge": text(total), "interceptCharge": text(total),
        "transportationCharge": "0.00", "totalCharge": text(total), "chargeCurrency": "USD",
        "estDeliveryDate": day(market.parcels.expected(order)), "residentialIndicator": True,
        "additionalHandlingIndicator": False, "serviceCode": "003", "serviceDesc": "UPS Ground",
        "packageWeight": f"{spread(order.index, 61, 5, 90) / 10:.1f}", "packageWeightUOM": "LBS", "packagingType": "02",
        "interceptChargeDetail": details, "shipperName": "Lumen & Loft", "preTaxTotalCharge": text(total),
        "taxDisclaimerIndicator": "NTA",
    }  # fmt: skip


def detail(request: str, fee: int) -> dict[str, Any]:
    return {
        "accessorialCharge": text(fee), "interceptCharge": text(fee), "transportationCharge": "0.00",
        "totalCharge": text(fee), "interceptOption": request, "displayShipperPaidInterceptCharges": False,
        "shipperPaidInterceptCharges": True, "successful": True, "currencyCode": "USD",
    }  # fmt: skip


def text(minor: int) -> str:
    return f"{amount(minor):.2f}"
