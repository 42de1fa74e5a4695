"""The version of the orders API before: its own words, and everything under `payload`."""

from typing import Any

from connectors.twin.wire.amazon.api import Amazon, Call
from connectors.twin.wire.amazon.orders import PAGE, opened, sealed, status, walk
from connectors.twin.wire.amazon.words import MARKETPLACE, invalid, iso
from connectors.twin.world.trade import Order, Step

OLD_WORDS = {
    "PENDING": "Pending", "UNSHIPPED": "Unshipped", "SHIPPED": "Shipped", "CANCELLED": "Canceled",
}  # fmt: skip


def search(api: Amazon, call: Call) -> dict[str, Any]:
    call.must("MarketplaceIds")
    api.in_marketplace(call, "MarketplaceIds")
    created, updated = call.at("CreatedAfter"), call.at("LastUpdatedAfter")
    if (created is None) is (updated is None):
        raise invalid("Provide exactly one of CreatedAfter and LastUpdatedAfter.")
    same = {name: value for name, value in call.query.items() if name != "NextToken"}
    after = updated if created is None else created
    assert after is not None
    rows, place = walk(
        api, after, api.market.now, opened(api, call.query.get("NextToken", ""), same),
        call.size("MaxResultsPerPage", PAGE, PAGE), [], by_update=created is None,
    )  # fmt: skip
    payload: dict[str, Any] = {"Orders": [detail(api, order) for order in rows]}
    if place:
        payload["NextToken"] = sealed(api, place, same)
    return {"payload": payload}


def one(api: Amazon, call: Call) -> dict[str, Any]:
    return {"payload": detail(api, api.find(call.names[0]))}


def detail(api: Amazon, order: Order) -> dict[str, Any]:
    row = {
        "AmazonOrderId": order.number, "PurchaseDate": iso(order.created), "LastUpdateDate": iso(order.updated),
        "OrderStatus": OLD_WORDS[status(api, order)], "FulfillmentChannel": "MFN", "MarketplaceId": MARKETPLACE,
        "LatestShipDate": iso(order.ship_by), "NumberOfItemsShipped": 0,
    }  # fmt: skip
    if order.step != Step.UNPAID:
        row["OrderTotal"] = {"Amount": f"{order.total / 100:.2f}", "CurrencyCode": "USD"}
    return row
