"""EasyPost: a sweep of trackers, return labels that are bought once, claims, and the event's known answer."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import CannotDo, Connector, NotApproved, Reconnect, Refused, Retry, Unknown, closed_gate
from connectors.money import Money
from connectors.operations import (
    Address,
    BuyReturnLabel,
    FileClaim,
    Operation,
    Parcel,
    RedirectParcel,
    VoidLabel,
)
from connectors.shops.reading import read_rows
from connectors.shops.shipping.easypost import EasyPost, labels, parse
from connectors.types import BadRow, Order, Page, ReturnPlace, Shipment, ShipmentStatus, ShippingLabel, Sight
from tests.connectors.shops.shipping.outside import Outside, bends, is_whole
from tests.connectors.shops.stand import NOW, open_with, permit, reply

KEYS = {"api_key": "EZAK0123456789", "webhook_secret": "whsec"}
KEY = "intent-0001"
OUR_PLACE = Address(name="Lumen", line1="1 Way", city="Austin", region="TX", postcode="78744", country="US")
THEIRS = Address(name="Bea", line1="2 Oak", city="Denver", region="CO", postcode="80001", country="US", phone="+1")
LABEL = BuyReturnLabel(
    order_ref="#1042", sender=THEIRS, receiver=OUR_PLACE, limit=Money.parse("8.00", "USD"),
    parcel=Parcel(weight_grams=700, length_mm=254, width_mm=150, height_mm=80),
)  # fmt: skip


def detail(at: str, status: str, word: str = "status_update", **changed: Any) -> dict[str, Any]:
    return {"object": "TrackingDetail", "datetime": at, "status": status, "status_detail": word, **changed}


def tracker(id: str = "trk_1", **changed: Any) -> dict[str, Any]:
    return {
        "id": id,
        "object": "Tracker",
        "tracking_code": "9400 1001",
        "carrier": "USPS",
        "status": "in_transit",
        "status_detail": "arrived_at_facility",
        "created_at": "2026-11-18T08:00:00Z",
        "updated_at": "2026-11-20T08:00:00Z",
        "est_delivery_date": "2026-11-23T00:00:00Z",
        "tracking_details": [
            detail("2026-11-18T09:00:00Z", "pre_transit", "label_created"),
            detail("2026-11-19T09:00:00Z", "in_transit", "arrived_at_facility"),
        ],
        **changed,
    }


def rate(id: str, price: str, carrier: str = "USPS", service: str = "Priority", **changed: Any) -> dict[str, Any]:
    return {"id": id, "rate": price, "currency": "USD", "carrier": carrier, "service": service, **changed}


RATES = [rate("r1", "9.80"), rate("r2", "5.93", service="GroundAdvantage"), rate("r3", "7.10", "FedEx", "GROUND")]


def shipment(**changed: Any) -> dict[str, Any]:
    return {
        "id": "shp_1", "object": "Shipment", "reference": KEY, "is_return": True, "rates": RATES, "messages": [],
        "postage_label": None, "selected_rate": None, "tracking_code": None, "refund_status": None, **changed,
    }  # fmt: skip


def bought(**changed: Any) -> dict[str, Any]:
    label = {"label_url": "https://files.example/label.png"}
    given = {"postage_label": label, "selected_rate": RATES[1], "tracking_code": "94001"}
    return shipment(**{**given, **changed})


def error(status: int, code: str, errors: Any = ()) -> httpx.Response:
    return reply({"error": {"code": code, "message": "said", "errors": list(errors)}}, status)


GONE = error(404, "NOT_FOUND")
NONE = {"shipments": [], "has_more": False}
NO_CLAIMS = {"claims": [], "has_more": False}


def shop(answers: dict[str, Any], **account: Any) -> tuple[Connector, Outside]:
    outside = Outside(answers)
    return open_with(outside, "easypost", KEYS, **account), outside


def fresh(**answers: Any) -> dict[str, Any]:
    """An EasyPost that has no shipment of ours yet."""
    return {
        f"GET /v2/shipments/{KEY}": GONE, "GET /v2/shipments": NONE, "POST /v2/shipments": shipment(),
        "POST /v2/shipments/shp_1/buy": bought(), **answers,
    }  # fmt: skip


# -- trackers -----------------------------------------------------------------------------------------------------


def read(row: dict[str, Any]) -> Shipment:
    [found] = read_rows("shipment", [row], parse.tracker, "id")
    assert isinstance(found, Shipment), found
    return found


def test_a_tracker_is_a_parcel_of_whom_the_seller_knows_the_order() -> None:
    found = read(tracker())
    assert (found.external_id, found.tracking_number, found.carrier, found.order_ref) == (
        "trk_1",
        "94001001",
        "USPS",
        "",
    )
    assert (found.status, found.last_scan_at) == (ShipmentStatus.IN_TRANSIT, datetime(2026, 11, 19, 9, tzinfo=UTC))
    assert found.promised_at == datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("unknown", "booked"), ("pre_transit", "booked"), ("in_transit", "in_transit"),
        ("out_for_delivery", "out_for_delivery"), ("available_for_pickup", "out_for_delivery"),
        ("delivered", "delivered"), ("return_to_sender", "exception"), ("failure", "exception"),
        ("cancelled", "exception"), ("error", "exception"),
    ],
)  # fmt: skip
def test_each_of_the_ten_statuses_is_one_of_our_states(status: str, ours: str) -> None:
    assert read(tracker(status=status, tracking_details=[])).status == ours


@pytest.mark.parametrize("word", ["delivery_exception", "address_correction", "refused", "held", "lost", "damaged"])
def test_a_failed_attempt_is_only_a_detail_of_being_in_transit(word: str) -> None:
    scans = [detail("2026-11-20T09:00:00Z", "in_transit", word)]
    assert read(tracker(tracking_details=scans)).status is ShipmentStatus.EXCEPTION


def test_a_status_that_goes_backwards_is_settled_by_the_time_of_the_scans() -> None:
    scans = [detail("2026-11-20T15:00:00Z", "in_transit"), detail("2026-11-20T12:00:00Z", "delivered")]
    assert read(tracker(status="delivered", tracking_details=scans)).status is ShipmentStatus.IN_TRANSIT


def test_the_parcel_of_an_event_is_read_as_it_stands_in_a_list(shared: Path) -> None:
    event = orjson.loads((shared / "contracts" / "easypost" / "event-body.json").read_bytes())
    found = read(event["result"])
    assert (found.external_id, found.carrier, found.status) == ("trk_1", "FedEx", ShipmentStatus.IN_TRANSIT)
    assert found.last_scan_at == datetime(2024, 8, 2, 18, 50, tzinfo=UTC)
    assert found.shipped_at == datetime(2024, 7, 31, 19, 27, tzinfo=UTC)


def test_whatever_changes_in_a_row_it_is_read_or_set_aside_and_its_neighbour_is_read() -> None:
    scan = detail("2026-11-19T09:00:00Z", "in_transit")
    inner = [(f"detail {word}", tracker(tracking_details=[row])) for word, row in bends(scan)]
    for word, row in [*bends(tracker()), *inner]:
        bent, good = read_rows("shipment", [row, tracker("trk_2")], parse.tracker, "id")
        assert isinstance(good, Shipment), word
        assert isinstance(bent, BadRow) or is_whole(bent), word
    [new] = read_rows("shipment", [tracker(status="teleported")], parse.tracker, "id")
    assert isinstance(new, BadRow)
    assert (new.external_id, new.reason) == ("trk_1", "the field 'teleported' is missing or has a new value")


def pull(connector: Connector, cursor: str = "") -> list[Page]:
    return list(connector.pull("trackers", cursor))


def test_pages_go_on_before_the_last_id_and_the_next_sweep_begins_under_the_oldest_parcel_under_way() -> None:
    done = tracker("trk_3", created_at="2026-10-25T08:00:00Z", status="delivered", tracking_details=[])
    waits = tracker("trk_2", created_at="2026-11-02T08:00:00Z")
    answers = iter([{"trackers": [tracker(), waits], "has_more": True}, {"trackers": [done], "has_more": False}])
    connector, outside = shop({"GET /v2/trackers": lambda request: next(answers)})
    first, last = pull(connector)
    assert [dict(call.url.params) for call in outside.calls] == [
        {"start_datetime": "2026-10-22T08:00:00Z", "page_size": "100"},
        {"start_datetime": "2026-10-22T08:00:00Z", "page_size": "100", "before_id": "trk_2"},
    ]
    assert (first.is_last, last.is_last) == (False, True)
    assert orjson.loads(first.cursor)["before"] == "trk_2"
    assert orjson.loads(last.cursor) == {"since": "2026-11-02T07:00:00Z", "before": "", "oldest": ""}
    assert outside.calls[0].headers["authorization"] == "Basic RVpBSzAxMjM0NTY3ODk6"


def test_a_sweep_that_stopped_halfway_remembers_the_oldest_it_has_seen() -> None:
    connector, outside = shop({"GET /v2/trackers": {"trackers": [tracker()], "has_more": False}})
    halfway = '{"since":"2026-10-22T08:00:00Z","before":"trk_9","oldest":"2026-10-30T08:00:00Z"}'
    [page] = pull(connector, halfway)
    assert outside.calls[0].url.params["before_id"] == "trk_9"
    assert orjson.loads(page.cursor)["since"] == "2026-10-30T07:00:00Z"


def test_a_row_that_cannot_be_read_is_read_again_and_a_parcel_of_ninety_days_is_given_up() -> None:
    bad = tracker("trk_2", created_at="2026-11-01T08:00:00Z", status="teleported")
    old = tracker("trk_4", created_at="2026-07-01T08:00:00Z")
    connector, _ = shop({"GET /v2/trackers": {"trackers": [tracker(), bad], "has_more": False}})
    assert orjson.loads(pull(connector)[-1].cursor)["since"] == "2026-11-01T07:00:00Z"
    connector, _ = shop({"GET /v2/trackers": {"trackers": [old], "has_more": False}})
    assert orjson.loads(pull(connector)[-1].cursor)["since"] == "2026-08-23T08:00:00Z"
    connector, _ = shop({"GET /v2/trackers": {"trackers": [], "has_more": False}})
    assert orjson.loads(pull(connector)[-1].cursor)["since"] == "2026-11-14T08:00:00Z"


def test_a_list_that_does_not_move_on_is_a_short_read_and_one_without_its_rows_is_drift() -> None:
    for body, code in (({"trackers": [tracker()], "has_more": True}, "short_read"), ({"items": []}, "drift")):
        connector, _ = shop({"GET /v2/trackers": body})
        with pytest.raises(Retry) as caught:
            pull(connector)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (error(401, "APIKEY.INACTIVE"), Reconnect, "enter the API key again"),
        (error(403, "USER.INACTIVE"), Reconnect, "enter the API key again"),
        (error(429, "RATE_LIMITED"), Retry, "said"),
        (error(402, "PAYMENT.REQUIRED"), Refused, "said"),
        (error(422, "PARAMETER.INVALID", [{"field": "page_size", "message": "large"}]), Refused, "page_size large"),
        (error(422, "PARAMETER.INVALID", ["some text"]), Refused, "some text"),
        (httpx.Response(502, content=b"<html>"), Retry, "502"),
    ],
)  # fmt: skip
def test_an_error_says_what_went_wrong(answer: httpx.Response, kind: type[Exception], said: str) -> None:
    connector, _ = shop({"GET /v2/trackers": answer})
    with pytest.raises(kind, match=said):
        pull(connector)


# -- labels -------------------------------------------------------------------------------------------------------


def test_a_return_label_is_a_free_shipment_then_its_cheapest_postage_within_the_limit() -> None:
    connector, outside = shop(fresh())
    receipt = connector.perform(LABEL, permit())
    assert (receipt.reference, receipt.is_replay, receipt.is_final) == ("shp_1", False, True)
    (made_at, made), (bought_at, rate_sent) = outside.sent()
    assert (made_at, bought_at) == ("/v2/shipments", "/v2/shipments/shp_1/buy")
    assert rate_sent == {"rate": {"id": "r2"}}
    sent = made["shipment"]
    assert (sent["is_return"], sent["reference"]) == (True, KEY)
    # EasyPost swaps the addresses of a return: they are sent as on the way out.
    assert (sent["from_address"]["city"], sent["to_address"]["city"]) == ("Austin", "Denver")
    assert sent["parcel"] == {"weight": 24.7, "length": 10.0, "width": 6.0, "height": 3.2}


def test_the_asked_carrier_and_service_are_kept_to() -> None:
    connector, outside = shop(fresh())
    connector.perform(labels_with(carrier="fedex", service="ground"), permit())
    assert outside.sent()[-1][1] == {"rate": {"id": "r3"}}


def labels_with(**changed: Any) -> BuyReturnLabel:
    given = {name: getattr(LABEL, name) for name in LABEL.__dataclass_fields__}
    return BuyReturnLabel(**{**given, **changed})


@pytest.mark.parametrize(
    ("changed", "rates", "said"),
    [
        ({"limit": Money.parse("5.00", "USD")}, RATES, "costs 5.93 USD; 5.00 USD is approved"),
        ({"carrier": "DHL"}, RATES, "no rate of DHL in USD: no account"),
        ({"limit": Money.parse("90", "EUR")}, RATES, "no rate of any courier in EUR"),
        ({}, [], "no rate of any courier"),
        ({}, [{"id": "r1"}], "rates cannot be read"),
        ({}, [rate("r1", "free")], "rates cannot be read"),
    ],
)
def test_without_a_rate_that_was_approved_nothing_is_bought(changed: Any, rates: Any, said: str) -> None:
    made = shipment(rates=rates, messages=[{"carrier": "DHL", "message": "no account"}])
    connector, outside = shop(fresh(**{"POST /v2/shipments": made}))
    with pytest.raises(Refused, match=said):
        connector.perform(labels_with(**changed), permit())
    assert [path for path, _ in outside.sent()] == ["/v2/shipments"]


def test_a_lost_answer_to_the_free_shipment_is_tried_again_and_finds_it_by_its_reference() -> None:
    connector, outside = shop(fresh(**{"POST /v2/shipments": httpx.ReadTimeout("lost")}))
    with pytest.raises(Retry, match="no postage was bought"):
        connector.perform(LABEL, permit())
    again, outside = shop(fresh(**{f"GET /v2/shipments/{KEY}": shipment()}))
    assert again.perform(LABEL, permit()).reference == "shp_1"
    assert [path for path, _ in outside.sent()] == ["/v2/shipments/shp_1/buy"]


def test_a_reference_that_the_path_does_not_take_is_found_in_the_list() -> None:
    rows = {"shipments": [shipment(id="shp_0", reference="other"), bought()], "has_more": False}
    connector, outside = shop(fresh(**{"GET /v2/shipments": rows}))
    receipt = connector.perform(LABEL, permit())
    assert (receipt.reference, receipt.is_replay) == ("shp_1", True)
    assert outside.sent() == []
    assert dict(outside.calls[1].url.params) == {
        "start_datetime": (NOW - timedelta(days=2)).isoformat(), "purchased": "false", "page_size": "100",
    }  # fmt: skip


def test_postage_that_was_bought_before_is_never_bought_again() -> None:
    connector, outside = shop(fresh(**{f"GET /v2/shipments/{KEY}": bought()}))
    receipt = connector.perform(LABEL, permit())
    assert (receipt.reference, receipt.is_replay) == ("shp_1", True)
    assert outside.sent() == []


@pytest.mark.parametrize("code", ["SHIPMENT.POSTAGE.EXISTS", "SHIPMENT.PURCHASE.IN_PROGRESS"])
def test_a_purchase_that_went_through_meanwhile_is_read_back(code: str) -> None:
    taken = error(422, code)
    connector, _ = shop(fresh(**{"POST /v2/shipments/shp_1/buy": taken, "GET /v2/shipments/shp_1": bought()}))
    assert connector.perform(LABEL, permit()).is_replay
    connector, _ = shop(fresh(**{"POST /v2/shipments/shp_1/buy": taken, "GET /v2/shipments/shp_1": shipment()}))
    with pytest.raises(Unknown) as caught:
        connector.perform(LABEL, permit())
    assert caught.value.code == code


@pytest.mark.parametrize(
    "answer",
    [httpx.ReadTimeout("lost"), httpx.Response(500), shipment(), {"object": "S"}, httpx.Response(200, content=b"<")],
)
def test_a_purchase_without_a_clear_answer_is_unknown(answer: Any) -> None:
    connector, _ = shop(fresh(**{"POST /v2/shipments/shp_1/buy": answer}))
    with pytest.raises(Unknown):
        connector.perform(LABEL, permit())


@pytest.mark.parametrize(
    ("found", "sight", "detail"),
    [
        (GONE, Sight.ABSENT, "no shipment carries our reference"),
        (shipment(), Sight.ABSENT, "no postage was bought"),
        (bought(), Sight.SEEN, "tracking number 94001"),
        (bought(reference="another's"), Sight.ABSENT, "no shipment carries our reference"),
    ],
)
def test_a_label_is_seen_by_the_intents_key(found: Any, sight: Sight, detail: str) -> None:
    connector, _ = shop(fresh(**{f"GET /v2/shipments/{KEY}": found}))
    seen = connector.probe(LABEL, KEY, NOW)
    assert (seen.sight, detail in seen.detail) == (sight, True)


@pytest.mark.parametrize(
    ("status", "is_final"), [("submitted", False), ("refunded", True)]
)  # fmt: skip
def test_a_label_is_given_back(status: str, is_final: bool) -> None:
    connector, outside = shop({"POST /v2/shipments/shp_1/refund": bought(refund_status=status)})
    receipt = connector.perform(VoidLabel(label_ref="shp_1"), permit())
    assert (receipt.reference, receipt.is_final) == ("shp_1", is_final)
    assert outside.sent() == [("/v2/shipments/shp_1/refund", {})]


@pytest.mark.parametrize(
    ("status", "said"), [("rejected", "nothing back"), ("not_applicable", "once it is scanned"), (None, "nothing back")]
)
def test_a_refusal_inside_a_good_answer_is_a_refusal(status: str | None, said: str) -> None:
    connector, _ = shop({"POST /v2/shipments/shp_1/refund": bought(refund_status=status)})
    with pytest.raises(Refused, match=said):
        connector.perform(VoidLabel(label_ref="shp_1"), permit())


@pytest.mark.parametrize(
    ("found", "sight"),
    [
        (bought(refund_status="submitted"), Sight.SEEN), (bought(refund_status="refunded"), Sight.SEEN),
        (bought(), Sight.ABSENT), (bought(refund_status="rejected"), Sight.ABSENT), (GONE, Sight.UNCLEAR),
    ],
)  # fmt: skip
def test_a_returned_price_is_seen_on_the_label(found: Any, sight: Sight) -> None:
    connector, _ = shop({"GET /v2/shipments/shp_1": found})
    assert connector.probe(VoidLabel(label_ref="shp_1"), KEY, NOW).sight is sight


def test_a_label_can_be_read_with_its_link_and_price() -> None:
    connector, _ = shop({"GET /v2/shipments/shp_1": bought(), "GET /v2/trackers/trk_1": tracker()})
    found = connector.fetch(ShippingLabel, "shp_1")
    assert found is not None
    assert (found.url, found.tracking_number, found.reference) == ("https://files.example/label.png", "94001", KEY)
    assert (found.price, found.carrier, found.is_return) == (Money(Decimal("5.93"), "USD"), "USPS", True)
    assert connector.fetch(Shipment, "trk_1") == read(tracker())
    bent, _ = shop({"GET /v2/shipments/shp_1": bought(selected_rate=rate("r1", "free"))})
    with pytest.raises(Retry, match="'free' is not an amount"):
        bent.fetch(ShippingLabel, "shp_1")
    with pytest.raises(CannotDo):
        connector.fetch(Order, "1")


# -- claims -------------------------------------------------------------------------------------------------------

PHOTO = "data:image/png;base64,iVBORw0KGgo="
CLAIM = FileClaim(
    order_ref="#1042", tracking_number="9400 1001", cause="lost", amount=Money.parse("80", "USD"), text="Never came"
)
MAILED = {"claims_email": "ops@example.com"}


def claim_with(**changed: Any) -> FileClaim:
    return FileClaim(**{**{name: getattr(CLAIM, name) for name in CLAIM.__dataclass_fields__}, **changed})


def test_a_claim_carries_our_key_as_its_reference() -> None:
    connector, outside = shop({"GET /v2/claims": NO_CLAIMS, "POST /v2/claims": {"id": "clm_1"}}, settings=MAILED)
    receipt = connector.perform(claim_with(cause="damaged", documents=(PHOTO,)), permit())
    assert (receipt.reference, receipt.is_final) == ("clm_1", False)
    assert outside.sent() == [
        (
            "/v2/claims",
            {
                "tracking_code": "94001001", "type": "damage", "amount": "80.00", "description": "Never came",
                "contact_email": "ops@example.com", "reference": KEY, "supporting_documentation_attachments": [PHOTO],
            },
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "given", "said"),
    [
        ({}, {}, "claims_email"),
        ({"tracking_number": ""}, MAILED, "tracking number"),
        ({"amount": Money.parse("80", "SGD")}, MAILED, "US dollars"),
        ({"text": " "}, MAILED, "description"),
        ({"cause": "damaged"}, MAILED, "photo"),
        ({"documents": ("https://a.example/b.png",)}, MAILED, "not as links"),
        ({"cause": "overcharged"}, MAILED, "claimed at the courier"),
    ],
)
def test_a_claim_that_would_be_turned_away_is_not_sent(changed: Any, given: Any, said: str) -> None:
    connector, outside = shop({}, settings=given)
    with pytest.raises(Refused, match=said):
        connector.perform(claim_with(**changed), permit())
    assert outside.calls == []


def test_a_claim_that_stands_is_not_filed_again_and_is_seen_by_its_reference() -> None:
    rows = {"claims": [{"id": "clm_0", "reference": None}, {"id": "clm_1", "reference": KEY}], "has_more": False}
    connector, outside = shop({"GET /v2/claims": rows}, settings=MAILED)
    assert connector.perform(CLAIM, permit()).is_replay
    assert outside.sent() == []
    assert connector.probe(CLAIM, KEY, NOW).sight is Sight.SEEN
    connector, _ = shop({"GET /v2/claims": NO_CLAIMS}, settings=MAILED)
    assert connector.probe(CLAIM, KEY, NOW).sight is Sight.ABSENT


@pytest.mark.parametrize("operation", [LABEL, VoidLabel(label_ref="shp_1"), CLAIM])
def test_no_write_leaves_without_an_approval(operation: Operation) -> None:
    outside = Outside(fresh(**{"GET /v2/claims": NO_CLAIMS}))
    connector = open_with(outside, "easypost", KEYS, gate=closed_gate, settings=MAILED)
    with pytest.raises(NotApproved):
        connector.perform(operation, permit())
    assert outside.sent() == []


def test_a_parcels_way_is_changed_at_its_courier() -> None:
    connector, outside = shop({})
    operation = RedirectParcel(tracking_number="9400", carrier="USPS", way="hold_for_pickup")
    with pytest.raises(CannotDo, match="by hand at the courier"):
        connector.perform(operation, permit())
    assert outside.calls == []
    assert EasyPost.by_hand(operation, connector.account) == "https://www.usps.com/manage/package-intercept.htm"
    assert EasyPost.by_hand(LABEL, connector.account) == "https://app.easypost.com/"


def test_a_parcel_is_never_said_to_weigh_less_than_it_does() -> None:
    found = labels.measures(Parcel(weight_grams=1, length_mm=1, width_mm=1, height_mm=1))
    assert found == {"weight": 0.1, "length": 0.1, "width": 0.1, "height": 0.1}
    pound = labels.measures(Parcel(weight_grams=454, length_mm=254, width_mm=254, height_mm=254))
    assert (pound["weight"], pound["length"]) == (16.1, 10.0)


# -- events -------------------------------------------------------------------------------------------------------


def test_the_known_answer_of_an_event_with_a_secret_outside_ascii(shared: Path) -> None:
    event = orjson.loads((shared / "contracts" / "easypost" / "event-body.json").read_bytes())
    body = orjson.dumps(event)
    headers = {"x-hmac-signature": "hmac-sha256-hex=38f3f53c103713df81616a0a186d77141957323ec21d5fe9363db93840f527db"}
    assert len(body) == 3550
    for secret in ("s\u00e9cret", "se\u0301cret"):  # one letter, or a letter and an accent
        assert EasyPost.verify(body, headers, "", ("other", secret), NOW)
    assert not EasyPost.verify(body, headers, "", ("secret",), NOW)
    assert not EasyPost.verify(body + b"\n", headers, "", ("s\u00e9cret",), NOW)
    assert not EasyPost.verify(body, {}, "", ("s\u00e9cret",), NOW)
    assert EasyPost.event_id(body, {}) == "evt_1"
    assert EasyPost.touched(body, {}) == ("trackers",)


def test_other_events_touch_nothing_and_broken_ones_are_told_apart() -> None:
    assert EasyPost.touched(b'{"description":"batch.created"}', {}) == EasyPost.touched(b"\xff", {}) == ()
    assert EasyPost.event_id(b"\xff", {}) != EasyPost.event_id(b"[]", {})


class TestWhatTheAccountSays:
    TOLD = {
        "name": "Returns", "line1": "1 Way", "city": "Austin", "region": "TX", "postcode": "78744", "country": "US"
    }  # fmt: skip
    USUAL = {"weight_grams": 900, "length_mm": 300, "width_mm": 200, "height_mm": 100}

    def test_returns_go_to_the_place_of_its_settings_without_a_call(self) -> None:
        connector, outside = shop({}, settings={"return_address": self.TOLD, "return_parcel": self.USUAL})

        found = connector.fetch(ReturnPlace, "usual")
        assert found is not None
        assert (found.address.line1, found.address.phone, found.parcel) == ("1 Way", "", Parcel(**self.USUAL))
        assert outside.calls == []

    def test_without_settings_there_is_no_place_and_wrong_ones_are_named(self) -> None:
        assert shop({})[0].fetch(ReturnPlace, "usual") is None
        with pytest.raises(Refused, match="`return_address` or `return_parcel` in its settings is wrong"):
            shop({}, settings={"return_address": {"street": "1 Way"}})[0].fetch(ReturnPlace, "usual")

    @pytest.mark.parametrize(
        ("changed", "mailed", "takes"),
        [
            ({}, True, True),
            ({}, False, False),
            ({"cause": "overcharged"}, True, False),
            ({"cause": "damaged"}, True, False),
            ({"tracking_number": ""}, True, False),
            ({"amount": Money.parse("40.00", "SGD")}, True, False),
        ],
    )
    def test_it_takes_the_claims_that_it_would_look_at(
        self, changed: dict[str, Any], mailed: bool, takes: bool
    ) -> None:
        given: dict[str, Any] = {"order_ref": "o1", "tracking_number": "9400", "cause": "lost", "text": "gone"}
        claim = FileClaim(**(given | {"amount": Money.parse("40.00", "USD")} | changed))
        account = shop({}, settings={"claims_email": "us@example.com"} if mailed else {})[0].account

        assert EasyPost.takes(claim, account) is takes
        assert EasyPost.takes(LABEL, account)
