"""Many ids as one PostgreSQL array literal: psycopg looks at each element of a list several times. Pure."""

from collections.abc import Iterable


def text_array(texts: Iterable[str]) -> str:
    """For a parameter that is cast (`%s::text[]`). Every element is quoted, so none can be NULL or end the array.

    Syntax: https://www.postgresql.org/docs/18/arrays.html#ARRAYS-IO
    """
    quoted = [text.replace("\\", "\\\\").replace('"', '\\"') for text in texts]
    return '{"' + '","'.join(quoted) + '"}' if quoted else "{}"


def number_array(numbers: Iterable[int | None]) -> str:
    """For a parameter that is cast (`%s::bigint[]`)."""
    return "{" + ",".join(["NULL" if number is None else str(number) for number in numbers]) + "}"
