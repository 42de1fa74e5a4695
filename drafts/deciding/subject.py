"""Whom and what a write is about, as rules, caps, canaries and trials tell them apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from alerts.models import Alert
from connectors import models
from drafts.kinds.base import Command
from drafts.policy import Customer


@dataclass(frozen=True, slots=True)
class Subject:
    """Empty where it is not known. `sku_group` is a SKU up to its first dash, `risk` the channel's own word."""

    order_ref: str = ""
    customer_ref: str = ""
    country: str = ""
    sku_group: str = ""
    risk: str = ""


NOBODY = Subject()


def subject_of(shop_id: int | None, command: Command, facts: Mapping[str, Any], alert: Alert | None) -> Subject:
    """From the command, its facts and the saved order; what those do not say, from the alert."""
    told = alert.arguments if alert else {}
    paid = _payment(shop_id, getattr(command, "payment_ref", ""))
    order_ref = str(getattr(command, "order_ref", "") or facts.get("order") or told.get("order_ref") or paid[0])
    rows = models.Order.objects.filter(external_id=order_ref, **_within(shop_id)) if order_ref else None
    saved = rows.values("customer_ref", "country", "risk").first() if rows is not None else None
    order = saved or {"customer_ref": "", "country": "", "risk": ""}
    named = getattr(command, "customer_ref", "") or order["customer_ref"]
    customer = str(named or paid[1] or (alert.customer_ref if alert else ""))
    skus = facts.get("skus")
    first = next(iter(skus.values()), "") if isinstance(skus, dict) else ""
    sku = str(getattr(command, "sku", "") or told.get("sku") or first)
    return Subject(order_ref[:250], customer[:250], order["country"][:2], sku.split("-")[0][:60], order["risk"])


def _payment(shop_id: int | None, ref: str) -> tuple[str, str]:
    """(order, customer) that a saved payment names."""
    rows = models.Payment.objects.filter(external_id=ref, **_within(shop_id)) if ref else None
    return (rows.values_list("order_ref", "customer_ref").first() if rows is not None else None) or ("", "")


def segment_of(shop_id: int | None, subject: Subject) -> str:
    """New, returning or VIP; empty where the shop does not say. A second order makes a customer a returning one."""
    known = models.Customer.objects.filter(external_id=subject.customer_ref, **_within(shop_id))
    row = known.values("is_vip", "orders_count").first() if subject.customer_ref else None
    if row is None:
        return ""
    if row["is_vip"]:
        return Customer.VIP
    count = row["orders_count"]
    return "" if count is None else Customer.RETURNING if count > 1 else Customer.NEW


def _within(shop_id: int | None) -> dict[str, Any]:
    return {"shop_id": shop_id} if shop_id else {}


def side_of(trial: str, percent_b: int, shop_id: int | None, subject: Subject, otherwise: str) -> str:
    """`a` or `b`, for good: of the customer, else of the order, else of `otherwise`. Empty where there is nothing."""
    key = subject.customer_ref or subject.order_ref or otherwise
    if not key:
        return ""
    share = int.from_bytes(sha256(f"{trial}|{shop_id}|{key}".encode()).digest()[:4]) % 100
    return "b" if share < percent_b else "a"
