"""Delivery Intercept v2: what UPS still lets a shipper change about a parcel, at what price, and the change itself."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.base import CannotDo, Permit, Refused, Retry
from connectors.money import Money
from connectors.operations import Address, RedirectParcel
from connectors.shops.parcels import compact
from connectors.shops.reading import UNREADABLE, Row, amount, currency_of, dump, reason_of
from connectors.shops.shipping.ups import parse
from connectors.shops.shipping.ups.client import INTERCEPT, TRACK, Client, unwrapped
from connectors.types import Account, Receipt, RedirectOffer, RedirectWay, Sight, Sighting

NUMBER = re.compile(r"1Z[A-Z0-9]{16}")
POSTCODE = re.compile(r"\d{5}([-\s]\d{4})?")
OTHER_REASON = "KV"  # "other non-delivery"
ELIGIBLE, NOT_ELIGIBLE = "ELIGIBLE", "NOT_ELIGIBLE"
CITY_LENGTH, LINE_LENGTHS, NAME_LENGTH = 30, (50, 35), 30


@dataclass(frozen=True, slots=True)
class Way:
    """One change: its request type, its path, and the features under which eligibility speaks of it. UPS's file titles
    RD "reschedule delivery" beside FD "future delivery"; it is the only feature left for another address."""

    request: str
    path: str
    features: tuple[str, ...]


WAYS = {
    "reschedule": Way("FD", "/reschedule", ("FD",)),
    "reroute": Way("AA", "/redirect/address", ("RD", "AA")),
    "return": Way("RS", "/return", ("RTS", "RS")),
    "hold_for_pickup": Way("WC", "/willcall", ("WC",)),
}


def number_of(text: str) -> str:
    """Raises CannotDo for a parcel that is not UPS's."""
    number = compact(text)
    if not NUMBER.fullmatch(number):
        raise CannotDo(f"{text!r} is no UPS tracking number; ask its own courier")
    return number


def tracked(client: Client, number: str) -> Row | None:
    """The package as UPS tracks it; None where UPS knows no such number. Raises Retry (drift) for another shape."""
    try:
        return parse.package(client.get(f"{TRACK}/details/{number}", "track.details"))
    except Refused as error:
        if error.status == 404:
            return None
        raise
    except UNREADABLE as error:
        raise Retry(f"UPS's parcel cannot be read: {reason_of(error)}", code="drift") from error


def eligibility(client: Client, number: str) -> dict[str, Row]:
    """By feature. UPS's file declares one object where its example gives a list of them; both are read."""
    answer = unwrapped(client.get(f"{INTERCEPT}/eligibility/intercept/{number}", "intercept.eligibility"))
    found: Any = answer.get("commonEligibilityMap")
    rows = [found] if isinstance(found, dict) else found if isinstance(found, list) else []
    features = [row for row in rows if isinstance(row, dict) and isinstance(row.get("eligibilityValue"), dict)]
    return {str(row.get("interceptFeature")): row["eligibilityValue"] for row in features}


def value_of(features: dict[str, Row], way: str) -> Row | None:
    return next((features[name] for name in WAYS[way].features if name in features), None)


def days_of(value: Row) -> tuple[date, ...]:
    """The days that a delivery can be put off to; empty where UPS names none that can be read."""
    try:
        return tuple(parse.day_of(row["date"]) for row in value.get("dateOptionsforFutureDelivery") or ())
    except UNREADABLE:
        return ()


def offer(client: Client, text: str) -> RedirectOffer | None:
    """What can be changed now, with its price where UPS gives one."""
    number = number_of(text)
    package = tracked(client, number)
    if package is None:
        return None
    features = eligibility(client, number)
    prices = charges(client, number, package)
    ways, standing = [], []
    for way in WAYS:
        value = value_of(features, way) or {}
        if value.get("createEligibility") == ELIGIBLE:
            ways.append(RedirectWay(way=way, days=days_of(value), charge=prices.get(WAYS[way].request)))
        elif value.get("cancelEligibility") == ELIGIBLE:
            standing.append(way)
    return RedirectOffer(external_id=number, raw=dump(features), ways=tuple(ways), standing=tuple(standing))


def charges(client: Client, number: str, package: Row) -> dict[str, Money]:
    """By request type. Empty where UPS does not tell both addresses, or no price: a fee nobody knows is not zero."""
    contact = contact_of(client.account)
    places = [parse.address(package, kind, contact["telephone"]) for kind in ("ORIGIN", "DESTINATION")]
    if None in places:
        return {}
    start, end = (rated(place) for place in places if place is not None)
    body: Row = {"ratingRequest": [{"fromAddress": start, "toAddress": end, "trackInfo": {"interceptOption": "AL"}}]}
    try:
        answer = unwrapped(client.ask(f"{INTERCEPT}/charges/{number}", body, "intercept.charges"))
        rows = answer["chargeInfo"][0]["interceptChargeDetail"]
        return {row["interceptOption"]: price(row) for row in rows if row.get("successful") is not False}
    except (Refused, *UNREADABLE):
        return {}


def price(row: Row) -> Money:
    return Money(amount(row["totalCharge"]), currency_of(row["currencyCode"]))


def rated(place: Address) -> Row:
    return postal(place) | {"firstName": place.name[:NAME_LENGTH], "phoneNumber": place.phone}


def postal(place: Address) -> Row:
    second = {"addressLine2": place.line2} if place.line2 else {}
    return {
        "addressLine1": place.line1, **second, "city": place.city, "state": place.region.upper(),
        "postalCode": place.postcode, "countryCode": place.country.upper(),
    }  # fmt: skip


def contact_of(account: Account) -> dict[str, str]:
    """Who asks. Raises Refused where the shop's settings do not say."""
    name, phone = (account.settings.get(key) for key in ("contact_name", "contact_phone"))
    if not name or not phone:
        raise Refused("UPS asks who wants the change; set `contact_name` and `contact_phone` in the shop's settings")
    return {"name": str(name)[:NAME_LENGTH], "telephone": international(str(phone))}


def international(phone: str) -> str:
    """+ and up to 13 digits. Raises Refused."""
    digits = "".join(letter for letter in phone if letter.isdigit())
    if not 0 < len(digits) <= 13:
        raise Refused(f"{phone!r} is no phone number that UPS takes; write it with its country's code", code="phone")
    return f"+{digits}"


def redirect(client: Client, operation: RedirectParcel, permit: Permit) -> Receipt:
    """One change, asked for once. UPS charges its fee to the shipper's account."""
    number, way = number_of(operation.tracking_number), WAYS[operation.way]
    value = value_of(eligibility(client, number), operation.way)
    if value is not None and value.get("createEligibility") == NOT_ELIGIBLE:
        is_standing = value.get("cancelEligibility") == ELIGIBLE
        said = "such a change stands already" if is_standing else "UPS offers it no more for this parcel"
        raise Refused(f"{operation.way.replace('_', ' ')} of {number}: {said}", code="not_eligible")
    return client.write(
        f"{INTERCEPT}{way.path}/{number}", request(client.account, operation, value or {}), permit,
        f"intercept.{operation.way}", number,
    )  # fmt: skip


def request(account: Account, operation: RedirectParcel, value: Row) -> Row:
    """The body by UPS's file. Raises Refused for what it would turn away."""
    body: Row = {
        "requestType": WAYS[operation.way].request,
        "requesterContactInfo": contact_of(account),
        "specialInstructions": None,
    }
    if operation.way == "reschedule":
        return body | {"deliveryDate": chosen_day(operation, value).strftime("%Y%m%d")}
    if operation.way == "reroute":
        return body | {"newDeliveryAddress": new_address(operation.address)}
    if operation.way == "return":
        named = value.get("reasonOptionsForRTS")
        offered = [str(row["id"]) for row in named or () if isinstance(row, dict) and row.get("id")]
        return body | {"reasonForReturn": offered[0] if offered and OTHER_REASON not in offered else OTHER_REASON}
    return body


def chosen_day(operation: RedirectParcel, value: Row) -> date:
    if operation.day is None:
        raise Refused("another delivery day is wanted, and none is named", code="day")
    days = days_of(value)  # where there are none, UPS itself says whether the day will do
    if days and operation.day not in days:
        raise Refused(f"UPS offers {', '.join(day.isoformat() for day in days)}, not {operation.day}", code="day")
    return operation.day


def new_address(place: Address | None) -> Row:
    if place is None:
        raise Refused("another address is wanted, and none is given", code="address")
    lines = zip((place.line1, place.line2), LINE_LENGTHS, strict=True)
    wrong = [
        words
        for words, is_wrong in (
            ("UPS redirects by this interface within the United States alone", place.country.upper() != "US"),
            ("the state is two letters", not re.fullmatch(r"[A-Za-z]{2}", place.region)),
            ("the postcode is five digits, or five and four", not POSTCODE.fullmatch(place.postcode)),
            ("a line of the address is too long", any(len(line) > longest for line, longest in lines)),
            ("the street is missing", not place.line1),
            ("the city is missing or too long", not 0 < len(place.city) <= CITY_LENGTH),
        )
        if is_wrong
    ]
    if wrong:
        raise Refused("; ".join(wrong), code="address")
    phone = {"phoneNumber": international(place.phone)} if place.phone else {}
    return {
        "addressNickName": "New address", "addressInfo": postal(place), "nameOrCompanyName": place.name,
        "contactName": place.name, **phone,
    }  # fmt: skip


def see_redirect(client: Client, operation: RedirectParcel) -> Sighting:
    """By two reads: the parcel's own course, and whether UPS would now let such a change be called off.

    A change that stands is taken for ours, since none could stand when it was asked for: UPS refuses a second one.
    """
    number = number_of(operation.tracking_number)
    package = tracked(client, number)
    if package is None:
        return Sighting(Sight.UNCLEAR, number, "UPS knows no such parcel")
    try:
        course = next(parse.parcel(package))
        days = parse.delivery_days(package)
    except UNREADABLE as error:
        return Sighting(Sight.UNCLEAR, number, f"the parcel's course cannot be read: {error}")
    if operation.way == "reschedule" and operation.day is not None and days.get("RDD") == operation.day:
        return Sighting(Sight.SEEN, number, f"delivery is set for {operation.day}")
    if operation.way == "return" and has_activity(package, "RS"):
        return Sighting(Sight.SEEN, number, "the parcel is on its way back")
    value = value_of(eligibility(client, number), operation.way) or {}
    if value.get("cancelEligibility") == ELIGIBLE:
        return Sighting(Sight.SEEN, number, f"the change stands at UPS ({operation.way.replace('_', ' ')})")
    status = getattr(course, "status", "")
    if value.get("createEligibility") == ELIGIBLE:
        return Sighting(Sight.ABSENT, number, f"UPS has no such change on file; the parcel stands as {status}")
    return Sighting(Sight.UNCLEAR, number, f"UPS tells of no change and takes none; the parcel stands as {status}")


def has_activity(package: Row, kind: str) -> bool:
    return any((row.get("status") or {}).get("type") == kind for row in package.get("activity") or ())
