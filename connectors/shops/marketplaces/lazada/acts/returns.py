"""Deciding one line of a return, at each of its two gates, or a refund without return.

First gate (REQUEST_INITIATE): agreeReturn or refuseReturn. Second gate, when the goods have come back: agreeRefund or
refuseRefund. A refund without return is agreed to or disputed. What goes to Lazada's own warehouse, Lazada decides.
"""

from collections.abc import Iterable
from datetime import datetime

from connectors.base import CannotDo, Permit, Refused, Retry, Unknown
from connectors.money import Money
from connectors.operations import DecideReturn
from connectors.shops.evidence import is_data_url, picture
from connectors.shops.marketplaces.lazada.aftersale import RETURN_STATUS
from connectors.shops.marketplaces.lazada.client import Client, part
from connectors.shops.marketplaces.lazada.reads.returns import line_of
from connectors.shops.reading import Row, count
from connectors.types import Receipt, RefusalReason, ReturnStatus, Sight, Sighting

ONLY_REFUND = "ONLY_REFUND"
DISPUTE = "startDispute"
FIRST_GATE = {"accept": "agreeReturn", "reject": "refuseReturn"}
SECOND_GATE = {"accept": "agreeRefund", "reject": "refuseRefund"}
ACCEPTED = frozenset({ReturnStatus.ACCEPTED, ReturnStatus.CLOSED})
CONTESTED = frozenset({ReturnStatus.REJECTED, ReturnStatus.JUDGING})


def decide(client: Client, operation: DecideReturn, permit: Permit) -> Receipt:
    if operation.decision == "offer":
        raise CannotDo("Lazada knows no offer of a part; settle it with the buyer, then accept or refuse")
    row = line_of(client, operation.return_ref)
    _must_be_whole(client, operation, row["line"])
    case_id, _, line_id = operation.return_ref.partition("/")
    params: Row = {"reverse_order_id": case_id, "reverse_order_item_ids": [int(line_id)]}
    if row["case"].get("request_type") == ONLY_REFUND:
        path = "/order/reverse/onlyrefund/seller/decide"
        params |= _only_refund(client, operation, permit)
    else:
        path = "/order/reverse/return/update"
        params |= _return(client, operation, row, permit)
    # A GET that changes something: it goes out once, through the gate.
    return client.receipt(client.write("GET", path, params, permit), operation.return_ref)


def _must_be_whole(client: Client, operation: DecideReturn, line: Row) -> None:
    """Accepting refunds what was asked for, so another amount is refused here."""
    if operation.amount is None:
        return
    asked = Money.from_minor(count(line["refund_amount"]), client.currency)
    if operation.decision == "accept" and operation.amount != asked:
        raise Refused(f"accepting refunds {asked}, not {operation.amount}", code="amount")


def _only_refund(client: Client, operation: DecideReturn, permit: Permit) -> Row:
    if operation.decision == "accept":
        return {"action": "agreeRefund"}
    if not operation.text or not operation.images:
        raise Refused("a dispute at Lazada needs a comment and at least one image", code="evidence")
    pictures = [{"file_name": f"evidence-{place}", "file_url": link}
                for place, link in enumerate(_hosted(client, operation.images, permit), 1)]  # fmt: skip
    return {"action": DISPUTE, "comment": operation.text, "image_info_list": pictures}


def _return(client: Client, operation: DecideReturn, row: Row, permit: Permit) -> Row:
    action = _action(operation, row)
    if operation.decision == "accept":
        return {"action": action}
    known = {reason.code for reason in refusal_reasons(client, operation.return_ref)}
    if operation.reason_code not in known:
        raise Refused(f"{operation.reason_code!r} is no reason that Lazada offers here: {sorted(known)}", code="reason")
    if not operation.text:
        raise Refused("a refusal at Lazada needs a comment", code="109")
    if action == "refuseRefund" and not operation.images:
        raise Refused("refusing a refund at Lazada needs at least one image", code="110")
    pictures = [{"name": f"evidence-{place}", "url": link}
                for place, link in enumerate(_hosted(client, operation.images, permit), 1)]  # fmt: skip
    return {
        "action": action,
        "reason_id": operation.reason_code,
        "comment": operation.text,
        "image_info": pictures or "",
    }


def _action(operation: DecideReturn, row: Row) -> str:
    if row["case"].get("is_rtm") is False:
        raise CannotDo("these goods go to Lazada's warehouse, which decides the return itself")
    status = RETURN_STATUS.get(str(row["line"].get("reverse_status")))
    if status is ReturnStatus.ASKED:
        return FIRST_GATE[operation.decision]
    if status is ReturnStatus.IN_TRANSIT:
        return SECOND_GATE[operation.decision]
    raise Refused(f"the return stands as {row['line'].get('reverse_status')}; it takes no decision now", code="114")


def refusal_reasons(client: Client, return_ref: str) -> tuple[RefusalReason, ...]:
    row = line_of(client, return_ref)
    if row["case"].get("request_type") == ONLY_REFUND:
        return (RefusalReason(DISPUTE, "Open a dispute at Lazada", needs_images=True),)
    is_second = RETURN_STATUS.get(str(row["line"].get("reverse_status"))) is ReturnStatus.IN_TRANSIT
    line_id = return_ref.partition("/")[2]
    rows = part(client.get("/order/reverse/reason/list", {"reverse_order_line_id": line_id}), "data", list)
    return tuple(
        RefusalReason(str(one["reason_id"]), str(one.get("text") or one.get("muti_language_text") or ""), is_second)
        for one in rows
    )


def _hosted(client: Client, images: Iterable[str], permit: Permit) -> list[str]:
    """Links of the images: a link as it is, a data URL uploaded first. A lost upload decided nothing."""
    return [_uploaded(client, image, permit) if is_data_url(image) else image for image in images]


def _uploaded(client: Client, image: str, permit: Permit) -> str:
    content_type, body = picture(image).as_form("image")
    try:
        answer = client.upload("/image/upload", content_type, body, permit)
        said: Row = answer.json()  # type: ignore[assignment]
        return str(said["data"]["image"]["url"])
    except (Unknown, LookupError, TypeError) as error:
        raise Retry(f"an evidence image could not be uploaded, so nothing was decided: {error}") from error


def see_decision(client: Client, operation: DecideReturn, since: datetime | None) -> Sighting:
    line = line_of(client, operation.return_ref)["line"]
    word = str(line.get("reverse_status"))
    status, detail = RETURN_STATUS.get(word), f"the return stands as {word}"
    if str(line.get("is_dispute")).casefold() == "true" and status not in ACCEPTED:
        status = ReturnStatus.JUDGING
    wanted = ACCEPTED if operation.decision == "accept" else CONTESTED
    if status in wanted:
        return Sighting(Sight.SEEN, operation.return_ref, detail)
    if status is ReturnStatus.ASKED:
        return Sighting(Sight.ABSENT, operation.return_ref, detail)
    # On its way back the second gate may be open, or the first may have been passed long ago: a person looks.
    return Sighting(Sight.UNCLEAR, operation.return_ref, detail)
