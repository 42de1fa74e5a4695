"""UPS: a token for id and secret, tracking by number, and Delivery Intercept with its refusals inside successes."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import orjson
import pytest
import yaml

from connectors.base import CannotDo, Connector, NotApproved, Reconnect, Refreshes, Refused, Retry, Unknown, closed_gate
from connectors.consent import TakesKeys
from connectors.money import Money
from connectors.operations import Address, FileClaim, RedirectParcel, VoidLabel
from connectors.shops.shipping.ups import UPS, intercept, parse
from connectors.twin.world.parcels import check_digit
from connectors.types import Order, RedirectOffer, Shipment, ShipmentStatus, Sight
from tests.connectors.shops.shipping.outside import Outside, bends, is_whole
from tests.connectors.shops.stand import NOW, open_with, permit, reply

KEYS = {"client_id": "my-client", "client_secret": "my-secret-0123"}
SETTINGS = {"contact_name": "Lumen & Loft", "contact_phone": "+1 (512) 555-0100", "account_number": "8A60V5"}
NUMBER = "1Z4096YY0316914058"
INTERCEPT = "/api/deliveryintercept/v2"
TOKEN, TRACK = "POST /security/v1/oauth/token", f"GET /api/track/v1/details/{NUMBER}"
ELIGIBLE = f"GET {INTERCEPT}/eligibility/intercept/{NUMBER}"
CHARGES = f"POST {INTERCEPT}/charges/{NUMBER}"
PATHS = {
    "reschedule": f"{INTERCEPT}/reschedule/{NUMBER}", "reroute": f"{INTERCEPT}/redirect/address/{NUMBER}",
    "return": f"{INTERCEPT}/return/{NUMBER}", "hold_for_pickup": f"{INTERCEPT}/willcall/{NUMBER}",
}  # fmt: skip
GOOD = {"transactionId": "ASR1212", "statusCode": "000", "statusMsg": "Success", "success": True, "errors": None}
PLACE = Address(
    name="Kristina Leo", line1="12911 Fork Rd", line2="Ste 8", city="Baldwin", region="md", postcode="21013",
    country="us", phone="+1 410 749 5070",
)  # fmt: skip
TOKENS = {"access_token": "tok-1-abcdef", "expires_in": "14399", "token_type": "Bearer", "status": "approved"}


def feature(name: str, create: str = "ELIGIBLE", cancel: str = "NOT_ELIGIBLE", **more: Any) -> dict[str, Any]:
    value = {"createEligibility": create, "modifyEligibility": "NOT_ELIGIBLE", "cancelEligibility": cancel, **more}
    return {"interceptFeature": name, "eligibilityValue": value}


DAYS = [{"date": 20261124, "dayOfWeekText": "Tuesday"}, {"date": "20261125", "dayOfWeekText": "Wednesday"}]
REASONS = [{"id": "AN", "value": "Duplicate Order"}, {"id": "KV", "value": "Other"}]


def eligible(*rows: dict[str, Any]) -> dict[str, Any]:
    usual = (
        feature("FD", dateOptionsforFutureDelivery=DAYS), feature("WC"), feature("RD"),
        feature("RTS", reasonOptionsForRTS=REASONS),
    )  # fmt: skip
    return {"response": {**GOOD, "commonEligibilityMap": list(rows or usual)}}


def activity(day: str, kind: str, **changed: Any) -> dict[str, Any]:
    return {
        "location": {"address": {"city": "Baltimore"}}, "status": {"type": kind, "code": "XX"}, "date": day,
        "time": "090000", "gmtDate": day, "gmtTime": "14:00:00", **changed,
    }  # fmt: skip


def address(kind: str) -> dict[str, Any]:
    place = {"addressLine1": "1899 Main", "city": "Baltimore", "stateProvince": "MD", "postalCode": "21230"}
    return {"type": kind, "name": "ACME", "address": {**place, "countryCode": "US"}}


def package(**changed: Any) -> dict[str, Any]:
    return {
        "trackingNumber": NUMBER,
        "deliveryDate": [{"type": "SDD", "date": "20261123"}],
        "activity": [activity("20261120", "I"), activity("20261119", "M")],
        "packageAddress": [address("ORIGIN"), address("DESTINATION")],
        **changed,
    }


def tracked(**changed: Any) -> dict[str, Any]:
    return {"trackResponse": {"shipment": [{"inquiryNumber": NUMBER, "package": [package(**changed)]}]}}


def answers(**more: Any) -> dict[str, Any]:
    charged = {"response": {**GOOD, "chargeInfo": [{"interceptChargeDetail": [
        {"interceptOption": "FD", "totalCharge": "17.90", "currencyCode": "USD", "successful": True},
        {"interceptOption": "AA", "totalCharge": "21.00", "currencyCode": "USD", "successful": False},
    ]}]}}  # fmt: skip
    writes = {f"POST {path}": GOOD for path in PATHS.values()}
    return {TOKEN: TOKENS, TRACK: tracked(), ELIGIBLE: eligible(), CHARGES: charged, **writes, **more}


def shop(given: dict[str, Any] | None = None, **account: Any) -> tuple[Connector, Outside]:
    outside = Outside(answers() if given is None else given)
    return open_with(outside, "ups", KEYS, **{"settings": SETTINGS, **account}), outside


def redirect(way: Any, **changed: Any) -> RedirectParcel:
    needs: dict[str, dict[str, Any]] = {"reschedule": {"day": date(2026, 11, 24)}, "reroute": {"address": PLACE}}
    given = needs.get(way, {})
    return RedirectParcel(**{"tracking_number": NUMBER, "carrier": "UPS", "way": way, **given, **changed})


def fault(status: int, code: str, message: str = "said") -> httpx.Response:
    return reply({"response": {"errors": [{"code": code, "message": message}]}}, status)


# -- the token ----------------------------------------------------------------------------------------------------


def test_a_token_is_asked_for_with_id_and_secret_and_renewed_before_it_ends() -> None:
    connector, outside = shop()
    assert isinstance(connector, Refreshes)
    assert isinstance(connector, TakesKeys)
    renewed = connector.refresh()
    assert renewed.credentials == {**KEYS, "access_token": "tok-1-abcdef"}
    assert renewed.expires_at == datetime(2026, 11, 21, 11, 59, 59, tzinfo=UTC)
    [call] = outside.calls
    assert call.headers["authorization"] == "Basic bXktY2xpZW50Om15LXNlY3JldC0wMTIz"
    assert call.headers["x-merchant-id"] == "8A60V5"
    assert parse_qs(call.content.decode()) == {"grant_type": ["client_credentials"]}
    assert "until 2026-11-21 11:59 UTC" in connector.check()


def test_a_stored_token_is_used_and_without_one_a_new_one_serves_all_calls() -> None:
    stored = Outside(answers())
    connector = open_with(stored, "ups", {**KEYS, "access_token": "stored-token"}, settings=SETTINGS)
    connector.fetch(Shipment, NUMBER)
    assert [call.headers["authorization"] for call in stored.calls] == ["Bearer stored-token"]
    connector, outside = shop()
    connector.perform(redirect("return"), permit())
    assert outside.calls[0].url.path == "/security/v1/oauth/token"
    assert {call.headers["authorization"] for call in outside.calls[1:]} == {"Bearer tok-1-abcdef"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (fault(401, "10401", "ClientId is Invalid"), Reconnect),
        (fault(403, "10403"), Reconnect),
        (fault(429, "10429"), Retry),
        (httpx.Response(503), Retry),
        (httpx.ReadTimeout("lost"), Retry),
        (reply({"token_type": "Bearer"}), Retry),
    ],
)
def test_without_a_token_nothing_else_is_asked(answer: Any, kind: type[Exception]) -> None:
    connector, outside = shop(answers(**{TOKEN: answer}))
    with pytest.raises(kind):
        connector.perform(redirect("return"), permit())
    assert [call.url.path for call in outside.calls] == ["/security/v1/oauth/token"]


# -- tracking -----------------------------------------------------------------------------------------------------


def parcel(**changed: Any) -> Shipment:
    [found] = parse.parcel(package(**changed))
    assert isinstance(found, Shipment)
    return found


def test_a_parcel_is_read_by_its_number_in_gmt() -> None:
    connector, outside = shop()
    found = connector.fetch(Shipment, NUMBER.lower())
    assert found == parcel()
    assert (found.external_id, found.carrier, found.tracking_number) == (NUMBER, "UPS", NUMBER)
    assert (found.status, found.last_scan_at) == (ShipmentStatus.IN_TRANSIT, datetime(2026, 11, 20, 14, tzinfo=UTC))
    assert found.promised_at == datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)
    call = outside.calls[-1]
    assert call.headers["transactionsrc"] == "opsroom"
    assert 3 <= len(call.headers["transid"]) <= 14


@pytest.mark.parametrize(
    ("kind", "status"),
    [("M", "booked"), ("P", "in_transit"), ("I", "in_transit"), ("O", "out_for_delivery"), ("D", "delivered"),
     ("X", "exception"), ("RS", "exception"), ("NA", "in_transit")],
)  # fmt: skip
def test_each_type_of_activity_is_one_of_our_states(kind: str, status: str) -> None:
    rows = [activity("20261120", kind), activity("20261119", "I" if kind == "NA" else "M")]
    assert parcel(activity=rows).status == status


def test_a_parcel_delivered_after_it_was_sent_back_is_returned_and_a_new_day_replaces_the_old() -> None:
    rows = [activity("20261120", "D"), activity("20261119", "RS"), activity("20261118", "I")]
    assert parcel(activity=rows).status is ShipmentStatus.RETURNED
    dates = [{"type": "SDD", "date": "20261123"}, {"type": "RDD", "date": "20261126"}]
    promised = parcel(deliveryDate=dates).promised_at
    assert promised is not None
    assert promised.date() == date(2026, 11, 26)


def test_a_number_that_ups_does_not_know_is_none_and_one_of_another_courier_is_not_asked_for() -> None:
    connector, _ = shop(answers(**{TRACK: fault(404, "TW0001", "Tracking Information Not Found")}))
    assert connector.fetch(Shipment, NUMBER) is None
    assert connector.fetch(RedirectOffer, NUMBER) is None
    connector, outside = shop()
    with pytest.raises(CannotDo, match="no UPS tracking number"):
        connector.fetch(Shipment, "9400100110368063698216")
    assert outside.calls == []
    with pytest.raises(CannotDo):
        connector.fetch(Order, "1")
    with pytest.raises(CannotDo, match="no list of parcels"):
        connector.pull("parcels", "")


def test_whatever_changes_in_a_package_it_is_read_or_said_to_be_unreadable() -> None:
    scan = activity("20261120", "I")
    inner = [(f"activity {word}", package(activity=[row])) for word, row in bends(scan)]
    for word, row in [*bends(package()), *inner]:
        connector, _ = shop(answers(**{TRACK: {"trackResponse": {"shipment": [{"package": [row]}]}}}))
        assert fetched(connector) == "drift" or is_whole(fetched(connector)), word
    shapes: list[Any] = [{}, {"trackResponse": {}}, {"trackResponse": {"shipment": [{"package": ["x"]}]}}, []]
    for shape in shapes:
        connector, _ = shop(answers(**{TRACK: shape}))
        assert fetched(connector) == "drift"


def fetched(connector: Connector) -> Any:
    """The parcel, or the code of what kept it from being read."""
    try:
        return connector.fetch(Shipment, NUMBER)
    except Retry as error:
        return error.code


@pytest.mark.parametrize(
    "value", [None, [], {"dateOptionsforFutureDelivery": [{"date": "soon"}]}, {"reasonOptionsForRTS": ["x", {"id": 0}]}]
)
def test_an_eligibility_of_another_shape_keeps_no_change_from_being_asked_for(value: Any) -> None:
    rows = [{"interceptFeature": name, "eligibilityValue": value} for name in ("FD", "RTS")]
    for way in ("reschedule", "return"):
        connector, outside = shop(answers(**{ELIGIBLE: eligible(*rows)}))
        connector.perform(redirect(way), permit())
        assert outside.sent()[-1][0] == PATHS[way]
        assert connector.fetch(RedirectOffer, NUMBER) is not None


# -- what can be changed ------------------------------------------------------------------------------------------


def test_the_offer_names_the_ways_their_days_and_what_each_costs() -> None:
    connector, outside = shop()
    found = connector.fetch(RedirectOffer, NUMBER)
    assert found is not None
    assert [way.way for way in found.ways] == ["reschedule", "reroute", "return", "hold_for_pickup"]
    assert found.ways[0].days == (date(2026, 11, 24), date(2026, 11, 25))
    assert found.ways[0].charge == Money(Decimal("17.90"), "USD")
    assert [way.charge for way in found.ways[1:]] == [None, None, None]  # a fee that nobody told is not zero
    asked = outside.sent()[-1][1]["ratingRequest"][0]
    assert asked["trackInfo"] == {"interceptOption": "AL"}
    assert asked["fromAddress"]["phoneNumber"] == "+15125550100"
    assert asked["toAddress"]["postalCode"] == "21230"


def test_a_change_that_stands_is_told_and_takes_its_place_among_the_ways() -> None:
    rows = (feature("FD", "NOT_ELIGIBLE", "ELIGIBLE"), feature("WC", "NOT_ELIGIBLE"), feature("RTS", "UNKNOWN"))
    connector, _ = shop(answers(**{ELIGIBLE: eligible(*rows)}))
    found = connector.fetch(RedirectOffer, NUMBER)
    assert found is not None
    assert (found.ways, found.standing) == ((), ("reschedule",))


def test_one_feature_alone_may_stand_as_an_object_as_the_published_file_declares_it() -> None:
    one = {"response": {**GOOD, "commonEligibilityMap": feature("WC")}}
    connector, _ = shop(answers(**{ELIGIBLE: one}))
    found = connector.fetch(RedirectOffer, NUMBER)
    assert found is not None
    assert [way.way for way in found.ways] == ["hold_for_pickup"]


def test_the_offer_stands_where_prices_are_refused_or_an_address_is_not_told() -> None:
    for more in ({CHARGES: fault(400, "710")}, {TRACK: tracked(packageAddress=[address("ORIGIN")])}):
        connector, _ = shop(answers(**more))
        found = connector.fetch(RedirectOffer, NUMBER)
        assert found is not None
        assert {way.charge for way in found.ways} == {None}


# -- the change ---------------------------------------------------------------------------------------------------

CONTACT = {"name": "Lumen & Loft", "telephone": "+15125550100"}


@pytest.mark.parametrize(
    ("way", "body"),
    [
        ("reschedule", {"requestType": "FD", "deliveryDate": "20261124"}),
        ("return", {"requestType": "RS", "reasonForReturn": "KV"}),
        ("hold_for_pickup", {"requestType": "WC"}),
        (
            "reroute",
            {
                "requestType": "AA",
                "newDeliveryAddress": {
                    "addressNickName": "New address", "nameOrCompanyName": "Kristina Leo",
                    "contactName": "Kristina Leo", "phoneNumber": "+14107495070",
                    "addressInfo": {
                        "addressLine1": "12911 Fork Rd", "addressLine2": "Ste 8", "city": "Baldwin", "state": "MD",
                        "postalCode": "21013", "countryCode": "US",
                    },
                },
            },
        ),
    ],
)  # fmt: skip
def test_each_way_is_one_request_of_its_own_type(way: str, body: dict[str, Any]) -> None:
    connector, outside = shop()
    receipt = connector.perform(redirect(way), permit())
    assert (receipt.reference, receipt.request_id, receipt.is_final) == (NUMBER, "ASR1212", False)
    assert outside.sent()[-1] == (PATHS[way], {"requesterContactInfo": CONTACT, "specialInstructions": None, **body})
    call = outside.calls[-1]
    assert (call.headers["platformtype"], call.headers["inquirytype"]) == ("XOLT", "U")


def test_the_first_reason_that_ups_offers_serves_where_other_is_not_among_them() -> None:
    rows = eligible(feature("RTS", reasonOptionsForRTS=REASONS[:1]))
    connector, outside = shop(answers(**{ELIGIBLE: rows}))
    connector.perform(redirect("return"), permit())
    assert outside.sent()[-1][1]["reasonForReturn"] == "AN"


@pytest.mark.parametrize(
    ("operation", "more", "said"),
    [
        (redirect("reschedule", day=None), {}, "none is named"),
        (redirect("reschedule", day=date(2026, 12, 24)), {}, "UPS offers 2026-11-24, 2026-11-25, not 2026-12-24"),
        (redirect("reroute", address=None), {}, "none is given"),
        (redirect("return"), {ELIGIBLE: eligible(feature("RTS", "NOT_ELIGIBLE"))}, "offers it no more"),
        (redirect("return"), {ELIGIBLE: eligible(feature("RTS", "NOT_ELIGIBLE", "ELIGIBLE"))}, "stands already"),
        (redirect("return", tracking_number="LX1"), {}, "no UPS tracking number"),
        (VoidLabel(label_ref="1"), {}, "by hand at ups.com"),
    ],
)
def test_what_ups_would_turn_away_is_not_sent(operation: Any, more: dict[str, Any], said: str) -> None:
    connector, outside = shop(answers(**more))
    with pytest.raises(Refused, match=said):
        connector.perform(operation, permit())
    assert [path for path, _ in outside.sent() if path in PATHS.values()] == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"country": "SG"}, "United States"), ({"region": "Maryland"}, "two letters"), ({"postcode": "ABC"}, "digits"),
        ({"line1": "x" * 51}, "too long"), ({"city": ""}, "city"), ({"phone": "1" * 20}, "phone"),
        ({"line1": ""}, "street"),
    ],
)  # fmt: skip
def test_an_address_that_ups_cannot_take_is_refused_with_its_fault(changed: dict[str, str], said: str) -> None:
    given = {name: getattr(PLACE, name) for name in PLACE.__dataclass_fields__}
    connector, outside = shop()
    with pytest.raises(Refused, match=said):
        connector.perform(redirect("reroute", address=Address(**{**given, **changed})), permit())
    assert [path for path, _ in outside.sent() if path in PATHS.values()] == []


def test_without_somebody_to_ask_for_it_no_change_is_sent() -> None:
    connector, outside = shop(settings={})
    with pytest.raises(Refused, match="contact_phone"):
        connector.perform(redirect("return"), permit())
    assert [path for path, _ in outside.sent() if path in PATHS.values()] == []


def test_no_change_leaves_without_an_approval() -> None:
    outside = Outside(answers())
    connector = open_with(outside, "ups", KEYS, gate=closed_gate, settings=SETTINGS)
    with pytest.raises(NotApproved):
        connector.perform(redirect("return"), permit())
    assert [path for path, _ in outside.sent() if path in PATHS.values()] == []


FAILED = {"transactionId": "A1", "statusCode": "000", "statusMsg": "Success", "success": False}


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ({**FAILED, "errors": [{"errorCode": "7103", "errorMessage": "Not eligible"}]}, Refused, "7103"),
        ({**FAILED, "errors": [{"errorCode": "500", "errorMessage": "System Error"}]}, Unknown, "500"),
        ({**FAILED, "errors": None, "statusCode": "710"}, Refused, "710"),
        ({"transactionId": "A1", "statusCode": "000"}, Unknown, ""),
        ([], Unknown, ""),
        (fault(400, "710"), Refused, "710"),
        (fault(401, "605"), Refused, "605"),
        (fault(401, "250002"), Reconnect, "250002"),
        (fault(429, "10429"), Retry, "10429"),
        (httpx.Response(500), Unknown, ""),
        (httpx.ReadTimeout("lost"), Unknown, ""),
        (httpx.ConnectError("down"), Retry, ""),
        (httpx.Response(200, content=b"<html>"), Unknown, ""),
    ],
)
def test_a_failure_inside_a_success_is_a_failure_and_what_is_ambiguous_is_unknown(
    answer: Any, kind: type[Exception], code: str
) -> None:
    connector, _ = shop(answers(**{f"POST {PATHS['return']}": answer}))
    with pytest.raises(kind) as caught:
        connector.perform(redirect("return"), permit())
    assert (type(caught.value), getattr(caught.value, "code", "")) == (kind, code)


STANDS = ("NOT_ELIGIBLE", "ELIGIBLE")


@pytest.mark.parametrize(
    ("way", "more", "sight"),
    [
        ("reschedule", {}, Sight.ABSENT),
        ("reschedule", {TRACK: tracked(deliveryDate=[{"type": "RDD", "date": "20261124"}])}, Sight.SEEN),
        ("reschedule", {TRACK: tracked(deliveryDate=[{"type": "RDD", "date": "20261125"}])}, Sight.ABSENT),
        ("reschedule", {ELIGIBLE: eligible(feature("FD", *STANDS))}, Sight.SEEN),
        ("reroute", {ELIGIBLE: eligible(feature("RD", *STANDS))}, Sight.SEEN),
        ("reroute", {ELIGIBLE: eligible(feature("FD", *STANDS), feature("RD", "NOT_ELIGIBLE"))}, Sight.UNCLEAR),
        ("return", {TRACK: tracked(activity=[activity("20261120", "RS")])}, Sight.SEEN),
        ("return", {ELIGIBLE: eligible(feature("RTS", *STANDS))}, Sight.SEEN),
        ("return", {ELIGIBLE: {"response": GOOD}}, Sight.UNCLEAR),
        ("hold_for_pickup", {ELIGIBLE: eligible(feature("WC", *STANDS))}, Sight.SEEN),
        ("hold_for_pickup", {TRACK: fault(404, "TW0001")}, Sight.UNCLEAR),
        ("hold_for_pickup", {TRACK: tracked(activity=[{"status": {"type": "??"}}])}, Sight.UNCLEAR),
    ],
)
def test_a_change_is_proved_by_the_parcels_course_and_by_what_could_be_called_off(
    way: str, more: dict[str, Any], sight: Sight
) -> None:
    connector, outside = shop(answers(**more))
    assert connector.probe(redirect(way), "intent-0001", NOW).sight is sight
    assert [path for path, _ in outside.sent() if path in PATHS.values()] == []


def test_a_person_is_led_to_the_parcel_or_to_the_claim_form() -> None:
    connector, _ = shop()
    assert UPS.by_hand(redirect("return"), connector.account) == f"https://www.ups.com/track?tracknum={NUMBER}"
    other = redirect("return", tracking_number="7712 3344", carrier="FedEx Ground")
    assert UPS.by_hand(other, connector.account) == "https://www.fedex.com/fedextrack/?trknbr=77123344"
    assert UPS.by_hand(redirect("return", tracking_number="X1", carrier="Ninja"), connector.account) == ""
    claim = FileClaim(order_ref="1", cause="lost", amount=Money.parse(1, "USD"), text="x")
    assert UPS.by_hand(claim, connector.account) == "https://www.ups.com/us/en/support/file-a-claim"


# -- what UPS publishes -------------------------------------------------------------------------------------------


def test_the_published_numbers_end_in_their_check_digit() -> None:
    for number in ("1Z4096YY0316914058", "1ZA2F8810719086435", "1Z023E2X0214323462", "1Z6568YY1200043419"):
        assert number[-1] == str(check_digit(number[2:-1])), number


def test_the_published_examples_are_read(shared: Path) -> None:
    path = shared / "contracts" / "ups" / "DeliveryIntercept.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))["paths"]
    place = "/eligibility/intercept/{tracking_number}"
    examples = document[place]["get"]["responses"]["200"]["content"]["application/json"]["examples"]
    rows = orjson.loads(orjson.dumps(examples["SUCCESS"]["value"], default=str))
    connector, _ = shop(answers(**{ELIGIBLE: rows}))
    found = connector.fetch(RedirectOffer, NUMBER)
    assert found is not None
    assert found.ways[0].days == (date(2025, 1, 10), date(2025, 1, 15))
    error = orjson.loads(orjson.dumps(examples["ERROR"]["value"], default=str))
    connector, _ = shop(answers(**{ELIGIBLE: error}))
    with pytest.raises(Retry, match="System Error"):
        connector.fetch(RedirectOffer, NUMBER)
    for name, way in intercept.WAYS.items():
        shown = document[f"{way.path}/{{tracking_number}}"]["post"]["responses"]["200"]["content"]["application/json"]
        said = orjson.loads(orjson.dumps(shown["examples"]["ERROR"]["value"], default=str))
        connector, _ = shop(answers(**{f"POST {PATHS[name]}": said}))
        with pytest.raises(Unknown, match="System Error"):
            connector.perform(redirect(name), permit())
