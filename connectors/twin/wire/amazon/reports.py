"""Reports: ordered, made twenty seconds later, and fetched as a packed document. Returns, and the account's health."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.twin.wire.amazon import files
from connectors.twin.wire.amazon.api import Amazon, Call
from connectors.twin.wire.amazon.finance import paged, resumed
from connectors.twin.wire.amazon.orders import FIRST_ASIN
from connectors.twin.wire.amazon.words import MARKETPLACE, invalid, iso, missing
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Order, Return, Step

RETURNS, HEALTH = "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE", "GET_V2_SELLER_PERFORMANCE_REPORT"
WAITS, WORKS, WIDEST = 5, 20, 60 * DAY
COLUMNS = (
    "Order ID", "Order date", "Return request date", "Return request status", "Amazon RMA ID", "Merchant RMA ID",
    "Label type", "Label cost", "Currency code", "Return carrier", "Tracking ID", "Label to be paid by", "A-to-Z Claim",
    "Is prime", "ASIN", "Merchant SKU", "Item Name", "Return quantity", "Return Reason", "In policy", "Return type",
    "Resolution", "Invoice number", "Return delivery date", "Order Amount", "Order quantity", "SafeT Action reason",
    "SafeT claim id", "SafeT claim state", "SafeT claim creation time", "SafeT claim reimbursement amount",
    "Refunded Amount",
)  # fmt: skip
RETURN_WORDS = {
    "REQUESTED": "Pending", "PROCESSING": "Approved", "ACCEPTED": "Approved", "JUDGING": "Denied", "DECLINED": "Denied",
    "CLOSED": "Completed", "CANCELLED": "Closed",
}  # fmt: skip


@dataclass(slots=True)
class Report:
    id: str
    type: str
    created: int
    start: int | None
    end: int | None
    document: str = ""
    done_at: int = 0
    is_cancelled: bool = False

    def row(self, now: int) -> dict[str, Any]:
        state = "DONE" if self.done_at else "IN_PROGRESS" if now >= self.created + WAITS else "IN_QUEUE"
        row: dict[str, Any] = {
            "reportId": self.id, "reportType": self.type, "marketplaceIds": [MARKETPLACE],
            "createdTime": iso(self.created), "processingStatus": "CANCELLED" if self.is_cancelled else state,
        }  # fmt: skip
        if self.start is not None and self.end is not None:
            row |= {"dataStartTime": iso(self.start), "dataEndTime": iso(self.end)}
        if self.done_at:
            row |= {"processingStartTime": iso(self.created + WAITS), "processingEndTime": iso(self.done_at)}
        return row | ({"reportDocumentId": self.document} if self.document else {})


def create(api: Amazon, call: Call) -> dict[str, Any]:
    kind, places = call.text("reportType"), call.body.get("marketplaceIds")
    if kind not in (RETURNS, HEALTH):
        raise invalid(f"Report type {kind} cannot be requested.")
    if places != [MARKETPLACE]:
        raise invalid("marketplaceIds is missing or invalid.")
    start, end = (moment(call.body.get(name), name) for name in ("dataStartTime", "dataEndTime"))
    if kind == RETURNS and (start is None or end is None or end - start > WIDEST):
        raise invalid("The report covers at most 60 days; give dataStartTime and dataEndTime.")
    report = Report(f"{60_000_000_000 + next(api.serial)}", kind, api.market.now, start, end)
    api.reports.append(report)
    api.market.at(api.market.now + WORKS, lambda _: work(api, report))
    return {"reportId": report.id}


def moment(text: Any, name: str) -> int | None:
    if text is None:
        return None
    try:
        return int(datetime.fromisoformat(str(text)).timestamp())
    except ValueError as error:
        raise invalid(f"Invalid ISO 8601 date-time for {name}.") from error


def one(api: Amazon, call: Call) -> dict[str, Any]:
    return found(api, call).row(api.market.now)


def found(api: Amazon, call: Call) -> Report:
    report: Report | None = next((row for row in api.reports if row.id == call.names[0]), None)
    if report is None:
        raise missing(call.names[0])
    return report


def listed(api: Amazon, call: Call) -> dict[str, Any]:
    call = resumed(api, call)
    kinds = call.listed("reportTypes")
    if not kinds:
        raise invalid("Missing required parameter: reportTypes.")
    since = call.at("createdSince") or api.market.now - 90 * DAY
    rows = [row.row(api.market.now) for row in reversed(api.reports)
            if (not kinds or row.type in kinds) and row.created >= since]  # fmt: skip
    return paged(api, call, rows, "reports", "nextToken", call.size("pageSize", 10, 100))


def cancel(api: Amazon, call: Call) -> dict[str, Any]:
    report = found(api, call)
    if report.done_at or api.market.now >= report.created + WAITS:
        raise invalid("Only a report that is in the queue can be cancelled.")
    report.is_cancelled = True
    return {}


def document(api: Amazon, call: Call) -> dict[str, Any]:
    return files.shown(api, call, "reportDocumentId")


# -- the work --------------------


def work(api: Amazon, report: Report) -> None:
    """A report without a row is cancelled, as Amazon does it."""
    if report.is_cancelled:
        return
    if report.type == HEALTH:
        content, words = orjson.dumps(health(api)), "application/json; charset=UTF-8"
    else:
        rows = [line(api, row) for row in api.market.returns if row.channel == "amazon" and falls(report, row)]
        if not rows:
            report.is_cancelled = True
            return
        lines = ["\t".join(COLUMNS), *("\t".join(row[name] for name in COLUMNS) for row in rows)]
        content, words = ("\r\n".join(lines) + "\r\n").encode("cp1252", "replace"), "text/plain; charset=Cp1252"
    report.document = files.make(api, content, words, is_packed=True).id
    report.done_at = api.market.now


def falls(report: Report, row: Return) -> bool:
    return report.start is not None and report.end is not None and report.start <= row.created <= report.end


def line(api: Amazon, row: Return) -> dict[str, str]:
    order = api.market.order("amazon", row.order)
    good, quantity = order.lines[row.line]
    stock = api.market.goods[good]
    told = {
        "Order ID": order.number, "Order date": day(order.created), "Return request date": day(row.created),
        "Return request status": RETURN_WORDS[row.status], "Amazon RMA ID": f"DT{row.sn}RRMA",
        "Label type": "AmazonUnPaidLabel", "Currency code": "USD", "Label to be paid by": "Customer",
        "A-to-Z Claim": "N", "Is prime": "N", "ASIN": f"B0{FIRST_ASIN + good}", "Merchant SKU": stock.sku,
        "Item Name": stock.title, "Return quantity": str(row.quantity), "Return Reason": f"CR-{row.reason}",
        "In policy": "Y", "Return type": "C-Returns", "Resolution": "StandardRefund",
        "Order Amount": f"{row.amount / 100:.2f}", "Order quantity": str(quantity),
        "Refunded Amount": f"{order.refunded / 100:.2f}",
    }  # fmt: skip
    return {name: told.get(name, "") for name in COLUMNS}


def day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%d-%b-%Y")


def health(api: Amazon) -> dict[str, Any]:
    """Rates of the last thirty days, counted from the orders themselves."""
    now = api.market.now
    recent = [order for order in api.market.books["amazon"].orders if order.created >= now - 30 * DAY]
    shipped = [order for order in recent if order.shipped]
    late = [order for order in shipped if order.shipped > order.ship_by]
    ended = [order for order in recent if order.step == Step.CANCELLED and order.cancel_by in ("seller", "system")]
    delivered = [order for order in shipped if order.delivered]
    on_time = [order for order in delivered if order.delivered <= order.deliver_by]
    span = {"reportingDateRange": {"reportingDateFrom": iso(now - 30 * DAY), "reportingDateTo": iso(now)}}
    metrics: dict[str, Any] = {
        "marketplaceId": MARKETPLACE,
        "lateShipmentRate": rate(late, shipped, "LESS_THAN", 0.04, "orderCount", "lateShipmentCount") | span,
        "preFulfillmentCancellationRate":
            rate(ended, recent, "LESS_THAN", 0.025, "orderCount", "cancellationCount") | span,
        "onTimeDeliveryRate": rate(
            on_time, delivered, "GREATER_THAN", 0.9, "shipmentCountWithValidTracking", "onTimeDeliveryCount") | span,
        "unitOnTimeDeliveryRate": rate(
            on_time, delivered, "GREATER_THAN", 0.9, "totalUnitCount", "unitOnTimeDeliveryCount") | span,
        "validTrackingRate": rate(
            shipped, shipped, "GREATER_THAN", 0.95, "shipmentCount", "validTrackingCount") | span,
        "invoiceDefectRate": rate([], shipped, "LESS_THAN", 0.05, "orderCount", "") | span | {
            name: {"count": 0, "status": "GOOD"} for name in ("invoiceDefect", "missingInvoice", "lateInvoice")},
        "orderDefectRate": {"mfn": defects(shipped, "mfn") | span, "afn": defects([], "afn") | span},
        "warningStates": [],
        "accountHealthRating": {"ahrStatus": "GREAT"} | span,
    }  # fmt: skip
    none = {"defectsCount": 0, "status": "GOOD", "targetValue": 0, "targetCondition": "EQUALS"} | span
    return {
        "accountStatuses": [{"marketplaceId": MARKETPLACE, "status": "NORMAL"}],
        "performanceMetrics": [metrics | dict.fromkeys(POLICIES, none)],
    }


POLICIES = (
    "listingPolicyViolations", "productAuthenticityCustomerComplaints", "productConditionCustomerComplaints",
    "productSafetyCustomerComplaints", "receivedIntellectualPropertyComplaints", "restrictedProductPolicyViolations",
    "suspectedIntellectualPropertyViolations", "foodAndProductSafetyIssues", "otherPolicyViolations",
    "documentRequests",
)  # fmt: skip


def rate(some: list[Order], whole: list[Order], rule: str, target: float, of: str, name: str) -> dict[str, Any]:
    share = round(len(some) / len(whole), 6) if whole else (0.0 if rule == "LESS_THAN" else 1.0)
    is_good = share < target if rule == "LESS_THAN" else share > target
    row = {"rate": share, "targetValue": target, "targetCondition": rule, "status": "GOOD" if is_good else "BAD"}
    return row | {of: len(whole)} | ({name: len(some)} if name else {})


def defects(whole: list[Order], kind: str) -> dict[str, Any]:
    none = {"count": 0, "status": "NONE"}
    return rate([], whole, "LESS_THAN", 0.01, "orderCount", "") | {
        "fulfillmentType": kind, "orderWithDefects": {"count": 0, "status": "GOOD"}, "claims": none,
        "chargebacks": none, "negativeFeedback": none,
    }  # fmt: skip
