"""Files made to exhaust or to trick their reader: refused in words, in short time and little memory."""

import gzip
import io
import resource
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pytest

from connectors.reports import BadReport, open_table

SECONDS, KILOBYTES = 4.0, 200 * 1024  # of processor time; the aim is 2 s, and a busy machine counts dearer
ROWS = 1_000_000
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "haha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY out SYSTEM "{}">]>'


def book(more: Mapping[str, bytes], change: Callable[[str, bytes], bytes] = lambda name, data: data) -> bytes:
    """A right spreadsheet of two cells whose parts may be changed, and to which parts may be added."""
    made, kept = openpyxl.Workbook(), io.BytesIO()
    assert made.active is not None
    made.active.append(["Order ID", "Total"])
    made.active.append(["A1", "secret"])
    made.save(kept)
    changed = io.BytesIO()
    with zipfile.ZipFile(kept) as parts, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as out:
        for name in parts.namelist():
            out.writestr(name, change(name, parts.read(name)))
        for name, data in more.items():
            out.writestr(name, data)
    return changed.getvalue()


def with_entity(part: str, start: str, entity: str) -> bytes:
    """The word "secret" of the sheet, or the sheet's name, becomes an entity that `start` declares."""

    def change(name: str, data: bytes) -> bytes:
        if name != part:
            return data
        text = data.decode().partition("?>")[2] if data.startswith(b"<?xml") else data.decode()
        assert "secret" in text or 'name="Sheet"' in text
        return (start + text.replace("secret", entity).replace('name="Sheet"', f'name="{entity}"')).encode()

    return book({}, change)


SHEET, WORKBOOK = "xl/worksheets/sheet1.xml", "xl/workbook.xml"
BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a million columns": ("x.csv", lambda: b",".join(b"c%d" % n for n in range(ROWS)) + b"\n"),
    "one endless field": ("x.csv", lambda: b'a,b\n1,"' + b"x" * 50_000_000),
    "a line without end in gzip": ("x.csv.gz", lambda: gzip.compress(b"a,b\n" + b"x" * 200_000_000, 1)),
    "a spreadsheet of nothing but zeros": ("x.xlsx", lambda: book({"xl/zeros.xml": b"0" * 200_000_000})),
    "twenty thousand parts": ("x.xlsx", lambda: book({f"xl/part{n}.xml": b"" for n in range(20_000)})),
    "a billion laughs in the sheet": ("x.xlsx", lambda: with_entity(SHEET, LAUGHS, "&a9;")),
    "a billion laughs in the workbook": ("x.xlsx", lambda: with_entity(WORKBOOK, LAUGHS, "&a9;")),
    "a JSON nested a million deep": ("x.json", lambda: b"[" * ROWS + b"]" * ROWS),
}


def rows_of(path: Path) -> list[tuple[str, ...]]:
    with open_table(path) as table:
        return [tuple(map(str, row)) for row in table.rows]


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_words_before_it_goes_off(name: str, tmp_path: Path) -> None:
    ending, make = BOMBS[name]
    path = tmp_path / ending
    path.write_bytes(make())
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(BadReport):
        rows_of(path)
    assert time.process_time() - began < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < KILOBYTES


def test_an_entity_reads_no_file_of_ours(tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("the canary sings")
    path = tmp_path / "x.xlsx"
    path.write_bytes(with_entity(SHEET, OUTSIDE.format(kept.as_uri()), "&out;"))
    try:
        found = str(rows_of(path))
    except BadReport as error:
        found = str(error)
    assert "canary" not in found


def test_a_part_that_climbs_out_of_its_folder_is_written_nowhere(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    folder.mkdir()
    path = folder / "x.xlsx"
    path.write_bytes(book({"../climbed.txt": b"out", "/tmp/climbed-out.txt": b"out"}))
    assert len(rows_of(path)) == 1
    assert [found.name for found in tmp_path.rglob("*") if found.is_file()] == ["x.xlsx"]
