"""Feeds that are reports: ordered, looked after and read in turns, so that no worker waits."""

import gzip
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import Retry
from connectors.shops.marketplaces.amazon.client import stamp
from connectors.shops.marketplaces.amazon.documents import unpacked
from connectors.shops.marketplaces.amazon.reports import State
from connectors.types import AccountMetric, BadRow, Boundary, Page, Return, ReturnStatus
from tests.connectors.shops.marketplaces.amazon.outside import US, Outside, refusal, shop
from tests.connectors.shops.stand import NOW

START, LOOK = "POST /reports/2021-06-30/reports", "GET /reports/2021-06-30/reports/r1"
DOCUMENT, FILE = "GET /reports/2021-06-30/documents/d1", "GET /file"
COLUMNS = (
    "Order ID", "Order date", "Return request date", "Return request status", "Amazon RMA ID", "Currency code",
    "A-to-Z Claim", "Merchant SKU", "Return quantity", "Return Reason", "Resolution", "Return delivery date",
    "Order Amount", "Refunded Amount",
)  # fmt: skip
ROW = {
    "Order ID": "114-1", "Order date": "01-Nov-2026", "Return request date": "08-Nov-2026",
    "Return request status": "Approved", "Amazon RMA ID": "DT1RRMA", "Currency code": "USD", "A-to-Z Claim": "N",
    "Merchant SKU": "LAMP", "Return quantity": "1", "Return Reason": "CR-DEFECTIVE", "Resolution": "StandardRefund",
    "Return delivery date": "15-Nov-2026", "Order Amount": "19.90", "Refunded Amount": "",
}  # fmt: skip


def table(*rows: dict[str, str]) -> bytes:
    lines = ["\t".join(COLUMNS), *("\t".join(row.get(name, "") for name in COLUMNS) for row in rows)]
    return "\r\n".join(lines).encode()


def ordered(hours_ago: float = 0.1) -> str:
    return str(State("r1", stamp(NOW - timedelta(hours=hours_ago))))


def report(status: str) -> dict[str, Any]:
    row = {"reportId": "r1", "processingStatus": status, "createdTime": "2026-11-21T07:00:00Z"}
    done = {"reportDocumentId": "d1", "processingEndTime": "2026-11-21T07:30:00Z"}
    return row | (done if status == "DONE" else {})


def made(content: bytes, *, is_packed: bool = True) -> Outside:
    document = {"reportDocumentId": "d1", "url": "https://elsewhere.example/file"}
    document |= {"compressionAlgorithm": "GZIP"} if is_packed else {}
    body = gzip.compress(content) if is_packed else content
    return Outside({LOOK: report("DONE"), DOCUMENT: document, FILE: httpx.Response(200, content=body)})


def turn(outside: Outside, cursor: str, feed: str = "returns") -> Page:
    [page] = shop(outside).pull(feed, cursor)
    return page


def test_the_first_turn_orders_a_report_and_ends() -> None:
    outside = Outside({START: {"reportId": "r1"}})
    page = turn(outside, "")
    assert (page.records, page.is_last, State.read(page.cursor).report) == ((), True, "r1")
    [(_, _, _, body)] = outside.written()
    assert (body["reportType"], body["marketplaceIds"]) == ("GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE", [US])
    span = datetime.fromisoformat(body["dataEndTime"]) - datetime.fromisoformat(body["dataStartTime"])
    assert span <= timedelta(days=60)


@pytest.mark.parametrize("status", ["IN_QUEUE", "IN_PROGRESS"])
def test_a_report_that_is_not_made_yet_is_left_for_the_next_turn(status: str) -> None:
    outside = Outside({LOOK: report(status)})
    page = turn(outside, ordered())
    assert (page.records, page.cursor, page.is_last) == ((), ordered(), True)
    assert outside.written() == []


def test_a_finished_report_is_fetched_and_the_token_does_not_go_to_the_file() -> None:
    outside = made(table(ROW))
    page = turn(outside, ordered())
    [found] = page.records
    assert isinstance(found, Return)
    assert (found.external_id, found.order_ref, found.sku, found.quantity) == ("DT1RRMA:LAMP", "114-1", "LAMP", 1)
    assert (found.status, found.amount, found.currency) == (ReturnStatus.ACCEPTED, Decimal("19.90"), "USD")
    assert found.asked_at == datetime(2026, 11, 8, tzinfo=UTC)
    assert found.updated_at == datetime(2026, 11, 15, tzinfo=UTC)
    assert (page.seen, page.count_at_source, page.as_of) == (1, 1, datetime(2026, 11, 21, 7, 30, tzinfo=UTC))
    assert State.read(page.cursor) == State(read_at=State.read(ordered()).asked_at)
    assert outside.tokens == ["Atza|one", "Atza|one", ""]


def test_the_next_report_is_ordered_when_the_last_one_is_old() -> None:
    fresh, old = (str(State(read_at=stamp(NOW - timedelta(minutes=minutes)))) for minutes in (30, 61))
    outside = Outside({START: {"reportId": "r2"}})
    assert (turn(outside, fresh).cursor, outside.calls) == (fresh, [])
    assert State.read(turn(outside, old).cursor).report == "r2"


def test_a_report_without_a_row_is_cancelled_by_amazon_and_read_as_none() -> None:
    page = turn(Outside({LOOK: report("CANCELLED")}), ordered())
    assert (page.records, page.count_at_source, State.read(page.cursor).report) == ((), 0, "")


def test_a_report_that_could_not_be_made_is_shown_for_an_hour_and_then_ordered_again() -> None:
    with pytest.raises(Retry, match="could not make the report"):
        turn(Outside({LOOK: report("FATAL")}), ordered())
    page = turn(Outside({LOOK: report("FATAL"), START: {"reportId": "r2"}}), ordered(hours_ago=2))
    assert State.read(page.cursor).report == "r2"


def test_a_report_that_takes_hours_or_is_gone_is_ordered_again() -> None:
    for answer, hours in ((report("IN_PROGRESS"), 4), (refusal("NotFound", status=404), 1)):
        page = turn(Outside({LOOK: answer, START: {"reportId": "r2"}}), ordered(hours))
        assert State.read(page.cursor).report == "r2"


def test_a_status_that_is_not_known_is_drift_and_loses_no_report() -> None:
    with pytest.raises(Retry) as caught:
        turn(Outside({LOOK: report("SIMMERING")}), ordered())
    assert caught.value.code == "drift"


def test_a_claim_and_a_refund_are_told_beside_the_return() -> None:
    claimed = {**ROW, "A-to-Z Claim": "Y", "Refunded Amount": "5.00", "Return request status": "Completed"}
    [found] = turn(made(table(claimed)), ordered()).records
    assert isinstance(found, Return)
    assert (found.platform_status, found.amount, found.status) == (
        "Completed (A-to-z claim)", Decimal("5.00"), ReturnStatus.CLOSED,
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"Return request status": "Pondered"}, {"Currency code": "??"}, {"Return request date": "yesterday"},
     {"Order Amount": "", "Refunded Amount": ""}, {"Return quantity": "two"}, {"Order ID": ""}],
)  # fmt: skip
def test_a_line_that_cannot_be_read_is_quarantined_alone(change: dict[str, str]) -> None:
    bad, good = turn(made(table(ROW | change, ROW)), ordered()).records
    assert isinstance(bad, BadRow)
    assert isinstance(good, Return)
    assert (bad.kind, bad.external_id) == ("return", "DT1RRMA")


def test_a_report_without_packing_and_in_latin_letters_is_read() -> None:
    outside = made(table({**ROW, "Resolution": "Café"}), is_packed=False)
    latin = table({**ROW, "Resolution": "Café"}).decode().encode("cp1252")
    named = {"content-type": "text/plain; charset=Cp1252"}
    outside.answers[FILE] = httpx.Response(200, content=latin, headers=named)
    [found] = turn(outside, ordered()).records
    assert isinstance(found, Return)
    assert found.text == "Café"


def test_a_file_that_was_cut_or_is_a_bomb_is_not_taken_for_a_report() -> None:
    packed = gzip.compress(table(ROW))
    for content in (packed[:-9], b"no gzip at all"):
        with pytest.raises(Retry):
            unpacked(content)
    outside = made(table(ROW))
    outside.answers[FILE] = httpx.Response(200, content=packed[:-9])
    with pytest.raises(Retry, match="too soon"):
        turn(outside, ordered())


# -- the account's health --------------------------------------------------------------------------------------------


def figure(**changed: Any) -> dict[str, Any]:
    return {
        "rate": 0.052, "targetValue": 0.04, "targetCondition": "LESS_THAN", "status": "BAD", "orderCount": 250,
        "lateShipmentCount": 13,
        "reportingDateRange": {"reportingDateFrom": "2026-10-21T00:00Z", "reportingDateTo": "2026-11-19T23:59Z"},
        **changed,
    }  # fmt: skip


def health(status: str = "AT_RISK", **metrics: Any) -> bytes:
    return orjson.dumps(
        {
            "accountStatuses": [{"marketplaceId": US, "status": status}],
            "performanceMetrics": [
                {"marketplaceId": US, **metrics},
                {"marketplaceId": "ELSEWHERE", "lateShipmentRate": figure(rate=0.9)},
            ],
        }
    )


def test_the_late_rate_comes_with_its_rule_and_its_counts() -> None:
    late, account = turn(made(health(lateShipmentRate=figure())), ordered(), "account_health").records
    assert isinstance(late, AccountMetric)
    assert isinstance(account, AccountMetric)
    assert (late.name, late.value, late.target, late.unit) == (
        "late_shipment_rate", Decimal("5.2"), Decimal(4), "percent",
    )  # fmt: skip
    assert (late.boundary, late.numerator, late.denominator) == (Boundary.AT_LEAST, 13, 250)
    assert (late.window, late.tier) == ("2026-10-21 to 2026-11-19", 1)
    assert (account.name, account.value, account.target) == ("account_status", Decimal(1), Decimal(0))


def test_violations_are_counted_and_defects_told_for_each_way_of_shipping() -> None:
    none = {"defectsCount": 3, "targetValue": 0, "targetCondition": "EQUALS", "status": "BAD"}
    both = {"mfn": figure(rate=0.002), "afn": figure(rate=0)}
    told = health("NORMAL", listingPolicyViolations=none, orderDefectRate=both)
    found = {row.name: row for row in turn(made(told), ordered(), "account_health").records if
             isinstance(row, AccountMetric)}  # fmt: skip
    assert set(found) == {
        "listing_policy_violations", "order_defect_rate_mfn", "order_defect_rate_afn", "account_status",
    }  # fmt: skip
    counted = found["listing_policy_violations"]
    assert (counted.value, counted.unit, counted.boundary) == (Decimal(3), "count", Boundary.ABOVE)


@pytest.mark.parametrize("change", [{"targetCondition": "ABOUT"}, {"rate": "low"}, {"orderCount": {}}])
def test_a_figure_that_cannot_be_read_is_quarantined_alone(change: dict[str, Any]) -> None:
    told = health(lateShipmentRate=figure(**change), validTrackingRate=figure())
    bad, good, _ = turn(made(told), ordered(), "account_health").records
    assert isinstance(bad, BadRow)
    assert isinstance(good, AccountMetric)
    assert (bad.kind, good.name) == ("accountmetric", "valid_tracking_rate")


def test_an_unknown_standing_is_quarantined_and_not_taken_for_sound() -> None:
    *_, last = turn(made(health("UNDER_A_CLOUD", lateShipmentRate=figure())), ordered(), "account_health").records
    assert isinstance(last, BadRow)
    assert "new value" in last.reason


@pytest.mark.parametrize("text", [b"{}", b"[]", b"not json"])
def test_an_empty_report_is_no_clean_bill(text: bytes) -> None:
    with pytest.raises(Retry):
        turn(made(text), ordered(), "account_health")
