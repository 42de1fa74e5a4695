"""How the market's things look on Lazada's wire, and the ids by which they are found again.

An order item is one unit: its id is the order's plus place and unit, so it needs no table.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

import orjson

from connectors.twin.market import Market
from connectors.twin.world.channels import CHANNELS, DAY
from connectors.twin.world.chat import BuyerReview, Line, Talk
from connectors.twin.world.goods import Good
from connectors.twin.world.people import Person, person
from connectors.twin.world.trade import Order, Return, Step

ZONE = timezone(timedelta(hours=8))
WAREHOUSE = "dropshipping"
ITEM, SKU = 3_000_000_000, 15_000_000_000
CASE, CANCEL_CASE = 650_000_000_000_000, 700_000_000_000_000
REVIEW, BUYER = 122_000_000_000_000, 1_001_000_000
PLACE = 100  # item ids between two lines of an order
STATUS = {
    Step.UNPAID: "unpaid", Step.TO_SHIP: "pending", Step.PACKED: "ready_to_ship", Step.SHIPPED: "shipped",
    Step.DELIVERED: "delivered", Step.COMPLETED: "delivered", Step.CANCEL_ASKED: "pending",
    Step.CANCELLED: "canceled", Step.RETURNING: "delivered",  # a unit is returned once its return is decided
}  # fmt: skip


def local(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, ZONE):%Y-%m-%d %H:%M:%S %z}"


def sku_id(good: Good) -> int:
    return SKU + good.index


def case_id(row: Return) -> int:
    """A reverse order; its one line has the next id."""
    return CASE + row.index * 10


def buyer_id(buyer: int) -> int:
    return BUYER + buyer


def first_item(order: Order) -> int:
    return int(order.number) + 1


def package_id(order: Order) -> str:
    return f"FP{order.index:012d}"


def status(api: Any, order: Order) -> str:
    if order.step == Step.TO_SHIP and order.index in api.packed:
        return "packed"
    return STATUS[Step(order.step)]


@lru_cache(maxsize=10_000)
def _address(buyer: int) -> dict[str, str]:
    who: Person = person(buyer, CHANNELS["lazada"].country)
    return {
        "first_name": who.name, "last_name": "", "address1": who.street, "address2": "", "address3": who.state,
        "address4": who.city, "address5": who.postcode, "city": who.city, "post_code": who.postcode,
        "country": "Malaysia", "phone": who.phone, "phone2": "", "addressDsitrict": "",
    }  # fmt: skip


def order_row(api: Any, order: Order) -> dict[str, Any]:
    """One order as the list and `/order/get` show it: without units, and without a currency."""
    address = _address(order.buyer)
    number = int(order.number)
    words = status(api, order)
    pulled = len(order.pulled_lines)
    return {
        "order_id": number, "order_number": number, "created_at": local(order.created),
        "updated_at": local(order.updated or order.created), "price": f"{order.total / 100:.2f}",
        "payment_method": "MIXEDCARD", "items_count": sum(units for _, units in order.lines),
        "statuses": [words] if not pulled or words == "canceled" else [words, "canceled"],
        "customer_first_name": address["first_name"], "customer_last_name": "", "shipping_fee": "0.00",
        "voucher": "0.00", "voucher_platform": "0.00", "voucher_seller": "0.00", "voucher_code": "",
        "gift_option": False, "gift_message": "", "buyer_note": "", "remarks": "", "delivery_info": "",
        "promised_shipping_times": "",
        "warehouse_code": WAREHOUSE, "tax_code": "", "branch_number": "", "national_registration_number": "",
        "extra_attributes": None, "address_shipping": address, "address_billing": address,
        "need_cancel_confirm": order.step == Step.CANCEL_ASKED, "is_cancel_pending": order.step == Step.CANCEL_ASKED,
    }  # fmt: skip


_bases: dict[tuple[int, int], dict[str, Any]] = {}


def _base(market: Market, good: Good) -> dict[str, Any]:
    """What is the same on every unit of a good at its price."""
    cents = good.price("lazada")
    found = _bases.get((good.index, cents))
    if found is None or found["sku"] != good.sku:
        found = _bases[good.index, cents] = {
            "name": good.title, "sku": good.sku, "shop_sku": f"{ITEM + good.index}_MY-{sku_id(good)}",
            "sku_id": str(sku_id(good)), "product_id": str(ITEM + good.index), "variation": "",
            "item_price": f"{cents / 100:.2f}", "paid_price": f"{cents / 100:.2f}", "currency": "MYR",
            "shipping_amount": "0.00", "tax_amount": "0.00", "voucher_amount": "0.00", "wallet_credits": "0.00",
            "shipping_type": "Dropshipping", "warehouse_code": WAREHOUSE, "order_type": "Normal", "is_digital": 0,
            "is_fbl": 0, "is_reroute": 0, "delivery_option_sof": 0, "shipping_provider_type": "standard",
            "product_main_image": f"https://my-live.slatic.example/p/{good.index}.jpg", "invoice_number": "",
            "purchase_order_id": "", "purchase_order_number": "", "return_status": "", "stage_pay_status": "",
        }  # fmt: skip
    return found


def item_rows(api: Any, order: Order) -> list[dict[str, Any]]:
    """The units of an order."""
    market: Market = api.market
    number, words, changed = int(order.number), status(api, order), local(order.updated or order.created)
    is_booked = order.packed > 0 or order.index in api.packed
    asks = order.step == Step.CANCEL_ASKED
    shared = {
        "order_id": number, "created_at": local(order.created), "updated_at": changed,
        "buyer_id": buyer_id(order.buyer), "shipment_provider": order.courier, "order_flag": "NORMAL",
        "payment_time": (order.created + 60) * 1000 if order.step != Step.UNPAID else None,
        "sla_time_stamp": datetime.fromtimestamp(order.ship_by, ZONE).isoformat(),
        "cancel_trigger_time": order.cancel_after * 1000, "need_cancel_confirm": asks, "is_cancel_pending": asks,
        "reverse_order_id": CANCEL_CASE + order.index if _was_asked(api, order) else None,
        "package_id": package_id(order) if is_booked else "", "tracking_code": order.tracking if is_booked else "",
        "reason": order.cancel_reason,
        "cancel_return_initiator": f"cancellation-{order.cancel_by}" if order.cancel_by else "",
    }  # fmt: skip
    returned = _returned(market, order) if order.step == Step.RETURNING else frozenset()
    return [
        {**_base(market, market.goods[good]), **shared, "order_item_id": number + 1 + place * PLACE + unit,
         "status": "canceled" if place in order.pulled_lines else "returned" if place in returned else words}
        for place, (good, units) in enumerate(order.lines)
        for unit in range(units)
    ]  # fmt: skip


def _returned(market: Market, order: Order) -> frozenset[int]:
    """The lines whose return was agreed to or is over."""
    rows = market.returns_of_order.get(("lazada", order.index), ())
    return frozenset(row.line for row in rows if row.status in ("ACCEPTED", "CLOSED"))


def _was_asked(api: Any, order: Order) -> bool:
    return order.step == Step.CANCEL_ASKED or order.cancel_by == "buyer" or order.index in api.refused


def places_of(order: Order, item_ids: list[int]) -> tuple[int, ...] | None:
    """The lines that these units make up, whole; None where a unit is another order's or only part of a line."""
    given = {item_id - int(order.number) - 1 for item_id in item_ids}
    places = tuple(sorted({offset // PLACE for offset in given}))
    if any(not 0 <= place < len(order.lines) for place in places):
        return None
    whole = {place * PLACE + unit for place in places for unit in range(order.lines[place][1])}
    return places if whole == given else None


# -- chats and reviews ------------------------------------------------------------------------------------------------


def session_id(api: Any, talk: Talk) -> str:
    return f"{api.account()['external_id']}_2_{buyer_id(talk.buyer)}_1_{talk.index}"


def find_talk(api: Any, session: str) -> Talk | None:
    index = session.rpartition("_")[2]
    talks = api.market.chat.talks
    talk = talks[int(index)] if index.isdigit() and int(index) < len(talks) else None
    return talk if talk is not None and talk.channel == "lazada" and session_id(api, talk) == session else None


def message(api: Any, talk: Talk, line: Line, blocked: str = "") -> dict[str, Any]:
    seller, buyer = str(api.account()["external_id"]), str(buyer_id(talk.buyer))
    return {
        "session_id": session_id(api, talk), "message_id": line.id,
        "content": orjson.dumps({"txt": line.text}).decode(),
        "from_account_id": buyer if line.is_buyer else seller, "from_account_type": 1 if line.is_buyer else 2,
        "to_account_id": seller if line.is_buyer else buyer, "to_account_type": 2 if line.is_buyer else 1,
        "send_time": line.at * 1000, "template_id": 1, "type": 1, "site_id": "MY", "process_msg": blocked, "status": 0,
        "auto_reply": False,
    }  # fmt: skip


def review_id(review: BuyerReview) -> int:
    return REVIEW + review.index


def review_row(api: Any, review: BuyerReview) -> dict[str, Any]:
    order = api.market.order("lazada", review.order)
    good = api.market.goods[order.lines[review.line][0]]
    return {
        "id": review_id(review), "order_id": int(order.number), "product_id": ITEM + good.index,
        "seller_sku": good.sku, "review_content": review.text, "review_type": "PRODUCT_REVIEW", "review_images": [],
        "review_videos": [], "can_reply": not review.answer, "seller_reply": review.answer or None,
        "submit_time": review.created * 1000, "create_time": review.created * 1000,
        "ratings": {"overall_rating": review.rating, "product_rating": review.rating, "seller_rating": review.rating,
                    "logistics_rating": review.rating},
    }  # fmt: skip


def made_at(market: Market, good: Good) -> int:
    """When a product was created: one after another, long before the story begins."""
    return market.began - 400 * DAY + good.index * 3_607


def between(market: Market, low: int, high: int) -> Iterator[Order]:
    """Orders by creation in [low, high]."""
    book = market.books["lazada"]
    start, end = book.created(low, high)
    yield from book.orders[start:end]


def day_of(text: str) -> datetime:
    """A day in the venture's zone. Raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=ZONE)


def seconds_of(text: str) -> int:
    """ISO 8601 with an offset → Unix seconds. Raises ValueError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return int(found.astimezone(UTC).timestamp())
