"""What messages say, in the languages of our buyers."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from alerts.reading.entities import entities, plain_number
from alerts.reading.message import read
from alerts.reading.promises import promises
from alerts.reading.text import own_words


@pytest.mark.parametrize(
    ("text", "language", "intent"),
    [
        ("Where is my order #1042? It was due on Friday.", "en", "order_status"),
        ("Kak, paket saya belum sampai, tolong dicek dong", "id", "not_received"),
        ("Barang tak sampai lagi, macam mana nak buat ni? Nak duit balik", "ms", "not_received"),
        ("ยังไม่ได้รับของเลยค่ะ", "th", "not_received"),
        ("Hàng bị vỡ rồi shop ơi", "vi", "damaged"),
        ("我要退款", "zh", "refund"),
        ("Hindi pa dumating ang order ko", "tl", "not_received"),
        ("Quiero cancelar mi pedido por favor", "es", "cancel_order"),
        ("O produto veio errado, não foi a cor que eu pedi", "pt", "wrong_item"),
        ("Please cancel my order, I ordered twice", "en", "cancel_order"),
        ("I need an invoice with our VAT number", "en", "invoice"),
        ("zzz qqq", "", "other"),
    ],
)
def test_language_and_intent(text: str, language: str, intent: str) -> None:
    reading = read("", text)
    assert (reading.language, reading.intent) == (language, intent)


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("The charger caught fire last night and burned my desk", "safety"),
        ("Charger-nya meledak waktu dipakai", "safety"),
        ("充电器起火了", "safety"),
        ("You will hear from my lawyer. I am filing a chargeback through my bank.", "legal"),
        ("Saya akan lapor polisi kalau uang tidak kembali", "legal"),
        ("Tôi sẽ khởi kiện cửa hàng", "legal"),
        ("This is UNACCEPTABLE!!! Third time I write and nobody answers. Worst shop ever.", "angry"),
        ("Penipu! Barang tidak datang, parah sekali", "angry"),
        ("骗子，太差了", "angry"),
        ("Where is my order? Thank you!", ""),
        ("The smoke grey one is lovely, thank you so much", ""),
        ("It was a terrible week but your service is wonderful, love it", ""),
        ("No one was injured, the box was just wet", ""),
    ],
)
def test_moods_that_always_go_to_a_person(text: str, mood: str) -> None:
    assert read("", text).mood == mood


def test_only_the_authors_own_words_are_read() -> None:
    mail = (
        "Thanks, all good now.\n\nOn Mon, 2 Nov 2026 at 10:00, Support <a@b.c> wrote:\n> It caught fire?\n> My lawyer"
    )
    assert own_words(mail) == "Thanks, all good now."
    assert read("Re: order", mail).mood == ""


def test_a_mail_that_is_only_a_quote_is_still_read() -> None:
    assert own_words("> where is my parcel") == "> where is my parcel"


def test_named_orders_amounts_and_skus_are_found() -> None:
    found = entities("Order #1042 and pesanan 261120ABCD1234: I paid $1,250.50 and Rp 1.250.000 for MUG-BLUE-01")
    assert found.order_numbers == ("1042", "261120ABCD1234")
    assert found.amounts == ((Decimal("1250.50"), "USD"), (Decimal(1250000), "IDR"))
    assert found.skus == ("MUG-BLUE-01",)


@pytest.mark.parametrize(
    ("digits", "number"),
    [("1.250.000", "1250000"), ("1,250.50", "1250.50"), ("12,5", "12.5"), ("0.125", "0.125"), ("7", "7")],
)
def test_separators_of_both_worlds(digits: str, number: str) -> None:
    assert plain_number(digits) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We will refund you within 3 business days.", [("refund", "3 business days")]),
        ("I'll get back to you tomorrow. Have a nice day!", [("answer", "tomorrow")]),
        ("Kami akan kirim ulang barangnya besok", [("replace", "besok")]),
        ("我们会在3天内退款", [("refund", "3天内")]),
        ("Unfortunately we cannot refund this order.", []),
        ("Refunds are described on our page.", []),
    ],
)
def test_promises_in_what_we_write(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(promise.deed, promise.when) for promise in promises(text)] == expected


@pytest.mark.parametrize(
    "text", ["", "\0", "🙂" * 500, "\u202eabc\u202c مرحبا", "a" * 200_000, "\n" * 9_999, "((((" * 999]
)
def test_odd_text_is_read_without_harm(text: str) -> None:
    assert read(text[:50], text).own == own_words(text)


def test_a_message_takes_less_than_three_tenths_of_a_millisecond() -> None:
    text = "Hi, my order #1042 has not arrived and the tracking has not moved for six days. Please help, thanks. " * 4
    read("", text)
    started = time.process_time()
    for _ in range(1_000):
        read("Order", text)
    assert time.process_time() - started < 0.6
