"""What a connector pulled once, pulled again from memory with one part of one reply changed."""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import httpx
import orjson
from openpyxl import load_workbook

from connectors.base import Connector, ConnectorError, Retry
from connectors.proof.scripted import open_scripted
from connectors.proof.specs import Exchange, Recorder
from connectors.registry import open_connector
from connectors.twin.server import TwinServer
from connectors.types import Account, BadRow, Record
from tests.connectors.shops.stand import allow

SPAN = timedelta(hours=3)  # a first read short enough to be pulled again a few hundred times
HOWS = ("renamed", "removed", "retyped", "listed", "emptied", "new word")
Place = tuple[str | int, ...]


@dataclass
class Taken:
    """One feed as it was read: the connector's account, the moment, what was asked and answered, and the records."""

    account: Account
    moment: datetime
    feed: str
    exchanges: list[Exchange]
    records: list[Record | BadRow] = field(default_factory=list)

    def again(self, changed: Mapping[int, bytes] = {}) -> list[Record | BadRow] | ConnectorError:
        """The same pull from memory; `changed` gives the bodies of some replies. Any other error is a crash."""
        mine = self.account
        shop = open_scripted(
            self.answer(changed), mine.kind, mine.credentials, gate=allow, now=self.moment,
            external_id=mine.external_id, base_url=mine.base_url, settings=mine.settings, country=mine.country,
            currency=mine.currency, time_zone=mine.time_zone,
        )  # fmt: skip
        shortened(shop)
        try:
            pages = list(shop.pull(self.feed, ""))
        except ConnectorError as error:
            return error
        counted = [page.count_at_source for page in pages if page.count_at_source is not None]
        if counted and sum(page.seen for page in pages) < counted[-1]:
            return Retry("fewer rows than the source counts", code="short_read")  # as the frame's pull does
        return [row for page in pages for row in page.records]

    def answer(self, changed: Mapping[int, bytes]) -> Callable[[httpx.Request], httpx.Response]:
        """By the whole request, or else by its path: a changed reply may make the connector ask for something else."""
        exact, rough = dict[Any, int](), dict[Any, int]()
        for number, (request, _) in enumerate(self.exchanges):
            exact.setdefault((request.method, str(request.url), request.content), number)
            rough.setdefault((request.method, request.url.path), number)

        def made(request: httpx.Request) -> httpx.Response:
            number = exact.get((request.method, str(request.url), request.read()))
            number = rough.get((request.method, request.url.path)) if number is None else number
            if number is None:
                return httpx.Response(404, json={"message": "not found"})
            reply = self.exchanges[number][1]
            headers = {name: value for name, value in reply.headers.items() if name not in LENGTHS}
            return httpx.Response(reply.status_code, headers=headers, content=changed.get(number, reply.content))

        return made


ROWS_IN_ONE = 5
LENGTHS = frozenset({"content-length", "content-encoding", "transfer-encoding"})


def shortened(shop: Connector) -> Connector:
    vars(shop)["feeds"] = tuple(replace(feed, first_span=SPAN) for feed in shop.feeds)
    return shop


def take(server: TwinServer, kind: str, *only: str) -> list[Taken]:
    """Every feed of one connector that answers over HTTP (or those named), read with the clock standing still."""
    row = next(row for row in server.accounts() if row["kind"] == kind)
    account = Account(
        kind, 1, row["name"], row["external_id"], row["base_url"], row["currency"], row["country"],
        {**row["settings"], "calls_per_second": 5_000}, row["credentials"], row.get("time_zone") or "UTC",
    )  # fmt: skip
    found = []
    moment, recorder = datetime.now(UTC), Recorder()
    with httpx.Client(transport=recorder, timeout=10) as http:
        shop = shortened(open_connector(account, clock=lambda: moment, client=http, gate=allow))
        for feed in [one for one in shop.feeds if not only or one.name in only]:
            begin = len(recorder.exchanges)
            records = [row for page in shop.pull(feed.name, "") for row in page.records]
            found.append(Taken(account, moment, feed.name, recorder.exchanges[begin:], records))
    return found


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """Every named part of a JSON value, at every depth; of a long list the first and the last row."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield (*path, name)
            yield from places(part, (*path, name))
    elif isinstance(value, list):
        for number in dict.fromkeys((0, len(value) - 1)) if value else ():
            yield from places(value[number], (*path, number))


def bent(value: Any, place: Place, how: str) -> Any:
    """A copy with one part changed in one way."""
    made = deepcopy(value)
    owner = made
    for step in place[:-1]:
        owner = owner[step]
    old = owner.pop(place[-1])
    if how == "renamed":
        owner[f"{place[-1]}_v2"] = old
    elif how != "removed":
        owner[place[-1]] = {"retyped": {"value": old}, "listed": [old], "emptied": None, "new word": "SOMETHING_NEW"}[
            how
        ]
    return made


def ways(value: Any) -> Iterator[tuple[Place, str]]:
    """Each part once, in each way that is a change of format: an id of another value is another row, and a list in a
    list is still all of its rows."""
    for place in {tuple(step for step in one if isinstance(step, str)): one for one in places(value)}.values():
        last, part = str(place[-1]), value
        for step in place:
            part = part[step]
        for how in HOWS:
            is_other_row = how == "new word" and re.fullmatch(r"id|sku|.*(_id|_sn|Id)", last)
            if not is_other_row and not (how == "listed" and isinstance(part, list)):
                yield place, how


def variants(body: bytes, dice: random.Random, most: int) -> Iterator[tuple[str, bytes]]:
    """(what was changed, the changed reply): up to so many, chosen evenly among all parts and ways."""
    if body[:1] in (b"{", b"["):
        value = orjson.loads(body)
        every = list(ways(value))
        for place, how in dice.sample(every, min(most, len(every))):
            yield f"{'/'.join(map(str, place))} {how}", orjson.dumps(bent(value, place, how))
        return
    yield from renamed_columns(body)


def renamed_columns(body: bytes) -> Iterator[tuple[str, bytes]]:
    """A report (a workbook, or text with a line of names) with each of its columns under another name."""
    if body[:2] == b"PK":
        book = load_workbook(BytesIO(body))
        for cell in list(book.worksheets[0][1]):
            kept, cell.value = cell.value, f"{cell.value} v2"
            made = BytesIO()
            book.save(made)
            cell.value = kept
            yield f"column {kept} renamed", made.getvalue()
        return
    head, newline, rest = body.partition(b"\n")
    mark = max((b"\t", b",", b";"), key=head.count)
    columns = head.split(mark)
    for number, name in enumerate(columns if newline and len(columns) > 1 else ()):
        renamed = [*columns[:number], name.rstrip(b"\r") + b"_v2", *columns[number + 1 :]]
        yield f"column {name.decode()} renamed", mark.join(renamed) + newline + rest


def kinds_of_reply(exchanges: list[Exchange]) -> dict[str, list[int]]:
    """Call → its replies, by their numbers; ids in a path make no other call."""
    found = defaultdict(list)
    for number, (request, _) in enumerate(exchanges):
        words = [part for part in request.url.path.split("/") if not any(letter.isdigit() for letter in part[1:])]
        found[f"{request.method} {'/'.join(words)}"].append(number)
    return found


def lost(before: list[Record | BadRow], after: list[Record | BadRow]) -> dict[str, int]:
    """Kind of record → how many are gone with nothing set apart for them. One row of the source may hold several
    records of a kind; set apart, it keeps them all in its raw text."""
    had, has = (Counter(type(row).__name__ for row in rows) for rows in (before, after))
    gone = {kind: had[kind] - has[kind] for kind in had if kind != "BadRow" and had[kind] > has[kind]}
    return {kind: number for kind, number in gone.items() if number > ROWS_IN_ONE * has["BadRow"]}
