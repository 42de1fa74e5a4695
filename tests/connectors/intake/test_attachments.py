"""Lists that come by mail: read once, from whom they are expected, the newest word last."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from connectors.intake.attachments import Rule, read_attachments
from connectors.models import Message, QuarantinedRow, Shop, SupplierPromise
from connectors.save import save
from connectors.shops import letters
from connectors.types import Direction
from tests.factories import ShopFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SENDER = "orders@brightline.example"
LIST = b"PO number,SKU,Confirmed qty,Confirmed date\nPO-7,LAMP-1,40,2026-12-20\nPO-7,LAMP-2,15,2026-12-22\n"


@pytest.fixture
def mailbox() -> Shop:
    return ShopFactory.create(kind="mailbox")


@pytest.fixture
def supplier() -> Shop:
    return supplier_with()


def supplier_with(**mail: Any) -> Shop:
    rule = {"from": [SENDER], "files": "*confirmation*.csv", "feed": "promises"} | mail
    return ShopFactory.create(kind="supplier_feed", currency="USD", settings={"mail": rule, "supplier_ref": "900"})


def come(
    mailbox: Shop, body: bytes = LIST, *, name: str = "Confirmation 7.csv", sender: str = SENDER,
    at: datetime = NOW - timedelta(hours=1),
) -> None:  # fmt: skip
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Brightline <{sender}>", "ops@example.com", "Your order"
    mail["Message-ID"] = f"<{Message.objects.count()}@brightline.example>"
    mail.set_content("See the list.")
    mail.add_attachment(body, maintype="text", subtype="csv", filename=name)
    save(mailbox.pk, letters.records(mail.as_bytes(), Direction.IN, at, ""), received_at=at, feed="messages")


def promises() -> dict[str, int | None]:
    return dict(SupplierPromise.objects.values_list("external_id", "quantity"))


def test_a_list_that_came_by_mail_is_stored_as_the_suppliers_word(mailbox: Shop, supplier: Shop) -> None:
    come(mailbox)
    assert read_attachments(NOW).total.stored == 2
    row = SupplierPromise.objects.get(external_id="PO-7:LAMP-1")
    assert (row.shop, row.supplier_ref, row.order_number, row.quantity) == (supplier, "900", "PO-7", 40)
    assert row.due_at == datetime(2026, 12, 20, tzinfo=UTC)


def test_a_mail_is_read_once(mailbox: Shop, supplier: Shop) -> None:
    come(mailbox)
    read_attachments(NOW)
    assert read_attachments(NOW).total.read == 0
    supplier.refresh_from_db()
    rule = Rule.of(supplier)
    assert rule is not None
    assert rule.after == Message.objects.get().pk
    assert supplier.settings["supplier_ref"] == "900"


def test_the_newest_word_stands(mailbox: Shop, supplier: Shop) -> None:
    come(mailbox)
    come(mailbox, LIST.replace(b",40,", b",25,"))
    read_attachments(NOW)
    assert promises() == {"PO-7:LAMP-1": 25, "PO-7:LAMP-2": 15}


@pytest.mark.parametrize(
    "other", [{"sender": "orders@brightline.example.evil.example"}, {"name": "invoice.csv"}, {"name": "x.pdf"}]
)
def test_another_sender_or_another_file_says_nothing(mailbox: Shop, supplier: Shop, other: dict[str, Any]) -> None:
    come(mailbox, **other)
    assert read_attachments(NOW).total.read == 0
    assert promises() == {}


def test_a_mail_of_this_minute_waits_until_every_save_is_in(mailbox: Shop, supplier: Shop) -> None:
    come(mailbox, at=NOW - timedelta(seconds=30))
    assert read_attachments(NOW).total.read == 0
    assert read_attachments(NOW + timedelta(minutes=3)).total.stored == 2


def test_a_list_of_another_shape_goes_to_quarantine_and_the_next_mail_is_read(mailbox: Shop, supplier: Shop) -> None:
    come(mailbox, b"article,count\nA,5\n")
    come(mailbox)
    assert read_attachments(NOW).total.stored == 2
    row = QuarantinedRow.objects.get()
    assert (row.shop, row.feed, row.place) == (supplier, "promises", "Confirmation 7.csv")
    assert "no column fills" in row.reason


@pytest.mark.parametrize(
    "mail", [{"from": []}, {"feed": "everything"}, {"from": None}],
)  # fmt: skip
def test_a_rule_that_names_nobody_or_no_feed_reads_nothing(mailbox: Shop, mail: dict[str, Any]) -> None:
    supplier_with(**mail)
    come(mailbox)
    assert read_attachments(NOW).total.read == 0


def test_a_paused_shop_reads_nothing(mailbox: Shop, supplier: Shop) -> None:
    Shop.objects.filter(pk=supplier.pk).update(state=Shop.State.PAUSED)
    come(mailbox)
    assert read_attachments(NOW).total.read == 0
