"""How much of what is personal the mask takes, and how much else with it, over a labelled set in eight languages."""

import re
from collections import Counter

import pytest

from connectors.llm.masking import has_placeholder, mask
from tests.connectors.llm.personal import LANGUAGES, MAKERS, Labelled, benign, personal

EACH = 125
SEED = 20_261_121


def leaks(row: Labelled) -> bool:
    """Whether any identifying part of the value is still there; short numbers count only as words of their own."""
    masked = mask(row.text, row.keep)
    words = set(re.findall(r"[^\W_]+", masked))
    return any(part in (masked if len(part) > 3 else words) for part in row.secrets)


@pytest.fixture(scope="module")
def missed() -> Counter[tuple[str, str]]:
    return Counter((row.kind, row.language) for row in personal(SEED, EACH) if leaks(row))


@pytest.mark.parametrize("kind", MAKERS)
def test_of_each_kind_of_personal_data_at_least_995_in_1000_are_masked(
    kind: str, missed: Counter[tuple[str, str]]
) -> None:
    """Measured on these 5,000: every phone, mail, id and card; addresses 99.8 % or more."""
    lost = sum(count for (of, _), count in missed.items() if of == kind)
    assert 1 - lost / (EACH * len(LANGUAGES)) >= (1 if kind == "card" else 0.995)


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_each_language_at_least_995_in_1000_are_masked(language: str, missed: Counter[tuple[str, str]]) -> None:
    lost = sum(count for (_, of), count in missed.items() if of == language)
    assert 1 - lost / (EACH * len(MAKERS)) >= 0.995


def test_at_most_one_in_twenty_harmless_messages_loses_anything() -> None:
    """Measured on these 2,000: 0.5 %, all of them order numbers that pass the check of a card."""
    rows = list(benign(SEED, 250))
    changed = [row for row in rows if mask(row.text, row.keep) != row.text]
    assert len(changed) / len(rows) <= 0.05


def test_the_set_labels_what_it_holds() -> None:
    rows = list(personal(SEED, 5))
    assert len(rows) == 5 * len(LANGUAGES) * len(MAKERS)
    assert all(row.secrets and all(part in row.text for part in row.secrets) for row in rows)
    assert all(leaks(row) for row in rows if mask(row.text) == row.text)


@pytest.mark.parametrize("placeholder", ["[mail]", "[phone]", "[card]", "[account]", "[address]", "[id]"])
def test_every_placeholder_is_known_as_one(placeholder: str) -> None:
    assert has_placeholder(f"to {placeholder} today")
