import pytest

from drafts.knowledge.concepts import shared_matters
from drafts.knowledge.retrieval import Index

RULES = [
    "Goods may be returned within 14 days of delivery for a full refund.",
    "Parcels leave our warehouse within two working days.",
    "Ceramics that arrive broken are replaced; send a picture.",
    "Barang rusak dapat ditukar dalam 7 hari, kirimkan foto.",
    "商品破损可在七天内更换，请提供照片。",
    "Our head office is closed on public holidays.",
]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(RULES)


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("Can I send it back and get my money?", 0),
        ("when will you ship my order", 1),
        ("my mug arrived broken", 2),
        ("barang saya rusak, bisa tukar?", 3),
        ("我的商品破损了，可以更换吗", 4),
    ],
)
def test_the_passage_a_question_is_about_is_among_the_first_two(index: Index, question: str, place: int) -> None:
    assert place in [found for found, _ in index.search(question, limit=2)]


def test_an_empty_shelf_or_question_finds_nothing(index: Index) -> None:
    assert Index([]).search("anything") == []
    assert index.search("  ") == []


def test_scores_fall_and_stay_between_nothing_and_one(index: Index) -> None:
    scores = [score for _, score in index.search("broken mug refund", limit=6)]

    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1.0001 for score in scores)


def test_matters_are_shared_across_languages() -> None:
    assert shared_matters("barang rusak, bisa tukar?", "Broken goods are replaced.") == 2
    assert shared_matters("I dispute the payment", "Broken goods are replaced.") == 0
