"""A report into the database: counted in rows of the file, once however often it is read."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from connectors.models import Order, OrderLine, QuarantinedRow, Shop

pytestmark = pytest.mark.django_db
TEXT = "Order ID,Order Date,SKU,Quantity,Unit Price\nA,2026-11-01,S,1,5\nA,2026-11-01,T,2,1\nB,2026-11-02,S,x,5\n"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(TEXT)
    return path


def imported(path: Path, *more: str) -> dict[str, object]:
    out = StringIO()
    call_command("import_report", str(path), "--shop", "Old store", "--kind", "orders", "--json", *more, stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])  # type: ignore[no-any-return]  # JSON


def counts(done: dict[str, object]) -> tuple[object, ...]:
    return tuple(done[name] for name in ("read", "stored", "updated", "unchanged", "quarantined"))


def test_every_row_of_the_file_is_stored_or_in_quarantine(report: Path) -> None:
    assert counts(imported(report)) == (3, 2, 0, 0, 1)
    order = Order.objects.get()
    assert (order.external_id, order.currency, OrderLine.objects.count()) == ("A", "USD", 2)
    quarantined = QuarantinedRow.objects.get()
    assert (quarantined.external_id, quarantined.place) == ("B", "row 4")
    assert "Quantity: 'x' is not an amount" in quarantined.reason


def test_reading_it_again_changes_nothing(report: Path) -> None:
    imported(report)
    version = Order.objects.get().version
    assert counts(imported(report)) == (3, 0, 0, 2, 1)
    assert (Order.objects.get().version, QuarantinedRow.objects.count()) == (version, 1)


def test_a_changed_row_counts_as_updated(report: Path) -> None:
    imported(report)
    report.write_text(TEXT.replace("T,2,1", "T,3,1"))
    assert counts(imported(report)) == (3, 0, 2, 0, 1)


def test_a_dry_run_counts_the_same_and_keeps_nothing(report: Path) -> None:
    assert counts(imported(report, "--dry-run")) == (3, 2, 0, 0, 1)
    assert not Shop.objects.exists()
    assert not Order.objects.exists()
    assert not QuarantinedRow.objects.exists()


def test_the_mapping_is_kept_for_the_shop_and_used_the_next_time(report: Path, tmp_path: Path) -> None:
    report.write_text("No,When,What,N,Each\nA,2026-11-01,S,1,5\n")
    mapping = tmp_path / "mapping.json"
    mapping.write_text('{"external_id":"No","ordered_at":"When","sku":"What","quantity":"N","unit_price":"Each"}')
    imported(report, "--mapping", str(mapping))
    assert Shop.objects.get().settings["mappings"]["orders"]["sku"] == "What"
    assert counts(imported(report)) == (1, 0, 0, 1, 0)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.csv", None, "cannot be read: No such file"),
        ("empty.csv", "", "no header row"),
        ("wrong.csv", "Foo,Bar\n1,2\n", "no column fills external_id, ordered_at"),
    ],
)
def test_a_file_that_cannot_work_ends_in_words_and_keeps_nothing(
    tmp_path: Path, name: str, content: str | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(CommandError, match=words):
        imported(tmp_path / name)
    assert not Order.objects.exists()


def test_a_mapping_that_is_no_json_object_is_refused(report: Path, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text("[1, 2]")
    with pytest.raises(CommandError, match="must be one JSON object"):
        imported(report, "--mapping", str(tmp_path / "m.json"))
