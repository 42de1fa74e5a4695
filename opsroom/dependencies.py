"""`make check`: what is installed is what was locked: each package pinned, hashed, of that very version, and no other.

It works without a network, so it knows no advisories: those are asked for where there is one (docs/security.md).
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

LOCKS = tuple(Path(__file__).resolve().parent.parent / "requirements" / name for name in ("dev.txt", "uv.txt"))
PIN = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)\s*(?:;\s*(?P<marker>[^\\]+?))?\s*\\"
)
DIGEST = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")
# What an environment brings itself: `python -m ensurepip`.
BROUGHT = frozenset({"pip", "setuptools"})


class Unlocked(ValueError):
    """A line of a lock that leaves open what is installed."""


def locked(text: str) -> Iterator[tuple[str, str]]:
    """(name, version) of each package that this machine needs. Raises Unlocked."""
    for entry in re.split(r"\n(?=[A-Za-z0-9@-])", re.sub(r"(?m)^\s*#.*$", "", text).strip()):
        found = PIN.match(entry)
        if found is None or not DIGEST.search(entry):
            raise Unlocked(f"{entry.splitlines()[0][:80]!r} is not pinned to one version with its SHA-256")
        if found["marker"] is None or Marker(found["marker"]).evaluate():
            yield canonicalize_name(found["name"]), found["version"]


def installed() -> dict[str, str]:
    return {canonicalize_name(each.metadata["Name"]): each.version for each in distributions()}


def faults(wanted: Mapping[str, str], present: Mapping[str, str]) -> list[str]:
    said = [
        f"{name} {version} is locked, and {present.get(name) or 'none'} is installed"
        for name, version in sorted(wanted.items())
        if present.get(name) != version
    ]
    extra = sorted(set(present) - set(wanted) - BROUGHT)
    return said + [f"{name} {present[name]} is installed and stands in no lock" for name in extra]


def judge(texts: Iterable[str], present: Mapping[str, str]) -> list[str]:
    """What is wrong, in words; empty where all is as it was locked."""
    try:
        wanted = dict(pin for text in texts for pin in locked(text))
    except Unlocked as error:
        return [str(error)]
    return faults(wanted, present)


def main() -> int:
    found = judge([lock.read_text() for lock in LOCKS], installed())
    said = [*found, "run `make setup` to install what is locked"] if found else ["as locked"]
    sys.stdout.write("\n".join(said) + "\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
