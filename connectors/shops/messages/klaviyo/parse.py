"""Klaviyo's objects → Customer, Checkout and figures of the account."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.money import parse_currency
from connectors.shops import letters
from connectors.shops.reading import Row, Unreadable, amount, dump, must_iso
from connectors.types import Checkout, Customer

SKUS = ("SKU", "sku")


def profile(item: Row, currency: str) -> Iterator[Customer]:
    """A profile with what it has spent, where Klaviyo has reckoned that."""
    told = attributes(item)
    place, past = told.get("location") or {}, told.get("predictive_analytics") or {}
    names = (told.get("first_name"), told.get("last_name"))
    worth, orders = past.get("historic_clv"), past.get("historic_number_of_orders")
    yield Customer(
        external_id=filled(item, "id"),
        raw=dump(item),
        name=letters.clean(" ".join(str(name) for name in names if name)),
        email=str(told.get("email") or "").lower(),
        phone=str(told.get("phone_number") or ""),
        country=country_of(place),
        orders_count=None if orders is None else int(orders),
        lifetime_value=None if worth is None or not currency else amount(worth),
        currency=currency if worth is not None else "",
    )


def country_of(place: Row) -> str:
    """Two letters; a name in words is left out rather than cut."""
    value = str(place.get("country") or "")
    return value.upper() if len(value) == 2 and value.isalpha() else ""


@dataclass(frozen=True, slots=True)
class Bought:
    """When each profile last bought."""

    by_profile: Mapping[str, datetime]

    def after(self, profile_ref: str, started: datetime) -> datetime | None:
        when = self.by_profile.get(profile_ref)
        return when if when is not None and when >= started else None


def checkout(item: Row, profiles: Mapping[str, Row], bought: Bought, currency: str) -> Iterator[Checkout]:
    """A "started checkout" event. Its amount is `$value` in `$currency_code`, as Klaviyo's own integrations send it."""
    told = attributes(item)
    started, who = must_iso(told["datetime"]), profile_of(item)
    properties = told["event_properties"]
    if not isinstance(properties, dict):
        raise Unreadable("the event has no properties")
    value = properties["$value"] if "$value" in properties else properties["value"]
    person = attributes(profiles[who]) if who in profiles else {}
    yield Checkout(
        external_id=filled(item, "id"),
        raw=dump(item),
        customer_ref=who,
        customer_email=str(person.get("email") or "").lower(),
        started_at=started,
        completed_at=bought.after(who, started),
        total=amount(value),
        currency=parse_currency(properties.get("$currency_code") or properties.get("currency") or currency),
        recovery_url=web_address(properties),
        may_be_mailed=may_be_mailed(person),
        skus=skus_of(properties),
    )


def may_be_mailed(person: Row) -> bool:
    """Only a clear yes of Klaviyo's own consent record counts."""
    marketing = ((person.get("subscriptions") or {}).get("email") or {}).get("marketing") or {}
    return marketing.get("can_receive_email_marketing") is True


def web_address(properties: Row) -> str:
    extra = properties.get("$extra")
    inner: Row = extra if isinstance(extra, dict) else {}
    for source in (properties, inner):
        for name in ("checkout_url", "CheckoutURL", "responsive_checkout_url"):
            value = str(source.get(name) or "")
            if value.startswith(("https://", "http://")):
                return value
    return ""


def skus_of(properties: Row) -> tuple[str, ...]:
    """Of the lines where they are told by object; a plain list of names says no SKU."""
    extra = properties.get("$extra")
    rows: list[Any] = []
    for source in (properties, extra if isinstance(extra, dict) else {}):
        for name in ("Items", "items", "line_items"):
            found = source.get(name)
            rows += found if isinstance(found, list) else []
    found_skus = (str(row[key]) for row in rows if isinstance(row, dict) for key in SKUS if row.get(key))
    return tuple(dict.fromkeys(found_skus))


def attributes(item: Any) -> Row:
    found = item["attributes"]
    if not isinstance(found, dict):
        raise Unreadable("the row has no attributes")
    return found


def profile_of(item: Row) -> str:
    linked = ((item.get("relationships") or {}).get("profile") or {}).get("data") or {}
    return str(linked.get("id") or "")


def filled(item: Row, name: str) -> str:
    value = item[name]
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name} is {value!r}, not text")
    return value


def share(rows: list[tuple[Decimal, Decimal]]) -> Decimal | None:
    """The mean of rates by recipients, in per cent; None where nobody was written to."""
    people = sum((count for count, _ in rows), Decimal(0))
    if not people:
        return None
    return (sum((count * rate for count, rate in rows), Decimal(0)) / people * 100).quantize(Decimal("0.0001"))
