"""Array literals, read back by PostgreSQL."""

import pytest
from django.db import connection

from connectors.arrays import number_array, text_array

AWKWARD = ["", "NULL", "null", "a,b", '"', "\\", '\\"', "{}", " spaced ", "строка", "🎁", "line\nbreak", "\x1f", "it's"]


@pytest.mark.django_db
@pytest.mark.parametrize("texts", [[], [""], AWKWARD])
def test_texts_come_back_as_they_were(texts: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text[]", [text_array(texts)])
        assert cursor.fetchone() == (texts,)


@pytest.mark.django_db
def test_numbers_and_nothing_come_back_as_they_were() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::bigint[], %s::bigint[]", [number_array([]), number_array([1, None, -(2**62)])])
        assert cursor.fetchone() == ([], [1, None, -(2**62)])
