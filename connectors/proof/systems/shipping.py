"""UPS by its OpenAPI files."""

from typing import Literal

from connectors.base import ConnectorError, Refused
from connectors.operations import Address, RedirectParcel
from connectors.proof.shared import Shared
from connectors.proof.specs import Exchange, OpenApi
from connectors.proof.stand import Stand
from connectors.proof.tally import Tally
from connectors.twin.market import tracking_number
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Order, Step
from connectors.types import RedirectOffer, Shipment

FILES = {
    "ups/DeliveryIntercept.yaml": ("/api/deliveryintercept/v2", "deliveryintercept"),
    "ups/Tracking.yaml": ("/api", "/track/"),
    "ups/OAuthClientCredentials.yaml": ("", "oauth"),
}
BALDWIN = Address(name="Kris", line1="12911 Fork Rd", city="Baldwin", region="MD", postcode="21013", country="US")
STRANGER = "1Z4096YY0316914058"
Way = Literal["reschedule", "reroute", "return", "hold_for_pickup"]
WAYS: tuple[Way, ...] = ("reschedule", "reroute", "return", "hold_for_pickup")


def ups(stand: Stand, shared: Shared, tally: Tally) -> None:
    shop = stand.shops["ups"]
    shop.check()
    numbers = turnable(stand)
    for number, way in zip(numbers, WAYS, strict=False):
        stand.do("ups", redirect(stand, number, way))
    shop.fetch(Shipment, next(tracking_number(row) for row in parcels(stand) if row.step == Step.DELIVERED))
    shop.fetch(Shipment, STRANGER)
    try:
        stand.do("ups", RedirectParcel(tracking_number=STRANGER, carrier="UPS", way="return"))
    except Refused:
        pass  # its refusal is judged like every answer
    try:
        stand.open("ups", client_secret="wrong").check()  # noqa: S106 - a secret that nobody has
    except ConnectorError:
        pass
    for name, (base, word) in FILES.items():
        mine = [one for one in stand.exchanges("ups") if word in one[0].url.path]
        # UPS sends fields that its own files do not list, so only what they list is held against it.
        judge = shared.open_api(name, base, closes=False)
        if name.startswith("ups/OAuth"):  # what is sent is a form
            tally.judged(0, len(mine), [fault for one in mine for fault in reply_faults(judge, one)])
        else:
            tally.judged(len(mine), len(mine), judge.judge(mine, mount="/ups"))


def reply_faults(judge: OpenApi, exchange: Exchange) -> list[str]:
    request, response = exchange
    return judge.reply("POST", request.url.path.removeprefix("/ups"), response.status_code, response.content)


def parcels(stand: Stand) -> list[Order]:
    return [row for row in stand.server.market.books["shopify"].orders if row.courier == "UPS"]


def turnable(stand: Stand) -> list[str]:
    """Numbers of parcels whose way can still be changed, in no special trouble."""
    market = stand.server.market
    under_way = [row for row in parcels(stand) if row.step == Step.SHIPPED and not row.scans_end]
    return [
        tracking_number(row)
        for row in under_way
        if market.parcels.expected(row) > market.now + DAY and market.parcels.last(row) is None
    ]


def redirect(stand: Stand, number: str, way: Way) -> RedirectParcel:
    offered = stand.shops["ups"].fetch(RedirectOffer, number)
    days = next((row.days for row in offered.ways if row.way == way), ()) if offered else ()
    return RedirectParcel(
        tracking_number=number, carrier="UPS", way=way, day=days[0] if way == "reschedule" else None,
        address=BALDWIN if way == "reroute" else None,
    )  # fmt: skip
