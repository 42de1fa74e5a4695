"""Root causes among tickets, on seeded truth."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from alerts.reading.message import read
from alerts.waves import Key, WaveTicket, find, fits, minhash, near_duplicates, shared

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
BROKEN = (
    "Order {n}: the {t} arrived broken.", "My {t} ({n}) is cracked along the side",
    "Barang {t} pesanan {n} pecah, mohon diganti", "订单 {n} 的 {t} 收到时碎了", "{t} แตกค่ะ ออเดอร์ {n}",
    "{t} của đơn {n} bị vỡ", "Opened {n} today and there is a split in it",
)  # fmt: skip
STUCK = (
    "Tracking for {n} has not moved for days", "{n} is stuck at the hub", "Paket {n} belum sampai", "订单 {n} 还没收到",
    "Where is my order {n}?", "đơn {n} chưa nhận được",
)  # fmt: skip
QUESTIONS = (
    "Do you ship to Brunei?",
    "What size should I take?",
    "Can I have an invoice for {n}?",
    "I want to cancel order {n}",
)


def ticket(number: int, text: str, hours: float, **attributes: str) -> WaveTicket:
    reading = read("", text)
    kinds = frozenset({*reading.problems, reading.intent, reading.mood} - {""})
    return WaveTicket(
        number, NOW - timedelta(hours=hours), text, kinds, {name: (value,) for name, value in attributes.items()}
    )


def seeded(
    seed: int, noise: int, waves: Sequence[tuple[str, str, str, int]]
) -> tuple[list[WaveTicket], dict[int, int]]:
    """Ordinary tickets over a week, and (kind, attribute, value, count) waves of the last hours, with their truth."""
    rng = random.Random(seed)
    tickets: list[WaveTicket] = []
    truth: dict[int, int] = {}

    def add(texts: Sequence[str], hours: float, sku: str, courier: str) -> None:
        number = len(tickets)
        text = rng.choice(texts).format(n=f"2611{rng.randint(10**9, 10**10)}", t=f"item {sku}")
        tickets.append(ticket(number, text, hours, sku=sku, courier=courier))

    def anything() -> tuple[str, str]:
        return f"SKU-{int(rng.paretovariate(0.8)) % 400}", rng.choice(("J&T", "Ninja", "SPX", "UPS", "DHL"))

    for _ in range(noise):
        add(rng.choice((BROKEN, STUCK, QUESTIONS, QUESTIONS)), rng.uniform(0, 170), *anything())
    for cause, (kind, attribute, value, count) in enumerate(waves):
        for _ in range(count):
            truth[len(tickets)] = cause
            sku, courier = anything()
            sku, courier = (value, courier) if attribute == "sku" else (sku, value)
            add(BROKEN if kind == "goods" else STUCK, rng.uniform(0, 6), sku, courier)
    return tickets, truth


def pairwise_f1(truth: dict[int, int], found: dict[int, int]) -> float:
    def pairs(groups: dict[int, int]) -> set[tuple[int, int]]:
        members: dict[int, list[int]] = {}
        for number, group in groups.items():
            members.setdefault(group, []).append(number)
        return {pair for numbers in members.values() for pair in combinations(sorted(numbers), 2)}

    real, said = pairs(truth), pairs(found)
    hits = len(real & said)
    return 2 * hits / (len(real) + len(said))


def test_seeded_causes_are_found_apart_and_whole() -> None:
    waves = [("goods", "sku", "SKU-901", 40), ("delivery", "courier", "Flash", 60), ("goods", "sku", "SKU-902", 12)]
    tickets, truth = seeded(5, 600, waves)
    causes = find(tickets, NOW)
    assert {(cause.key.attribute, cause.key.value) for cause in causes} == {(a, v) for _, a, v, _ in waves}
    found = {number: place for place, cause in enumerate(causes) for number in cause.members}
    assert pairwise_f1(truth, found) >= 0.95


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_weeks_have_no_wave(seed: int) -> None:
    tickets, _ = seeded(seed, 400, [])
    assert find(tickets, NOW) == []


def test_a_ticket_is_in_one_cause_at_most_and_the_same_tickets_give_the_same_causes() -> None:
    tickets, _ = seeded(7, 200, [("goods", "sku", "SKU-901", 30), ("delivery", "courier", "Flash", 30)])
    causes = find(tickets, NOW)
    members = [number for cause in causes for number in cause.members]
    assert len(members) == len(set(members))
    assert [cause.fingerprint for cause in causes] == [cause.fingerprint for cause in find(tickets[::-1], NOW)]


def test_it_says_why_they_belong_together() -> None:
    tickets, _ = seeded(7, 100, [("goods", "sku", "SKU-901", 20)])
    (cause,) = find(tickets, NOW)
    assert "all with sku SKU-901" in cause.why
    assert "trouble with goods" in cause.why


def test_trouble_that_was_there_all_week_is_no_wave() -> None:
    tickets = [ticket(number, BROKEN[0].format(n="2611", t="cup"), number * 3.5, sku="CUP") for number in range(48)]
    assert find(tickets, NOW) == []


def test_a_question_about_the_same_sku_does_not_join_its_wave() -> None:
    key = Key("goods", "sku", "CUP")
    assert fits(ticket(1, "It arrived broken", 1, sku="CUP"), key)
    assert fits(ticket(2, "I want my money back", 1, sku="CUP"), key)
    assert not fits(ticket(3, "Do you ship to Brunei?", 1, sku="CUP"), key)
    assert not fits(ticket(4, "It arrived broken", 1, sku="BOWL"), key)
    assert not fits(ticket(5, "Where is my order 261120?", 1, sku="CUP"), key)


def test_the_same_words_without_any_order_are_one_cause() -> None:
    text = "Hello, the parcel from your store has not arrived and the tracking page is empty since Monday, case {n}"
    tickets = [ticket(number, text.format(n=number), 2) for number in range(12)]
    (cause,) = find(tickets, NOW)
    assert (cause.key.attribute, len(cause.members)) == ("wording", 12)


def test_what_nearly_all_members_share_is_named() -> None:
    tickets = [ticket(number, "x", 1, sku="CUP", courier="J&T" if number else "UPS") for number in range(10)]
    assert shared(tickets) == {"sku": "CUP", "courier": "J&T"}


def test_near_duplicates_are_found_and_strangers_are_not() -> None:
    base = "the lid of my bottle broke off on the first day and the shop does not answer my mails at all"
    texts = [
        base,
        base.replace("first", "second"),
        "please send the invoice for my last purchase to this address",
        base.upper(),
    ]
    assert near_duplicates(texts) == [[0, 1, 3]]


def test_hashes_are_independent_of_one_another() -> None:
    """With too narrow multipliers all 64 columns would pick the same word, and every estimate would be 0 or 1."""
    left, right = minhash(["a b c d e f g h", "a b c d e f x y"])
    assert 0.2 < (left == right).mean() < 0.9


@pytest.mark.slow
def test_ten_causes_among_thousands_of_tickets_are_told_apart() -> None:
    tickets, truth = seeded(3, 8_000, [("goods", "sku", f"SKU-9{number}", 200) for number in range(10)])
    causes = find(tickets, NOW)
    found = {number: place for place, cause in enumerate(causes) for number in cause.members}
    assert pairwise_f1(truth, found) >= 0.95
