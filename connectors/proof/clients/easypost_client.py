"""EasyPost's own library for Python."""

from collections.abc import Iterator
from typing import Any

from easypost.easypost_client import EasyPostClient
from easypost.errors.api.invalid_request_error import InvalidRequestError
from easypost.errors.api.not_found_error import NotFoundError
from easypost.util import validate_webhook

from connectors.proof.clients.told import Step
from connectors.proof.stand import HOOK, Stand
from connectors.twin.market import tracking_number
from connectors.twin.world.trade import Step as Stage

DENVER = {"street1": "2 Oak", "city": "Denver", "state": "CO", "zip": "80001", "country": "US"}
AUSTIN = {"street1": "1 Way", "city": "Austin", "state": "TX", "zip": "78744", "country": "US"}


def session(stand: Stand) -> Iterator[Step]:
    row = stand.rows["easypost"]
    client = EasyPostClient(row["credentials"]["api_key"], api_base=f"{row['base_url']}/v2", timeout=10)
    with client._requests_session:
        yield from calls(client)
    yield "validate_webhook", takes_push(stand)


def calls(client: Any) -> Iterator[Step]:
    trackers = client.tracker.all(page_size=40)
    following = client.tracker.get_next_page(trackers, page_size=40)
    ids = {row.id for row in [*trackers["trackers"], *following["trackers"]]}
    yield "tracker.all, tracker.get_next_page", len(ids) == 80
    one = trackers["trackers"][3]
    yield "tracker.retrieve", client.tracker.retrieve(one.id).tracking_code == one.tracking_code
    made = client.shipment.create(
        to_address=DENVER, from_address=AUSTIN, parcel={"weight": 15.4}, is_return=True, reference="proof-sdk-1"
    )
    yield "shipment.create", bool(made.rates)
    yield "shipment.retrieve", client.shipment.retrieve("proof-sdk-1").id == made.id
    bought = client.shipment.buy(made.id, rate=made.lowest_rate(["USPS"]))
    yield "shipment.buy", bought.postage_label.label_url.endswith(".png")
    yield "a second purchase", is_refused(lambda: client.shipment.buy(made.id, rate=made.lowest_rate()))
    yield "shipment.refund", client.shipment.refund(made.id).refund_status == "submitted"
    try:
        client.shipment.retrieve("shp_nothing")
    except NotFoundError:
        yield "a shipment that is not there", True
    else:
        yield "a shipment that is not there", False
    yield "user.retrieve_me", bool(client.user.retrieve_me().name)


def is_refused(call: Any) -> bool:
    try:
        call()
    except InvalidRequestError:
        return True
    return False


def takes_push(stand: Stand) -> bool:
    order = next(row for row in stand.server.market.books["shopify"].orders if row.step == Stage.SHIPPED)
    pushed = stand.server.wires["easypost"].push("tracker.updated", order, HOOK)
    if pushed is None:
        return False
    event = validate_webhook(pushed[0], pushed[1], stand.rows["easypost"]["credentials"]["webhook_secret"])
    return bool(event["result"]["tracking_code"] == tracking_number(order))
