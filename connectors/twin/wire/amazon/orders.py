"""Orders: the search with its window and tokens, one order, the same in the older version, and the confirmed parcel."""

import base64
import binascii
from time import time
from typing import Any

import orjson

from connectors.twin import deeds
from connectors.twin.market import Market
from connectors.twin.wire.amazon.api import Amazon, Call
from connectors.twin.wire.amazon.words import MARKETPLACE, AmazonError, invalid, iso, money
from connectors.twin.world.channels import CHANNELS, DAY
from connectors.twin.world.trade import Order, Step

LAG, TOKEN_LIFE, PAGE = 120, DAY, 100
STATUSES = (
    "PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE",
)  # fmt: skip
DATA = frozenset(
    {"BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES", "TAX",
     "PAYMENT", "FULFILLMENT_ORDERS"}
)  # fmt: skip
FIRST_ASIN = 30_000_000


def status(api: Amazon, order: Order) -> str:
    """A parcel that the warehouse has packed is not shipped before somebody says so."""
    if order.step == Step.UNPAID:
        return "PENDING"
    if order.step == Step.CANCELLED:
        return "CANCELLED"
    if order.step in (Step.TO_SHIP, Step.PACKED, Step.CANCEL_ASKED):
        return "SHIPPED" if order.index in api.confirmed else "UNSHIPPED"
    return "SHIPPED"


def search(api: Amazon, call: Call) -> dict[str, Any]:
    created, updated = call.at("createdAfter"), call.at("lastUpdatedAfter")
    if (created is None) is (updated is None):
        raise invalid("Provide exactly one of createdAfter and lastUpdatedAfter.")
    bounds = [call.at(name) for name in ("createdBefore", "lastUpdatedBefore")]
    if bounds[updated is None] is not None:
        raise invalid("createdBefore goes with createdAfter, lastUpdatedBefore with lastUpdatedAfter.")
    latest = max(api.market.now, int(time())) - LAG
    until = bounds[updated is not None]
    if until is not None and until > latest:
        raise invalid("The end of the range must be at least two minutes before the time of the request.")
    api.in_marketplace(call)
    size, wanted = call.size("maxResultsPerPage", PAGE, PAGE), call.listed("fulfillmentStatuses")
    if any(one not in STATUSES for one in wanted):
        raise invalid("fulfillmentStatuses holds an unknown status.")
    shown = included(call)
    same = {name: value for name, value in call.query.items() if name != "paginationToken"}
    start = opened(api, call.query.get("paginationToken", ""), same)
    after = updated if created is None else created
    assert after is not None
    end = min(api.market.now, latest if until is None else until)
    rows, place = walk(api, after, end, start, size, wanted, by_update=created is None)
    body: dict[str, Any] = {"orders": [detail(api, order, shown) for order in rows]}
    body["createdBefore" if updated is None else "lastUpdatedBefore"] = iso(end)
    if place:
        body["pagination"] = {"nextToken": sealed(api, place, same)}
    return body


def walk(
    api: Amazon, after: int, end: int, start: int, size: int, wanted: list[str], *, by_update: bool
) -> tuple[list[Order], int]:
    """(orders of this page, where the next one starts; 0 after the last)."""
    book, rows = api.market.books["amazon"], list[Order]()
    low, high = book.changed(after, end, start) if by_update else book.created(after, end)
    place = low if by_update else max(low, start)
    mark = start
    while place < high and len(rows) < size:
        mark, order = book.at(place) if by_update else (place + 1, book.orders[place])
        place += 1
        if not wanted or status(api, order) in wanted:
            rows.append(order)
    return rows, mark if place < high else 0


def sealed(api: Amazon, place: int, same: dict[str, str]) -> str:
    """A page token: it serves a day, and only with the parameters it was given for."""
    return base64.urlsafe_b64encode(orjson.dumps([place, api.market.now + TOKEN_LIFE, same])).decode()


def opened(api: Amazon, token: str, same: dict[str, str]) -> int:
    if not token:
        return 0
    place, ends, given = _unsealed(token)
    if ends < api.market.now:
        raise invalid("The pagination token has expired.")
    if given != same:
        raise invalid("The pagination token goes with the parameters of the request that returned it.")
    return place


def asked(token: str) -> dict[str, str]:
    """The parameters that a page token was given for."""
    return _unsealed(token)[2]


def _unsealed(token: str) -> tuple[int, int, dict[str, str]]:
    try:
        place, ends, given = orjson.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError, binascii.Error) as error:
        raise invalid("The pagination token is not valid.") from error
    return int(place), int(ends), dict(given)


def included(call: Call) -> frozenset[str]:
    shown = frozenset(call.listed("includedData"))
    if not shown <= DATA:
        raise invalid("includedData holds an unknown dataset.")
    return shown


def one(api: Amazon, call: Call) -> dict[str, Any]:
    return {"order": detail(api, api.find(call.names[0]), included(call))}


def detail(api: Amazon, order: Order, shown: frozenset[str]) -> dict[str, Any]:
    state, is_open = status(api, order), order.step != Step.UNPAID
    row: dict[str, Any] = {
        "orderId": order.number, "createdTime": iso(order.created), "lastUpdatedTime": iso(order.updated),
        "programs": [],
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": MARKETPLACE, "marketplaceName": "Amazon.com"},
        "orderItems": [item(api, order, place, shown) for place in range(len(order.lines))],
    }  # fmt: skip
    buyer = api.market.buyer(order)
    if "BUYER" in shown and is_open:
        row["buyer"] = {"buyerName": buyer.name, "buyerEmail": alias(order)}
    if "RECIPIENT" in shown and is_open:
        row["recipient"] = {
            "deliveryAddress": {
                "name": buyer.name, "addressLine1": buyer.street, "city": buyer.city, "stateOrRegion": buyer.state,
                "postalCode": buyer.postcode, "countryCode": "US", "phone": buyer.phone, "addressType": "RESIDENTIAL",
            }
        }  # fmt: skip
    if "PROCEEDS" in shown and is_open:
        row["proceeds"] = {"grandTotal": money(order.total)}
    if "PAYMENT" in shown and is_open:
        row["payment"] = {"paymentExecutions": [{"paymentMethod": "CreditCard", "paymentAmount": money(order.total)}]}
    if "FULFILLMENT" in shown:
        row["fulfillment"] = {
            "fulfillmentStatus": state, "fulfilledBy": "MERCHANT", "fulfillmentServiceLevel": "STANDARD",
            "shipByWindow": {"earliestDateTime": iso(order.created), "latestDateTime": iso(order.ship_by)},
            "deliverByWindow": {"earliestDateTime": iso(order.ship_by + DAY), "latestDateTime": iso(order.deliver_by)},
        }  # fmt: skip
    if "PACKAGES" in shown and state == "SHIPPED":
        row["packages"] = packages(api, order)
    return row


def alias(order: Order) -> str:
    """Amazon hides the buyer's address behind one of its own."""
    return f"{order.buyer:012x}@marketplace.amazon.com"


def item_id(order: Order, place: int) -> str:
    return f"{60_000_000_000_000 + order.index * 10 + place}"


def unit_price(market: Market, good: int) -> int:
    stock = market.goods[good]
    return CHANNELS["amazon"].price(stock.price_usd, stock.price_sgd)


def shares(market: Market, order: Order) -> list[dict[str, int]]:
    """What was paid for each line; where the price was changed meanwhile, the difference stands as a discount or
    as postage on the first."""
    lines = [{"ITEM": unit_price(market, good) * quantity} for good, quantity in order.lines]
    rest = order.total - sum(line["ITEM"] for line in lines)
    if rest:
        lines[0]["SHIPPING" if rest > 0 else "DISCOUNT"] = rest
    return lines


def item(api: Amazon, order: Order, place: int, shown: frozenset[str]) -> dict[str, Any]:
    good, quantity = order.lines[place]
    stock, state = api.market.goods[good], status(api, order)
    row: dict[str, Any] = {
        "orderItemId": item_id(order, place), "quantityOrdered": quantity,
        "product": {
            "asin": f"B0{FIRST_ASIN + good}", "title": stock.title, "sellerSku": stock.sku,
            "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
        },
    }  # fmt: skip
    if order.step != Step.UNPAID:
        row["product"]["price"] = {"unitPrice": money(unit_price(api.market, good))}
    if "PROCEEDS" in shown and order.step != Step.UNPAID:
        parts = shares(api.market, order)[place]
        row["proceeds"] = {
            "proceedsTotal": money(sum(parts.values())),
            "breakdowns": [{"type": name, "subtotal": money(minor)} for name, minor in parts.items()],
        }
    if "CANCELLATION" in shown and (told := cancellation(order, place)):
        row["cancellation"] = told
    if "FULFILLMENT" in shown:
        gone = quantity if state == "SHIPPED" else 0
        left = 0 if state == "CANCELLED" or place in order.pulled_lines else quantity - gone
        row["fulfillment"] = {"quantityFulfilled": gone, "quantityUnfulfilled": left}
    return row


def cancellation(order: Order, place: int) -> dict[str, Any]:
    if order.step == Step.CANCEL_ASKED:
        return {
            "cancellationRequest": {"requester": "BUYER", "cancelReason": order.cancel_reason or "Bought by mistake"}
        }
    if order.step == Step.CANCELLED or place in order.pulled_lines:
        who = {"buyer": "BUYER", "system": "AMAZON"}.get(order.cancel_by, "MERCHANT")
        return {"cancellationExecution": {"cancelledBy": who, "cancelReason": order.cancel_reason or "NoInventory"}}
    return {}


def packages(api: Amazon, order: Order) -> list[dict[str, Any]]:
    """What the seller confirmed, else the warehouse's own parcel."""
    state = "DELIVERED" if order.delivered else "IN_TRANSIT" if order.shipped else "SHIPPED"
    whole = [{"orderItemId": item_id(order, place), "quantity": quantity}
             for place, (_, quantity) in enumerate(order.lines)]  # fmt: skip
    made = api.confirmed.get(order.index) or [
        {"packageReferenceId": "1", "carrier": order.courier, "trackingNumber": order.tracking,
         "shipTime": iso(order.shipped), "packageItems": whole}
    ]  # fmt: skip
    return [{**one, "packageStatus": {"status": state}} for one in made]


def confirm_shipment(api: Amazon, call: Call) -> None:
    """The seller's own courier. The same reference again edits that package."""
    order, told = api.find(call.names[0]), call.body.get("packageDetail")
    if call.text("marketplaceId") != MARKETPLACE or not isinstance(told, dict):
        raise invalid("marketplaceId or packageDetail is missing or invalid.")
    reference = told.get("packageReferenceId")
    if not isinstance(reference, str) or not reference.isdecimal() or int(reference) < 1:
        raise invalid("packageReferenceId must be a positive number, written as a string.")
    for name in ("carrierCode", "trackingNumber", "shipDate"):
        if not isinstance(told.get(name), str) or not told[name]:
            raise invalid(f"{name} is missing in packageDetail.")
    if told["carrierCode"] == "Other" and not told.get("carrierName"):
        raise invalid("carrierName is required with the carrier code Other.")
    items = told.get("orderItems")
    quantities = {item_id(order, place): quantity for place, (_, quantity) in enumerate(order.lines)}
    if not isinstance(items, list) or not items:
        raise invalid("orderItems is missing in packageDetail.")
    if any(not 0 < int(row.get("quantity", 0)) <= quantities.get(row.get("orderItemId"), 0) for row in items):
        raise invalid("An item is not in this order, or more of it is confirmed than was ordered.")
    package = {
        "packageReferenceId": reference, "carrier": told.get("carrierName") or told["carrierCode"],
        "trackingNumber": told["trackingNumber"], "shipTime": told["shipDate"],
        "packageItems": [{"orderItemId": row["orderItemId"], "quantity": row["quantity"]} for row in items],
    }  # fmt: skip
    _keep(api, order, package)


def _keep(api: Amazon, order: Order, package: dict[str, Any]) -> None:
    held = api.confirmed.get(order.index, [])
    same = next((row for row in held if row["packageReferenceId"] == package["packageReferenceId"]), None)
    if same == package:
        return
    if same is not None:
        held[held.index(same)] = package
        order.tracking = package["trackingNumber"]
        api.market.effects.append(
            api.market.now, "amazon", "edit_package", subject=order.number, reference=package["packageReferenceId"],
            tracking=order.tracking,
        )  # fmt: skip
        api.market.touch(order)
        return
    if held:
        raise AmazonError(400, "InvalidInput", "PackageToUpdateNotFound: every item is in a confirmed package already.")
    deeds.confirm(
        api.market, order, order.number, package["trackingNumber"], package=package["packageReferenceId"],
        carrier=package["carrier"],
    )  # fmt: skip
    api.confirmed[order.index] = [package]
