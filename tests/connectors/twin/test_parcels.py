"""The market's parcels: scans in step with what the channels show, changes called off, and bounds of the wires."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors.twin import scenarios
from connectors.twin.deeds.parcels import call_off, days, redirect
from connectors.twin.market import Market, tracking_number
from connectors.twin.server import TwinServer, serve
from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.parcels import ups_number, ups_order
from connectors.twin.world.trade import Order, Step

NOW = 1_795_000_000


def company() -> Market:
    return scenarios.build("company", 5, NOW)


def turnable(market: Market) -> Order:
    return next(
        order
        for order in market.books["shopify"].orders
        if order.courier == "UPS" and order.step == Step.SHIPPED and not order.scans_end
        if market.parcels.expected(order) > market.now + DAY
    )


def test_the_newest_scan_is_known_without_making_the_others() -> None:
    market = company()
    for _ in range(3):
        for order in market.orders():
            scans = market.parcels.scans(order, market.now)
            assert market.parcels.last_at(order, market.now) == (scans[-1].at if scans else 0)
        market.advance(market.now + 11 * HOUR)


def test_a_tracker_never_knows_less_than_the_channel() -> None:
    market = company()
    moving = [order for order in market.orders() if order.shipped]
    assert len(moving) > 1000
    for order in moving:
        assert market.parcels.last_at(order, market.now) >= order.last_scan(market.now) - 1


def test_an_orders_ups_number_leads_back_to_it_and_a_wrong_digit_to_nothing() -> None:
    market = company()
    orders = [order for order in market.orders() if order.courier == "UPS"][:400]
    numbers = [tracking_number(order) for order in orders]
    assert len({*numbers}) == len(orders)
    assert [ups_order(number) for number in numbers] == [(order.channel, order.index) for order in orders]
    number = ups_number(orders[0])
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert [ups_order(text) for text in (wrong, "1Z", number + "0", "1Z999999" + number[8:])] == [None] * 4


def test_a_change_that_is_called_off_lets_the_parcel_go_on_as_planned() -> None:
    market = company()
    order = turnable(market)
    redirect(market, order, "reschedule", "1Z", until=days(market, order)[-1])
    market.advance(market.now + HOUR)
    call_off(market, order, "reschedule", "1Z")
    assert market.parcels.standing(order, market.now) is None
    market.advance(max(order.plan()[2], market.now) + 2 * HOUR)
    assert order.step == Step.DELIVERED
    assert [row["operation"] for row in market.effects.as_rows(0)] == ["redirect", "redirect_called_off"]


def test_a_parcel_that_came_back_is_in_the_warehouse_again() -> None:
    market = company()
    order = turnable(market)
    good, quantity = order.lines[0]
    redirect(market, order, "return", "1Z")
    until = market.parcels.redirects[order.channel, order.index][0].until
    market.advance(until - 1)
    before = market.goods[good].on_hand
    market.advance(until)
    assert (market.goods[good].on_hand - before, order.step) == (quantity, Step.SHIPPED)


def test_only_a_company_with_everything_has_troubled_parcels_of_couriers() -> None:
    assert company().parcels.trouble
    assert not scenarios.build("week", 5, NOW).parcels.trouble


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinServer]:
    with serve("company", seed=5, has_limits=False) as server:
        yield server


@pytest.fixture(scope="module")
def http(twin: TwinServer) -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=20) as client:
        yield client


def credentials(twin: TwinServer, kind: str) -> dict[str, str]:
    found: dict[str, str] = next(row["credentials"] for row in twin.accounts() if row["kind"] == kind)
    return found


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("trackings?limit=201", 400, 4001), ("trackings?limit=x", 400, 4001), ("trackings?cursor=nothing", 400, 4001),
        ("trackings?updated_at_min=soon", 400, 4001), ("trackings/shopify-NOTHING0", 404, 4004), ("nothing", 404, 404),
    ],
)  # fmt: skip
def test_aftership_says_no_in_its_envelope(
    twin: TwinServer, http: httpx.Client, path: str, status: int, code: int
) -> None:
    headers = {"as-api-key": credentials(twin, "aftership")["api_key"]}
    answer = http.get(f"{twin.url}/aftership/tracking/2026-07/{path}", headers=headers)
    assert (answer.status_code, answer.json()["meta"]["code"]) == (status, code)


def test_aftership_lists_only_the_numbers_that_are_asked_for(twin: TwinServer, http: httpx.Client) -> None:
    headers = {"as-api-key": credentials(twin, "aftership")["api_key"]}
    order = next(order for order in twin.market.books["shopify"].orders if order.packed)
    query = {"tracking_numbers": tracking_number(order)}
    answer = http.get(f"{twin.url}/aftership/tracking/2026-07/trackings", params=query, headers=headers).json()
    assert [row["order_number"] for row in answer["data"]["trackings"]] == [order.number]
    assert answer["data"]["pagination"] == {"total": 1, "has_next_page": False, "next_cursor": ""}


def easypost(twin: TwinServer, http: httpx.Client, path: str) -> Any:
    return http.get(f"{twin.url}/easypost/v2/{path}", auth=(credentials(twin, "easypost")["api_key"], ""))


def test_easypost_pages_both_ways_and_refuses_what_is_no_page(twin: TwinServer, http: httpx.Client) -> None:
    first = easypost(twin, http, "trackers?page_size=4").json()
    ids = [row["id"] for row in first["trackers"]]
    older = easypost(twin, http, f"trackers?page_size=2&before_id={ids[1]}").json()
    newer = easypost(twin, http, f"trackers?page_size=2&after_id={ids[3]}").json()
    assert ([row["id"] for row in older["trackers"]], [row["id"] for row in newer["trackers"]]) == (ids[2:4], ids[1:3])
    for query in ("page_size=0", "page_size=101", "before_id=trk_nothing", "start_datetime=soon"):
        answer = easypost(twin, http, f"trackers?{query}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "PARAMETER.INVALID")


def test_ups_takes_a_change_back_once(twin: TwinServer, http: httpx.Client) -> None:
    mine = credentials(twin, "ups")
    pair = base64.b64encode(f"{mine['client_id']}:{mine['client_secret']}".encode()).decode()
    form, url = {"grant_type": "client_credentials"}, f"{twin.url}/ups"
    token = http.post(f"{url}/security/v1/oauth/token", data=form, headers={"Authorization": f"Basic {pair}"}).json()
    headers = {"transId": "abc", "platformType": "XOLT", "inquiryType": "U"}
    headers["Authorization"] = f"Bearer {token['access_token']}"
    number = tracking_number(turnable(twin.market))
    contact = {"name": "Lumen", "telephone": "+15125550100"}
    body = {"requestType": "WC", "specialInstructions": None, "requesterContactInfo": contact}
    said = [
        http.post(f"{url}/api/deliveryintercept/v2/{name}/{number}", json=body, headers=headers).json()["success"]
        for name in ("willcall", "willcall", "cancel", "cancel", "willcall")
    ]
    assert said == [True, False, True, False, True]
    bare = http.post(f"{url}/api/deliveryintercept/v2/return/{number}", json=body, headers=headers).json()
    assert bare["response"]["errors"][0]["code"] == "710"
    del headers["transId"]
    lacking = http.post(f"{url}/api/deliveryintercept/v2/willcall/{number}", json=body, headers=headers)
    assert (lacking.status_code, lacking.headers["apierrorcode"]) == (400, "710")
