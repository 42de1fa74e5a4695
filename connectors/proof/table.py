"""What each connector reads, writes and cannot do, written from the registry: `python -m connectors.proof.table`.

The table in docs/connectors.md is made here, and a test holds the committed file against the code.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from connectors.base import Budget, Connector, Effect, Write
from connectors.operations import Operation
from connectors.registry import CONNECTORS

FILE = Path(__file__).parents[2] / "docs" / "connectors.md"
HEAD = """# Connectors

Each system behind one typed interface: what is read and how often, what can be written, how a write is kept from
happening twice, how its effect is proved, what is pushed to us, how fast we may ask, and what the platform cannot do.
What it cannot do becomes a draft with the prepared text and a link to the page where a person does it.

This file is written by `python -m connectors.proof.table`; a test compares it with the code, another asks every
connector for what stands under *cannot*. `manage.py contracts` holds requests and replies against what others publish.

How a write is settled when its answer is lost:

- **key**: the platform keeps our key; the same call again returns the first result.
- **state**: the state can be read, and doing it again changes nothing.
- **read back**: a read finds our own reference or the effect itself; only what is absent may be sent once more.
- **person**: no read can tell; a person decides.

"""
COLUMNS = ("system", "reads", "writes", "idempotency", "probe", "webhook", "limits", "cannot")
EFFECTS = {Effect.KEY: "key", Effect.NATURAL: "state", Effect.READBACK: "read back", Effect.NONE: "person"}
# What a founder expects to be read from any system of the family where one of them tells it.
EXPECTED = {"messages": "messages", "reviews": "reviews", "settlement": "settlement", "account_health": "health"}
DAY = timedelta(days=1)


def words(name: str) -> str:
    """`SetCampaignBudget` → "set campaign budget"."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def span(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def family(made: type[Connector]) -> str:
    """The folder of `connectors/shops/` that it stands in."""
    return made.__module__.split(".")[2]


def relatives(made: type[Connector]) -> Iterator[type[Connector]]:
    return (other for other in CONNECTORS.values() if family(other) == family(made))


def lacking_writes(made: type[Connector]) -> list[type[Operation]]:
    """What another system of its family can be asked for and this one cannot."""
    offered = {operation.__name__: operation for other in relatives(made) for operation in other.writes}
    return [offered[name] for name in sorted(offered) if offered[name] not in made.writes]


def lacking_reads(made: type[Connector]) -> list[str]:
    offered = {feed.name for other in relatives(made) for feed in other.feeds}
    own = {feed.name for feed in made.feeds}
    return [word for name, word in EXPECTED.items() if name in offered - own]


def reads(made: type[Connector]) -> str:
    feeds = [f"{feed.name.replace('_', ' ')} (every {span(feed.every)})" for feed in made.feeds]
    return lines(feeds) or "one parcel or record at a time"


def by_effect(made: type[Connector]) -> dict[Effect, list[tuple[str, Write]]]:
    found = defaultdict(list)
    for operation, write in made.writes.items():
        found[write.effect].append((words(operation.__name__), write))
    return {effect: found[effect] for effect in Effect if effect in found}


def idempotency(made: type[Connector]) -> str:
    told = []
    for effect, rows in by_effect(made).items():
        lifetimes = {write.key_lifetime for _, write in rows if write.key_lifetime}
        kept = f" ({span(lifetimes.pop())})" if effect is Effect.KEY and len(lifetimes) == 1 else ""
        told.append(f"**{EFFECTS[effect]}**{kept}: {', '.join(name for name, _ in rows)}")
    return lines(told) or "–"


def probe(made: type[Connector]) -> str:
    if not made.writes:
        return "–"
    unseen = [name for name, write in by_effect(made).get(Effect.NONE, [])]
    return f"by a read, but {', '.join(unseen)}" if unseen else "by a read"


def webhook(made: type[Connector]) -> str:
    if not hasattr(made, "verify"):
        return "none; pulled"
    return "signed; the only record" if made.pushes_are_the_record else "signed; a hint to pull"


def limits(made: type[Connector]) -> str:
    told = [pace(made.allowance)]
    if made.lanes:
        told.append(f"{len(made.lanes)} calls paced apart")
    widest = {feed.window for feed in made.feeds if feed.window}
    return lines([*told, *(f"{span(window)} a query" for window in sorted(widest))])


def pace(budget: Budget) -> str:
    return f"{budget.capacity or 0:g} at once, {budget.per_second:g}/s"


def cannot(made: type[Connector]) -> str:
    told = [f"read {word}" for word in lacking_reads(made)]
    told += [words(operation.__name__) for operation in lacking_writes(made)]
    return ", ".join(told) or "–"


def lines(parts: Iterable[str]) -> str:
    return "<br>".join(parts)


def row(made: type[Connector]) -> tuple[str, ...]:
    undone = [f"{words(operation.__name__)}: {write.undo}" for operation, write in made.writes.items()]
    written = lines(told.removesuffix(": never") for told in undone) or "–"
    return (
        f"**{made.label}**", reads(made), written, idempotency(made), probe(made), webhook(made), limits(made),
        cannot(made),
    )  # fmt: skip


def table() -> str:
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(row(made) for made in CONNECTORS.values())]
    return HEAD + "".join(f"| {' | '.join(cells)} |\n" for cells in rows) + FOOT


FOOT = """
After a write stands how it is undone, where it can be. Limits are the pace that we keep until a reply tells
what is left; a shop's own setting replaces it.
"""

if __name__ == "__main__":
    FILE.write_text(table(), encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")
