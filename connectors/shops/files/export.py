"""Rows as a CSV file that a spreadsheet opens as data: no cell is ever taken for a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence

# What spreadsheets take as the start of a formula (OWASP ASVS 5.0, 1.2.10), and what they skip before it.
LIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "|", "%")
SKIPPED = " \ufeff\u200b\u00a0"
WIDE = str.maketrans("＝＋－＠", "=+-@")  # full-width forms that some spreadsheets fold


def safe_cell(value: object) -> str:
    """The cell's text, with an apostrophe before what would be live. Numbers stay numbers, negative ones too."""
    text = "" if value is None else str(value).replace("\0", "")
    if isinstance(value, str) and text.strip(SKIPPED).translate(WIDE).startswith(LIVE) and not _is_number(text):
        return "'" + text
    return text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The file line by line, so that a view can stream it. Begins with a byte-order mark: Excel reads UTF-8 by it."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    yield "\ufeff" + writer.writerow([safe_cell(name) for name in header])
    for row in rows:
        yield writer.writerow([safe_cell(cell) for cell in row])


class _Echo:
    """A file that hands each written line back."""

    def write(self, line: str) -> str:
        return line


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text and text.lstrip("+-")[:1].isdigit()
