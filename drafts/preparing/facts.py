"""Saved rows as records: the same classes that a channel gives, so that a kind reads both alike."""

from __future__ import annotations

from dataclasses import fields
from enum import EnumType
from functools import lru_cache
from typing import Any

from django.utils import timezone

from connectors import models, types
from connectors.account import account_of
from connectors.base import CannotDo, Clock, Connector, Handover, Reconnect, Retry
from connectors.models.base import RecordModel
from connectors.opening import open_shop
from connectors.operations import Operation
from connectors.registry import CONNECTORS
from drafts.kinds.base import Reader, Saved
from drafts.preparing.own_rows import OWN

MODELS: dict[type[Any], type[RecordModel]] = {
    getattr(types, model.__name__): model for model in RecordModel.__subclasses__() if hasattr(types, model.__name__)
}
# No row holds these: they are read when a draft wants them, from the shop whose record carries the same id; where no
# record does (None), from the shop that performs.
ASKED: dict[type[Any], type[Any] | None] = {
    types.RefusalReasons: types.Return,
    types.PaymentMethods: types.Customer,
    types.Variant: types.Listing,
    types.DeliveryAddress: types.Order,
    types.RedirectOffer: None,
    types.ShippingLabel: None,
    types.ReturnPlace: None,
    types.BooksContact: None,
    types.MessageForms: None,
    types.SupplierOrder: None,
}


class SavedReader:
    """Rows as one shop sees them: its own first; a record that it lacks is taken from the one shop that has it."""

    def __init__(self, shop_id: int | None, clock: Clock = timezone.now) -> None:
        self.shop_id, self.clock = shop_id, clock

    def of(self, shop_id: int | None) -> Saved:
        return self if shop_id == self.shop_id else SavedReader(shop_id, self.clock)

    def performer(self, operation: type[Operation] | Operation) -> int | None:
        connected = models.Shop.objects.filter(state=models.Shop.State.CONNECTED)
        able = [shop.pk for shop in connected if _can(shop, operation, is_own=shop.pk == self.shop_id)]
        return able[0] if self.shop_id not in able and len(able) == 1 else self.shop_id

    def can(self, operation: type[Operation]) -> bool:
        shop = models.Shop.objects.filter(pk=self.shop_id or 0, state=models.Shop.State.CONNECTED).first()
        return shop is not None and shop.kind in CONNECTORS and operation in CONNECTORS[shop.kind].writes

    @property
    def handover(self) -> Handover:
        kind = models.Shop.objects.filter(pk=self.shop_id or 0).values_list("kind", flat=True).first() or ""
        return CONNECTORS[kind].handover if kind in CONNECTORS else Handover.BOOKS

    def fetch(self, record: type[Any], external_id: str) -> Any | None:
        """The record; None where there is none or where several other shops use that id."""
        if not external_id:
            return None
        if record in OWN:
            return OWN[record](external_id)
        if record in ASKED:
            return self._asked(record, external_id)
        row = self._row(record, external_id)
        return as_record(record, row) if row else None

    def holder(self, record: type[Any], external_id: str) -> int | None:
        subject = ASKED.get(record, record)
        if subject is None:
            return self.shop_id
        row = self._row(subject, external_id) if subject in MODELS else None
        return row.shop_id if row else None

    def elsewhere(self, record: type[Any], **where: object) -> tuple[Any, int] | None:
        rows = list(MODELS[record]._default_manager.filter(**where).exclude(shop_id=self.shop_id or 0)[:2])
        return (as_record(record, rows[0]), rows[0].shop_id) if len(rows) == 1 else None

    def _row(self, record: type[Any], external_id: str) -> RecordModel | None:
        rows = list(MODELS[record]._default_manager.filter(external_id=external_id)[:5])
        chosen = [row for row in rows if row.shop_id == self.shop_id] or rows
        return chosen[0] if len(chosen) == 1 else None

    def _asked(self, record: type[Any], external_id: str) -> Any | None:
        """What no row holds is read from its channel. Raises its errors; None where it has no such read."""
        shop = models.Shop.objects.filter(pk=self.holder(record, external_id) or self.shop_id or 0).first()
        try:
            return open_shop(shop).fetch(record, external_id) if shop else None
        except CannotDo:
            return None

    def latest(self, record: type[Any], by: str, **where: object) -> Any | None:
        if self.shop_id is None:
            return None
        rows = MODELS[record]._default_manager.filter(shop_id=self.shop_id, **where)
        row = rows.order_by(f"-{by}").exclude(**{by: None}).first() or rows.first()
        return as_record(record, row) if row else None


class LiveReader:
    """The channels themselves. A record that another shop's pull brought is read from that shop, so that a label seller
    or the books act on the order as it stands now. What has no read (mail threads, our own tickets, suppliers) is read
    from the rows."""

    def __init__(self, connector: Connector) -> None:
        self.connector = connector
        self.saved = SavedReader(connector.account.shop_id, connector.clock)

    @property
    def clock(self) -> Clock:
        return self.connector.clock

    @property
    def handover(self) -> Handover:
        return self.connector.handover

    def fetch(self, record: type[Any], external_id: str) -> Any | None:
        """Raises the errors of `Connector.fetch`; Retry where another shop has to be connected again."""
        if record in OWN or not external_id:
            return self.saved.fetch(record, external_id)
        try:
            return self._source(record, external_id).fetch(record, external_id)
        except CannotDo:
            return None if record in ASKED else self.saved.fetch(record, external_id)

    def _source(self, record: type[Any], external_id: str) -> Connector:
        shop_id = self.saved.holder(record, external_id)
        shop = None if shop_id == self.saved.shop_id else models.Shop.objects.filter(pk=shop_id or 0).first()
        if shop is None:
            return self.connector
        if shop.kind not in CONNECTORS:
            raise CannotDo(f"{shop.name} has no interface")
        try:
            return open_shop(shop, clock=self.clock)
        except Reconnect as error:
            raise Retry(f"{shop.name} has to be connected again: {error}") from error


def reader_for(shop_id: int | None, connector: Connector | None = None) -> Reader:
    """Where a draft's facts are read: live where a connector is at hand, else from saved rows."""
    return LiveReader(connector) if connector is not None else SavedReader(shop_id)


def _can(shop: models.Shop, operation: type[Operation] | Operation, *, is_own: bool) -> bool:
    made = CONNECTORS.get(shop.kind)
    if made is None or isinstance(operation, type):
        return made is not None and operation in made.writes
    if type(operation) not in made.writes or not made.takes(operation, account_of(shop)):
        return False
    number = getattr(operation, "tracking_number", "")
    parcels = models.Shipment.objects.filter(shop=shop, tracking_number=number)
    return is_own or not number or not made.feeds or parcels.exists()


def as_record(record: type[Any], row: RecordModel) -> Any:
    """A row as its record, with the lines of an order. `raw` stays empty: rules never look at it."""
    values = {name: _plain(kind, getattr(row, name)) for name, kind in _columns(record)}  # type: ignore[arg-type]  # a class can be hashed
    if record is types.Order:
        values["lines"] = tuple(
            types.OrderLine(**{field.name: getattr(line, field.name) for field in fields(types.OrderLine)})
            for line in models.OrderLine.objects.filter(shop_id=row.shop_id, order_ref=row.external_id).order_by("id")
        )
    return record(**values)


@lru_cache(maxsize=64)
def _columns(record: type[Any]) -> tuple[tuple[str, object], ...]:
    return tuple((field.name, field.type) for field in fields(record) if field.name not in ("raw", "lines"))


def _plain(kind: object, value: object) -> object:
    if isinstance(value, list):
        return tuple(value)
    return kind(value) if isinstance(kind, EnumType) else value
