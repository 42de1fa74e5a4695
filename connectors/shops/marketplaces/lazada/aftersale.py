"""Lazada's JSON of reverse orders → one Return a line. Amounts are minor units: cents, and whole Vietnamese dong."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.money import Money
from connectors.shops.marketplaces.lazada.parse import is_yes, must_when, when
from connectors.shops.reading import Row, Unreadable, count, dump
from connectors.types import Record, Return, ReturnStatus

CANCEL, KINDS = "CANCEL", ("RETURN", "ONLY_REFUND")
# Words of the reverse calls, and those of the pushes, which are other words for the same steps.
RETURN_STATUS = {
    "REQUEST_INITIATE": ReturnStatus.ASKED,
    "RTM_INIT": ReturnStatus.ASKED,
    "RTW_INIT": ReturnStatus.ASKED,
    "REFUND_INIT": ReturnStatus.ASKED,
    "SELLER_AGREE_RETURN": ReturnStatus.ACCEPTED,
    "SELLER_AGREE_REFUND": ReturnStatus.ACCEPTED,
    "REFUND_PENDING": ReturnStatus.ACCEPTED,
    "REFUND_AUTHORIZED": ReturnStatus.ACCEPTED,
    "RTW_REFUND_PENDING": ReturnStatus.ACCEPTED,
    "BUYER_RETURN_ITEM": ReturnStatus.IN_TRANSIT,
    "RTM_SHIPPING_BACK": ReturnStatus.IN_TRANSIT,
    "RTW_SHIPPING_BACK": ReturnStatus.IN_TRANSIT,
    "RTM_RECEIVE_ITEM": ReturnStatus.IN_TRANSIT,
    "SELLER_REJECT_RETURN": ReturnStatus.REJECTED,
    "SELLER_REJECT_REFUND": ReturnStatus.REJECTED,
    "REQUEST_REJECT": ReturnStatus.REJECTED,
    "REFUND_REJECT": ReturnStatus.REJECTED,
    "REFUND_REJECTED": ReturnStatus.REJECTED,
    "RTW_REJECT": ReturnStatus.REJECTED,
    "REQUEST_COMPLETE": ReturnStatus.CLOSED,
    "REFUND_SUCCESS": ReturnStatus.CLOSED,
    "REQUEST_CANCEL": ReturnStatus.CANCELLED,
    "RTM_CANCELED": ReturnStatus.CANCELLED,
    "RTW_CANCELED": ReturnStatus.CANCELLED,
}
STILL_OPEN = frozenset({ReturnStatus.ASKED, ReturnStatus.IN_TRANSIT, ReturnStatus.ACCEPTED})


def case_ref(case_id: Any, line_id: Any) -> str:
    """A return is decided line by line, so a line is what a record stands for."""
    return f"{case_id}/{line_id}"


def case_lines(case: Any) -> list[Row]:
    """A reverse order as rows of one line each: the list and the detail name their lines differently. A case whose
    lines cannot be found is one row, which cannot be read."""
    if not isinstance(case, dict):
        return [{"ref": "", "case": case, "line": None}]
    found = case.get("reverse_order_lines", case.get("reverseOrderLineDTOList"))
    head = {name: value for name, value in case.items() if not isinstance(value, list)}
    rows = found if isinstance(found, list) and found else [None]
    return [
        {"ref": case_ref(case.get("reverse_order_id"), _line_id(line)), "case": head, "line": line} for line in rows
    ]


def _line_id(line: Any) -> Any:
    return line.get("reverse_order_line_id") if isinstance(line, dict) else ""


def read(row: Row, *, currency: str, photos: Mapping[str, tuple[str, ...]] | None = None) -> Iterator[Record]:
    """One line of a reverse order. Cancellations come through the orders, so they are no return."""
    case, line = row["case"], row["line"]
    kind = case["request_type"]
    if kind == CANCEL:
        return
    if kind not in KINDS:
        raise Unreadable(f"a reverse order of the new kind {kind!r}")
    if not case["reverse_order_id"] or not line["reverse_order_line_id"]:
        raise Unreadable("a reverse order or its line has no id")
    word = line["reverse_status"]
    status = RETURN_STATUS[word]
    if status in STILL_OPEN and is_yes(line.get("is_dispute")):
        status = ReturnStatus.JUDGING
    yield Return(
        external_id=row["ref"],
        raw=dump(row),
        order_ref=str(case["trade_order_id"]),
        status=status,
        platform_status=f"{kind}/{word}"[:60],
        reason=str(line.get("reason_code") or ""),
        text=line.get("reason_text") or "",
        sku=str(line.get("seller_sku_id") or sku_of(line) or ""),
        quantity=1,
        amount=Money.from_minor(count(line["refund_amount"]), currency).amount,
        currency=currency,
        asked_at=must_when(line["return_order_line_gmt_create"]),
        updated_at=must_when(line["return_order_line_gmt_modified"]),
        decide_by=when(line.get("sla")) if status is ReturnStatus.ASKED else None,
        inspect_by=when(line.get("sla")) if status is ReturnStatus.IN_TRANSIT else None,
        needs_goods_back=kind == "RETURN",
        photos=(photos or {}).get(row["ref"], ()),
    )


def sku_of(line: Row) -> Any:
    goods = line.get("product") or line.get("productDTO") or {}
    return goods.get("product_sku") or goods.get("sku")
