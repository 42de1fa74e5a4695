from datetime import date

import pytest

from drafts.knowledge.citations import Claim, invented_numbers, states_a_rule, strange_links, unsupported
from drafts.knowledge.passages import LONGEST, CitedPassage, Clause, split

DAY = date(2026, 11, 21)
RULE = CitedPassage(1, "House rules", "2.1", "Goods may come back within 14 days.", valid_from=date(2026, 1, 1))
OLD = CitedPassage(2, "House rules", "2.0", "Within 30 days.", valid_until=date(2026, 6, 30))


def test_numbered_clauses_keep_their_numbers() -> None:
    assert split("1. Shipping\nWe ship in two days.\n1.1 Weekends do not count.\n\n2.1) Returns within 14 days.") == [
        Clause("1", "Shipping We ship in two days."),
        Clause("1.1", "Weekends do not count."),
        Clause("2.1", "Returns within 14 days."),
    ]


def test_a_bare_number_begins_no_clause() -> None:
    assert split("§ 3 Returns within\n14 days of delivery") == [Clause("3", "Returns within 14 days of delivery")]


def test_paragraphs_under_a_heading_are_named_by_it() -> None:
    assert split("# Returns\n\nFourteen days.\n\nUnworn only.\r\n\r\n## Warranty\nOne year.") == [
        Clause("Returns 1", "Fourteen days."),
        Clause("Returns 2", "Unworn only."),
        Clause("Warranty 1", "One year."),
    ]


def test_a_long_paragraph_is_cut_between_sentences_and_nothing_is_lost() -> None:
    text = " ".join(f"Sentence number {number} says something." for number in range(60))

    pieces = split(text)
    assert len(pieces) == 3
    assert all(len(piece.text) <= LONGEST for piece in pieces)
    assert " ".join(piece.text for piece in pieces) == text


def test_an_empty_document_holds_no_clause() -> None:
    assert split(" \n\n ") == []


@pytest.mark.parametrize(
    "sentence",
    [
        "You will get a refund.", "Your warranty covers this.", "Returns are accepted within 14 days.",
        "Anda berhak atas pengembalian dana.", "Chúng tôi sẽ hoàn tiền.", "เราจะคืนเงิน", "我们会退款。",
    ],
)  # fmt: skip
def test_a_sentence_about_rights_states_a_rule_in_any_language(sentence: str) -> None:
    assert states_a_rule(sentence)


def test_a_sentence_about_a_parcel_states_none() -> None:
    assert not states_a_rule("Your parcel left on Monday.")


@pytest.mark.parametrize(
    ("claim", "reasons"),
    [
        (Claim("Goods may be returned within 14 days for a refund.", (1,)), []),
        (Claim("A refund is yours."), ["“A refund is yours.” states a rule and cites none"]),
        (Claim("Please see.", (9,)), ["passage 9 was not given"]),
        (Claim("A refund within 30 days.", (2,)), ["House rules 2.0 no longer holds"]),
    ],
)
def test_a_rule_needs_a_passage_that_was_given_and_still_holds(claim: Claim, reasons: list[str]) -> None:
    assert unsupported([claim], [RULE, OLD], DAY) == reasons


def test_a_number_is_somebodys_or_it_is_refused() -> None:
    told = {"order": "1042", "total": "1,234.50 SGD"}

    assert invented_numbers([Claim("Order 1042 cost 1234.50."), Claim("You have 14 days.", (1,))], told, [RULE]) == []
    assert invented_numbers([Claim("You have 14 days.")], told, [RULE]) == ["14 is nobody's number"]


def test_a_link_or_address_that_nobody_gave_is_refused() -> None:
    assert strange_links("Write to a@b.example", {}) == ["it holds a link or an address that nobody gave"]
    assert strange_links("Write to us", {}) == []
