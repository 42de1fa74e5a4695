"""A context without a database, and the moment all looks of these tests are read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from alerts.detectors import BY_NAME
from alerts.looks import ShopLook
from alerts.lookup import DollarRow, Lookup, Rules

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
SHOPEE = ShopLook(1, "shopee", "Lumen SG", "SG", "SGD", "Asia/Singapore")
SHOPIFY = ShopLook(2, "shopify", "Lumen Store", "US", "USD")
STRIPE = ShopLook(3, "stripe", "Lumen Pay", "US", "USD")
MAILBOX = ShopLook(4, "mailbox", "Support")
RATES = (("SGD", date(2026, 11, 1), Decimal("0.75")),)


def known(name: str, value: str, currency: str = "", *, high: str = "") -> DollarRow:
    """A dollar input that somebody entered for all shops: one number, or a range up to `high`."""
    return DollarRow(
        name=name, shop_id=None, sku="", low=Decimal(value), likely=Decimal(value), high=Decimal(high or value),
        currency=currency, effective_from=date(2026, 1, 1), source="the owner",
    )  # fmt: skip


@pytest.fixture
def rules() -> Callable[..., Rules]:
    """`rules("stock_out", known("margin", "0.35"))` is that detector's context, thresholds at their defaults."""

    def make(detector: str, *dollars: DollarRow) -> Rules:
        return Lookup("USD", NOW.date(), (), dollars, RATES).of(detector, BY_NAME[detector].thresholds)

    return make
