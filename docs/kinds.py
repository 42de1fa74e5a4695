"""The table of what can be drafted and where: `python docs/kinds.py` writes docs/kinds.md from the code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsroom.settings")
if not apps.ready:
    django.setup()

from alerts.detectors import DETECTORS  # noqa: E402  # the apps must be set up first, here and below
from connectors.base import Connector  # noqa: E402
from connectors.operations import Operation  # noqa: E402
from connectors.registry import CONNECTORS  # noqa: E402
from drafts.kinds import KINDS  # noqa: E402
from drafts.kinds.base import Kind  # noqa: E402
from drafts.preparing.prepare import MAIL  # noqa: E402
from opsroom.connect.catalogue import GROUPS, group_of  # noqa: E402

PAGE = ROOT / "docs" / "kinds.md"
CALL, HAND, NEVER = "call", "by hand", "–"
ABOUT = {"dispute_evidence": "disputes"}  # kinds whose subject systems of several groups tell, by the feed's name
HEAD = """# What can be drafted, and where

Written by `python docs/kinds.py` from the code; a test holds it to that.

**call**: the system's own interface does it, after the approval, and a read of its own proves it. **by hand**: the card
links the page and holds everything that is to be entered there. **–**: not a matter of this system.
"""


def operations_of(kind: Kind[Any]) -> list[type[Operation]]:
    """What a kind asks of a connector: the operations that its own code makes."""
    method = type(kind).operation
    named = [method.__globals__.get(name) for name in method.__code__.co_names]
    return [one for one in named if isinstance(one, type) and issubclass(one, Operation) and one is not Operation]


def calls(kind: Kind[Any], made: type[Connector]) -> bool:
    if kind.leaves_by_mail and made.kind not in MAIL:
        return False
    return any(operation in made.writes for operation in operations_of(kind))


def is_at_home(kind: Kind[Any], made: type[Connector]) -> bool:
    """Whether a kind is a matter of this system: it tells what the kind is about, or one of its group does it.

    What none does is a matter of the markets. Who writes by mail or messenger is answered there or not at all.
    """
    if any(feed.name == ABOUT.get(kind.name) for feed in made.feeds):
        return True
    homes = {group_of(one) for one in CONNECTORS.values() if calls(kind, one)} or {GROUPS["marketplaces"]}
    return group_of(made) in homes - {GROUPS["messages"]}


def way(kind: Kind[Any], made: type[Connector]) -> str:
    """How a kind is done at one system."""
    if kind.is_internal:
        return NEVER
    if calls(kind, made):
        return CALL
    has_pages = made.by_hand.__func__ is not Connector.by_hand.__func__  # type: ignore[attr-defined]  # a class method
    return HAND if has_pages and is_at_home(kind, made) and not kind.needs_call else NEVER


def table(head: list[str], rows: Iterator[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def kinds() -> Iterator[list[str]]:
    for name, kind in KINDS.items():
        asked = ", ".join(one.__name__ for one in operations_of(kind)) or "our own records alone"
        words = f"`{kind.text_field}`" if kind.text_field else NEVER
        yield [f"`{name}`", kind.label, asked, words, kind.undo.label]


def systems(group: str) -> list[type[Connector]]:
    """Those of a group that anything can be asked of."""
    inside = [made for made in CONNECTORS.values() if group_of(made) == group and made.writes]
    return sorted(inside, key=lambda made: made.label.lower())


def ways(group: str) -> Iterator[list[str]]:
    columns = systems(group)
    for name, kind in KINDS.items():
        row = [way(kind, made) for made in columns]
        if set(row) != {NEVER}:
            yield [f"`{name}`", *row]


def detectors() -> Iterator[list[str]]:
    for one in sorted(DETECTORS, key=lambda one: one.number):
        yield [str(one.number), one.title, ", ".join(f"`{name}`" for name in one.drafts) or NEVER]


def page() -> str:
    parts = [
        HEAD,
        "## The kinds\n",
        table(["kind", "on the card", "asks for", "a model may word", "undo"], kinds()),
    ]
    for group in GROUPS.values():
        if systems(group):
            head = ["kind", *(made.label for made in systems(group))]
            parts += [f"\n## {group}\n", table(head, ways(group))]
    parts += [
        "\n## What resolves which exception\n",
        "Best first; the first that helps on the facts is prepared, the others are offered beside it.\n",
        table(["number", "exception", "kinds"], detectors()),
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.relative_to(ROOT)}\n")
