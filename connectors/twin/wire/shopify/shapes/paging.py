"""Lists as Shopify pages them: connections with opaque cursors."""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any


class Connection:
    """A page of a list. `cursor_of` makes the opaque cursor of an item."""

    __slots__ = ("cursor_of", "has_next", "has_previous", "items")

    def __init__(
        self, items: Sequence[Any], has_next: bool = False, has_previous: bool = False,
        cursor_of: Callable[[Any], str] = lambda item: encode_cursor(id(item)),
    ) -> None:  # fmt: skip
        self.items, self.has_next, self.has_previous, self.cursor_of = items, has_next, has_previous, cursor_of

    def get(self, name: str) -> Any:
        """The connection's own fields."""
        if name == "nodes":
            return self.items
        if name == "edges":
            return [{"cursor": self.cursor_of(item), "node": item} for item in self.items]
        ends = (self.items[0], self.items[-1]) if self.items else ()
        start, end = (self.cursor_of(item) for item in ends) if ends else (None, None)
        return {
            "hasNextPage": self.has_next,
            "hasPreviousPage": self.has_previous,
            "startCursor": start,
            "endCursor": end,
        }


def encode_cursor(value: int) -> str:
    return base64.b64encode(f'{{"last_id":{value}}}'.encode()).decode()


def decode_cursor(text: str) -> int:
    """Raises ValueError for a cursor that was not made here."""
    return int(base64.b64decode(text.encode()).decode()[11:-1])


def slice_of(rows: Sequence[Any], arguments: Mapping[str, Any]) -> Connection:
    """A page of rows already at hand; their place is the cursor."""
    low, high = 0, len(rows)
    if arguments.get("after"):
        low = decode_cursor(arguments["after"]) + 1
    if arguments.get("before"):
        high = min(high, decode_cursor(arguments["before"]))
    ordered = list(enumerate(rows))
    if arguments.get("reverse"):
        ordered = [(place, row) for place, (_, row) in enumerate(reversed(ordered))]
    chosen = ordered[low:high]
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None:
        page = chosen[:first]
    elif last is not None:
        page = chosen[max(0, len(chosen) - last) :]
    else:
        page = chosen
    places = {id(row): place for place, row in page}
    has_next = bool(page) and page[-1][0] + 1 < high
    has_previous = bool(page) and page[0][0] > 0
    return Connection([row for _, row in page], has_next, has_previous, lambda row: encode_cursor(places[id(row)]))
