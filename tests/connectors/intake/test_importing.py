"""A report into the database: counted in rows of the file, once however often it is read."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from connectors.intake.importing import import_report, shop_for
from connectors.models import Order, OrderLine, Payout, QuarantinedRow, Return, SettlementLine, Shop
from connectors.reports import BadReport

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


SETTLEMENT = (
    "settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount\tcurrency\ttransaction-type"
    "\torder-id\tamount-type\tamount-description\tamount\tposted-date\tposted-date-time\n"
    "189\t\t\t2026-03-17 09:00:00 UTC\t25.49\tGBP\t\t\t\t\t\t\t\n"
    "189\t\t\t\t\t\tOrder\t206-1\tItemPrice\tPrincipal\t29.99\t2026-03-02\t2026-03-02 14:23:00 UTC\n"
    "189\t\t\t\t\t\tOrder\t206-1\tItemFees\tCommission\t-4.50\t2026-03-02\t2026-03-02 14:23:00 UTC\n"
)


def test_a_known_report_needs_no_kind_and_no_mapping_and_keeps_none(tmp_path: Path) -> None:
    path = tmp_path / "settlement.txt"
    path.write_text(SETTLEMENT)
    shop = shop_for("Amazon files", "EUR")
    done = import_report(path, shop)
    assert (done.report, done.kinds) == ("Amazon settlement report (flat file V2)", ["payouts", "settlements"])
    assert (done.read, done.stored, done.passed) == (3, 3, 0)
    assert Payout.objects.get().amount == sum(SettlementLine.objects.values_list("amount", flat=True))
    assert set(SettlementLine.objects.values_list("kind", "currency")) == {("sale", "GBP"), ("commission", "GBP")}
    assert "mappings" not in Shop.objects.get().settings
    again = import_report(path, shop)
    assert (again.read, again.unchanged) == (3, 3)


def test_one_kind_of_a_known_report_leaves_its_other_rows_aside(tmp_path: Path) -> None:
    path = tmp_path / "settlement.txt"
    path.write_text(SETTLEMENT)
    done = import_report(path, shop_for("Amazon files"), "payouts")
    assert (done.read, done.passed, SettlementLine.objects.count()) == (1, 2, 0)


def test_a_report_that_is_not_known_must_be_told_what_it_is(report: Path) -> None:
    with pytest.raises(BadReport, match="no platform's report that is known here has these columns"):
        import_report(report, shop_for("Old store"))
    assert not Order.objects.exists()


def test_a_mapping_that_a_person_gave_stands_above_what_is_known(tmp_path: Path) -> None:
    path = tmp_path / "balance.csv"
    path.write_text("id,Type,Source,Amount,Fee,Net,Currency,Created (UTC)\nt1,charge,ch,9,1,8,usd,2026-09-01 14:03\n")
    shop = shop_for("Stripe files")
    mapping = {"external_id": "id", "kind": "Type", "amount": "Net", "posted_at": "Created (UTC)"}
    import_report(path, shop, "settlements", mapping=mapping)
    assert (SettlementLine.objects.get().kind, SettlementLine.objects.get().amount) == ("charge", 8)
    import_report(path, shop, "settlements")
    assert SettlementLine.objects.get().amount == 8


def test_goods_that_came_back_to_a_warehouse_are_priced_by_their_own_order(report: Path, tmp_path: Path) -> None:
    imported(report)
    path = tmp_path / "fba.csv"
    path.write_text(
        "return-date,order-id,sku,quantity,detailed-disposition,reason,license-plate-number\n"
        "2026-11-05,A,T,2,SELLABLE,UNWANTED_ITEM,LPN1\n2026-11-05,Z,T,1,SELLABLE,UNWANTED_ITEM,LPN2\n"
    )
    done = import_report(path, Shop.objects.get())
    assert (done.stored, done.quarantined) == (1, 1)
    assert (Return.objects.get().external_id, Return.objects.get().amount) == ("LPN1", 2)
