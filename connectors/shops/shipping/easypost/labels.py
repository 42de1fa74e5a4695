"""Return labels: a shipment is made first, which is free, then its postage is bought at one of its rates.

EasyPost keeps no idempotency key. So the shipment carries the intent's key as its reference, which any later attempt
finds, and EasyPost sells the postage of one shipment once.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from typing import Any

from connectors.base import Permit, Refused, Retry, Unknown
from connectors.operations import Address, BuyReturnLabel, Parcel, VoidLabel
from connectors.shops.parcels import compact
from connectors.shops.reading import UNREADABLE, Row, amount
from connectors.shops.shipping.easypost.client import AMBIGUOUS, Client
from connectors.shops.shipping.easypost.parse import INCH_MM, OUNCE_GRAMS
from connectors.types import Account, Receipt, ReturnPlace, Sight, Sighting

LOOK_BACK = timedelta(days=2)  # longer than an intent is retried
GIVEN_BACK = frozenset({"submitted", "refunded"})


def buy(client: Client, operation: BuyReturnLabel, permit: Permit, now: datetime) -> Receipt:
    shipment = find(client, permit.key, now - LOOK_BACK)
    if shipment is not None and has_postage(shipment):
        return Receipt(str(shipment["id"]), is_replay=True)
    if shipment is None:
        shipment = _create(client, operation, permit)
    rate = cheapest(shipment, operation)
    try:
        body = {"rate": {"id": rate["id"]}}
        bought, receipt = client.write(f"/shipments/{shipment['id']}/buy", body, permit, "shipments.buy")
    except Unknown as error:
        if error.code not in AMBIGUOUS:
            raise
        return _already_bought(client, str(shipment["id"]), error)
    if not has_postage(bought):
        raise Unknown(f"shipment {bought['id']} was answered without a label; whether postage was bought is not known")
    return receipt


def _create(client: Client, operation: BuyReturnLabel, permit: Permit) -> Row:
    """A lost answer bought nothing: the next attempt finds the shipment by its reference, or makes it."""
    try:
        return client.write("/shipments", {"shipment": wanted(operation, permit.key)}, permit, "shipments.create")[0]
    except Unknown as error:
        raise Retry(f"the return shipment's answer is lost, and no postage was bought: {error}") from error


def _already_bought(client: Client, ref: str, error: Unknown) -> Receipt:
    found = client.one("shipments", ref)
    if found is None or not has_postage(found):
        raise error
    return Receipt(ref, is_replay=True)


def wanted(operation: BuyReturnLabel, key: str) -> Row:
    """With `is_return` EasyPost swaps the addresses: they are given as on the way out, from us to the buyer."""
    return {
        "is_return": True,
        "reference": key,
        "from_address": place(operation.receiver),
        "to_address": place(operation.sender),
        "parcel": measures(operation.parcel),
    }


def return_place(account: Account, ref: str) -> ReturnPlace | None:
    """What the account's settings say; None where they do not. Raises Refused where they cannot be read."""
    told, usual = account.settings.get("return_address"), account.settings.get("return_parcel")
    if not told:
        return None
    try:
        address = Address(**{name: str(part) for name, part in dict(told).items()})  # type: ignore[call-overload]  # JSON
        parcel = Parcel(**{name: int(size) for name, size in dict(usual).items()}) if usual else None  # type: ignore[call-overload]  # JSON
    except (TypeError, ValueError) as error:
        raise Refused(
            f"{account.name}: `return_address` or `return_parcel` in its settings is wrong: {error}"
        ) from error
    return ReturnPlace(external_id=ref, address=address, parcel=parcel)


def place(address: Address) -> Row:
    return {
        "name": address.name, "street1": address.line1, "street2": address.line2, "city": address.city,
        "state": address.region, "zip": address.postcode, "country": address.country, "phone": address.phone,
    }  # fmt: skip


def measures(parcel: Parcel) -> Row:
    """Ounces and inches, rounded up: postage for less than the parcel weighs is charged again on the way."""
    sides = {"length": parcel.length_mm, "width": parcel.width_mm, "height": parcel.height_mm}
    tenths = Decimal("0.1")
    return {
        "weight": float((parcel.weight_grams / OUNCE_GRAMS).quantize(tenths, ROUND_UP)),
        **{name: float((size / INCH_MM).quantize(tenths, ROUND_UP)) for name, size in sides.items()},
    }


def cheapest(shipment: Row, operation: BuyReturnLabel) -> Row:
    """The cheapest rate of the asked carrier and service within the limit. Raises Refused; nothing was bought."""
    try:
        rates: list[Row] = [rate for rate in shipment.get("rates") or () if _fits(rate, operation)]
        rates.sort(key=lambda rate: amount(rate["rate"]))
    except UNREADABLE as error:
        raise Refused(f"EasyPost's rates cannot be read, so no label was bought: {error}", code="drift") from error
    if not rates:
        said = "; ".join(sorted({str(row.get("message")) for row in shipment.get("messages") or ()}))
        asked = " ".join(word for word in (operation.carrier, operation.service) if word) or "any courier"
        raise Refused(f"EasyPost offers no rate of {asked} in {operation.limit.currency}: {said}", code="no_rate")
    price = amount(rates[0]["rate"])
    if price > operation.limit.amount:
        raise Refused(f"the cheapest label costs {price} {operation.limit.currency}; {operation.limit} is approved")
    return rates[0]


def _fits(rate: Row, operation: BuyReturnLabel) -> bool:
    return (
        rate["currency"] == operation.limit.currency
        and operation.carrier.lower() in ("", str(rate["carrier"]).lower())
        and operation.service.lower() in ("", str(rate["service"]).lower())
    )


def has_postage(shipment: Row) -> bool:
    return bool(shipment.get("postage_label"))


def find(client: Client, key: str, since: datetime) -> Row | None:
    """Our shipment: by its reference, which may stand for the id, else among those made since."""
    found = client.one("shipments", key)
    if found is not None:
        return found if found.get("reference") == key else None
    params = {"start_datetime": since.isoformat(), "purchased": "false"}  # "false" asks for those not bought too
    return with_reference(client, "shipments", params, key)


def with_reference(client: Client, kind: str, params: dict[str, str], key: str) -> Row | None:
    rows: list[Any] = [row for page, _ in client.pages(kind, params) for row in page]
    return next((row for row in rows if isinstance(row, dict) and row.get("reference") == key), None)


def see_label(client: Client, operation: BuyReturnLabel, key: str, since: datetime) -> Sighting:
    found = find(client, key, since - timedelta(minutes=10))
    if found is None:
        return Sighting(Sight.ABSENT, "", "no shipment carries our reference")
    ref = str(found.get("id") or "")
    if not has_postage(found):
        return Sighting(Sight.ABSENT, ref, "the shipment stands, and no postage was bought for it")
    return Sighting(Sight.SEEN, ref, f"bought: tracking number {compact(str(found.get('tracking_code') or ''))}")


def void(client: Client, operation: VoidLabel, permit: Permit) -> Receipt:
    """Ask for the price back. `rejected` and `not_applicable` are said with a good answer, and mean no."""
    made, receipt = client.write(f"/shipments/{operation.label_ref}/refund", {}, permit, "shipments.refund")
    status = str(made.get("refund_status") or "")
    if status == "not_applicable":
        raise Refused(
            "the courier bills this label only once it is scanned: there is nothing to give back", code=status
        )
    if status not in GIVEN_BACK:
        raise Refused(
            f"EasyPost gives nothing back for this label: refund status {status!r}", code=status or "no_status"
        )
    return replace(receipt, is_final=status == "refunded")


def see_void(client: Client, operation: VoidLabel, key: str, since: datetime) -> Sighting:
    found = client.one("shipments", operation.label_ref)
    if found is None:
        return Sighting(Sight.UNCLEAR, operation.label_ref, "EasyPost knows no such shipment")
    status = str(found.get("refund_status") or "")
    sight = Sight.SEEN if status in GIVEN_BACK else Sight.ABSENT
    return Sighting(sight, operation.label_ref, f"the refund of the label stands as {status or 'not asked'}")
