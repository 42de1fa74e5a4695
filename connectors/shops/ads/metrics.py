"""The figures by which an ad account is judged, under one name on every platform."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from connectors.types import AccountMetric, Boundary


def account_status(*, is_running: bool, detail: Mapping[str, object], raw: bytes, now: datetime) -> AccountMetric:
    """1 while the account may run ads, else 0; `detail` holds the platform's own word."""
    return AccountMetric(
        external_id="account_status", raw=raw, name="account_status", value=Decimal(is_running), target=Decimal(1),
        boundary=Boundary.BELOW, window="now", measured_at=now, detail=detail,
    )  # fmt: skip


def disapproved_ads(campaigns: Iterable[str], now: datetime) -> AccountMetric:
    """Ads that the platform's policies keep from running; `campaigns` names the campaign of each."""
    counted = Counter(campaigns)
    return AccountMetric(
        external_id="disapproved_ads", name="disapproved_ads", value=Decimal(counted.total()), target=Decimal(0),
        boundary=Boundary.ABOVE, unit="count", window="now", measured_at=now, detail={"campaigns": dict(counted)},
    )  # fmt: skip


def cap_used(ref: str, name: str, used: Decimal, cap: Decimal, window: str, raw: bytes, now: datetime) -> AccountMetric:
    """How much of a spending limit is used, in percent: ads stop at 100."""
    return AccountMetric(
        external_id=ref, raw=raw, name=name, value=(used / cap * 100).quantize(Decimal("0.01")), target=Decimal(100),
        boundary=Boundary.AT_LEAST, unit="percent", window=window, measured_at=now,
        detail={"cap": str(cap), "used": str(used)},
    )  # fmt: skip
