"""AfterShip: parcels by time of change, scans in order, codes in the envelope, signed pushes; no writes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import CannotDo, Connector, Reconnect, Refused, Retry
from connectors.http import Reply
from connectors.money import Money
from connectors.operations import FileClaim, RedirectParcel
from connectors.shops.reading import read_rows
from connectors.shops.shipping.aftership import AfterShip, client, parse
from connectors.types import BadRow, Order, Page, Record, Shipment, ShipmentStatus
from tests.connectors.shops.shipping.outside import Outside, bends, is_whole
from tests.connectors.shops.stand import NOW, open_with, permit, reply

KEYS = {"api_key": "asat_0123456789", "webhook_secret": "whsec_test"}
LIST = "GET /tracking/2026-07/trackings"


def checkpoint(at: str, tag: str, **changed: Any) -> dict[str, Any]:
    return {"checkpoint_time": at, "created_at": "2026-11-20T10:00:00Z", "tag": tag, "message": "", **changed}


def tracking(**changed: Any) -> dict[str, Any]:
    return {
        "id": "trk1",
        "tracking_number": "1Z 8a60 v503 0324 6798",
        "slug": "ups",
        "tag": "InTransit",
        "subtag": "InTransit_003",
        "updated_at": "2026-11-20T09:00:00Z",
        "order_id": "5501",
        "order_number": "#1042",
        "return_to_sender": False,
        "courier_estimated_delivery_date": {"estimated_delivery_date": "2026-11-23"},
        "order_promised_delivery_date": None,
        "shipment_delivery_date": None,
        "checkpoints": [
            checkpoint("2026-11-18T09:00:00Z", "InfoReceived"),
            checkpoint("2026-11-19T09:00:00+02:00", "InTransit"),
        ],
        **changed,
    }


def read(row: dict[str, Any]) -> Shipment:
    [found] = read_rows("shipment", [row], parse.tracking, "id")
    assert isinstance(found, Shipment), found
    return found


def listed(*rows: Any, following: str = "", total: int | None = None) -> dict[str, Any]:
    pagination = {"total": len(rows) if total is None else total, "next_cursor": following or None,
                  "has_next_page": bool(following)}  # fmt: skip
    return {"meta": {"code": 200}, "data": {"pagination": pagination, "trackings": list(rows)}}


def shop(answers: dict[str, Any], **account: Any) -> tuple[Connector, Outside]:
    outside = Outside(answers)
    return open_with(outside, "aftership", KEYS, **account), outside


def test_a_tracking_is_read_with_its_order_number_promise_and_last_scan() -> None:
    found = read(tracking())
    assert (found.external_id, found.order_ref, found.carrier) == ("trk1", "#1042", "ups")
    assert found.tracking_number == "1Z8A60V50303246798"
    assert (found.status, found.last_scan_at) == (ShipmentStatus.IN_TRANSIT, datetime(2026, 11, 19, 7, tzinfo=UTC))
    assert found.shipped_at == datetime(2026, 11, 19, 7, tzinfo=UTC)
    assert found.promised_at == datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)
    assert found.delivered_at is None


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ("Pending", "booked"), ("InfoReceived", "booked"), ("InTransit", "in_transit"),
        ("OutForDelivery", "out_for_delivery"), ("AvailableForPickup", "out_for_delivery"),
        ("AttemptFail", "exception"), ("Exception", "exception"), ("Expired", "exception"), ("Delivered", "delivered"),
    ],
)  # fmt: skip
def test_each_of_the_nine_tags_is_one_of_our_states(tag: str, status: str) -> None:
    assert read(tracking(tag=tag, checkpoints=[])).status == status


def test_the_state_is_that_of_the_latest_scan_by_its_own_time_and_not_of_the_last_received() -> None:
    scans = [
        checkpoint("2026-11-20T12:00:00Z", "Delivered"),
        checkpoint("2026-11-20T15:00:00Z", "InTransit"),  # a correction: it was not delivered after all
        checkpoint("2026-11-19T08:00:00Z", "OutForDelivery"),
    ]
    found = read(tracking(tag="Delivered", checkpoints=scans))
    assert (found.status, found.delivered_at) == (ShipmentStatus.IN_TRANSIT, None)
    assert found.last_scan_at == datetime(2026, 11, 20, 15, tzinfo=UTC)


def test_silence_outranks_the_last_scan() -> None:
    found = read(tracking(tag="Expired"))
    assert (found.status, found.last_scan_at) == (ShipmentStatus.EXCEPTION, datetime(2026, 11, 19, 7, tzinfo=UTC))


def test_a_parcel_on_its_way_back_is_an_exception_and_one_that_is_back_is_returned() -> None:
    assert read(tracking(return_to_sender=True)).status == "exception"
    back = [checkpoint("2026-11-20T09:00:00Z", "Exception", subtag="Exception_011")]
    assert read(tracking(tag="Exception", subtag="Exception_011", return_to_sender=True, checkpoints=back)).status == (
        "returned"
    )


def test_a_local_time_without_a_zone_is_the_moment_the_scan_became_known() -> None:
    found = read(tracking(checkpoints=[checkpoint("2026-11-19T23:00:00", "InTransit")]))
    assert found.last_scan_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    unseen = read(tracking(checkpoints=[checkpoint("2026-11-19T23:00:00", "InTransit", created_at=None)]))
    assert unseen.last_scan_at == datetime(2026, 11, 19, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "day"),
    [
        ({"order_promised_delivery_date": "2026-11-22"}, 22),
        ({"order_promised_delivery_date": {"estimated_delivery_date_max": "2026-11-24"}}, 24),
        ({"courier_estimated_delivery_date": None, "aftership_estimated_delivery_date":
          {"estimated_delivery_date": "2026-11-25"}}, 25),
        ({"courier_estimated_delivery_date": {"estimated_delivery_date": "2026-11-23",
                                              "estimated_delivery_date_max": "2026-11-26"}}, 26),
    ],
)  # fmt: skip
def test_the_promise_to_the_buyer_comes_before_the_couriers_and_a_range_ends_at_its_last_day(
    changed: dict[str, Any], day: int
) -> None:
    found = read(tracking(**changed)).promised_at
    assert found is not None
    assert found.date() == date(2026, 11, day)


def test_a_delivered_parcel_has_the_time_of_its_delivery() -> None:
    scans = [checkpoint("2026-11-20T12:00:00Z", "Delivered")]
    assert read(tracking(tag="Delivered", checkpoints=scans)).delivered_at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    bare = tracking(tag="Delivered", checkpoints=[], shipment_delivery_date="2026-11-20T12:30:00+00:00")
    assert read(bare).delivered_at == datetime(2026, 11, 20, 12, 30, tzinfo=UTC)


def test_whatever_changes_in_a_row_it_is_read_or_set_aside_and_its_neighbour_is_read() -> None:
    scan = checkpoint("2026-11-19", "InTransit")
    inner = [(f"checkpoint {word}", tracking(checkpoints=[row])) for word, row in bends(scan)]
    for word, row in [*bends(tracking()), *inner]:
        bent, good = read_rows("shipment", [row, tracking(id="good")], parse.tracking, "id")
        assert isinstance(good, Shipment), word
        assert isinstance(bent, BadRow) or is_whole(bent), word
    new = read_rows("shipment", [tracking(tag="Teleported")], parse.tracking, "id")
    assert [(row.reason, row.external_id) for row in new if isinstance(row, BadRow)] == [
        ("the field 'Teleported' is missing or has a new value", "trk1")
    ]


def pull(connector: Connector, cursor: str = "") -> list[Page]:
    return list(connector.pull("trackings", cursor))


def rows(pages: list[Page]) -> list[Record | BadRow]:
    return [row for page in pages for row in page.records]


def test_pages_are_read_to_the_end_by_the_platforms_cursor_with_the_key_in_its_header() -> None:
    pages = iter([listed(tracking(), following="c1", total=2), listed(tracking(id="trk2"))])
    connector, outside = shop({LIST: lambda request: next(pages)})
    first, last = pull(connector)
    assert [row.external_id for row in rows([first, last])] == ["trk1", "trk2"]
    assert (first.count_at_source, first.is_last, last.is_last) == (2, False, True)
    asked = [dict(call.url.params) for call in outside.calls]
    assert [(one["limit"], one.get("cursor")) for one in asked] == [("200", None), ("200", "c1")]
    assert {one["updated_at_min"] for one in asked} == {(NOW - timedelta(days=45)).isoformat()}
    assert outside.calls[0].headers["as-api-key"] == KEYS["api_key"]


def test_the_next_pull_begins_ten_minutes_before_the_last_began() -> None:
    connector, outside = shop({LIST: listed(tracking())})
    [page] = pull(connector)
    pull(connector, page.cursor)
    assert outside.calls[1].url.params["updated_at_min"] == (NOW - timedelta(minutes=10)).isoformat()


def test_a_pull_that_stopped_halfway_goes_on_at_its_page_with_the_same_bounds() -> None:
    pages = iter([listed(tracking(), following="c1"), Retry("down")])
    connector, _ = shop({LIST: lambda request: next(pages)})
    turn = connector.pull("trackings", "")
    halfway = next(turn).cursor
    again, outside = shop({LIST: listed(tracking(id="trk2"))})
    [page] = pull(again, halfway)
    assert outside.calls[0].url.params["cursor"] == "c1"
    assert (page.is_last, orjson.loads(page.cursor)["since"]) == (True, int(NOW.timestamp()))


def test_a_paging_cursor_that_has_gone_stale_is_dropped_and_the_span_read_again() -> None:
    stale = reply({"meta": {"code": 4001, "type": "BadRequest", "message": "`cursor` is invalid"}, "data": {}}, 400)
    connector, outside = shop({LIST: lambda request: stale if "cursor" in request.url.params else listed(tracking())})
    halfway = orjson.dumps({"since": 1795000000, "until": 1795003600, "page": "old"}).decode()
    assert len(rows(pull(connector, halfway))) == 1
    assert ["cursor" in call.url.params for call in outside.calls] == [True, False]


def test_a_list_that_does_not_move_on_is_a_short_read_and_one_without_its_rows_is_drift() -> None:
    connector, _ = shop({LIST: listed(tracking(), following="c1")})
    with pytest.raises(Retry) as caught:
        pull(connector)
    assert caught.value.code == "short_read"
    drifted: list[Any] = [{"meta": {"code": 200}}, {"meta": {"code": 200}, "data": {"items": []}}, []]
    for body in drifted:
        connector, _ = shop({LIST: body})
        with pytest.raises(Retry) as caught:
            pull(connector)
        assert caught.value.code == "drift"


def fault(status: int, code: int, **headers: str) -> httpx.Response:
    body = {"meta": {"code": code, "type": "Some", "message": "said"}, "data": {}}
    return httpx.Response(status, content=orjson.dumps(body), headers=headers)


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (fault(401, 401), Reconnect, "401"),
        (fault(403, 403), Refused, "403"),
        (fault(400, 4005), Refused, "4005"),
        (fault(429, 429), Retry, "429"),
        (fault(500, 500), Retry, ""),
    ],
)
def test_the_envelopes_code_decides_what_went_wrong(answer: httpx.Response, kind: type[Exception], code: str) -> None:
    connector, _ = shop({LIST: answer})
    with pytest.raises(kind) as caught:
        pull(connector)
    assert getattr(caught.value, "code", "") == code


def test_a_reply_tells_how_many_calls_are_left_in_this_second() -> None:
    found = client.budget(Reply(200, {"x-ratelimit-limit": "6", "x-ratelimit-remaining": "2"}, b""))
    assert found is not None
    assert (found.available, found.capacity, found.per_second) == (2, 6, 6)
    assert client.budget(Reply(200, {}, b"")) is None


def test_one_parcel_is_read_by_its_id_and_one_that_is_not_there_is_none() -> None:
    place = "GET /tracking/2026-07/trackings/trk1"
    connector, _ = shop({place: {"meta": {"code": 200}, "data": tracking()}})
    assert connector.fetch(Shipment, "trk1") == read(tracking())
    bent, _ = shop({place: {"meta": {"code": 200}, "data": tracking(tag="Teleported")}})
    with pytest.raises(Retry, match="Teleported"):
        bent.fetch(Shipment, "trk1")
    gone, _ = shop({place: fault(404, 4004)})
    assert gone.fetch(Shipment, "trk1") is None
    with pytest.raises(CannotDo):
        connector.fetch(Order, "1")


def redirect(carrier: str = "ups") -> RedirectParcel:
    return RedirectParcel(tracking_number="1Z1", carrier=carrier, way="return")


def test_it_writes_nothing_and_says_where_a_person_can() -> None:
    connector, outside = shop({})
    with pytest.raises(CannotDo, match="by hand"):
        connector.perform(redirect(), permit())
    assert outside.calls == []
    assert connector.writes == {}
    assert AfterShip.by_hand(redirect(), connector.account) == "https://www.ups.com/track?tracknum=1Z1"
    assert AfterShip.by_hand(redirect("Ninja Van"), connector.account) == "https://admin.aftership.com/"
    claim = FileClaim(order_ref="1", tracking_number="1Z1", cause="lost", amount=Money.parse(1, "USD"), text="x")
    assert AfterShip.by_hand(claim, connector.account) == "https://www.ups.com/us/en/support/file-a-claim"


BODY = b'{"event":"tracking_update","msg":{"id":"t1","tag":"Delivered"}}'
SIGNED = "2caH3uZJG8+6TBZzaSpErDALPilipUW5DQcVUwI6aL8="


def test_a_push_is_signed_over_its_raw_body_in_base64() -> None:
    headers = {"aftership-hmac-sha256": SIGNED}
    assert AfterShip.verify(BODY, headers, "", ("other", "whsec_test"), NOW)
    assert not AfterShip.verify(BODY + b" ", headers, "", ("whsec_test",), NOW)
    assert not AfterShip.verify(BODY, headers, "", ("other",), NOW)
    assert not AfterShip.verify(BODY, {}, "", ("whsec_test",), NOW)


def test_a_repeated_push_is_known_by_its_event_and_the_trackings_change() -> None:
    body = orjson.dumps({"event": "tracking_update", "event_id": "e1", "msg": {"updated_at": "2026-11-20"}})
    later = body.replace(b"2026-11-20", b"2026-11-21")
    assert AfterShip.event_id(body, {}) == "e1:2026-11-20"
    assert AfterShip.event_id(later, {}) != AfterShip.event_id(body, {})
    assert len({AfterShip.event_id(raw, {}) for raw in (b"[]", b"no json", b'{"event":"x"}')}) == 3
    assert AfterShip.touched(body, {}) == ("trackings",)
    assert AfterShip.touched(b'{"event":"other"}', {}) == AfterShip.touched(b"\xff", {}) == ()
