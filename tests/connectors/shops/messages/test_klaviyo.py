"""Klaviyo: checkouts with consent, profiles, health, an event kept once, errors, meters, pushes, and drift."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import httpx
import orjson
import pytest

from connectors.base import Budget, CannotDo, NotApproved, Reconnect, Refused, Retry, Unknown, closed_gate
from connectors.consent import App, Asking
from connectors.http import Reply
from connectors.money import Money
from connectors.operations import AcceptDispute, RecordEvent, SetCampaign
from connectors.shops.messages.klaviyo import Klaviyo
from connectors.types import Account, AccountMetric, BadRow, Checkout, Customer, Sight
from tests.connectors.shops.stand import NOW, open_with, permit, reply

KEYS = {"api_key": "pk_1"}
Answers = dict[str, Any]


def klaviyo(answers: Answers, asked: list[httpx.Request] | None = None, **more: Any) -> Klaviyo:
    """Answers by "METHOD path"; a function is asked with the request."""

    def answer(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        found = answers[f"{request.method} {request.url.path}"]
        found = found(request) if callable(found) else found
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, httpx.Response) else reply(found)

    made = open_with(answer, "klaviyo", more.pop("credentials", KEYS), currency="USD", **more)
    assert isinstance(made, Klaviyo)
    return made


def row(kind: str, ref: str, **attributes: Any) -> dict[str, Any]:
    return {"type": kind, "id": ref, "attributes": attributes}


def started(ref: str, who: str = "P1", at: str = "2026-11-21T06:00:00+00:00", **properties: Any) -> dict[str, Any]:
    told = {"$value": 42.5, "$currency_code": "SGD", "Items": [{"SKU": "CUP"}, {"SKU": "CUP"}, {"SKU": "MUG"}]}
    told["$extra"] = {"checkout_url": "https://shop.example/c/1"}
    made = row("event", ref, datetime=at, timestamp=1, event_properties=told | properties)
    return made | {"relationships": {"profile": {"data": {"type": "profile", "id": who}}}}


def person(ref: str, can: Any = True, **more: Any) -> dict[str, Any]:
    consent = {"email": {"marketing": {"can_receive_email_marketing": can}}}
    return row("profile", ref, email=f"{ref}@X.example", subscriptions=consent, updated="2026-11-20T00:00:00Z", **more)


METRICS = {
    "data": [row("metric", "MS", name="Checkout Started"), row("metric", "MO", name="Placed Order")],
    "links": {},
}


def events_of(checkouts: list[Any], orders: list[Any]) -> Callable[[httpx.Request], Any]:
    def answer(request: httpx.Request) -> Any:
        return {"data": checkouts if '"MS"' in request.url.params["filter"] else orders, "links": {"next": None}}

    return answer


def shop(checkouts: list[Any], orders: list[Any] | None = None, people: list[Any] | None = None) -> Answers:
    return {
        "GET /api/metrics": METRICS, "GET /api/events": events_of(checkouts, orders or []),
        "GET /api/profiles": {"data": [person("P1")] if people is None else people, "links": {}},
    }  # fmt: skip


# -- reading ----------------------------------------------------------------------------------------------------------


def test_a_started_checkout_is_read_with_its_goods_and_the_consent_to_be_mailed() -> None:
    asked: list[httpx.Request] = []
    [page] = klaviyo(shop([started("E1")]), asked).pull("checkouts", "")
    [found] = page.records
    assert isinstance(found, Checkout)
    assert (found.external_id, found.customer_ref, found.customer_email) == ("E1", "P1", "p1@x.example")
    assert (found.total, found.currency, found.skus) == (Decimal("42.5"), "SGD", ("CUP", "MUG"))
    assert (found.recovery_url, found.may_be_mailed) == ("https://shop.example/c/1", True)
    assert (found.completed_at, page.cursor) == (None, "2026-11-21T08:00:00Z")
    assert {request.headers["authorization"] for request in asked} == {"Klaviyo-API-Key pk_1"}
    assert {request.headers["revision"] for request in asked} == {"2026-07-15"}
    assert asked[-1].url.params["filter"] == 'any(id,["P1"])'


def test_an_order_ends_the_checkouts_before_it_and_none_after() -> None:
    orders = [started("O1", at="2026-11-21T06:30:00Z"), started("O2", "P2", at="2026-11-21T07:00:00Z")]
    before, after = started("E1"), started("E2", at="2026-11-21T06:45:00Z")
    [page] = klaviyo(shop([before, after], orders)).pull("checkouts", "2026-11-21T07:00:00Z")
    ends = [one.completed_at for one in page.records if isinstance(one, Checkout)]
    assert ends == [datetime.fromisoformat("2026-11-21T06:30:00Z"), None]


def test_the_last_week_comes_again_and_never_less() -> None:
    asked: list[httpx.Request] = []
    list(klaviyo(shop([]), asked).pull("checkouts", "2026-11-21T07:00:00Z"))
    assert asked[-1].url.params["filter"] == 'equals(metric_id,"MS"),greater-or-equal(datetime,2026-11-14T08:00:00Z)'


@pytest.mark.parametrize("can", [False, None, "true", 1])
def test_only_a_clear_yes_is_consent(can: Any) -> None:
    [page] = klaviyo(shop([started("E1")], people=[person("P1", can)])).pull("checkouts", "")
    assert [one.may_be_mailed for one in page.records if isinstance(one, Checkout)] == [False]
    [page] = klaviyo(shop([started("E1")], people=[])).pull("checkouts", "")
    assert [(one.may_be_mailed, one.customer_email) for one in page.records if isinstance(one, Checkout)] == [
        (False, "")
    ]


def test_a_shop_without_such_events_is_empty_and_own_names_are_heeded() -> None:
    answers = shop([started("E1")]) | {"GET /api/metrics": {"data": [row("metric", "MS", name="Basket begun")]}}
    [page] = klaviyo(answers).pull("checkouts", "")
    assert (page.records, page.is_last) == ((), True)
    [page] = klaviyo(answers, settings={"checkout_metrics": ["Basket begun"]}).pull("checkouts", "")
    assert len(page.records) == 1


def test_profiles_are_read_by_change_over_every_page() -> None:
    second = "https://klaviyo.example/api/profiles?page%5Bcursor%5D=abc"
    past = {"historic_clv": 250.5, "historic_number_of_orders": 3}
    ann = person("P1", first_name="Ann", last_name="Lee", phone_number="+65 1", location={"country": "sg"},
                 predictive_analytics=past)  # fmt: skip

    def answer(request: httpx.Request) -> Any:
        is_second = "page[cursor]" in request.url.params
        return {"data": [person("P2") if is_second else ann], "links": {"next": None if is_second else second}}

    first, last = klaviyo({"GET /api/profiles": answer}).pull("profiles", "2026-11-20T00:00:00Z")
    [found] = first.records
    assert isinstance(found, Customer)
    assert (found.name, found.email, found.country, found.lifetime_value, found.currency, found.orders_count) == (
        "Ann Lee", "p1@x.example", "SG", Decimal("250.5"), "USD", 3,
    )  # fmt: skip
    assert [(page.cursor, page.is_last) for page in (first, last)] == [
        ("2026-11-20T00:00:00Z", False), ("2026-11-21T08:00:00Z", True),
    ]  # fmt: skip


def test_a_link_to_another_host_is_not_followed() -> None:
    body = {"data": [person("P1")], "links": {"next": "https://evil.example/api/profiles"}}
    with pytest.raises(Refused, match="another host"):
        list(klaviyo({"GET /api/profiles": body}).pull("profiles", ""))


def test_how_mail_is_taken_is_weighed_by_recipients() -> None:
    results = [
        {"statistics": {"recipients": 900, "spam_complaint_rate": 0.001, "bounce_rate": 0.02, "unsubscribe_rate": 0}},
        {"statistics": {"recipients": 100, "spam_complaint_rate": 0.011, "bounce_rate": 0, "unsubscribe_rate": 0.1}},
        {"statistics": {"people": 5}},
    ]
    flows = [row("flow", "F1", status="live"), row("flow", "F2", status="draft"), row("flow", "F3", status="odd"), 7]
    answers = {
        "GET /api/metrics": METRICS, "GET /api/flows": {"data": flows},
        "POST /api/campaign-values-reports": {"data": {"attributes": {"results": results}}},
    }  # fmt: skip
    asked: list[httpx.Request] = []
    [page] = klaviyo(answers, asked).pull("account_health", "")
    figures = {one.name: one.value for one in page.records if isinstance(one, AccountMetric)}
    assert figures == {
        "spam_complaint_rate": Decimal("0.2000"), "bounce_rate": Decimal("1.8000"),
        "unsubscribe_rate": Decimal("1.0000"), "live_flows": 1,
    }  # fmt: skip
    told = orjson.loads(asked[1].content)["data"]["attributes"]
    assert (told["conversion_metric_id"], told["timeframe"]) == ("MO", {"key": "last_30_days"})
    none = answers | {"POST /api/campaign-values-reports": {"data": {"attributes": {"rows": []}}}}
    [page] = klaviyo(none).pull("account_health", "")
    assert [one.value for one in page.records if isinstance(one, AccountMetric)] == [None, None, None, 1]


# -- drift ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"id": None}, {"id": 7}, {"attributes": None}, {"attributes": {}}, {"relationships": 5},
        {"attributes": {"datetime": "soon", "event_properties": {"$value": 1}}},
        {"attributes": {"datetime": "2026-11-21T06:00:00Z", "event_properties": {"$amount": 1}}},
        {"attributes": {"datetime": "2026-11-21T06:00:00Z", "event_properties": {"$value": "many"}}},
        {"attributes": {"datetime": "2026-11-21T06:00:00Z", "event_properties": None}},
    ],
)  # fmt: skip
def test_a_checkout_of_another_shape_is_quarantined_and_the_others_are_read(change: dict[str, Any]) -> None:
    [page] = klaviyo(shop([started("E1") | change, started("E2")])).pull("checkouts", "")
    assert [one.kind for one in page.records if isinstance(one, BadRow)] == ["checkout"]
    assert [one.external_id for one in page.records if isinstance(one, Checkout)] == ["E2"]
    assert page.seen == 2


@pytest.mark.parametrize("bad", [5, {"id": "P9"}, row("profile", "P9", predictive_analytics=[1])])
def test_a_profile_of_another_shape_is_quarantined(bad: Any) -> None:
    body = {"data": [bad, person("P2")], "links": {}}
    [page] = klaviyo({"GET /api/profiles": body}).pull("profiles", "")
    assert [type(one) for one in page.records] == [BadRow, Customer]


@pytest.mark.parametrize("body", [{}, [], {"rows": []}, {"data": {}}, {"data": None}])
def test_a_list_of_another_shape_is_drift_and_no_empty_account(body: Any) -> None:
    with pytest.raises(Retry) as caught:
        list(klaviyo({"GET /api/profiles": reply(body)}).pull("profiles", ""))
    assert caught.value.code == "drift"


# -- writing ----------------------------------------------------------------------------------------------------------

EVENT = RecordEvent(
    metric="Parcel delayed",
    email="ann@example.com",
    properties=(("order", "#1042"),),
    value=Money(Decimal("9.99"), "USD"),
)
TAKEN = httpx.Response(202)


def test_an_event_goes_out_with_the_intents_key_as_its_unique_id() -> None:
    asked: list[httpx.Request] = []
    receipt = klaviyo({"POST /api/events": TAKEN}, asked).perform(EVENT, permit())
    assert (receipt.reference, receipt.is_final) == ("intent-0001", False)
    told = orjson.loads(asked[0].content)["data"]["attributes"]
    assert told == {
        "properties": {"order": "#1042", "ops_action_id": "intent-0001"}, "time": "2026-11-21T08:00:00Z",
        "unique_id": "intent-0001", "value": 9.99, "value_currency": "USD",
        "metric": {"data": {"type": "metric", "attributes": {"name": "Parcel delayed"}}},
        "profile": {"data": {"type": "profile", "attributes": {"email": "ann@example.com"}}},
    }  # fmt: skip


@pytest.mark.parametrize(
    "event",
    [
        RecordEvent(metric="M", email="nobody"), RecordEvent(metric="", email="a@b.co"),
        RecordEvent(metric="M", email='a"),b@c.de'), RecordEvent(metric="m" * 128, email="a@b.co"),
        RecordEvent(metric="M", email="a@b.co", properties=(("$value", "9"),)),
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_is_refused_before_a_byte_leaves(event: RecordEvent) -> None:
    asked: list[httpx.Request] = []
    with pytest.raises(Refused, match="nothing was sent"):
        klaviyo({}, asked).perform(event, permit())
    assert asked == []


def test_nothing_is_written_without_an_approval() -> None:
    asked: list[httpx.Request] = []
    shut = klaviyo({}, asked, gate=closed_gate)
    for operation in (EVENT, SetCampaign(campaign_ref="F1", is_active=False)):
        with pytest.raises(NotApproved):
            shut.perform(operation, permit())
    with pytest.raises(CannotDo):
        shut.perform(AcceptDispute(dispute_ref="x"), permit())
    with pytest.raises(Refused):
        klaviyo({}, asked).perform(SetCampaign(campaign_ref="../events", is_active=False), permit())
    assert asked == []


@pytest.mark.parametrize(
    ("properties", "age", "sight"),
    [
        ({"$event_id": "intent-0001"}, 1, Sight.SEEN),
        ({"ops_action_id": "intent-0001"}, 1, Sight.SEEN),
        ({"ops_action_id": "intent-0002"}, 1, Sight.UNCLEAR),
        ({"ops_action_id": "intent-0002"}, 11, Sight.ABSENT),
    ],
)
def test_an_event_is_found_by_its_key_and_missed_only_after_some_minutes(
    properties: dict[str, str], age: int, sight: Sight
) -> None:
    event = row("event", "E7", datetime="2026-11-21T08:00:00Z", event_properties=properties)
    answers = {
        "GET /api/profiles": {"data": [person("P1")]}, "GET /api/events": {"data": [5, event], "links": {}},
        "GET /api/metrics": {"data": [row("metric", "MX", name="Parcel delayed")]},
    }  # fmt: skip
    sighting = klaviyo(answers).probe(EVENT, "intent-0001", NOW - timedelta(minutes=age))
    assert (sighting.sight, sighting.reference) == (sight, "E7" if sight is Sight.SEEN else "")


def test_a_flow_is_paused_and_its_state_read_back() -> None:
    asked: list[httpx.Request] = []
    answers = {
        "PATCH /api/flows/F1": {"data": row("flow", "F1", status="draft")},
        "GET /api/flows/F1": {"data": row("flow", "F1", status="draft")},
    }
    pause = SetCampaign(campaign_ref="F1", is_active=False)
    connector = klaviyo(answers, asked)
    assert connector.perform(pause, permit()).is_final
    assert orjson.loads(asked[0].content) == {"data": {"type": "flow", "id": "F1", "attributes": {"status": "draft"}}}
    assert connector.probe(pause, "k", NOW).sight is Sight.SEEN
    assert connector.probe(SetCampaign(campaign_ref="F1", is_active=True), "k", NOW).sight is Sight.ABSENT


def wrong(status: int, code: str = "invalid") -> httpx.Response:
    return reply({"errors": [{"code": code, "detail": "no", "source": {"pointer": "/data"}}]}, status)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (wrong(400), Refused), (wrong(401, "not_authenticated"), Reconnect), (wrong(403, "denied"), Reconnect),
        (wrong(409, "duplicate_profile"), Refused), (wrong(410), Refused), (wrong(429, "throttled"), Retry),
        (wrong(503), Unknown), (httpx.ReadTimeout("slow"), Unknown), (httpx.Response(201), Unknown),
        (httpx.Response(302, headers={"location": "x"}), Unknown), (httpx.Response(400, text="<html>"), Refused),
    ],
)  # fmt: skip
def test_each_ending_of_a_write_is_sorted_and_none_is_repeated(answer: Any, kind: type[Exception]) -> None:
    asked: list[httpx.Request] = []
    with pytest.raises(kind) as caught:
        klaviyo({"POST /api/events": answer}, asked).perform(EVENT, permit())
    assert (type(caught.value), len(asked)) == (kind, 1)


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"RateLimit-Limit": "700, 75;w=1, 700;w=60", "RateLimit-Remaining": "688"}, Budget(688, 700, 700 / 60)),
        ({"RateLimit-Limit": "75", "RateLimit-Remaining": "7"}, None),
        ({"RateLimit-Limit": "x;w=60", "RateLimit-Remaining": "7"}, None),
        ({}, None),
    ],
)
def test_the_meters_of_a_reply_are_heeded(headers: dict[str, str], told: Budget | None) -> None:
    lower = {name.lower(): value for name, value in headers.items()}
    assert Klaviyo.budget(Reply(200, lower, b"{}")) == told


# -- connecting and pushes --------------------------------------------------------------------------------------------


def test_a_token_speaks_for_the_account_and_neither_means_to_connect_again() -> None:
    asked: list[httpx.Request] = []
    told = {
        "contact_information": {"organization_name": "Lumen"},
        "preferred_currency": "USD",
        "timezone": "Asia/Tokyo",
    }
    answers = {"GET /api/accounts": {"data": [row("account", "A1", **told)]}}
    seen = klaviyo(answers, asked, credentials={"access_token": "at"}).identify()
    assert (seen.external_id, seen.name, seen.currency, seen.time_zone) == ("A1", "Lumen", "USD", "Asia/Tokyo")
    assert asked[0].headers["authorization"] == "Bearer at"
    with pytest.raises(Reconnect):
        klaviyo(answers, credentials={}).check()
    assert klaviyo({"GET /api/accounts": {"data": []}}).identify().external_id == ""


def test_the_consent_page_carries_the_proof_that_klaviyo_demands() -> None:
    asking = Asking("st4te", "https://ops.example/back", Klaviyo.read_scopes, verifier="v" * 43)
    url = httpx.URL(Klaviyo.consent(App("klaviyo", {"client_id": "id", "client_secret": "s"}), asking))
    assert (url.host, url.path, url.params["code_challenge_method"]) == ("www.klaviyo.com", "/oauth/authorize", "S256")
    assert parse_qs(url.query.decode())["scope"] == [" ".join(Klaviyo.read_scopes)]


def is_taken(signature: str, stamp: str, now: datetime, body: bytes = b'{"data":[],"meta":{}}') -> bool:
    headers = {"klaviyo-signature": signature, "klaviyo-timestamp": stamp}
    return Klaviyo.verify(body, headers, "https://x/", ("other", "klaviyo_secret_key_16"), now)


def test_the_known_signature_holds_for_five_minutes() -> None:
    known, stamp = "c6eabc2d8a309bf31844450e83e1bfd361d30d265f0090986cdbe3e7400bc72e", "2026-11-20T00:00:00+00:00"
    at = datetime.fromisoformat(stamp)
    assert is_taken(known, stamp, at + timedelta(minutes=4))
    assert not is_taken(known, stamp, at + timedelta(minutes=6))
    assert not is_taken(known, "2026-11-20T00:00:01+00:00", at)
    assert not is_taken(known, "2026-11-20T00:00:00", at)
    assert not is_taken(known, "", at)
    assert not is_taken(known, stamp, at, b"{}")
    assert not is_taken("", stamp, at)


def test_a_push_names_its_events_and_feeds() -> None:
    body = orjson.dumps({"data": [{"external_id": "e1", "topic": "event:klaviyo.subscribed_to_email", "payload": {}}]})
    assert Klaviyo.event_id(body, {}) == "e1"
    assert Klaviyo.touched(body, {}) == ("checkouts", "profiles")
    assert (Klaviyo.touched(b"x", {}), len(Klaviyo.event_id(b"x", {}))) == ((), 64)


def test_by_hand_opens_the_flow() -> None:
    account = Account("klaviyo", 1, "K", "A1", "")
    assert Klaviyo.by_hand(SetCampaign(campaign_ref="F1", is_active=False), account).endswith("/flow/F1/edit")
