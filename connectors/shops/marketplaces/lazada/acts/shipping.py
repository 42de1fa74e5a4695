"""The hand-over: pack what is pending, then report the packages as ready to ship.

Two calls for one approval. What is packed stays packed, so an arrangement that stopped between them is found absent and
is finished by doing it again: packed units are not packed twice, only reported.
"""

from datetime import datetime
from typing import Any

from connectors.base import Answer, CannotDo, Permit, Refused, Retry, Unknown
from connectors.operations import ArrangeShipment
from connectors.shops.marketplaces.lazada.client import Client, part
from connectors.shops.marketplaces.lazada.parse import ITEM_STATUS
from connectors.shops.marketplaces.lazada.reads.orders import order_items
from connectors.shops.reading import Row
from connectors.types import OrderStatus, Receipt, Sight, Sighting

TO_PACK = frozenset({"pending", "topack", "repacked"})
TO_REPORT = frozenset({"packed", "toship"})
MOST_PACKAGES = 20
FINE = "0"


def arrange(client: Client, operation: ArrangeShipment, permit: Permit) -> Receipt:
    if operation.method == "own_courier" or operation.tracking_number:
        raise CannotDo("Lazada issues the tracking number itself; a courier of our own is set in the Seller Center")
    items = order_items(client, operation.order_ref)
    waiting = [item for item in items if item["status"] in TO_PACK]
    packages = {
        str(item["package_id"]): None for item in items if item["status"] in TO_REPORT and item.get("package_id")
    }
    if not waiting and not packages:
        words = sorted({str(item["status"]) for item in items})
        raise Refused(f"nothing of this order waits to be shipped; its units stand as {words}", code="status")
    if waiting:
        packages |= dict.fromkeys(_packed(client, operation, waiting, permit))
    if len(packages) > MOST_PACKAGES:
        raise Refused(f"Lazada reports at most {MOST_PACKAGES} packages at once; this order has {len(packages)}")
    request = {"packages": [{"package_id": package} for package in packages]}
    answer = client.write("POST", "/order/package/rts", {"readyToShipReq": request}, permit)
    _must_all_pass(_rows(answer, "packages"), "reported as ready to ship")
    return client.receipt(answer, ",".join(packages))


def _packed(client: Client, operation: ArrangeShipment, items: list[Row], permit: Permit) -> list[str]:
    """Package ids of the units, packed now."""
    order_id, ids = int(operation.order_ref), sorted(int(item["order_item_id"]) for item in items)
    query = {"getShipmentProvidersReq": {"orders": [{"order_id": order_id, "order_item_ids": ids}]}}
    result = part(client.get("/order/shipment/providers/get", query), "result", dict)
    offered = part(result, "data", dict)
    request = {
        "pack_order_list": [{"order_id": order_id, "order_item_list": ids}],
        "delivery_type": "dropship",  # the only value; it does not say who comes for the first mile
        "shipping_allocate_type": str(offered.get("shipping_allocate_type") or "TFS"),
        **_provider(offered, operation.carrier),
    }
    answer = client.write("POST", "/order/fulfill/pack", {"packReq": request}, permit)
    orders = _rows(answer, "pack_order_list")
    rows = [row for order in orders for row in order.get("order_item_list") or ()]
    _must_all_pass(rows, "packed")
    found = [str(row["package_id"]) for row in rows if row.get("package_id")]
    if not found:
        raise Unknown("Lazada packed the units and names no package; look at the order", code="drift")
    return list(dict.fromkeys(found))


def _provider(offered: Row, carrier: str) -> dict[str, str]:
    """The courier that was asked for; else Lazada's own choice, or the first where it leaves the choice to us."""
    providers = [row for row in offered.get("shipment_providers") or () if isinstance(row, dict)]
    if carrier:
        wanted = carrier.casefold()
        for row in providers:
            if wanted in (str(row.get("name")).casefold(), str(row.get("provider_code")).casefold()):
                return {"shipment_provider_code": str(row["provider_code"])}
        names = [row.get("name") for row in providers]
        raise Refused(f"Lazada offers {names} for this order, not {carrier!r}", code="carrier")
    is_lazadas_choice = str(offered.get("platform_default")) in ("1", "true", "True")
    return {} if is_lazadas_choice or not providers else {"shipment_provider_code": str(providers[0]["provider_code"])}


def _rows(answer: Answer, name: str) -> list[Row]:
    """The rows inside a write's answer. Raises Unknown where they are not: the call may have done its work."""
    body: Any = answer.json()
    try:
        rows = body["result"]["data"][name]
        return [row for row in rows if isinstance(row, dict)]
    except (LookupError, TypeError) as error:
        raise Unknown(f"Lazada's answer holds no {name}; its shape may have changed", code="drift") from error


def _must_all_pass(rows: list[Row], done: str) -> None:
    """`success` around the rows does not mean that all passed: Refused where none did, Unknown where some did."""
    failed = [row for row in rows if str(row.get("item_err_code")) != FINE]
    if not failed and rows:
        return
    words = "; ".join(f"{row.get('item_err_code')}: {row.get('msg')}" for row in failed) or "no row came back"
    code = str(failed[0].get("item_err_code")) if failed else "drift"
    if len(failed) < len(rows) or not rows:
        raise Unknown(f"{len(rows) - len(failed)} of {len(rows)} were {done}: {words}", code=code)
    if all(row.get("retry") is True for row in failed):
        raise Retry(f"nothing was {done}: {words}", code=code, after_seconds=60.0)
    raise Refused(f"nothing was {done}: {words}", code=code)


def see_shipment(client: Client, operation: ArrangeShipment, since: datetime | None) -> Sighting:
    items = [item for item in order_items(client, operation.order_ref) if item["status"] != "canceled"]
    words = sorted({str(item["status"]) for item in items})
    detail = f"the units stand as {','.join(words)}"
    if not items or OrderStatus.UNPAID in {ITEM_STATUS.get(word) for word in words}:
        return Sighting(Sight.ABSENT, operation.order_ref, detail)
    left = [item for item in items if item["status"] in TO_PACK | TO_REPORT]
    if not left:
        return Sighting(Sight.SEEN, operation.order_ref, detail)
    # Packed and not reported counts as absent: doing it again finishes what is left and repeats nothing.
    return Sighting(Sight.ABSENT, operation.order_ref, detail)
