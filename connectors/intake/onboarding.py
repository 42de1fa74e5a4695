"""The first day of a shop: accounts connected, and what the founder's own books say, saved beside what is pulled."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from django.db import transaction

from connectors import reports
from connectors.models import DollarInput, FxRate, Shop
from connectors.pull import make_feeds
from connectors.registry import connector_class
from connectors.save import Saved, save
from connectors.types import PurchaseOrder, Record, Supplier

BOOKS = "Books"  # the shop that holds what is entered by hand
R = TypeVar("R", bound=Record)


def connect(account: Mapping[str, Any]) -> Shop:
    """Make or refresh one shop with its credentials and one row for each feed; a feed's cursor is kept.

    `account` holds kind, name, external_id, base_url, country, currency, time_zone, credentials and settings.
    Raises Refused for a kind that nobody speaks.
    """
    connector_class(account["kind"])
    names = ("name", "base_url", "country", "currency", "time_zone", "credentials", "settings")
    values = {name: account[name] for name in names if name in account}
    if "credentials" in values:  # what was known of the old ones says nothing of these
        values |= dict.fromkeys(("credentials_expire_at", "renewable_until", "renewal_began_at", "scopes"))
    with transaction.atomic():
        shop, _ = Shop.objects.update_or_create(
            kind=account["kind"],
            external_id=account["external_id"],
            defaults={**values, "state": Shop.State.CONNECTED, "state_reason": ""},
        )
        make_feeds(shop)
    return shop


def enter_books(entered: Mapping[str, Iterable[Mapping[str, Any]]], received_at: datetime) -> Saved:
    """Save suppliers, purchase orders, exchange rates and dollar inputs; entering them again changes nothing."""
    books, _ = Shop.objects.get_or_create(name=BOOKS, defaults={"kind": reports.KIND, "state": Shop.State.FILES_ONLY})
    records: list[Record] = [record_of(Supplier, row) for row in entered.get("suppliers", ())]
    records += [record_of(PurchaseOrder, row) for row in entered.get("purchase_orders", ())]
    FxRate.objects.bulk_create(
        [FxRate(**row) for row in entered.get("fx_rates", ())], ignore_conflicts=True, batch_size=1_000
    )
    DollarInput.objects.bulk_create(
        [DollarInput(**row) for row in entered.get("dollar_inputs", ())], ignore_conflicts=True, batch_size=1_000
    )
    return save(books.pk, records, received_at=received_at, feed="books")


def record_of(record: type[R], row: Mapping[str, Any]) -> R:
    """A record from JSON values, each turned into its field's type. Raises KeyError or ValueError for a bad row."""
    hints = get_type_hints(record)
    known = {field.name for field in fields(record)}
    return record(**{name: _typed(hints[name], value) for name, value in row.items() if name in known})


def _typed(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    plain = next(part for part in get_args(hint) if part is not NoneType) if isinstance(hint, UnionType) else hint
    if plain is Decimal:
        return Decimal(str(value))
    if plain in (datetime, date):
        return plain.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value
