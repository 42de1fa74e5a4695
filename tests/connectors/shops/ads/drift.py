"""Every way in which one field of a row can change under a parser: renamed, removed, of another type, a new word."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Path = tuple[str, ...]


def paths(row: dict[str, Any], above: Path = ()) -> Iterator[Path]:
    for name, value in row.items():
        yield (*above, name)
        if isinstance(value, dict):
            yield from paths(value, (*above, name))


def bent(row: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """("how path", the row with that one change)."""
    for path in paths(row):
        for how in ("renamed", "removed", "retyped", "listed", "new word"):
            made = deepcopy(row)
            owner = made
            for name in path[:-1]:
                owner = owner[name]
            old = owner.pop(path[-1])
            if how == "renamed":
                owner[f"{path[-1]}V2"] = old
            elif how == "retyped":
                owner[path[-1]] = {"value": old}
            elif how == "listed":
                owner[path[-1]] = [old]
            elif how == "new word":
                owner[path[-1]] = "SOMETHING_NEW"
            yield f"{how} {'.'.join(path)}", made
