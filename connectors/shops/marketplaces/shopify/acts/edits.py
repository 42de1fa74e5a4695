"""Changing an open order: where it goes, and what it holds."""

from dataclasses import replace
from datetime import datetime

from connectors.base import Permit, Refused, Retry, Unknown
from connectors.operations import Address, ChangeAddress, ChangeItems
from connectors.shops.marketplaces.shopify import mutations
from connectors.shops.marketplaces.shopify.acts.orders import one
from connectors.shops.marketplaces.shopify.client import Client
from connectors.shops.reading import Row
from connectors.types import Receipt, Sight, Sighting

PROVINCE_CODE = 3  # ISO 3166-2's part after the country has at most three characters


def change_address(client: Client, operation: ChangeAddress, permit: Permit, key: str) -> Receipt:
    order = one(client, mutations.GOES_TO, "order", operation.order_ref)
    if order["cancelledAt"] or order["displayFulfillmentStatus"] == "FULFILLED":
        raise Refused("the order has left or is cancelled; its parcel goes where it was sent", code="NOT_OPEN")
    given = {"id": operation.order_ref, "shippingAddress": written(operation.address)}
    _, receipt = client.mutate(mutations.CHANGE_ADDRESS, {"input": given}, permit, "orderUpdate")
    return replace(receipt, reference=operation.order_ref)


def written(address: Address) -> Row:
    """An address as Shopify takes it. The last word of the name is its surname, the one part that must not be empty."""
    first, _, last = address.name.rpartition(" ")
    row: Row = {
        "firstName": first, "lastName": last, "address1": address.line1, "address2": address.line2,
        "city": address.city, "zip": address.postcode, "countryCode": address.country,
    }  # fmt: skip
    if address.region:
        row["provinceCode" if len(address.region) <= PROVINCE_CODE else "province"] = address.region
    if address.phone:
        row["phone"] = address.phone
    return row


def see_address(client: Client, operation: ChangeAddress, key: str, since: datetime | None) -> Sighting:
    stands = one(client, mutations.GOES_TO, "order", operation.order_ref)["shippingAddress"] or {}
    wanted = operation.address
    told = {
        "name": " ".join(str(stands.get(part) or "") for part in ("firstName", "lastName")).strip(),
        "line1": stands.get("address1"), "line2": stands.get("address2"), "city": stands.get("city"),
        "postcode": stands.get("zip"), "country": stands.get("countryCodeV2"),
    }  # fmt: skip
    other = [part for part, text in told.items() if _plain(text) != _plain(getattr(wanted, part))]
    regions = {_plain(stands.get("province")), _plain(stands.get("provinceCode"))}
    if wanted.region and _plain(wanted.region) not in regions:
        other.append("region")
    detail = f"these parts read otherwise: {', '.join(other)}" if other else "the order goes to that address"
    return Sighting(Sight.ABSENT if other else Sight.SEEN, operation.order_ref, detail)


def _plain(text: object) -> str:
    """Shopify tidies capitals and spaces of some parts."""
    return "".join(str(text or "").split()).casefold()


def change_items(client: Client, operation: ChangeItems, permit: Permit, key: str) -> Receipt:
    """Changes are staged in a session of their own; only its last call touches the order."""
    if see_items(client, operation, key, None).sight is Sight.SEEN:
        return Receipt(operation.order_ref, b"", is_replay=True)
    _refuse_second_line(client, operation)
    session = _staged(client, operation, permit)
    variables = {"id": session, "notify": operation.should_notify, "note": f"Ops Room [{key}]"}
    _, receipt = client.mutate(mutations.EDIT_COMMIT, variables, permit, "orderEditCommit")
    return replace(receipt, reference=operation.order_ref)


def _refuse_second_line(client: Client, operation: ChangeItems) -> None:
    """Goods that the order holds already would come as a line that nothing tells from an earlier attempt's."""
    held = {row["variant"]["id"] for row in _lines(client, operation.order_ref) if row.get("variant") and _units(row)}
    double = sorted(ref for ref, _ in operation.added if ref in held)
    if double:
        raise Refused(f"the order holds {', '.join(double)} already: raise that line's quantity", code="duplicate")


def _staged(client: Client, operation: ChangeItems, permit: Permit) -> str:
    """The session with all changes in it. A lost answer here changed nothing that anybody sees."""
    try:
        begun, _ = client.mutate(mutations.EDIT_BEGIN, {"id": operation.order_ref}, permit, "orderEditBegin")
        order: Row = begun["calculatedOrder"]
        lines = {_number(row["id"]): row["id"] for row in order["lineItems"]["nodes"]}
        for ref, quantity in operation.quantities:
            if _number(ref) not in lines:
                raise Refused(f"line {ref} cannot be edited in this order", code="line")
            given = {"id": order["id"], "line": lines[_number(ref)], "quantity": quantity}
            client.mutate(mutations.EDIT_QUANTITY, given, permit, "orderEditSetQuantity")
        for ref, quantity in operation.added:
            given = {"id": order["id"], "variant": ref, "quantity": quantity}
            client.mutate(mutations.EDIT_ADD, given, permit, "orderEditAddVariant")
    except Unknown as error:
        raise Retry(f"the edit could not be prepared, so the order is as it was: {error}") from error
    return str(order["id"])


def _number(gid: str) -> str:
    """A line keeps its number in the session; only the kind before it differs."""
    return gid.rpartition("/")[2]


def _lines(client: Client, order_ref: str) -> list[Row]:
    found: list[Row] = []
    after = None
    while True:
        order = client.query(mutations.ITEMS, {"id": order_ref, "after": after}).get("order")
        if not isinstance(order, dict):
            raise Refused(f"Shopify knows no order {order_ref}", code="NOT_FOUND")
        page = order["lineItems"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def _units(row: Row) -> int:
    return int(row["currentQuantity"])


def see_items(client: Client, operation: ChangeItems, key: str, since: datetime | None) -> Sighting:
    rows = _lines(client, operation.order_ref)
    units = {row["id"]: _units(row) for row in rows}
    goods = [(row["variant"]["id"], _units(row)) for row in rows if row.get("variant")]
    open_ = [ref for ref, quantity in operation.quantities if units.get(ref) != quantity]
    open_ += [ref for ref, quantity in operation.added if (ref, quantity) not in goods]
    detail = f"not as asked: {', '.join(open_)}" if open_ else "the order holds what was asked"
    return Sighting(Sight.ABSENT if open_ else Sight.SEEN, operation.order_ref, detail)
