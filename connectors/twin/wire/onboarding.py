"""What the founder would enter by hand on the first day: suppliers, purchase orders, rates, and figures of the books.

Field names are those of `connectors.types` and of the models; every figure is near the market's own truth, not equal.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.twin.market import Market
from connectors.twin.world.channels import CHANNELS, PER_USD
from connectors.twin.world.goods import Good
from connectors.twin.world.people import spread

HOUSE_RULES = Path(__file__).with_name("house_rules.txt")
COMPANY = (  # name, low, likely, high, currency, source, is it assumed
    ("margin", 0.30, 0.42, 0.52, "", "profit and loss statement, last quarter", False),
    ("labour_rate", 22, 28, 36, "USD", "payroll", False),
    ("handling_cost", 3.2, 4.2, 5.5, "USD", "support time sheet", False),
    ("lead_time", 10, 22, 38, "", "supplier agreements", False),
    ("substitution", 0.1, 0.2, 0.35, "", "owner's estimate", True),
    ("win_rate", 0.32, 0.43, 0.55, "", "disputes of the last year", False),
    ("counter_fee", 15, 15, 15, "USD", "Stripe's price list", False),
    ("dispute_fee", 15, 15, 15, "USD", "Stripe's price list", False),
    ("reship_cost", 5, 6.5, 9, "USD", "courier invoices", False),
    ("return_freight", 4, 5.2, 7, "USD", "courier invoices", False),
    ("churn_value", 25, 35, 60, "USD", "repeat-purchase report", False),
)


def onboarding(market: Market) -> dict[str, Any]:
    """{suppliers, purchase_orders, fx_rates, dollar_inputs, documents}, JSON-ready."""
    today = datetime.fromtimestamp(market.began, UTC).date()
    return {
        # A company that keeps books has both there; entered here too, all goods on their way would count twice.
        "suppliers": [] if market.has_everything else _suppliers(market),
        "purchase_orders": [] if market.has_everything else _purchase_orders(market),
        "fx_rates": [
            _rate(today - timedelta(days=ago), currency)
            for currency in _currencies(market)
            for ago in range(60, -1, -1)
        ],
        "dollar_inputs": [_company_input(row, today) for row in COMPANY]
        + [_margin(good, today) for good in market.goods],
        "documents": [{"name": "House rules", "language": "en", "text": HOUSE_RULES.read_text(encoding="utf-8")}],
    }


def _suppliers(market: Market) -> list[dict[str, Any]]:
    return [
        {
            "external_id": f"supplier-{supplier.index}", "name": supplier.name, "email": supplier.email,
            "lead_time_days": supplier.lead_days, "minimum_quantity": 20, "case_size": 10, "currency": "USD",
            "skus": [good.sku for good in market.goods if good.supplier == supplier.index],
        }
        for supplier in market.suppliers
    ]  # fmt: skip


def _purchase_orders(market: Market) -> list[dict[str, Any]]:
    return [
        {
            "external_id": inbound.number, "number": inbound.number, "supplier_ref": f"supplier-{good.supplier}",
            "status": inbound.status, "sku": good.sku, "quantity": inbound.quantity, "received_quantity": 0,
            "unit_cost": f"{good.cost_usd / 100:.2f}", "currency": "USD", "ordered_at": _iso(inbound.ordered_at),
            "due_at": _iso(inbound.due_at),
        }
        for good in market.goods
        for inbound in good.inbound
    ]  # fmt: skip


def _currencies(market: Market) -> list[str]:
    return sorted({CHANNELS[channel].currency for channel in market.books} - {"USD"})


def _rate(day: date, currency: str) -> dict[str, str]:
    wobble = 1 + spread(day.toordinal(), 51, -80, 80) / 10_000
    rate = f"{wobble / PER_USD[currency]:.6f}"
    return {"currency": currency, "base": "USD", "day": day.isoformat(), "rate": rate, "source": "bank's daily rate"}


def _company_input(row: tuple[str, float, float, float, str, str, bool], today: date) -> dict[str, Any]:
    name, low, likely, high, currency, source, is_assumed = row
    return {
        "name": name, "shop": None, "sku": "", "low": str(low), "likely": str(likely), "high": str(high),
        "currency": currency,
        "effective_from": (today - timedelta(days=60)).isoformat(), "source": source, "is_assumed": is_assumed,
    }  # fmt: skip


def _margin(good: Good, today: date) -> dict[str, Any]:
    likely = round(good.margin + spread(good.index, 52, -15, 15) / 1_000, 3)
    return {
        "name": "margin", "shop": None, "sku": good.sku, "low": f"{max(0.01, likely - 0.05):.3f}",
        "likely": f"{likely:.3f}",
        "high": f"{likely + 0.05:.3f}", "currency": "", "effective_from": (today - timedelta(days=30)).isoformat(),
        "source": "product cost sheet", "is_assumed": False,
    }  # fmt: skip


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
