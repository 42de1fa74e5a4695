"""Every Stripe call the twin answers."""

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Sequence
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from connectors.twin import deeds
from connectors.twin.market import Market
from connectors.twin.wire.stripe import shapes
from connectors.twin.wire.stripe.api import Params, Stripe, StripeError, page, whole
from connectors.twin.world.channels import DAY, encode
from connectors.twin.world.trade import Charge, Dispute, FraudWarning, Refund

REASONS = {"duplicate", "fraudulent", "requested_by_customer"}


def missing(kind: str, id: str, param: str = "id") -> StripeError:
    return StripeError(f"No such {kind}: '{id}'", code="resource_missing", param=param, status=404)


def find_charge(api: Stripe, id: str, param: str = "id") -> Charge:
    prefix = "pi_3Q" if id.startswith("pi_") else "ch_3Q"
    index = shapes.row_of(id, prefix)
    if index is None or index >= len(api.market.charges):
        raise missing("charge" if prefix == "ch_3Q" else "payment_intent", id, param)
    return api.market.charges[index]


def _pick(rows: list[Any], id: str, kind: str) -> Any:
    for row in rows:
        if row.id == id:
            return row
    raise missing(kind, id)


# -- charges ------------------------------------------------------------


def list_charges(api: Stripe, params: Params) -> dict[str, Any]:
    return _charges(api, params, "/v1/charges", shapes.charge, lambda row: row.id)


def list_payment_intents(api: Stripe, params: Params) -> dict[str, Any]:
    return _charges(api, params, "/v1/payment_intents", shapes.payment_intent, lambda row: row.payment_intent)


def _charges(api: Stripe, params: Params, url: str, shape: Any, id_of: Any) -> dict[str, Any]:
    """Charges are numbered by time, so a page of half a million is found by two bisections."""
    market, limit = api.market, whole(params, "limit", 10)
    if params.get("payment_intent") or params.get("ending_before") or params.get("customer") or not 1 <= limit <= 100:
        rows = market.charges
        if params.get("payment_intent"):
            rows = [find_charge(api, params["payment_intent"], "payment_intent")]
        if params.get("customer"):
            rows = [row for row in rows if shapes.charge(market, row)["customer"] == params["customer"]]
        return page(url, rows, lambda row: shape(market, row), params, id_of, lambda row: row.created)
    low, high = _bounds(params.get("created"), market.charges)
    if params.get("starting_after"):
        high = min(high, find_charge(api, params["starting_after"], "starting_after").index)
    start = max(low, high - limit)
    rows = market.charges[start:high][::-1]
    return {"object": "list", "data": [shape(market, row) for row in rows], "has_more": start > low, "url": url}


def _bounds(created: Any, charges: Sequence[Charge | Refund]) -> tuple[int, int]:
    if created is None:
        return 0, len(charges)
    if not isinstance(created, dict):
        created = {"gte": created, "lte": created}
    low = max(int(created.get("gte", 0)), int(created.get("gt", -1)) + 1)
    high = min(int(created.get("lte", 1 << 40)) + 1, int(created.get("lt", 1 << 40)))
    return (
        bisect_left(charges, low, key=lambda row: row.created),
        bisect_left(charges, high, key=lambda row: row.created),
    )


def get_charge(api: Stripe, params: Params, id: str) -> dict[str, Any]:
    if not id.startswith("ch_"):
        raise missing("charge", id)
    return shapes.charge(api.market, find_charge(api, id))


def update_charge(api: Stripe, params: Params, id: str, *, key: str) -> dict[str, Any]:
    """Only the fraud report is kept here; metadata of a charge is the storefront's."""
    unknown = set(params) - {"fraud_details", "metadata", "expand"}
    if unknown:
        name = min(unknown)
        raise StripeError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
    if not id.startswith("ch_"):
        raise missing("charge", id)
    row = find_charge(api, id)
    details = params.get("fraud_details")
    if details:
        deeds.report_charge(api.market, row, str(details.get("user_report")), key)
    return shapes.charge(api.market, row)


def get_payment_intent(api: Stripe, params: Params, id: str) -> dict[str, Any]:
    if not id.startswith("pi_"):
        raise missing("payment_intent", id)
    return shapes.payment_intent(api.market, find_charge(api, id))


# -- refunds ------------------------------------------------------------


def create_refund(api: Stripe, params: Params, *, key: str) -> dict[str, Any]:
    """Without `amount` the whole remainder goes back."""
    unknown = set(params) - {"charge", "payment_intent", "amount", "reason", "metadata", "expand", "instructions_email"}
    if unknown:
        name = min(unknown)
        raise StripeError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
    given = [name for name in ("charge", "payment_intent") if params.get(name)]
    if len(given) != 1:
        raise StripeError(
            "You must provide exactly one of charge or payment_intent.", code="parameter_missing", param="charge"
        )
    charge = find_charge(api, params[given[0]], given[0])
    if charge.status != "succeeded":
        raise StripeError("This charge did not succeed and cannot be refunded.", code="charge_not_refundable")
    if params.get("reason") and params["reason"] not in REASONS:
        raise StripeError(f"Invalid reason: must be one of {', '.join(sorted(REASONS))}", param="reason")
    left = charge.amount - charge.refunded
    amount = whole(params, "amount", left)
    metadata = {str(name): str(value) for name, value in (params.get("metadata") or {}).items()}
    made = deeds.refund(
        api.market,
        charge,
        amount,
        subject=charge.id,
        shop="stripe",
        key=key,
        reason=params.get("reason"),
        metadata=metadata,
    )
    return shapes.refund(api.market, made)


def list_refunds(api: Stripe, params: Params) -> dict[str, Any]:
    rows: list[Refund] = sorted(api.market.refunds, key=lambda row: (row.created, row.index))
    for name in ("charge", "payment_intent"):
        if params.get(name):
            rows = api.market.refunds_of(find_charge(api, params[name], name))
    return page(
        "/v1/refunds",
        rows,
        lambda row: shapes.refund(api.market, row),
        params,
        lambda row: row.id,
        lambda row: row.created,
    )


def get_refund(api: Stripe, params: Params, id: str) -> dict[str, Any]:
    return shapes.refund(api.market, _pick(api.market.refunds, id, "refund"))


def update_refund(api: Stripe, params: Params, id: str, *, key: str) -> dict[str, Any]:
    row: Refund = _pick(api.market.refunds, id, "refund")
    row.metadata |= {str(name): str(value) for name, value in (params.get("metadata") or {}).items()}
    return shapes.refund(api.market, row)


def cancel_refund(api: Stripe, params: Params, id: str, *, key: str) -> dict[str, Any]:
    _pick(api.market.refunds, id, "refund")
    raise StripeError("Only refunds that require action can be canceled.", code="refund_not_cancelable")


# -- disputes and warnings ------------------------------------------------------------


def list_disputes(api: Stripe, params: Params) -> dict[str, Any]:
    rows = sorted(api.market.disputes, key=lambda row: (row.created, row.index))
    for name in ("charge", "payment_intent"):
        if params.get(name):
            wanted = find_charge(api, params[name], name).index
            rows = [row for row in rows if row.charge == wanted]
    return page(
        "/v1/disputes",
        rows,
        lambda row: shapes.dispute(api.market, row),
        params,
        lambda row: row.id,
        lambda row: row.created,
    )


def get_dispute(api: Stripe, params: Params, id: str) -> dict[str, Any]:
    return shapes.dispute(api.market, _pick(api.market.disputes, id, "dispute"))


def update_dispute(api: Stripe, params: Params, id: str, *, key: str) -> dict[str, Any]:
    """Stage evidence, and submit it unless `submit` is false: one submission is all there is."""
    row: Dispute = _pick(api.market.disputes, id, "dispute")
    evidence = params.get("evidence") or {}
    for name, value in evidence.items():
        if name not in shapes.EVIDENCE:
            raise StripeError(
                f"Received unknown parameter: evidence[{name}]", code="parameter_unknown", param=f"evidence[{name}]"
            )
        if str(value).startswith("file_") and value not in api.files:
            raise missing("file upload", str(value), f"evidence[{name}]")
    if row.status not in ("needs_response", "warning_needs_response"):
        raise StripeError("This dispute has been submitted or closed already.", code="dispute_already_submitted")
    row.evidence |= {name: str(value) for name, value in evidence.items() if value}
    row.metadata |= {str(name): str(value) for name, value in (params.get("metadata") or {}).items()}
    if str(params.get("submit", "true")).lower() == "true":
        deeds.submit_evidence(api.market, row, key)
    return shapes.dispute(api.market, row)


def close_dispute(api: Stripe, params: Params, id: str, *, key: str) -> dict[str, Any]:
    row: Dispute = _pick(api.market.disputes, id, "dispute")
    deeds.accept_dispute(api.market, row, key)
    return shapes.dispute(api.market, row)


def list_warnings(api: Stripe, params: Params) -> dict[str, Any]:
    rows: list[FraudWarning] = sorted(api.market.fraud_warnings, key=lambda row: (row.created, row.index))
    if params.get("charge"):
        rows = [row for row in rows if api.market.charges[row.charge].id == params["charge"]]
    url, has_charge = "/v1/radar/early_fraud_warnings", "data.charge" in (params.get("expand") or [])

    def render(row: FraudWarning) -> dict[str, Any]:
        body = shapes.fraud_warning(api.market, row)
        return body | {"charge": shapes.charge(api.market, api.market.charges[row.charge])} if has_charge else body

    return page(url, rows, render, params, lambda row: row.id, lambda row: row.created)


def get_warning(api: Stripe, params: Params, id: str) -> dict[str, Any]:
    return shapes.fraud_warning(api.market, _pick(api.market.fraud_warnings, id, "early fraud warning"))


# -- money that moved, events, files ------------------------------------------------------------


def ledger(api: Stripe) -> list[Charge | Refund]:
    """Everything that moved money, by time; kept until something moves again."""
    market = api.market
    size = (len(market.charges), len(market.refunds))
    if api.ledger[0] != size:
        paid = [row for row in market.charges if row.status == "succeeded"]
        api.ledger = (size, sorted([*paid, *market.refunds], key=lambda row: (row.created, row.id)))
    return api.ledger[1]


def list_balance_transactions(api: Stripe, params: Params) -> dict[str, Any]:
    """By source, or all charges and refunds of a time range or of a payout."""
    market, source, created = api.market, params.get("source"), params.get("created")
    rows: list[Charge | Refund]
    if source:
        is_refund = source.startswith("re_")
        rows = [_pick(market.refunds, source, "source") if is_refund else find_charge(api, source, "source")]
    else:
        if params.get("payout"):
            day = _payout_day(api, params["payout"])
            created = {"gte": (day - 2) * DAY, "lt": (day - 1) * DAY}
        rows = ledger(api)
        low, high = _bounds(created, rows)
        after = params.get("starting_after")
        if after:  # start near the cursor, so that a deep page costs what the first does
            at = _moved(api, str(after)).created + 1
            high = min(high, bisect_left(rows, at, key=lambda row: row.created))
        first = high - whole(params, "limit", 10) - 100
        rows = rows[max(low, first) if not params.get("type") else low : high]
        has_earlier = max(low, first) > low
        params = {name: value for name, value in params.items() if name != "created"}
        if params.get("type"):
            rows = [row for row in rows if kind_of(row) == params["type"]]
            has_earlier = False
        listed = _transactions(market, rows, params)
        return listed | {"has_more": listed["has_more"] or has_earlier}
    return _transactions(market, rows, params)


def kind_of(row: Charge | Refund) -> str:
    return "charge" if isinstance(row, Charge) else "refund"


def _transactions(market: Market, rows: list[Charge | Refund], params: Params) -> dict[str, Any]:
    return page(
        "/v1/balance_transactions", rows, lambda row: shapes.balance_transaction(market, row), params,
        lambda row: shapes.txn_id(kind_of(row), row.index), lambda row: row.created,
    )  # fmt: skip


def _moved(api: Stripe, id: str) -> Charge | Refund:
    """The row behind a balance transaction's id."""
    sources: tuple[tuple[str, Sequence[Charge | Refund]], ...] = (
        ("txn_1C", api.market.charges),
        ("txn_1R", api.market.refunds),
    )
    for prefix, rows in sources:
        index = shapes.row_of(id, prefix)
        if index is not None and index < len(rows):
            return rows[index]
    raise missing("balance_transaction", id)


def get_balance_transaction(api: Stripe, params: Params, id: str) -> dict[str, Any]:
    return shapes.balance_transaction(api.market, _moved(api, id))


def _payout_day(api: Stripe, id: str) -> int:
    day = shapes.row_of(id, "po_1Q")
    if day is None or not 0 <= day <= api.market.now // DAY:
        raise missing("payout", id)
    return day


def get_payout(api: Stripe, params: Params, id: str) -> dict[str, Any]:
    return shapes.payout(api.market, _payout_day(api, id))


def list_payouts(api: Stripe, params: Params) -> dict[str, Any]:
    today = api.market.now // DAY
    return page(
        "/v1/payouts", range(today - 30, today), lambda day: shapes.payout(api.market, day), params,
        lambda day: f"po_1Q{encode(day)}Ops", lambda day: day * DAY + 3_600,
    )  # fmt: skip


def get_balance(api: Stripe, params: Params) -> dict[str, Any]:
    recent = [row for row in api.market.charges[-5_000:] if row.created > api.market.now - 2 * DAY]
    pending = sum(row.amount - shapes.fee(row) for row in recent if row.status == "succeeded")
    money = [{"amount": pending, "currency": "usd", "source_types": {"card": pending}}]
    return {"object": "balance", "available": [{"amount": 0, "currency": "usd"}], "pending": money, "livemode": False}


def list_events(api: Stripe, params: Params) -> dict[str, Any]:
    wanted = params.get("types") or ([params["type"]] if params.get("type") else [])
    rows = [event for event in api.events if not wanted or event["type"] in wanted]
    return page(
        "/v1/events", rows, lambda event: event, params, lambda event: event["id"], lambda event: event["created"]
    )


def create_file(api: Stripe, params: Params, *, key: str) -> dict[str, Any]:
    """Multipart: `purpose` and `file`."""
    head = f"Content-Type: {params.get('_type', '')}\r\n\r\n".encode()
    parts = {
        str(part.get_param("name", header="content-disposition")): part
        for part in BytesParser(policy=HTTP).parsebytes(head + params.get("_body", b"")).iter_parts()
    }
    purpose = parts["purpose"].get_payload(decode=True) if "purpose" in parts else b""
    content = parts["file"].get_payload(decode=True) if "file" in parts else b""
    if purpose != b"dispute_evidence" or not isinstance(content, bytes) or not content:
        raise StripeError("Give a file and the purpose dispute_evidence.", param="purpose")
    id = f"file_1Q{hashlib.sha256(content).hexdigest()[:16]}"
    api.files[id] = {
        "id": id, "object": "file", "created": api.market.now, "expires_at": None,
        "filename": parts["file"].get_filename(),
        "links": {"object": "list", "data": [], "has_more": False, "url": f"/v1/file_links?file={id}"},
        "purpose": "dispute_evidence", "size": len(content), "title": None, "type": "png", "url": None,
    }  # fmt: skip
    return api.files[id]


def get_account(api: Stripe, params: Params) -> dict[str, Any]:
    mine = api.account()
    return {
        "id": mine["external_id"], "object": "account", "country": mine["country"],
        "default_currency": mine["currency"].lower(), "charges_enabled": True, "payouts_enabled": True,
        "business_profile": {"name": mine["name"]},
        "settings": {"dashboard": {"display_name": mine["name"], "timezone": mine["time_zone"]}},
    }  # fmt: skip


ROUTES: dict[tuple[str, str], Callable[..., Any]] = {
    ("GET", "/v1/account"): get_account,
    ("GET", "/v1/charges"): list_charges, ("GET", "/v1/charges/*"): get_charge,
    ("POST", "/v1/charges/*"): update_charge,
    ("GET", "/v1/payment_intents"): list_payment_intents, ("GET", "/v1/payment_intents/*"): get_payment_intent,
    ("GET", "/v1/refunds"): list_refunds, ("POST", "/v1/refunds"): create_refund, ("GET", "/v1/refunds/*"): get_refund,
    ("POST", "/v1/refunds/*"): update_refund, ("POST", "/v1/refunds/*/cancel"): cancel_refund,
    ("GET", "/v1/disputes"): list_disputes, ("GET", "/v1/disputes/*"): get_dispute, ("POST",
    "/v1/disputes/*"): update_dispute,
    ("POST", "/v1/disputes/*/close"): close_dispute,
    ("GET", "/v1/radar/early_fraud_warnings"): list_warnings, ("GET", "/v1/radar/early_fraud_warnings/*"): get_warning,
    ("GET", "/v1/balance_transactions"): list_balance_transactions, ("GET", "/v1/payouts"): list_payouts,
    ("GET", "/v1/balance_transactions/*"): get_balance_transaction, ("GET", "/v1/payouts/*"): get_payout,
    ("GET", "/v1/balance"): get_balance, ("GET", "/v1/events"): list_events, ("POST", "/v1/files"): create_file,
}  # fmt: skip
