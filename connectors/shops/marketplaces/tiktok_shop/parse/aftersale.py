"""Returns, refunds and replacements that a buyer (or we for a buyer) asked for."""

from collections.abc import Iterable, Iterator
from typing import Any

from connectors.shops.marketplaces.tiktok_shop.parse.order import deadline_of, text_id
from connectors.shops.reading import Row, amount, currency_of, dump, moment, must_moment
from connectors.types import BadRow, Record, Return, ReturnStatus

RETURN_STATUS = {
    "RETURN_OR_REFUND_REQUEST_PENDING": ReturnStatus.ASKED,
    "REFUND_OR_RETURN_REQUEST_REJECT": ReturnStatus.REJECTED,
    "AWAITING_BUYER_SHIP": ReturnStatus.ACCEPTED,
    "BUYER_SHIPPED_ITEM": ReturnStatus.IN_TRANSIT,
    "REJECT_RECEIVE_PACKAGE": ReturnStatus.REJECTED,
    "RETURN_OR_REFUND_REQUEST_SUCCESS": ReturnStatus.ACCEPTED,
    "RETURN_OR_REFUND_REQUEST_CANCEL": ReturnStatus.CANCELLED,
    "RETURN_OR_REFUND_REQUEST_COMPLETE": ReturnStatus.CLOSED,
    "AWAITING_BUYER_RESPONSE": ReturnStatus.OFFERED,
    "REPLACEMENT_REQUEST_PENDING": ReturnStatus.ASKED,
    "REPLACEMENT_REQUEST_REJECT": ReturnStatus.REJECTED,
    "REPLACEMENT_REQUEST_REFUND_SUCCESS": ReturnStatus.ACCEPTED,
    "REPLACEMENT_REQUEST_CANCEL": ReturnStatus.CANCELLED,
    "REPLACEMENT_REQUEST_COMPLETE": ReturnStatus.CLOSED,
}
OVER = frozenset({ReturnStatus.CANCELLED, ReturnStatus.CLOSED})
GOODS_COME_BACK = {"REFUND": False, "RETURN_AND_REFUND": True}  # of a replacement it is not told
DECIDE = ("SELLER_RESPOND_REFUND", "SELLER_RESPOND_RETURN", "SELLER_RESPOND_REPLACEMENT")
INSPECT = ("SELLER_RESPOND_RECEIVE_PACKAGE",)


def spelled(status: str) -> str:
    """One webhook page writes RETURN_OR_REFUND__REQUEST_… with two underscores."""
    return status.replace("__", "_")


def aftersale(item: Row, records: Iterable[Any] = ()) -> Iterator[Record | BadRow]:
    """`records` is the case's history, which alone holds the buyer's words and photos."""
    status = spelled(item["return_status"])
    stands = RETURN_STATUS[status]
    if item.get("arbitration_status") == "IN_PROGRESS" and stands not in OVER:
        stands = ReturnStatus.JUDGING
    goods, refund = item.get("return_line_items") or [], item["refund_amount"]
    told = [row for row in records if isinstance(row, dict)]
    said = [row for row in told if str(row.get("role") or "").upper() == "BUYER"]
    yield Return(
        external_id=text_id(item["return_id"]),
        raw=dump({"return": item, "records": told} if told else item),
        order_ref=text_id(item["order_id"]),
        status=stands,
        platform_status=status,
        reason=item.get("return_reason") or "",
        text=" ".join(str(row["note"]) for row in said if row.get("note")) or item.get("return_reason_text") or "",
        sku=(goods[0].get("seller_sku") or goods[0].get("sku_id") or "") if goods else "",
        quantity=len(goods) or None,
        amount=amount(refund["refund_total"]),
        currency=currency_of(refund["currency"]),
        asked_at=must_moment(item["create_time"]),
        updated_at=must_moment(item["update_time"]),
        decide_by=moment(deadline_of(item, *DECIDE)),
        inspect_by=moment(deadline_of(item, *INSPECT)),
        needs_goods_back=GOODS_COME_BACK.get(item.get("return_type") or ""),
        photos=tuple(
            str(image["url"]) for row in said for image in row.get("images") or () if image.get("url")
        ),
    )  # fmt: skip
