"""What is installed is what was locked."""

import pytest

from opsroom.dependencies import LOCKS, judge, locked

HASH = "--hash=sha256:" + "a" * 64
LOCK = (
    f"# made by uv\nhttpx[http2]==0.28.1 \\\n    {HASH} \\\n    {HASH}\n    # via opsroom\n"
    f"Zope.Event==6.0 \\\n    {HASH}\n"
)


def test_a_package_of_the_locked_version_is_right() -> None:
    assert judge([LOCK], {"httpx": "0.28.1", "zope-event": "6.0", "pip": "25.0"}) == []


@pytest.mark.parametrize(
    ("present", "fault"),
    [
        ({"httpx": "0.28.2", "zope-event": "6.0"}, "httpx 0.28.1 is locked, and 0.28.2 is installed"),
        ({"zope-event": "6.0"}, "httpx 0.28.1 is locked, and none is installed"),
        ({"httpx": "0.28.1", "zope-event": "6.0", "evil": "1"}, "evil 1 is installed and stands in no lock"),
    ],
)
def test_another_version_a_missing_and_a_strange_package_are_named(present: dict[str, str], fault: str) -> None:
    assert judge([LOCK], present) == [fault]


@pytest.mark.parametrize(
    "line", ["httpx>=0.28 \\\n    " + HASH, "httpx==0.28.1", "httpx @ https://files.example/httpx.whl", "-e ."]
)
def test_what_is_not_pinned_and_hashed_is_refused(line: str) -> None:
    assert "is not pinned" in judge([LOCK + line + "\n"], {"httpx": "0.28.1", "zope-event": "6.0"})[0]


def test_a_package_of_another_platform_is_not_missed() -> None:
    elsewhere = f"pywin32==311 ; sys_platform == 'win32' \\\n    {HASH}\n"
    assert judge([LOCK + elsewhere], {"httpx": "0.28.1", "zope-event": "6.0"}) == []


def test_every_line_of_our_own_locks_is_pinned_and_hashed() -> None:
    assert all(len(dict(locked(lock.read_text()))) > 0 for lock in LOCKS)
