"""Records become rows once, changes grow the version, and one bad row never takes its neighbours along."""

import random
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import zstandard
from django.db import transaction

from connectors import models, types
from connectors.models import Change, Order, OrderLine, QuarantinedRow, RawPayload, Shop
from connectors.save import LostRows, Saved, save
from connectors.saving.staging import NOT_COLUMNS, kind_of, table_of
from connectors.types import BadRow, Record
from drafts.preparing.facts import ASKED
from tests.factories import NOW, ShopFactory, line, order

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def shop(db: None) -> Shop:
    return ShopFactory.create()


def put(shop: Shop, *records: Record | BadRow, at: Any = NOW) -> Saved:
    return save(shop.pk, records, received_at=at, feed="orders")


def table() -> list[tuple[Any, ...]]:
    names = ("external_id", "status", "updated_at", "total", "digest")
    lines = OrderLine.objects.order_by("order_ref", "external_id").values_list("order_ref", "external_id", "quantity")
    return [*Order.objects.order_by("external_id").values_list(*names), *lines]


def figures(saved: Saved) -> tuple[int, int, int, int, int]:
    total = saved.total
    return total.read, total.stored, total.updated, total.unchanged, total.quarantined


def test_a_new_order_is_stored_with_its_lines_its_bytes_and_a_change(shop: Shop) -> None:
    saved = put(shop, order(1, raw=b'{"order_sn": 1}', lines=(line(1), line(2, quantity=3))))

    assert figures(saved) == (1, 1, 0, 0, 0)
    assert saved.changed == {"order": ["1"]}
    kept = Order.objects.get()
    assert (kept.external_id, kept.version, kept.total, kept.changed_at) == ("1", 1, Decimal("23.9000"), NOW)
    assert sorted(OrderLine.objects.values_list("order_ref", "external_id", "quantity")) == [
        ("1", "1", 1),
        ("1", "2", 3),
    ]
    payload = RawPayload.objects.get()
    assert zstandard.decompress(bytes(payload.body)) == b'{"order_sn": 1}'
    assert (payload.kind, payload.external_id, payload.received_at) == ("order", "1", NOW)
    assert Change.objects.take(10) == [("order", shop.pk, "1")]
    assert Change.objects.count() == 0


def test_the_same_batch_again_changes_nothing(shop: Shop) -> None:
    batch = [order(n) for n in range(5)]
    put(shop, *batch)
    before = table()
    Change.objects.all().delete()

    saved = put(shop, *batch, at=LATER)

    assert figures(saved) == (5, 0, 0, 5, 0)
    assert saved.changed == {}
    assert table() == before
    assert set(Order.objects.values_list("version", "changed_at")) == {(1, NOW)}
    assert (RawPayload.objects.count(), Change.objects.count()) == (5, 0)


def test_a_change_of_content_grows_the_version_and_replaces_the_lines(shop: Shop) -> None:
    put(shop, order(1, lines=(line(1), line(2))), order(2))

    saved = put(shop, order(1, status=types.OrderStatus.SHIPPED, lines=(line(2, quantity=9),)), order(2), at=LATER)

    assert figures(saved) == (2, 0, 1, 1, 0)
    assert Order.objects.filter(external_id="1").values_list("status", "version", "changed_at").get() == (
        "shipped",
        2,
        LATER,
    )
    assert sorted(OrderLine.objects.values_list("order_ref", "external_id", "quantity")) == [
        ("1", "2", 9),
        ("2", "1", 1),
    ]
    assert RawPayload.objects.filter(external_id="1").count() == 2


def test_an_older_read_does_not_undo_a_newer_one(shop: Shop) -> None:
    put(shop, order(1, updated_at=NOW, status=types.OrderStatus.SHIPPED))

    saved = put(shop, order(1, updated_at=NOW - timedelta(hours=1)), at=LATER)

    assert figures(saved) == (1, 0, 0, 1, 0)
    assert Order.objects.get().status == "shipped"


def test_two_contents_with_one_time_leave_the_later_read(shop: Shop) -> None:
    put(shop, order(1, status=types.OrderStatus.TO_SHIP))
    put(shop, order(1, status=types.OrderStatus.PACKED))
    assert Order.objects.values_list("status", "version").get() == ("packed", 2)


def test_an_id_twice_in_one_batch_is_stored_once_as_last_updated(shop: Shop) -> None:
    newest = order(1, updated_at=NOW, status=types.OrderStatus.SHIPPED)
    saved = put(shop, newest, order(1), order(1, status=types.OrderStatus.PACKED))
    assert figures(saved) == (3, 1, 0, 2, 0)
    assert Order.objects.get().status == "shipped"


@pytest.mark.parametrize("seed", range(5))
def test_pages_in_any_order_give_the_same_table(shop: Shop, seed: int) -> None:
    history = [
        order(n, updated_at=NOW + timedelta(minutes=step), lines=(line(1, quantity=step + 1),))
        for n in range(6)
        for step in range(4)
    ]
    random.Random(seed).shuffle(history)
    for place in range(0, len(history), 5):
        put(shop, *history[place : place + 5], *history[:3])
    assert sorted(OrderLine.objects.values_list("order_ref", "quantity")) == [(str(n), 4) for n in range(6)]


UNFIT = [
    ({"total": Decimal("NaN")}, "total: NaN is not an amount"),
    ({"total": Decimal("Infinity")}, "total: Infinity is not an amount"),
    ({"total": Decimal("1e17")}, "total: 1E+17 has more than 16 digits before the point"),
    (
        {"currency": "dollars"},
        "currency: 7 characters, 3 at most; currency: 'dollars' is not a three-letter currency code",
    ),
    ({"currency": "sgd"}, "currency: 'sgd' is not in capitals"),
    ({"customer_name": "A\x00B"}, "customer_name: holds a NUL character, which PostgreSQL cannot store"),
    ({"customer_name": "\ud83d"}, "customer_name: holds half of a surrogate pair, which is no text"),
    ({"external_id": "x\x00"}, "external_id: holds a NUL character, which PostgreSQL cannot store"),
    ({"external_id": random.Random(1).randbytes(4000).hex()}, "external_id: an id needs 1 to 2,000 bytes"),
    ({"ordered_at": None}, "ordered_at: is missing"),
    ({"ordered_at": NOW.replace(tzinfo=None)}, "ordered_at: is a time without a zone"),
    ({"lines": (line(1), line(1))}, "line 1 appears twice"),
    ({"lines": (line(1, quantity=-1),)}, "line '1': -1 is not a quantity"),
    ({"lines": (line(1, quantity=2**40),)}, "line '1': 1099511627776 is not a quantity"),
    ({"lines": (line(1, unit_price=Decimal("NaN")),)}, "line '1': NaN is not a price"),
    ({"lines": (line(1, title="\x00"),)}, "line '1': holds a NUL character, which PostgreSQL cannot store"),
]


@pytest.mark.parametrize(("changes", "reason"), UNFIT)
def test_an_unfit_row_is_quarantined_alone(shop: Shop, changes: dict[str, Any], reason: str) -> None:
    saved = put(shop, order(1), order(2, **changes, raw=b"as received"), order(3))

    assert figures(saved) == (3, 2, 0, 0, 1)
    assert sorted(Order.objects.values_list("external_id", flat=True)) == ["1", "3"]
    assert OrderLine.objects.count() == 2
    kept = QuarantinedRow.objects.get()
    assert (kept.kind, kept.reason, bytes(kept.raw)) == ("order", reason, b"as received")


def test_a_fault_that_only_the_database_sees_is_found_by_halving(shop: Shop) -> None:
    batch = [order(n) for n in range(9)]
    batch[4] = order(4, lines=(line(1, external_id=random.Random(1).randbytes(4000).hex()),))

    saved = put(shop, *batch)

    assert figures(saved) == (9, 8, 0, 0, 1)
    kept = QuarantinedRow.objects.get()
    assert kept.external_id == "4"
    assert "exceeds" in kept.reason
    assert OrderLine.objects.count() == 8


def test_a_row_that_the_parser_refused_is_kept_whole_and_counted_once(shop: Shop) -> None:
    bad = BadRow(kind="order", external_id="7", reason="status 'LOST' is unknown", raw=b"{}", place="page 3 item 4")
    put(shop, bad, order(1))
    saved = put(shop, bad, at=LATER)

    assert figures(saved) == (1, 0, 0, 0, 1)
    kept = QuarantinedRow.objects.get()
    assert (kept.feed, kept.place, kept.times_seen) == ("orders", "page 3 item 4", 2)
    assert (kept.first_seen_at, kept.last_seen_at, kept.settled_at) == (NOW, LATER, None)


def test_a_row_leaves_the_quarantine_when_it_can_be_read(shop: Shop) -> None:
    put(shop, order(1, total=Decimal("NaN")))
    put(shop, order(1), at=LATER)
    assert QuarantinedRow.objects.get().settled_at == LATER


def test_emoji_and_right_to_left_text_and_a_10_mb_message_are_kept(shop: Shop) -> None:
    text = "🎁 مرحبا " + "x" * 10_000_000
    message = types.Message(
        external_id="m1", conversation_ref="c1", direction=types.Direction.IN, sent_at=NOW, text=text,
        attachments=("a b.pdf", 'q"{,}'), raw=text.encode(),
    )  # fmt: skip
    save(shop.pk, [message], received_at=NOW)
    kept = models.Message.objects.get()
    assert kept.text == text
    assert kept.attachments == ["a b.pdf", 'q"{,}']


def test_a_record_without_bytes_is_compared_by_its_typed_fields(shop: Shop) -> None:
    level = types.StockLevel(external_id="s1", sku="MUG", on_hand=3)
    price = types.Listing(external_id="l1", sku="MUG", price=Decimal("9.90"), currency="SGD")
    save(shop.pk, [level, price], received_at=NOW)

    same = save(shop.pk, [level, replace(price, price=Decimal("9.9000"))], received_at=LATER)
    moved = save(shop.pk, [replace(level, on_hand=2)], received_at=LATER)

    assert (same.total.unchanged, moved.total.updated) == (2, 1)
    assert RawPayload.objects.count() == 0


def test_json_is_kept_as_json(shop: Shop) -> None:
    metric = types.AccountMetric(external_id="late", name="late", measured_at=NOW, detail={"tiers": [1, {"a": "é"}]})
    save(shop.pk, [metric], received_at=NOW)
    assert models.AccountMetric.objects.get().detail == {"tiers": [1, {"a": "é"}]}


def test_two_shops_may_use_one_id(shop: Shop) -> None:
    other = ShopFactory.create()
    put(shop, order(1))
    put(other, order(1))
    assert Order.objects.filter(external_id="1", version=1).count() == 2


def test_nothing_is_kept_when_the_caller_fails(shop: Shop) -> None:
    with pytest.raises(RuntimeError, match="cursor"), transaction.atomic():
        put(shop, order(1), order(2, total=Decimal("NaN")))
        raise RuntimeError("the cursor could not be moved")
    assert [model.objects.count() for model in (Order, OrderLine, RawPayload, Change, QuarantinedRow)] == [0] * 5


def test_a_batch_whose_rows_are_not_accounted_for_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.save.Counts.is_conserved", property(lambda self: False))
    with pytest.raises(LostRows, match=r"shop \d+, feed 'orders'"):
        put(shop, order(1))
    assert Order.objects.count() == 0


def test_changes_are_taken_oldest_first_and_each_once(shop: Shop) -> None:
    for step in range(3):
        put(shop, order(1, total=Decimal(step)), at=NOW + timedelta(seconds=step))
    put(shop, order(2))
    assert Change.objects.take(3) == [("order", shop.pk, "1")]
    assert Change.objects.take(3) == [("order", shop.pk, "2")]


CLASSES = [one for one in vars(types).values() if isinstance(one, type)]
NEVER_SAVED = {Record, *ASKED}
RECORDS = [one for one in CLASSES if issubclass(one, Record) and one not in NEVER_SAVED]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_record_has_a_table_with_its_fields(record: type[Record], db: None) -> None:
    stored = getattr(models, record.__name__)._meta.concrete_fields
    columns = {field.name for field in stored if not field.generated}
    own = {"id", "shop", "digest", "version", "changed_at", "fetched_at"}
    assert columns - own == {field.name for field in fields(record)} - NOT_COLUMNS
    assert table_of(record).kind == kind_of(record)
    assert len(kind_of(record)) <= 20


@pytest.mark.parametrize("count", [2**31, 2**63, -(2**70)])
def test_a_number_too_wide_for_its_column_is_never_cut(shop: Shop, count: int) -> None:
    save(shop.pk, [types.StockLevel(external_id="s1", sku="MUG", on_hand=count)], received_at=NOW)
    assert QuarantinedRow.objects.get().reason == f"on_hand: {count} is outside -2147483648 to 2147483647"
    assert models.StockLevel.objects.count() == 0


def test_an_order_line_has_its_fields_as_columns() -> None:
    columns = {field.name for field in OrderLine._meta.concrete_fields} - {"id", "shop", "order_ref"}
    assert columns == {field.name for field in fields(types.OrderLine)}
