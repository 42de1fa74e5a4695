"""Rows out of a report, whatever it is packed in: CSV, TSV, XLSX or JSON, plain or gzip, in any common encoding.

Limits guard against files made to be large: they hold before anything is unpacked as a whole.
"""

import csv
import gzip
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, cast

import charset_normalizer
import openpyxl
import orjson

MAX_BYTES = 2 * 1024**3  # unpacked text of a CSV
MAX_SHEET_BYTES = 512 * 1024**2  # unpacked XLSX, all parts together
MAX_RATIO = 200  # unpacked over packed; spreadsheets of real reports stay under 30
MAX_COLUMNS = 2_000
MAX_TREE_BYTES = 64 * 1024**2  # a JSON document is held whole
DEEPEST = 8
MAX_FIELD = 1_000_000
SAMPLE_BYTES = 256 * 1024
DELIMITERS = ",\t;|"
TOP_ROWS = 30  # among which the header is looked for
Numbered = tuple[int, list[str]]  # a row's number in the file, and its cells

csv.field_size_limit(MAX_FIELD)


class BadReport(ValueError):
    """A file that cannot be read as a report; the message says what was found and what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """A report's header and its rows as (row number in the file, cells). Rows are read once, while the file is open."""

    header: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]
    encoding: str
    delimiter: str


Knows = Callable[[tuple[str, ...]], bool]  # whether these are the column names of a report that is known


def nothing_known(header: tuple[str, ...]) -> bool:
    return False


@contextmanager
def open_table(path: Path, knows: Knows = nothing_known) -> Iterator[Table]:
    """Open a report for reading: the sheet and the header row that `knows` approves of, else the likeliest.

    Raises BadReport, or OSError where there is no such file.
    """
    packed = path.suffix.lower() == ".gz"
    kind = Path(path.stem).suffix.lower() if packed else path.suffix.lower()
    if kind == ".xlsx":
        with _plain(path, packed) as stream:
            yield _spreadsheet(stream, knows)
    elif kind == ".json":
        with _plain(path, packed) as stream:
            yield tree_table(stream.read(MAX_TREE_BYTES + 1))
    elif kind in (".csv", ".tsv", ".txt"):
        with _plain(path, packed) as stream:
            yield _text(stream, "\t" if kind == ".tsv" else "", knows)
    else:
        raise BadReport(f"{path.name} is no report we can read: give a .csv, .tsv, .xlsx or .json file, plain or .gz")


@contextmanager
def _plain(path: Path, packed: bool) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        try:
            yield cast(IO[bytes], gzip.GzipFile(fileobj=file) if packed else file)
        except (gzip.BadGzipFile, EOFError) as error:
            raise BadReport(f"{path.name} is not a whole gzip file ({error}); download it again") from error
        except csv.Error as error:
            raise BadReport(f"{path.name} has a field too long or broken quoting: {error}") from error


class _Capped(io.RawIOBase):
    """A byte stream that refuses to grow past a limit."""

    def __init__(self, start: bytes, stream: IO[bytes], limit: int) -> None:
        self._start, self._stream, self._left, self._limit = start, stream, limit, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]  # the stub wants a protocol class
        chunk = self._start[: len(buffer)] if self._start else self._stream.read(len(buffer))
        self._start = self._start[len(chunk) :] if self._start else b""
        self._left -= len(chunk)
        if self._left < 0:
            raise BadReport(f"the report is larger than {self._limit // 1024**2} MiB unpacked; split it by month")
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _text(stream: IO[bytes], delimiter: str, knows: Knows) -> Table:
    sample = stream.read(SAMPLE_BYTES)
    encoding = sniff_encoding(sample)
    # A byte that the encoding lacks is kept as a lone surrogate, so that only its own row is refused.
    text = io.TextIOWrapper(
        io.BufferedReader(_Capped(sample, stream, MAX_BYTES), 1 << 20), encoding, errors="surrogateescape", newline=""
    )
    head = sample.decode(encoding, "replace")
    delimiter = delimiter or sniff_delimiter(head)
    lines = enumerate(csv.reader(text, delimiter=delimiter), start=1)
    header, rows = _header(lines, _width(csv.reader(io.StringIO(head), delimiter=delimiter)), knows)
    return Table(header, rows, encoding, delimiter)


def sniff_encoding(sample: bytes) -> str:
    """The encoding of a text sample: by its byte-order mark, as UTF-8 where it is valid, else by its letters."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if sample.startswith(mark):
            return name
    try:
        sample[: sample.rfind(b"\n") + 1 or None].decode()
        return "utf-8"
    except UnicodeDecodeError:
        best = charset_normalizer.from_bytes(sample).best()
        return best.encoding if best else "cp1252"


def sniff_delimiter(text: str) -> str:
    """The delimiter under which most of the first lines have the same, greatest number of columns."""
    lines = text.splitlines()[:50]

    def score(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(1, 0))
        return (count if width > 1 else 0, width)

    return max(DELIMITERS, key=score)


def _width(rows: Iterable[list[str]]) -> int:
    widths = Counter(len(row) for row in islice(rows, 50) if row)
    return max(widths, key=lambda width: (width > 1, widths[width]), default=0)


def _header(rows: Iterator[Numbered], width: int, knows: Knows) -> tuple[tuple[str, ...], Iterator[Numbered]]:
    """The header and the rows below it: a known header, else the first row as wide as most rows are, since reports
    often begin with a title and a date range."""
    top = list(islice(rows, TOP_ROWS))
    names = [_names(cells) for _, cells in top]
    at = next((place for place, cells in enumerate(names) if knows(cells)), None)
    if at is None:
        at = next((place for place, cells in enumerate(names) if _is_wide(cells, width)), None)
    if at is None:
        raise BadReport(f"the report has no header row with column names in its first {TOP_ROWS} rows")
    if len(names[at]) > MAX_COLUMNS:
        raise BadReport(f"the report has {len(names[at]):,} columns; at most {MAX_COLUMNS:,} are read")
    below = chain(top[at + 1 :], rows)
    return names[at], ((number, cells) for number, cells in below if any(cells))


def _is_wide(cells: tuple[str, ...], width: int) -> bool:
    return len(cells) >= max(width, 1) and sum(1 for cell in cells if cell) >= max(1, width // 2)


def _spreadsheet(stream: IO[bytes], knows: Knows) -> Table:
    data = io.BytesIO(stream.read(MAX_SHEET_BYTES + 1))
    _refuse_bomb(data)
    try:
        book = openpyxl.load_workbook(data, read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises whatever its XML and zip readers do
        raise BadReport(f"this .xlsx file cannot be opened ({error}); save it again or export as CSV") from error
    sheets = [sheet for sheet in book.worksheets if hasattr(sheet, "iter_rows")]
    if not sheets:
        raise BadReport("this .xlsx file has no sheet with rows; export the report again")
    for sheet in sheets:
        # Some platforms write a size into the file that is smaller than its rows.
        sheet.reset_dimensions()
    known = (sheet for sheet in sheets if any(knows(_names(cells)) for _, cells in islice(_cells(sheet), TOP_ROWS)))
    rows = _cells(next(known, sheets[0]))
    first = list(islice(rows, 50))
    header, below = _header(chain(first, rows), _width(cells for _, cells in first), knows)
    return Table(header, below, "xlsx", "")


def _cells(sheet: Any) -> Iterator[Numbered]:
    rows = enumerate(sheet.iter_rows(values_only=True), start=1)
    return ((number, [_cell(value) for value in values]) for number, values in rows)


def _names(cells: Iterable[str]) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in cells)


def tree_table(data: bytes, place: str = "") -> Table:
    """Rows of a JSON document: the list at `place` ("data.items"), or its one list of objects where none is named.

    Nested objects become columns by their path ("price.amount"); lists of plain values become one cell.
    """
    if len(data) > MAX_TREE_BYTES:
        raise BadReport(f"the document is larger than {MAX_TREE_BYTES // 1024**2} MiB; ask for it in pages")
    try:
        tree = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadReport(f"this is no JSON document: {error}") from error
    rows = [dict(_leaves(row)) for row in _rows_at(tree, place)]
    header = tuple(dict.fromkeys(name for row in rows for name in row))
    if len(header) > MAX_COLUMNS:
        raise BadReport(f"the rows have {len(header):,} fields; at most {MAX_COLUMNS:,} are read")
    cells = ((number, [row.get(name, "") for name in header]) for number, row in enumerate(rows, start=1))
    return Table(header, cells, "utf-8", "")


def _rows_at(tree: Any, place: str) -> list[Any]:
    found = tree
    for name in place.split(".") if place else ():
        if not isinstance(found, dict) or name not in found:
            raise BadReport(f"the document has nothing at {place!r} (no {name!r}); name where its rows are")
        found = found[name]
    if isinstance(found, list):
        return found
    lists = [value for value in found.values() if isinstance(value, list)] if isinstance(found, dict) else []
    if len(lists) != 1:
        raise BadReport(f"the document has {len(lists)} lists of rows; name the path of the one to read")
    return lists[0]


def _leaves(row: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """(column, text) pairs of one row; a row that is no object fills the column `value`."""
    if isinstance(row, dict) and depth < DEEPEST:
        for name, value in row.items():
            yield from _leaves(value, f"{path}.{name}" if path else str(name), depth + 1)
    elif isinstance(row, list):
        yield path or "value", ", ".join(_word(value) for value in row)
    else:
        yield path or "value", _word(row)


def _word(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _refuse_bomb(data: io.BytesIO) -> None:
    packed = len(data.getbuffer())
    try:
        parts = zipfile.ZipFile(data).infolist()
    except zipfile.BadZipFile as error:
        raise BadReport("this .xlsx file is no spreadsheet; export the report again") from error
    unpacked = sum(part.file_size for part in parts)
    if packed > MAX_SHEET_BYTES or unpacked > MAX_SHEET_BYTES or unpacked > packed * MAX_RATIO or len(parts) > 10_000:
        raise BadReport(
            f"this .xlsx would unpack from {packed:,} to {unpacked:,} bytes in {len(parts):,} parts and is refused; "
            "export the report as CSV"
        )
    data.seek(0)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date | time):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
