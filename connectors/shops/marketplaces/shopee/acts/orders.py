"""Cancel, answer a cancellation, decide a return, hand over; and the reads that prove them."""

from collections.abc import Callable
from typing import Any

from connectors.base import Answer, CannotDo, Permit, Refused, Retry, Unknown
from connectors.money import parse_amount
from connectors.operations import AnswerCancellation, ArrangeShipment, CancelOrder, DecideReturn
from connectors.shops.evidence import is_data_url, picture
from connectors.shops.marketplaces.shopee import parse, reads
from connectors.shops.marketplaces.shopee.client import Client, operation_of, rows
from connectors.shops.reading import Row
from connectors.transport.redaction import Redactor
from connectors.types import Receipt, RefusalReason, Sight, Sighting

CANCEL_REASONS = {
    "out_of_stock": "OUT_OF_STOCK",
    "customer_request": "CUSTOMER_REQUEST",
    "undeliverable": "UNDELIVERABLE_AREA",
}
IMAGES_PER_MODULE = 3
ACCEPTED = frozenset({"ACCEPTED", "PROCESSING", "CLOSED"})
CONTESTED = frozenset({"SELLER_DISPUTE", "JUDGING"})


def send(client: Client, path: str, body: Row, permit: Permit, reference: str) -> Receipt:
    return receipt_of(client, client.write(path, body, permit), reference)


def receipt_of(client: Client, answer: Answer, reference: str) -> Receipt:
    said = answer.json()
    request_id = str(said.get("request_id") or "") if isinstance(said, dict) else ""
    return Receipt(reference, Redactor(client.account.credentials.values()).body(answer.body), request_id)


def one_order(client: Client, order_sn: str) -> Row:
    found = reads.order_rows(client, [order_sn])
    if not found:
        raise Refused(f"Shopee knows no order {order_sn}", code="error_not_found")
    return found[0]


def cancel(client: Client, operation: CancelOrder, permit: Permit) -> Receipt:
    if operation.reason not in CANCEL_REASONS:
        raise CannotDo(
            f"Shopee takes no cancellation for the reason {operation.reason!r}; use one of {[*CANCEL_REASONS]}"
        )
    body: Row = {"order_sn": operation.order_ref, "cancel_reason": CANCEL_REASONS[operation.reason]}
    if operation.lines or operation.reason == "out_of_stock":
        body["item_list"] = short_items(one_order(client, operation.order_ref), operation.lines)
    return send(client, "/api/v2/order/cancel_order", body, permit, operation.order_ref)


def short_items(order: Row, lines: tuple[tuple[str, int], ...]) -> list[Row]:
    """The items named as missing. Shopee cancels the whole order all the same, so naming only a part is refused."""
    whole = {(line.external_id, line.quantity) for line in parse.lines(order["item_list"])}
    if lines and set(lines) != whole:
        raise CannotDo("Shopee cancels the whole order; cancel some of its lines by hand in the Seller Centre")
    return [{"item_id": item["item_id"], "model_id": item.get("model_id") or 0} for item in order["item_list"]]


def see_cancel(client: Client, operation: CancelOrder) -> Sighting:
    status = one_order(client, operation.order_ref)["order_status"]
    if status == "CANCELLED":
        return Sighting(Sight.SEEN, operation.order_ref, "the order is cancelled")
    sight = Sight.UNCLEAR if status == "IN_CANCEL" else Sight.ABSENT
    return Sighting(sight, operation.order_ref, f"the order stands as {status}")


def answer_cancellation(client: Client, operation: AnswerCancellation, permit: Permit) -> Receipt:
    body = {"order_sn": operation.order_ref, "operation": "ACCEPT" if operation.is_accepted else "REJECT"}
    return send(client, "/api/v2/order/handle_buyer_cancellation", body, permit, operation.order_ref)


def see_answer(client: Client, operation: AnswerCancellation) -> Sighting:
    status = one_order(client, operation.order_ref)["order_status"]
    detail = f"the order stands as {status}"
    if status == "IN_CANCEL":
        return Sighting(Sight.ABSENT, operation.order_ref, detail)
    was_accepted = status == "CANCELLED"
    sight = Sight.SEEN if was_accepted == operation.is_accepted else Sight.UNCLEAR
    return Sighting(sight, operation.order_ref, detail)


def decide(client: Client, operation: DecideReturn, permit: Permit) -> Receipt:
    steps: dict[str, Callable[..., tuple[str, Row]]] = {"accept": _accept, "offer": _offer, "reject": _reject}
    path, body = steps[operation.decision](client, operation, permit)
    return send(client, path, {"return_sn": operation.return_ref, **body}, permit, operation.return_ref)


def _accept(client: Client, operation: DecideReturn, permit: Permit) -> tuple[str, Row]:
    """Confirming refunds the whole amount asked for, so another amount is refused here."""
    asked = parse_amount(reads.return_detail(client, operation.return_ref)["refund_amount"])
    if operation.amount is not None and operation.amount.amount != asked:
        raise Refused(f"accepting refunds {asked}, not {operation.amount.amount}; make an offer instead", code="amount")
    return "/api/v2/returns/confirm", {}


def _offer(client: Client, operation: DecideReturn, permit: Permit) -> tuple[str, Row]:
    if operation.amount is None:
        raise Refused("an offer needs an amount", code="amount")
    ways = client.get("/api/v2/returns/get_available_solutions", {"return_sn": operation.return_ref})
    amount = operation.amount.amount
    for name, solution in (("offer_refund", "REFUND"), ("offer_return_refund", "RETURN_REFUND")):
        way: Row = ways.get(name) or {}
        if way.get("eligibility") and _fits(way, amount):
            return "/api/v2/returns/offer", {
                "proposed_solution": solution,
                "proposed_adjusted_refund_amount": float(amount),
            }
    raise Refused(f"Shopee allows no offer of {operation.amount} on this return: {ways}", code="no_solution")


def _fits(way: Row, amount: Any) -> bool:
    low, high = way.get("min_refund_amount"), way.get("max_refund_amount")
    return (low is None or parse_amount(low) <= amount) and (high is None or amount <= parse_amount(high))


def refusal_reasons(client: Client, return_sn: str) -> tuple[RefusalReason, ...]:
    """What Shopee lets this return be disputed for. Raises Refused where the shop lacks what a dispute asks for."""
    _dispute_email(client)
    return tuple(
        RefusalReason(
            str(row["dispute_reason"]),
            str(row.get("dispute_requirement") or ""),
            any(module.get("is_required") for module in row.get("evidence_module_list") or ()),
        )
        for row in _dispute_reasons(client, return_sn)
    )


def _dispute_reasons(client: Client, return_sn: str) -> list[Row]:
    return rows(
        client.get("/api/v2/returns/get_return_dispute_reason", {"return_sn": return_sn}), "dispute_reason_list"
    )


def _dispute_email(client: Client) -> str:
    email = client.account.settings.get("dispute_email")
    if not email:
        raise Refused("Shopee asks for an e-mail address with a dispute; set `dispute_email` in the shop's settings")
    return str(email)


def _reject(client: Client, operation: DecideReturn, permit: Permit) -> tuple[str, Row]:
    options = _dispute_reasons(client, operation.return_ref)
    reason = next((row for row in options if str(row["dispute_reason"]) == operation.reason_code), None)
    if reason is None:
        known = [row["dispute_reason"] for row in options]
        raise Refused(f"the dispute reason {operation.reason_code!r} is not one that Shopee offers here: {known}")
    email = _dispute_email(client)
    links = [_uploaded(client, image, permit) for image in operation.images]
    return "/api/v2/returns/dispute", {
        "email": email,
        "dispute_reason_id": reason["dispute_reason"],
        "dispute_text_reason": operation.text,
        "image_list": _modules(reason.get("evidence_module_list") or [], links),
    }


def _modules(modules: list[Row], links: list[str]) -> list[Row]:
    """Images over the reason's evidence modules in order, three each. Refused where a required one stays empty."""
    if len(links) > IMAGES_PER_MODULE * max(1, len(modules)):
        raise Refused(f"Shopee takes {IMAGES_PER_MODULE} images for each evidence module; {len(links)} are too many")
    required = [module for module in modules if module.get("is_required")]
    if len(links) < len(required):
        raise Refused(f"this dispute reason needs at least {len(required)} images; {len(links)} given", code="evidence")
    spread: list[list[str]] = [[] for _ in modules] or [[]]
    for place, link in enumerate(links):
        spread[place % len(spread)].append(link)
    pairs = zip(modules or [{"module_index": 1, "requirement": ""}], spread, strict=True)
    return [
        {"module_index": module["module_index"], "requirement": module.get("requirement") or "", "image_url": images}
        for module, images in pairs
        if images
    ]


def _uploaded(client: Client, image: str, permit: Permit) -> str:
    """An image on Shopee's file host: a link as it is, a data URL uploaded first. A lost upload filed no dispute."""
    if not is_data_url(image):
        return image
    content_type, body = picture(image).as_form("upload_image")
    path = "/api/v2/returns/convert_image"
    try:
        answer = client.transport.write(
            "POST", client.url(path), operation=operation_of(path), permit=permit,
            headers={"Content-Type": content_type}, body=body,
        )  # fmt: skip
        said: Any = answer.json()
        return str(said["response"]["url"])
    except (Unknown, KeyError, TypeError) as error:
        raise Retry(f"an evidence image could not be uploaded, so no dispute was filed: {error}") from error


def see_decision(client: Client, operation: DecideReturn) -> Sighting:
    item = reads.return_detail(client, operation.return_ref)
    status, ref = item["status"], operation.return_ref
    if operation.decision == "offer":
        return _see_offer(item, operation)
    wanted, other = (ACCEPTED, CONTESTED) if operation.decision == "accept" else (CONTESTED, ACCEPTED)
    if status in wanted:
        return Sighting(Sight.SEEN, ref, f"the return stands as {status}")
    sight = Sight.UNCLEAR if status in other or status == "CANCELLED" else Sight.ABSENT
    return Sighting(sight, ref, f"the return stands as {status}")


def _see_offer(item: Row, operation: DecideReturn) -> Sighting:
    latest = (item.get("negotiation") or {}).get("latest_offer_amount")
    is_ours = latest is not None and operation.amount is not None and parse_amount(latest) == operation.amount.amount
    detail = f"the latest offer on record is {latest}"
    return Sighting(Sight.SEEN if is_ours else Sight.ABSENT, operation.return_ref, detail)


def arrange(client: Client, operation: ArrangeShipment, permit: Permit) -> Receipt:
    query = {"order_sn": operation.order_ref}
    offered = client.get("/api/v2/logistics/get_shipping_parameter", query)
    body = {"order_sn": operation.order_ref, **_handover(offered, operation)}
    return send(client, "/api/v2/logistics/ship_order", body, permit, operation.order_ref)


def _handover(offered: Row, operation: ArrangeShipment) -> Row:
    """The branch of `ship_order` that was chosen, filled with the first address and slot that Shopee offers."""
    needed: Row = offered.get("info_needed") or {}
    if operation.method == "own_courier":
        if not operation.tracking_number:
            raise Refused("a courier of our own needs its tracking number", code="tracking_number")
        return {"non_integrated": {"tracking_number": operation.tracking_number}}
    if operation.method not in needed:
        raise Refused(f"Shopee offers {[*needed]} for this order, not {operation.method}", code="method")
    wanted: list[str] = needed[operation.method] or []
    if operation.method == "dropoff":
        branches = (offered.get("dropoff") or {}).get("branch_list") or [{}]
        values = {"branch_id": branches[0].get("branch_id"), "tracking_number": operation.tracking_number}
        return {"dropoff": _only(wanted, values)}
    addresses = (offered.get("pickup") or {}).get("address_list") or []
    address = next((row for row in addresses if "pickup_address" in (row.get("address_flag") or ())), None)
    address = address or (addresses[0] if addresses else {})
    slots = address.get("time_slot_list") or [{}]
    values = {"address_id": address.get("address_id"), "pickup_time_id": slots[0].get("pickup_time_id")}
    return {"pickup": _only(wanted, values)}


def _only(wanted: list[str], values: Row) -> Row:
    missing = [name for name in wanted if not values.get(name)]
    if missing:
        raise Refused(f"Shopee asks for {missing} and offers none to choose; arrange it by hand", code="parameter")
    return {name: values[name] for name in wanted}


def see_shipment(client: Client, operation: ArrangeShipment) -> Sighting:
    order = one_order(client, operation.order_ref)
    parcels = [package.get("logistics_status") or "" for package in order.get("package_list") or ()]
    if order["order_status"] in ("PROCESSED", "SHIPPED", "TO_CONFIRM_RECEIVE", "COMPLETED"):
        return Sighting(Sight.SEEN, operation.order_ref, f"the order stands as {order['order_status']}")
    if any(status not in parse.NO_PARCEL_YET for status in parcels):
        return Sighting(Sight.SEEN, operation.order_ref, f"its parcels stand as {parcels}")
    return Sighting(Sight.ABSENT, operation.order_ref, f"the order stands as {order['order_status']}")
