"""Finances, as the market's orders and refunds make them: transactions with their breakdowns, payouts every fortnight.

A sale is deferred until a week after its delivery and then posted again as released, as Amazon does.
"""

import hashlib
from dataclasses import replace
from typing import Any

from connectors.twin.wire.amazon.api import Amazon, Call
from connectors.twin.wire.amazon.orders import asked, opened, sealed
from connectors.twin.wire.amazon.words import MARKETPLACE, SELLER, figure, invalid, iso
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Order

REFERRAL, KEPT = 0.15, 0.2  # Amazon's fee on a sale, and the share of it that Amazon keeps on a refund
RESERVE, PERIOD, WIDEST, PAGE = 7 * DAY, 14 * DAY, 180 * DAY, 100
LAG = 120
Row = dict[str, Any]


def transactions_at(api: Amazon) -> list[tuple[int, Row]]:
    """(moment, transaction) of everything that has been posted, oldest first."""
    found: list[tuple[int, Row]] = []
    now = api.market.now
    for order in api.market.books["amazon"].orders:
        if not order.shipped:
            continue
        released = order.delivered + RESERVE if order.delivered else 0
        is_released = 0 < released <= now
        found.append((order.shipped, sale(order, "DEFERRED_RELEASED" if is_released else "DEFERRED", order.shipped)))
        if is_released:
            found.append((released, sale(order, "RELEASED", released)))
    for effect in api.market.effects.since():
        if (effect.shop, effect.operation) == ("amazon", "refund"):
            order = api.find(effect.subject)
            found.append((int(effect.at), refund(order, round(float(effect.amount) * 100), int(effect.at), effect.id)))
    return sorted(found, key=lambda pair: pair[0])


def sale(order: Order, status: str, at: int) -> Row:
    fee = -round(order.total * REFERRAL)
    return transaction(order, f"sale{status == 'RELEASED'}", "Shipment", "Order Payment", status, at, order.total, fee)


def refund(order: Order, minor: int, at: int, number: int) -> Row:
    fee = round(minor * REFERRAL * (1 - KEPT))
    return transaction(order, f"refund{number}", "Refund", "Refund Order", "RELEASED", at, -minor, fee)


def transaction(order: Order, salt: str, kind: str, words: str, status: str, at: int, charges: int, fee: int) -> Row:
    names = {"ORDER_ID": order.number}
    if status == "RELEASED":
        names["SETTLEMENT_ID"] = settlement_id(at)
    return {
        "sellingPartnerMetadata": {
            "sellingPartnerId": SELLER, "accountType": "Standard Orders", "marketplaceId": MARKETPLACE,
        },
        "relatedIdentifiers": [
            {"relatedIdentifierName": name, "relatedIdentifierValue": value} for name, value in names.items()
        ],
        "transactionType": kind,
        "transactionId": hashlib.sha256(f"{order.number}{salt}".encode()).hexdigest()[:40],
        "transactionStatus": status,
        "description": words,
        "postedDate": iso(at),
        "totalAmount": figure(charges + fee),
        "marketplaceDetails": {"marketplaceId": MARKETPLACE, "marketplaceName": "Amazon.com"},
        "breakdowns": [
            {"breakdownType": "Sales", "breakdownAmount": figure(charges),
             "breakdowns": [{"breakdownType": "ProductCharges", "breakdownAmount": figure(charges)}]},
            {"breakdownType": "Expenses", "breakdownAmount": figure(fee),
             "breakdowns": [{"breakdownType": "AmazonFees", "breakdownAmount": figure(fee),
                             "breakdowns": [{"breakdownType": "Commission", "breakdownAmount": figure(fee)}]}]},
        ],
    }  # fmt: skip


def settlement_id(at: int) -> str:
    return str(18_000_000_000 + at // PERIOD)


def list_transactions(api: Amazon, call: Call) -> Row:
    name, value = call.query.get("relatedIdentifierName", ""), call.query.get("relatedIdentifierValue", "")
    after, before = call.at("postedAfter"), call.at("postedBefore")
    if after is None and not value:
        raise invalid("Start date cannot be null")
    if value and name not in ("ORDER_ID", "FINANCIAL_EVENT_GROUP_ID"):
        raise invalid("Only ORDER_ID and FINANCIAL_EVENT_GROUP_ID can be asked for.")
    if call.query.get("marketplaceId", MARKETPLACE) != MARKETPLACE:
        raise invalid("Invalid marketplaceId.")
    end = api.market.now if value else api.market.now - LAG
    if before is not None:
        end = min(end, before - 1)
    if after is not None and before is not None and before - after > WIDEST:
        return {"payload": {"transactions": []}}
    wanted = call.query.get("transactionStatus", "")
    rows = [
        row
        for at, row in transactions_at(api)
        if (after is None or at >= after) and at <= end and (not wanted or row["transactionStatus"] == wanted)
        and (not value or any(one["relatedIdentifierValue"] == value for one in row["relatedIdentifiers"]))
    ]  # fmt: skip
    return {"payload": paged(api, call, rows, "transactions", "nextToken", PAGE)}


def paged(api: Amazon, call: Call, rows: list[Any], name: str, token: str, size: int) -> Row:
    """A page of a list, with the token of the next one where there is more."""
    same = {key: value for key, value in call.query.items() if key != token}
    start = opened(api, call.query.get(token, ""), same)
    page: Row = {name: rows[start : start + size]}
    if start + size < len(rows):
        page["nextToken"] = sealed(api, start + size, same)
    return page


def resumed(api: Amazon, call: Call) -> Call:
    """The call as it was first made: these lists take their token alone, and it stands for the whole question."""
    token = call.query.get("nextToken", "")
    if not token:
        return call
    if len(call.query) > 1:
        raise invalid("No other parameter may be given with nextToken.")
    return replace(call, query={**asked(token), "nextToken": token})


def list_payouts(api: Amazon, call: Call) -> Row:
    api.in_marketplace(call)
    after, before = call.at("createdAfter") or 0, call.at("createdBefore") or api.market.now
    sums = released_by_period(api)
    rows = [
        payout(api, period, minor)
        for period, minor in sorted(sums.items())
        if minor > 0 and after <= (period + 1) * PERIOD <= min(before, api.market.now)
    ]
    return paged(api, call, rows, "payouts", "nextToken", PAGE)


def released_by_period(api: Amazon) -> dict[int, int]:
    sums: dict[int, int] = {}
    for at, row in transactions_at(api):
        if row["transactionStatus"] == "RELEASED":
            minor = round(row["totalAmount"]["currencyAmount"] * 100)
            sums[at // PERIOD] = sums.get(at // PERIOD, 0) + minor
    return sums


def payout(api: Amazon, period: int, minor: int) -> Row:
    ended, name = (period + 1) * PERIOD, settlement_id(period * PERIOD)
    steps = [("STARTED", ended), ("IN_TRANSIT", ended + 6 * 3_600), ("PAID", ended + 2 * DAY)]
    history = [{"status": word, "lastUpdatedDate": iso(at)} for word, at in steps if at <= api.market.now]
    return {
        "id": name, "partnerMetadata": partner(), "currentStatus": history[-1]["status"], "statusHistory": history,
        "type": "SCHEDULED", "amount": figure(minor), "accountTail": "4417", "paymentMethod": "BANK_ACCOUNT",
        "creationDate": iso(ended), "paymentRail": "ACH",
        "period": {"startDate": iso(period * PERIOD), "endDate": iso(ended)},
        "relatedIdentifiers": [{"relatedIdentifierName": "SETTLEMENT_ID", "relatedIdentifierValue": name}],
    }  # fmt: skip


def list_expected(api: Amazon, call: Call) -> Row:
    api.in_marketplace(call)
    period = api.market.now // PERIOD
    minor, ends = released_by_period(api).get(period, 0), (period + 1) * PERIOD
    row: Row = {
        "partnerMetadata": partner(), "status": "SCHEDULED" if minor > 0 else "NO_PAYOUT_EXPECTED",
        "period": {"startDate": iso(period * PERIOD), "endDate": iso(ends)},
    }  # fmt: skip
    if minor > 0:
        name = settlement_id(api.market.now)
        row |= {
            "amount": figure(minor), "scheduledDate": iso(ends), "accountTail": "4417", "paymentMethod": "BANK_ACCOUNT",
            "relatedIdentifiers": [{"relatedIdentifierName": "SETTLEMENT_ID", "relatedIdentifierValue": name}],
        }  # fmt: skip
    return {"expectedPayouts": [row]}


def partner() -> Row:
    return {"partnerId": SELLER, "accountType": "STANDARD_ORDERS", "marketplaceId": MARKETPLACE}
