"""A store's own files as the records that kinds and terms read: orders.json, users.json and products.json of tau-bench.

`Store` is the state that the files hold; `World` is one store after some writes, and reads like any channel.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors import types
from connectors.base import Handover
from connectors.money import ZERO
from connectors.operations import Address
from connectors.types import OrderStatus
from drafts.kinds.own import OrderDeeds

CURRENCY = "USD"
THEN = datetime(2024, 5, 15, tzinfo=UTC)  # the files name no times; nothing that is judged here looks at one
STATUSES = {
    "pending": OrderStatus.TO_SHIP,
    "pending (item modified)": OrderStatus.TO_SHIP,
    "processed": OrderStatus.PACKED,
    "delivered": OrderStatus.DELIVERED,
    "cancelled": OrderStatus.CANCELLED,
    "return requested": OrderStatus.RETURNING,
    "exchange requested": OrderStatus.RETURNING,
}
DONE = {
    "pending (item modified)": "change_items",
    "return requested": "open_return",
    "exchange requested": "exchange",
}
METHODS = {"credit_card": "card", "paypal": "wallet", "gift_card": "gift_card"}
COUNTRIES = {"USA": "US", "United States": "US", "Canada": "CA", "Mexico": "MX"}


class BadStore(ValueError):
    """The files are not what this reads; the message names the place."""


class Store:
    """Raises BadStore where a file is missing or holds something else."""

    def __init__(self, folder: Path) -> None:
        try:
            self._orders, self._users, self._products = (
                json.loads((folder / f"{name}.json").read_text()) for name in ("orders", "users", "products")
            )
        except (OSError, json.JSONDecodeError) as error:
            raise BadStore(f"{folder} does not hold a store: {error}") from error

    @cached_property
    def orders(self) -> dict[str, types.Order]:
        return {ref: self._order(row) for ref, row in self._orders.items()}

    @cached_property
    def addresses(self) -> dict[str, types.DeliveryAddress]:
        return {
            ref: types.DeliveryAddress(
                external_id=ref, address=address_of(self.name_of(row["user_id"]), row["address"])
            )
            for ref, row in self._orders.items()
        }

    @cached_property
    def methods(self) -> dict[str, types.PaymentMethods]:
        return {ref: _methods(ref, row["payment_methods"].values()) for ref, row in self._users.items()}

    @cached_property
    def listings(self) -> dict[str, types.Listing]:
        return {
            ref: types.Listing(
                external_id=ref, sku=ref, title=product["name"], price=Decimal(str(option["price"])), currency=CURRENCY,
                status="live" if option["available"] else "paused",
            )
            for product in self._products.values()
            for ref, option in product["variants"].items()
        }  # fmt: skip

    @cached_property
    def variants(self) -> dict[str, types.Variant]:
        return {
            option: types.Variant(external_id=option, product_ref=ref)
            for ref, product in self._products.items()
            for option in product["variants"]
        }

    @cached_property
    def deeds(self) -> dict[str, OrderDeeds]:
        return {
            ref: OrderDeeds(external_id=ref, times=((DONE[row["status"]], 1),))
            for ref, row in self._orders.items()
            if row["status"] in DONE
        }

    def name_of(self, user: str) -> str:
        name = self._users.get(user, {}).get("name", {})
        return " ".join(filter(None, (name.get("first_name"), name.get("last_name")))) or user

    def _order(self, row: Mapping[str, Any]) -> types.Order:
        if row["status"] not in STATUSES:
            raise BadStore(f"order {row['order_id']} has an unknown status: {row['status']}")
        paid = Decimal(str(row["payment_history"][0]["amount"]))
        back = [Decimal(str(each["amount"])) for each in row["payment_history"] if each["transaction_type"] == "refund"]
        units = Counter(item["item_id"] for item in row["items"])
        prices = {item["item_id"]: Decimal(str(item["price"])) for item in row["items"]}
        return types.Order(
            external_id=row["order_id"], number=row["order_id"], status=STATUSES[row["status"]],
            platform_status=row["status"], ordered_at=THEN, updated_at=THEN, paid_at=THEN, currency=CURRENCY,
            total=paid, refunded=sum(back, ZERO), customer_ref=row["user_id"],
            customer_name=self.name_of(row["user_id"]), country=country_of(row["address"]),
            payment_method=row["payment_history"][0]["payment_method_id"],
            lines=tuple(line(ref, count, prices[ref]) for ref, count in units.items()),
        )  # fmt: skip


class World:
    """The store as it is after some writes; a `Reader` of the kinds, and the place where writes take effect."""

    handover = Handover.BOOKS

    def __init__(self, store: Store) -> None:
        self.store = store
        self._changed: dict[tuple[type[Any], str], Any] = {}

    def clock(self) -> datetime:
        return THEN

    def fetch(self, record: type[Any], external_id: str) -> Any | None:
        tables: dict[type[Any], Mapping[str, Any]] = {
            types.Order: self.store.orders,
            types.DeliveryAddress: self.store.addresses,
            types.PaymentMethods: self.store.methods,
            types.Listing: self.store.listings,
            types.Variant: self.store.variants,
            OrderDeeds: self.store.deeds,
        }
        return self._changed.get((record, external_id)) or tables.get(record, {}).get(external_id)

    def put(self, record: types.Record) -> None:
        self._changed[type(record), record.external_id] = record

    def note(self, kind: str, order_ref: str) -> None:
        """One more write of this kind on the order."""
        earlier: OrderDeeds | None = self.fetch(OrderDeeds, order_ref)
        done = Counter(dict(earlier.times if earlier else ()))
        done[kind] += 1
        self.put(OrderDeeds(external_id=order_ref, times=tuple(sorted(done.items()))))

    def move_balance(self, customer_ref: str, method_ref: str, amount: Decimal) -> None:
        """Add to what a method holds, where it holds money."""
        saved: types.PaymentMethods | None = self.fetch(types.PaymentMethods, customer_ref)
        if saved is None:
            return
        methods = tuple(
            replace(each, balance=each.balance + amount)
            if each.reference == method_ref and each.balance is not None
            else each
            for each in saved.methods
        )
        self.put(replace(saved, methods=methods))


def line(ref: str, quantity: int, price: Decimal) -> types.OrderLine:
    return types.OrderLine(external_id=ref, sku=ref, quantity=quantity, unit_price=price, listing_ref=ref)


def country_of(address: Mapping[str, str]) -> str:
    return COUNTRIES.get(address["country"], address["country"])


def address_of(name: str, row: Mapping[str, str]) -> Address:
    return Address(
        name=name, line1=row["address1"], line2=row.get("address2", ""), city=row["city"], region=row["state"],
        postcode=row["zip"], country=country_of(row),
    )  # fmt: skip


def _methods(user: str, rows: Any) -> types.PaymentMethods:
    methods = tuple(
        types.PaymentMethod(
            row["id"], METHODS.get(row["source"], row["source"]),
            balance=Decimal(str(row["balance"])) if "balance" in row else None,
        )
        for row in rows
    )  # fmt: skip
    return types.PaymentMethods(external_id=user, methods=methods, currency=CURRENCY)
