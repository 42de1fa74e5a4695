"""A report by the pages: shown as it is understood, corrected, tried without keeping, imported once."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from connectors.models import Feed, Order, SettlementLine, Shop
from drafts.models import LedgerEntry
from opsroom.people.models import User
from opsroom.reports import uploads
from opsroom.reports.columns import likeliest_kind
from opsroom.reports.forms import UploadForm

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]
BOOK = (
    b"No,When,State,What,N,Each\nA,2026-11-01,Selesai,S,1,5\nA,2026-11-01,Selesai,T,2,1\nB,2026-11-02,Selesai,S,x,5\n"
)
BALANCE = (
    b"id,Type,Source,Amount,Fee,Net,Currency,Created (UTC)\n"
    b"txn_1,charge,ch_1,120.00,3.78,116.22,usd,2026-09-01 14:03\n"
    b"txn_2,refund,re_1,-20.00,0.00,-20.00,usd,2026-09-02 14:03\n"
)
COLUMNS = {
    "column-external_id": "No", "column-ordered_at": "When", "column-status": "State", "column-sku": "What",
    "column-quantity": "N", "column-unit_price": "Each",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


@pytest.fixture
def client(client_for: ClientFor, owner: User) -> Client:
    return client_for(owner)


def sent_up(client: Client, body: bytes, name: str = "book.csv", **more: str) -> str:
    """Upload; returns the page that shows the report."""
    data = {"file": SimpleUploadedFile(name, body), "shop": "new", "name": "Old store", "currency": "SGD", **more}
    answer = client.post("/reports/new/", data)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def test_a_known_report_is_named_tried_and_imported(client: Client) -> None:
    page = sent_up(client, BALANCE)
    assert "Known as Stripe balance export, for Old store, a new shop." in client.get(page).text
    tried = client.post(page, {"kind": "", "do": "try"}).text
    assert "Import 2 rows" in tried
    assert not SettlementLine.objects.exists()
    assert not Shop.objects.exists()
    done = client.post(page, {"kind": "", "do": "import"}, follow=True)
    assert "book.csv: 2 rows read into Old store: 2 stored, 0 updated, 0 unchanged." in done.text
    assert SettlementLine.objects.count() == 2
    assert client.get(page).status_code == 404
    assert list(uploads.folder().iterdir()) == []


def test_an_unknown_report_is_mapped_by_hand_and_its_words_are_given_ours(client: Client) -> None:
    page = sent_up(client, BOOK, kind="orders")
    refused = client.post(page, {"kind": "orders", "do": "try", "column-external_id": "No"})
    assert refused.status_code == 422
    assert "no column fills ordered_at" in refused.text
    tried = client.post(page, {"kind": "orders", "do": "try", **COLUMNS}).text
    assert "is no known state" in tried
    assert 'name="word-status-Selesai"' in tried
    assert 'value="import"' not in tried  # nothing could be kept
    words = {"word-status-Selesai": "completed"}
    tried = client.post(page, {"kind": "orders", "do": "try", **COLUMNS, **words}).text
    assert "Import 2 rows" in tried
    assert "row 4: N: &#x27;x&#x27; is not an amount" in tried
    client.post(page, {"kind": "orders", "do": "import", **COLUMNS, **words})
    order = Order.objects.get()
    assert (order.external_id, order.status, order.currency) == ("A", "completed", "SGD")
    assert Shop.objects.get().settings["mappings"]["orders"]["status"] == {
        "column": "State", "values": {"Selesai": "completed"},
    }  # fmt: skip


def test_the_mapping_that_was_kept_is_shown_for_the_next_file(client: Client) -> None:
    page = sent_up(client, BOOK, kind="orders")
    client.post(page, {"kind": "orders", "do": "import", **COLUMNS, "word-status-Selesai": "completed"})
    page = sent_up(client, BOOK, kind="orders", shop=str(Shop.objects.get().pk))
    shown = client.get(page).text
    assert "<option selected>Each</option>" in shown
    assert "<option selected>completed</option>" in shown


def test_an_import_is_in_the_ledger_and_a_refused_one_is_not(client: Client, owner: User) -> None:
    page = sent_up(client, BOOK, kind="orders")
    assert client.post(page, {"kind": "orders", "do": "import", "column-external_id": "No"}).status_code == 422
    assert not LedgerEntry.objects.filter(action="report_imported").exists()
    assert not Shop.objects.exists()
    client.post(page, {"kind": "orders", "do": "import", **COLUMNS, "word-status-Selesai": "completed"})
    entry = LedgerEntry.objects.get(action="report_imported")
    assert entry.actor_id == owner.pk
    assert b'"read":3' in bytes(entry.body).replace(b" ", b"")


def test_a_file_of_another_session_is_not_there(client: Client, client_for: ClientFor, owner: User) -> None:
    page = sent_up(client, BALANCE)
    other = client_for(owner)
    assert other.get(page).status_code == 404
    assert other.post(page, {"kind": "", "do": "import"}).status_code == 404
    assert other.post(f"{page}discard/").status_code == 404
    assert not SettlementLine.objects.exists()
    assert client.get(page).status_code == 200


def test_only_an_owner_imports(client_for: ClientFor, approver: User) -> None:
    client = client_for(approver)
    assert client.get("/reports/new/").status_code == 403
    data = {"file": SimpleUploadedFile("book.csv", BALANCE), "shop": "new", "name": "Old store"}
    assert client.post("/reports/new/", data).status_code == 403
    assert not uploads.folder().exists()


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [("book.pdf", BALANCE, "no report we can read"), ("book.csv", b"", "empty"), ("book", BALANCE, "no report we can")],
)
def test_what_is_no_report_is_refused_before_it_is_kept(client: Client, name: str, body: bytes, words: str) -> None:
    data = {"file": SimpleUploadedFile(name, body), "shop": "new", "name": "Old store"}
    answer = client.post("/reports/new/", data)
    assert answer.status_code == 422
    assert words in answer.text
    assert not uploads.folder().exists()


def test_a_file_above_the_limit_is_refused_with_the_way_out(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsroom.reports.forms.LARGEST", 10)
    data = {"file": SimpleUploadedFile("book.csv", BALANCE), "shop": "new", "name": "Old store"}
    answer = client.post("/reports/new/", data)
    assert answer.status_code == 422
    assert "manage.py import_report" in answer.text


def test_a_file_far_above_the_limit_is_passed_by_while_it_comes_in(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsroom.reports.limit.LARGEST", -uploads.LARGEST)
    data = {"file": SimpleUploadedFile("book.csv", BALANCE), "shop": "new", "name": "Old store"}
    answer = client.post("/reports/new/", data)
    assert answer.status_code == 422
    assert "Choose a file of up to 48 MB" in answer.text
    assert not uploads.folder().exists()


def test_more_rows_than_one_request_can_read_are_refused_whole(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsroom.reports.views.MOST_ROWS", 1)
    page = sent_up(client, BALANCE)
    answer = client.post(page, {"kind": "", "do": "import"})
    assert answer.status_code == 422
    assert "more than 1 rows" in answer.text
    assert not SettlementLine.objects.exists()


def test_a_file_that_cannot_be_opened_says_why_and_can_be_thrown_away(client: Client) -> None:
    page = sent_up(client, b"not a zip", "book.xlsx")
    answer = client.get(page)
    assert answer.status_code == 422
    assert "is no spreadsheet" in answer.text
    client.post(f"{page}discard/")
    assert list(uploads.folder().iterdir()) == []


def test_a_shop_whose_connection_reads_the_same_is_warned_of(client: Client, owner: User) -> None:
    shop = Shop.objects.create(name="Stripe live", kind="stripe", external_id="acct_1", currency="USD")
    Feed.objects.create(shop=shop, name="settlement")
    page = sent_up(client, BALANCE, shop=str(shop.pk))
    assert "Stripe live reads its settlements through its connection" in client.get(page).text


def test_a_cell_that_is_markup_is_shown_as_text(client: Client) -> None:
    page = sent_up(client, b"No,When,<script>x</script>\n<b>A</b>,2026-11-01,1\n", kind="orders")
    shown = client.post(page, {"kind": "orders", "do": "try", "column-external_id": "No"}).text
    assert "<script>x" not in shown
    assert "<b>A</b>" not in shown


def test_files_that_nobody_came_back_for_are_cleared(client: Client) -> None:
    page = sent_up(client, BALANCE)
    (held,) = uploads.folder().iterdir()
    os.utime(held, (0, 0))
    uploads.clear_old(datetime(2026, 11, 21, tzinfo=UTC))
    assert client.get(page).status_code == 404


def test_one_session_holds_a_few_files_at_a_time(client: Client) -> None:
    pages = [sent_up(client, BALANCE) for _ in range(uploads.AT_ONCE + 1)]
    assert client.get(pages[0]).status_code == 404
    assert client.get(pages[1]).status_code == 200
    assert len(list(uploads.folder().iterdir())) == uploads.AT_ONCE


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (("Order ID", "Order Date", "SKU", "Quantity", "Unit Price"), "orders"),
        (("SKU", "Warehouse", "On hand"), "stock"),
        (("PO number", "Your SKU", "Confirmed quantity", "Confirmed date"), "supplier_promises"),
    ],
)
def test_what_an_unknown_report_holds_is_told_by_what_it_fills(header: tuple[str, ...], kind: str) -> None:
    assert likeliest_kind(header) == kind


@pytest.mark.parametrize(
    ("data", "field"),
    [({"name": ""}, "name"), ({"name": "Taken"}, "name"), ({"currency": "S$"}, "currency"), ({"shop": "999"}, "shop")],
)
def test_an_upload_that_lacks_something_says_what(data: dict[str, str], field: str) -> None:
    Shop.objects.create(name="Taken", kind="report_file", external_id="")
    given = {"shop": "new", "name": "Old store", "currency": "", "kind": ""} | data
    form = UploadForm(given, {"file": SimpleUploadedFile("book.csv", BALANCE)})
    assert not form.is_valid()
    assert list(form.errors) == [field]
