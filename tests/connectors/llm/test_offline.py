import pytest

from connectors.llm.offline import FALLBACK, SITUATIONS, language_of, letter, phrases, reply_body, written

FACTS = {"order": "1042", "order_status": "shipped", "carrier": "J&T", "tracking": "JT9", "last_scan": "2026-11-10"}
LANGUAGES = sorted(phrases().keys() - {"letters"})


def test_seven_languages_have_every_sentence() -> None:
    assert LANGUAGES == ["en", "fil", "id", "ms", "th", "vi", "zh"]
    assert all(phrases()[language].keys() == phrases()[FALLBACK].keys() for language in LANGUAGES)


@pytest.mark.parametrize(
    ("tag", "language"), [("zh-TW", "zh"), ("tl", "fil"), ("EN_us", "en"), ("xx", "en"), ("letters", "en")]
)
def test_a_language_tag_finds_its_sentences_or_english(tag: str, language: str) -> None:
    assert language_of(tag) == language


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("situation", sorted(SITUATIONS))
def test_every_situation_reads_whole_in_every_language(language: str, situation: str) -> None:
    body = reply_body(situation, language, FACTS)

    assert body
    assert "{" not in body


def test_a_sentence_whose_fact_is_missing_is_left_out() -> None:
    assert reply_body("parcel_stuck", "en", {"order": "1042", "tracking": "JT9"}) == (
        "We are sorry for the trouble. Please reply to this message if anything here does not match what you see."
    )


def test_a_fact_with_braces_is_printed_and_not_read_as_a_name() -> None:
    assert "{secret}" in reply_body("late_shipment", "en", {"order": "{secret}"})


def test_a_cited_rule_is_quoted_with_its_source() -> None:
    body = reply_body("first_answer", "en", {}, [("Returns within 14 days.", "Returns 2.1")])

    assert "Our rule on this says: “Returns within 14 days.” (Returns 2.1)" in body


def test_a_letter_greets_by_name_or_without_one() -> None:
    assert letter("Body.", "en", "Mei", "Acme") == "Hello Mei,\n\nBody.\n\nKind regards,\nAcme"
    assert letter("Body.", "fil", "", "Acme").startswith("Kumusta po,\n\nBody.")


def test_an_incomplete_letter_is_never_written() -> None:
    with pytest.raises(KeyError, match="number"):
        written("purchase_order", {"supplier": "Acme"})
