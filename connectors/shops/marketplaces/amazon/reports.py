"""Amazon's feeds that are reports: ordered in one turn, looked after in later ones, read when they are done.

No worker waits for a report: the cursor keeps its id, and a turn that finds it unfinished ends at once.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from connectors.base import Refused, Retry
from connectors.shops.marketplaces.amazon import health
from connectors.shops.marketplaces.amazon.answers import GONE
from connectors.shops.marketplaces.amazon.client import Client, segment, stamp
from connectors.shops.marketplaces.amazon.documents import download
from connectors.shops.reading import Row, Unreadable, amount, currency_of, dump, iso_moment, must_iso, read_rows
from connectors.types import BadRow, Page, Record, Return, ReturnStatus

REPORTS = "/reports/2021-06-30"
PATIENCE = timedelta(hours=3)  # a report that takes longer is given up and ordered anew
FAILED_FOR = timedelta(hours=1)  # so long a report that Amazon could not make is shown as a failure
RETURN_STATUS = {
    "pending": ReturnStatus.ASKED,
    "pending approval": ReturnStatus.ASKED,
    "pendingapproval": ReturnStatus.ASKED,
    "requested": ReturnStatus.ASKED,
    "approved": ReturnStatus.ACCEPTED,
    "authorized": ReturnStatus.ACCEPTED,
    "denied": ReturnStatus.REJECTED,
    "rejected": ReturnStatus.REJECTED,
    "closed": ReturnStatus.CLOSED,
    "completed": ReturnStatus.CLOSED,
    "cancelled": ReturnStatus.CANCELLED,
    "canceled": ReturnStatus.CANCELLED,
}
Read = Callable[[Client, str, datetime], list[Record | BadRow]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One report: Amazon's word for it, how old a reading may be, the span of days it is asked for, how it is read."""

    name: str
    every: timedelta
    span: timedelta | None
    read: Read


@dataclass(frozen=True, slots=True)
class State:
    """A report feed's cursor: the report that was ordered, when, and when the last one was read."""

    report: str = ""
    asked_at: str = ""
    read_at: str = ""

    @classmethod
    def read(cls, text: str) -> "State":
        return cls(**orjson.loads(text)) if text else cls()

    def __str__(self) -> str:
        return orjson.dumps({"report": self.report, "asked_at": self.asked_at, "read_at": self.read_at}).decode()


def pull(client: Client, kind: Kind, cursor: str) -> Iterator[Page]:
    state, now = State.read(cursor), client.clock()
    if state.report:
        yield _look(client, kind, state, now)
    elif state.read_at and now - must_iso(state.read_at) < kind.every:
        yield Page((), cursor, 0, is_last=True)
    else:
        yield Page((), str(_order(client, kind, state, now)), 0, is_last=True)


def _order(client: Client, kind: Kind, state: State, now: datetime) -> State:
    """Start a report. An answer that is lost leaves a report that nobody fetches; the next turn orders another."""
    wanted: Row = {"reportType": kind.name, "marketplaceIds": [client.marketplace]}
    if kind.span is not None:
        wanted |= {"dataStartTime": stamp(now - kind.span), "dataEndTime": stamp(now)}
    body = client.query("POST", f"{REPORTS}/reports", "createReport", wanted, purpose="report.start")
    if not body.get("reportId"):
        raise Retry("Amazon started a report and named no id; its shape may have changed", code="drift")
    return replace(state, report=str(body["reportId"]), asked_at=stamp(now))


def _look(client: Client, kind: Kind, state: State, now: datetime) -> Page:
    age = now - must_iso(state.asked_at)
    try:
        report = client.get(f"{REPORTS}/reports/{segment(state.report)}", "getReport")
    except Refused as error:
        if error.code != GONE:
            raise
        return Page((), str(_order(client, kind, state, now)), 0, is_last=True)
    status = report.get("processingStatus")
    if status == "DONE":
        return _done(client, kind, state, report)
    if status == "CANCELLED":  # also Amazon's word for a report that would hold no row
        return Page((), str(State(read_at=state.asked_at)), 0, is_last=True, count_at_source=0)
    if status == "FATAL" and age < FAILED_FOR:
        raise Retry(f"Amazon could not make the report {kind.name} ({state.report})", code="report_failed")
    if status not in ("FATAL", "IN_QUEUE", "IN_PROGRESS"):
        raise Retry(f"the report {state.report} stands as {status!r}, which is not known here", code="drift")
    if status == "FATAL" or age > PATIENCE:
        return Page((), str(_order(client, kind, state, now)), 0, is_last=True)
    return Page((), str(state), 0, is_last=True)


def _done(client: Client, kind: Kind, state: State, report: Row) -> Page:
    name = report.get("reportDocumentId")
    if not isinstance(name, str) or not name:
        raise Retry(
            f"the report {state.report} is done and names no document; its shape may have changed", code="drift"
        )
    document = client.get(f"{REPORTS}/documents/{segment(name)}", "getReportDocument")
    made = ended(report) or must_iso(state.asked_at)
    records = tuple(kind.read(client, download(client.transport, document, "downloadReport"), made))
    after = State(read_at=state.asked_at)
    return Page(records, str(after), len(records), is_last=True, count_at_source=len(records), as_of=made)


def ended(report: Row) -> datetime | None:
    """When Amazon finished the report; None where it does not say so in a way that can be read."""
    try:
        return iso_moment(report.get("processingEndTime"))
    except (TypeError, ValueError):
        return None


def read_returns(client: Client, text: str, made: datetime) -> list[Record | BadRow]:
    table: list[Any] = list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    return read_rows("return", table, aftersale, "Amazon RMA ID", place="report")


def aftersale(item: Row) -> Iterator[Record]:
    """One line of the returns report: a SKU of a return that the buyer asked for. An A-to-z claim is told beside."""
    status, sku = item["Return request status"].strip(), item["Merchant SKU"].strip()
    asked, order_ref = day(item["Return request date"]), item["Order ID"].strip()
    if not order_ref or asked is None:
        raise Unreadable("it names no order, or no day on which it was asked for")
    back = day(item.get("Return delivery date"))
    given, whole = figure(item.get("Refunded Amount")), figure(item.get("Order Amount"))
    units = (item.get("Return quantity") or "").strip()
    claim = (item.get("A-to-Z Claim") or "").strip().lower() in ("y", "yes", "true")
    money = given or whole
    if money is None:
        raise Unreadable("it names neither an order amount nor a refunded amount")
    yield Return(
        external_id=f"{item.get('Amazon RMA ID') or order_ref}:{sku}",
        raw=dump(item),
        order_ref=order_ref,
        status=RETURN_STATUS[status.lower()],
        platform_status=f"{status} (A-to-z claim)" if claim else status,
        reason=item.get("Return Reason") or "",
        text=item.get("Resolution") or "",
        sku=sku,
        quantity=int(units) if units else None,
        amount=money,
        currency=currency_of(item["Currency code"]),
        asked_at=asked,
        updated_at=max(asked, back) if back else asked,
        needs_goods_back=True,
    )


def day(text: str | None) -> datetime | None:
    """ISO, or the day as the report writes it (08-Jul-2026); None where empty."""
    words = (text or "").strip()
    if not words:
        return None
    try:
        return datetime.strptime(words, "%d-%b-%Y").replace(tzinfo=UTC)
    except ValueError:
        found = datetime.fromisoformat(words)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def figure(text: str | None) -> Any:
    """An amount; None where the cell is empty or zero."""
    return (amount(text.strip()) or None) if text and text.strip() else None


def read_health(client: Client, text: str, made: datetime) -> list[Record | BadRow]:
    try:
        body: Any = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Retry(f"the report of the account's health is not JSON: {error}", code="drift") from error
    return health.metrics(body, client.marketplace, made)


KINDS = {
    "returns": Kind("GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE", timedelta(hours=1), timedelta(days=59), read_returns),
    "account_health": Kind("GET_V2_SELLER_PERFORMANCE_REPORT", timedelta(hours=6), None, read_health),
}
