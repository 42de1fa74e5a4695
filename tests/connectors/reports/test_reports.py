"""Reports as files: what is read, what is set aside, and what is refused before it can do harm."""

import gzip
import io
import json
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import orjson
import pytest

from connectors.reports import BadReport, Defaults, Reader, from_json, guess, open_table, tree_table
from connectors.shops.files.export import csv_lines, safe_cell
from connectors.types import BadRow, Order, OrderStatus, Record

HEADER = "Order ID,Order Date,SKU,Quantity,Unit Price\n"


def read(
    path: Path, kind: str = "orders", mapping: dict[str, object] | None = None, zone: str = "UTC"
) -> list[Record | BadRow]:
    with open_table(path) as table:
        mapped = guess(table.header, kind) if mapping is None else from_json(mapping, kind, table.header)
        return [one.record for one in Reader(table, kind, mapped, Defaults("USD", ZoneInfo(zone)))]


def report(folder: Path, text: str | bytes, name: str = "report.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def orders(records: list[Record | BadRow]) -> list[Order]:
    return [record for record in records if isinstance(record, Order)]


def test_lines_of_one_order_are_gathered_wherever_they_stand(tmp_path: Path) -> None:
    path = report(
        tmp_path, HEADER + "A,2026-11-01 10:00,S1,2,5.00\nB,2026-11-01 11:00,S2,1,7.50\nA,2026-11-01 10:00,S3,1,1.25\n"
    )
    first, second = orders(read(path))
    assert [line.sku for line in first.lines] == ["S1", "S3"]
    assert first.total == Decimal("11.25")
    assert second.total == Decimal("7.50")
    assert first.ordered_at == datetime(2026, 11, 1, 10, tzinfo=UTC)


def test_times_without_an_offset_are_the_shops_own(tmp_path: Path) -> None:
    path = report(tmp_path, HEADER + "A,2026-11-01 08:30,S1,1,5\n")
    assert orders(read(path, zone="Asia/Singapore"))[0].ordered_at == datetime(2026, 11, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8-sig", ","), ("utf-16", "\t"), ("cp1252", ";"), ("utf-8", "|")]
)
def test_encoding_and_delimiter_are_found_by_themselves(tmp_path: Path, encoding: str, delimiter: str) -> None:
    title = "Théière émaillée à poser près du réchaud: livrée bouchée, très légère, été comme hiver"
    rows = [["Order ID", "Order Date", "Product Name", "SKU", "Quantity", "Unit Price"]]
    rows += [[f"A{number}", "2026-11-01", title, "S1", "1", "5"] for number in range(5)]
    path = report(tmp_path, "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows).encode(encoding))
    assert [order.lines[0].title for order in orders(read(path))] == [title] * 5


def test_a_title_above_the_header_is_passed_over(tmp_path: Path) -> None:
    path = report(tmp_path, "Sales report\nNovember 2026\n\n" + HEADER + "A,2026-11-01,S1,1,5\n")
    assert [order.external_id for order in orders(read(path))] == ["A"]


def test_decimal_commas_and_day_first_dates_are_told_from_the_whole_column(tmp_path: Path) -> None:
    path = report(
        tmp_path,
        "Order ID;Order Date;SKU;Quantity;Unit Price\nA;03.04.2026 10:00;S;1;1.234,50\nB;25.04.2026 10:00;S;2;0,99\n",
    )
    first, second = orders(read(path))
    assert first.total == Decimal("1234.50")
    assert second.total == Decimal("1.98")
    assert first.ordered_at.month == 4


def test_a_date_that_could_be_either_way_is_asked_about_not_guessed(tmp_path: Path) -> None:
    path = report(tmp_path, HEADER + "A,03/04/2026,S,1,1\n")
    with pytest.raises(BadReport, match="day and month cannot be told apart.*format"):
        read(path)
    mapping: dict[str, object] = {
        "external_id": "Order ID", "ordered_at": {"column": "Order Date", "format": "%d/%m/%Y"}, "quantity": "Quantity",
        "unit_price": "Unit Price",
    }  # fmt: skip
    assert orders(read(path, mapping=mapping))[0].ordered_at == datetime(2026, 4, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("NaN", "finite"), ("inf", "finite"), ("abc", "not an amount"), ("-3", "negative")],
)
def test_a_row_with_a_bad_amount_is_set_aside_with_its_number_and_the_rest_goes_on(
    tmp_path: Path, cell: str, reason: str
) -> None:
    path = report(tmp_path, HEADER + f"A,2026-11-01,S,1,{cell}\nB,2026-11-01,S,1,2\n")
    bad, good = read(path)
    assert isinstance(bad, BadRow)
    assert bad.place == "row 2"
    assert reason in bad.reason
    assert isinstance(good, Order)


def test_one_bad_line_sets_its_whole_order_aside_since_the_total_would_be_wrong(tmp_path: Path) -> None:
    path = report(tmp_path, HEADER + "A,2026-11-01,S,1,5\nA,2026-11-01,T,x,5\n")
    with open_table(path) as table:
        (only,) = Reader(table, "orders", guess(table.header, "orders"), Defaults("USD"))
    assert isinstance(only.record, BadRow)
    assert only.rows == 2


def test_an_unknown_state_names_the_row_and_the_way_to_map_it(tmp_path: Path) -> None:
    text = "Order ID,Order Date,Order Status,Quantity,SKU,Price\nA,2026-11-01,Selesai,1,S,5\n"
    (bad,) = read(report(tmp_path, text))
    assert isinstance(bad, BadRow)
    assert "'Selesai' is no known state" in bad.reason
    with open_table(tmp_path / "report.csv") as table:
        mapping = {name: column.to_json() for name, column in guess(table.header, "orders").items()}
    mapping["status"] = {"column": "Order Status", "values": {"Selesai": "completed"}}
    assert orders(read(tmp_path / "report.csv", mapping=mapping))[0].status is OrderStatus.COMPLETED


def test_a_credit_invoice_becomes_a_cancelled_order_not_a_negative_sale(tmp_path: Path) -> None:
    (order,) = orders(read(report(tmp_path, HEADER + "C7,2026-11-01,S,-2,5\n")))
    assert (order.status, order.lines[0].quantity, order.lines[0].cancelled_quantity) == (OrderStatus.CANCELLED, 2, 2)


def test_bytes_that_are_no_text_set_only_their_own_row_aside(tmp_path: Path) -> None:
    good = "".join(f"G{number},2026-11-01,S,1,2\n" for number in range(20_000))
    path = report(tmp_path, (HEADER + good).encode() + b"A,2026-11-01,\xff\xfe,1,2\nB,2026-11-01,S,1,2\n")
    records = read(path)
    bad = [record for record in records if isinstance(record, BadRow)]
    assert [(record.external_id, "not utf-8 text" in record.reason) for record in bad] == [("A", True)]
    assert len(records) == 20_002


def test_emoji_and_right_to_left_text_pass_unchanged(tmp_path: Path) -> None:
    title = "قميص أزرق 👕 זה"
    path = report(tmp_path, f"Order ID,Order Date,Product Name,SKU,Quantity,Unit Price\nA,2026-11-01,{title},S,1,2\n")
    assert orders(read(path))[0].lines[0].title == title


def test_a_wrong_header_says_what_is_missing_and_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(BadReport, match="no column fills external_id, ordered_at. The report's columns are: Foo, Bar"):
        read(report(tmp_path, "Foo,Bar\n1,2\n"))


def test_a_mapping_to_a_column_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(BadReport, match="no column 'Order Dat'.*did you mean Order Date"):
        read(
            report(tmp_path, HEADER + "A,2026-11-01,S,1,2\n"),
            mapping={"external_id": "Order ID", "ordered_at": "Order Dat"},
        )


def test_an_unknown_target_names_the_nearest_field(tmp_path: Path) -> None:
    with pytest.raises(BadReport, match="'odered_at' is no field of orders; did you mean ordered_at"):
        read(report(tmp_path, HEADER), mapping={"odered_at": "Order Date"})


def test_a_spreadsheet_gives_the_same_orders_as_its_csv(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Order ID", "Order Date", "SKU", "Quantity", "Unit Price"], ["A", datetime(2026, 11, 1), "S", 2, 5.5]):
        sheet.append(row)
    book.save(tmp_path / "report.xlsx")
    from_sheet = orders(read(tmp_path / "report.xlsx"))[0]
    from_text = orders(read(report(tmp_path, HEADER + "A,2026-11-01 00:00:00,S,2,5.5\n")))[0]
    assert (from_sheet.total, from_sheet.lines, from_sheet.ordered_at) == (
        from_text.total,
        from_text.lines,
        from_text.ordered_at,
    )


def test_a_zip_bomb_named_xlsx_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b"0" * 300_000_000)
    with pytest.raises(BadReport, match="would unpack from .* and is refused"):
        read(report(tmp_path, data.getvalue(), "report.xlsx"))


@pytest.mark.parametrize("name", ["report.xlsx", "report.csv.gz", "report.pdf"])
def test_a_file_that_is_not_what_its_name_says_is_refused_in_words(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadReport, match="is no spreadsheet|not a whole gzip file|is no report we can read"):
        read(report(tmp_path, b"hello,world\n1,2\n", name))


def test_a_gzip_cut_short_is_refused_not_read_in_part(tmp_path: Path) -> None:
    whole = gzip.compress((HEADER + "A,2026-11-01,S,1,2\n" * 5000).encode())
    with pytest.raises(BadReport, match="not a whole gzip file"):
        read(report(tmp_path, whole[:-20], "report.csv.gz"))


def test_rows_without_an_id_get_the_same_ids_at_the_second_read(tmp_path: Path) -> None:
    path = report(tmp_path, "Type,Amount,Date\nsale,5,2026-11-01\nsale,5,2026-11-01\nfee,-1,2026-11-02\n")
    first = [record.external_id for record in read(path, "settlements")]
    assert first == [record.external_id for record in read(path, "settlements")]
    assert len(set(first)) == 3


def test_the_shared_order_books_are_read_without_a_lost_row(shared: Path) -> None:
    path = shared / "data/orders/olist_dev_orders.csv.gz"
    with open_table(path) as table:
        rows = sum(one.rows for one in Reader(table, "orders", guess(table.header, "orders"), Defaults("BRL")))
    with gzip.open(path, "rt") as lines:
        assert rows == sum(1 for _ in lines) - 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " =", "＝", "\ufeff=", "|", "%"])
def test_no_exported_cell_is_a_formula(start: str) -> None:
    assert safe_cell(start + "cmd()").startswith("'")


NUMBERS = [("-5.00", "-5.00"), (Decimal(-5), "-5"), ("plain", "plain"), (None, ""), ("+1.5", "+1.5")]


@pytest.mark.parametrize(("value", "cell"), NUMBERS)
def test_numbers_and_plain_text_are_exported_as_they_are(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


def test_an_export_is_read_back_by_the_reader_as_it_was(tmp_path: Path) -> None:
    header = HEADER.strip().split(",")
    lines = "".join(csv_lines(header, [["A", "2026-11-01", 'x"y', 2, Decimal(3)]]))
    (order,) = orders(read(report(tmp_path, lines)))
    assert (order.lines[0].sku, order.total) == ('x"y', Decimal(6))


def test_the_raw_row_is_kept_whole(tmp_path: Path) -> None:
    (order,) = orders(read(report(tmp_path, HEADER.strip() + ",Colour\nA,2026-11-01,S,1,2,red\n")))
    assert json.loads(order.raw)[0]["Colour"] == "red"


def test_an_order_book_without_amounts_has_unknown_totals_not_zeros(tmp_path: Path) -> None:
    path = report(tmp_path, "Order ID,Order Date,Customer State\nA,2026-11-01,SP\n")
    (order,) = orders(read(path))
    assert (order.total, order.lines, order.region) == (None, (), "SP")


def test_an_amount_without_goods_is_still_the_total_and_a_missing_one_leaves_it_unknown(tmp_path: Path) -> None:
    text = "Order ID,Order Date,Subtotal\nA,2026-11-01,5.00\nA,2026-11-01,2.50\nB,2026-11-01,5.00\nB,2026-11-01,\n"
    known, unknown = orders(read(report(tmp_path, text)))
    assert (known.total, unknown.total) == (Decimal("7.50"), None)


def test_a_promise_may_be_a_number_of_days_after_another_time(tmp_path: Path) -> None:
    path = report(
        tmp_path, "Order ID,Order Date,Days,Country\nA,2026-11-01 10:00,2,Brasil\nB,2026-11-01,,BR\nC,2026-11-01,x,\n"
    )
    mapping: dict[str, object] = {
        "external_id": "Order ID", "ordered_at": "Order Date", "country": "Country",
        "deliver_by": {"column": "Days", "format": "days after ordered_at"},
    }  # fmt: skip
    promised, without, bad = read(path, mapping=mapping)
    assert isinstance(promised, Order)
    assert isinstance(without, Order)
    assert isinstance(bad, BadRow)
    assert promised.deliver_by == datetime(2026, 11, 3, 10, tzinfo=UTC)
    assert (promised.region, promised.country) == ("Brasil", "")
    assert (without.deliver_by, without.country) == (None, "BR")
    assert "'x' is not an amount" in bad.reason


def test_a_span_after_what_is_no_mapped_time_is_refused_row_by_row(tmp_path: Path) -> None:
    path = report(tmp_path, "Order ID,Order Date,Days\nA,2026-11-01,2\n")
    mapping: dict[str, object] = {
        "external_id": "Order ID", "ordered_at": "Order Date",
        "deliver_by": {"column": "Days", "format": "days after paid_at"},
    }  # fmt: skip
    (bad,) = read(path, mapping=mapping)
    assert isinstance(bad, BadRow)
    assert "counts from paid_at" in bad.reason


def test_one_bad_date_among_many_sets_its_own_row_aside_and_the_report_is_read(tmp_path: Path) -> None:
    rows = "".join(f"G{number},2026-11-01 10:00,S,1,2\n" for number in range(40))
    records = read(report(tmp_path, HEADER + "A,someday,S,1,2\n" + rows))
    bad = [record for record in records if isinstance(record, BadRow)]
    assert [(row.external_id, row.place) for row in bad] == [("A", "row 2")]
    assert len(orders(records)) == 40


def test_a_column_of_no_dates_names_a_value_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadReport, match="no known date format fits 'someday'"):
        read(report(tmp_path, HEADER + "A,2026-11-01 10:00,S,1,2\nB,someday,S,1,2\n"))


def json_report(tmp_path: Path, body: bytes, name: str = "stock.json") -> Path:
    path = tmp_path / name
    path.write_bytes(body)
    return path


def test_a_json_document_is_read_as_rows_with_its_nested_fields_as_columns(tmp_path: Path) -> None:
    body = orjson.dumps(
        {
            "taken": "2026-11-20",
            "rows": [{"sku": "A", "at": {"site": "East"}, "n": 5, "tags": ["x", 2]}, {"sku": "B", "ok": True}],
        }
    )
    with open_table(json_report(tmp_path, body)) as table:
        assert table.header == ("sku", "at.site", "n", "tags", "ok")
        assert list(table.rows) == [(1, ["A", "East", "5", "x, 2", ""]), (2, ["B", "", "", "", "true"])]


def test_a_json_document_in_gzip_is_read_too(tmp_path: Path) -> None:
    with open_table(json_report(tmp_path, gzip.compress(b'[{"sku": "A"}]'), "stock.json.gz")) as table:
        assert list(table.rows) == [(1, ["A"])]


@pytest.mark.parametrize(
    ("body", "place", "reason"),
    [
        (b"[1", "", "no JSON"),
        (b'{"a": [], "b": []}', "", "2 lists"),
        (b'{"a": {"rows": []}}', "a.items", "nothing at"),
        (b"7", "", "0 lists"),
    ],
)
def test_a_document_whose_rows_cannot_be_found_is_refused_in_words(body: bytes, place: str, reason: str) -> None:
    with pytest.raises(BadReport, match=reason):
        tree_table(body, place)


def test_a_json_document_too_wide_is_refused() -> None:
    wide = orjson.dumps([{str(number): number for number in range(2_001)}])
    with pytest.raises(BadReport, match="2,001 fields"):
        tree_table(wide)


def test_rows_that_are_no_objects_fill_one_column() -> None:
    table = tree_table(b"[3, null, [1, 2]]")
    assert (table.header, [cells for _, cells in table.rows]) == (("value",), [["3"], [""], ["1, 2"]])


def test_a_suppliers_price_is_our_cost_and_its_other_columns_are_known() -> None:
    header = ("Your SKU", "Product", "Net price", "In stock", "MOQ", "Lead time (days)")
    mapped = guess(header, "supplier_offers", but_not=("external_id",))
    assert {name: column.column for name, column in mapped.items()} == {
        "sku": "Your SKU", "unit_cost": "Net price", "available": "In stock", "minimum_quantity": "MOQ",
        "lead_time_days": "Lead time (days)",
    }  # fmt: skip
    assert "external_id" not in guess(("id", "sku", "stock"), "stock", but_not=("external_id",))
