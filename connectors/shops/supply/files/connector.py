"""Files and plain JSON over HTTPS: a supplier's lists, a warehouse's counts, a catalogue's products.

Nothing is written here. A supplier is written to by mail, or through the books.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

import orjson

from connectors.base import Answer, Budget, CannotDo, Connector, Feed, R, Refused, Retry
from connectors.consent import Ask, Key
from connectors.reports import BadReport
from connectors.shops.supply.files import documents
from connectors.shops.supply.files.documents import Source
from connectors.transport.addresses import origin_of, pinned, resolved
from connectors.types import BadRow, Page, Record

AT_ONCE = 1_000
LARGEST = 32 * 1024 * 1024
MOST_PAGES = 1_000


class Files(Connector):
    """`holds` maps each feed to the kind of report that its document is."""

    allowance = Budget(available=5, capacity=5, per_second=1)
    holds: ClassVar[Mapping[str, str]] = {}

    @staticmethod
    def resolve(host: str, port: int) -> list[str]:
        return resolved(host, port)

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        """The whole document each time; one that has not changed by a byte gives nothing. The cursor is its digest."""
        source = Source.of(self.account, feed)
        if source is None or not source.url:  # not set up, or it comes by mail
            yield Page((), cursor, 0, is_last=True)
            return
        digest = hashlib.blake2b(orjson.dumps([source.items, source.mapping]), digest_size=16)
        answers: list[tuple[bytes, str]] = []
        for body, form in self._documents(source):
            digest.update(body)
            answers.append((body, form))
        mark = digest.hexdigest()
        if mark != cursor:
            yield from self._pages(feed, source, answers, cursor)
        yield Page((), mark, 0, is_last=True, as_of=self.clock())

    def _pages(self, feed: str, source: Source, answers: list[tuple[bytes, str]], cursor: str) -> Iterator[Page]:
        seen: set[str] = set()
        for body, form in answers:
            rows = self._rows(body, form, feed, source, seen)
            while batch := tuple(islice(rows, AT_ONCE)):
                yield Page(batch, cursor, len(batch), is_last=False, as_of=self.clock())

    def _rows(self, body: bytes, form: str, feed: str, source: Source, seen: set[str]) -> Iterator[Record | BadRow]:
        try:
            yield from documents.read(body, form, self.holds[feed], source, self.account, seen)
        except BadReport as error:
            raise Retry(f"{self.label}: {error}", code="drift") from error

    def _documents(self, source: Source) -> Iterator[tuple[bytes, str]]:
        """(body, format) of each page. The next page's address comes from outside, so it must lie on the same host."""
        url, asked = source.url, set[str]()
        while url:
            if url in asked or len(asked) >= MOST_PAGES:
                raise Retry("the document's pages lead back to one that was read already", code="short_read")
            asked.add(url)
            answer = self._fetch(url)
            try:
                form = documents.format_of(source, urlsplit(url).path, answer.headers.get("content-type", ""))
            except BadReport as error:
                raise Refused(str(error), code="format") from error
            yield answer.body, form
            url = following(answer, source, url) if form == "json" and source.following else ""

    def _fetch(self, url: str) -> Answer:
        market = self.account.base_url if self.account.settings.get("is_test_market") else ""
        target = pinned(url, test_market=market, resolve=self.resolve)
        key = self.account.credentials.get("authorization")
        headers = {**target.headers, "Authorization": key} if key else target.headers
        answer = self.transport.read("GET", target.url, operation=f"{self.kind}/file", headers=headers)
        if len(answer.body) > LARGEST:
            raise Refused(f"the document is larger than {LARGEST // 1024**2} MiB; ask for a smaller one", code="size")
        return answer

    def fetch(self, record: type[R], external_id: str) -> R | None:
        raise CannotDo(f"{self.label} gives whole documents, no single {record.__name__}")

    def check(self) -> str:
        """Reads the first document that is set up, and counts its rows."""
        for feed in self.holds:
            source = Source.of(self.account, feed)
            if source is not None and source.url:
                rows = [row for page in self.pull(feed, "") for row in page.records]
                bad = sum(isinstance(row, BadRow) for row in rows)
                return f"{feed}: {len(rows)} rows, {bad} of them not readable"
        return "no address is set; what comes by mail is read as it comes"


def following(answer: Answer, source: Source, url: str) -> str:
    """The next page's address; empty at the end."""
    found: Any = answer.json()
    for name in source.following.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, str) or not found:
        return ""
    try:
        joined = urljoin(url, found)
        is_same = origin_of(joined) == origin_of(url)
    except ValueError as error:
        raise Refused(f"the next page has no address that can be read: {error}", code="address") from error
    if not is_same:
        raise Refused("the next page lies on another host; it is not fetched", code="address")
    return joined


AUTHORIZATION = Key(
    "authorization", "Authorization header", 'As the other side gave it, such as "Bearer …"; empty where none is asked'
)


class SupplierFiles(Files):
    kind = "supplier_feed"
    label = "Supplier's files"
    feeds = (Feed("offers", timedelta(hours=6)), Feed("promises", timedelta(hours=1)))
    holds: ClassVar[Mapping[str, str]] = {"offers": "supplier_offers", "promises": "supplier_promises"}
    keys: ClassVar[tuple[Key, ...]] = (
        Key("offers_url", "Address of the price and stock list", "The supplier's own page or portal"),
        Key("promises_url", "Address of the order confirmations", "The supplier's own page or portal"),
        AUTHORIZATION,
    )
    options: ClassVar[tuple[Ask, ...]] = (Ask("supplier_ref", "The supplier's id in your books"),)


class Warehouse(Files):
    """A warehouse that counts goods of its own says so in its settings (`"own_stock": true`)."""

    kind = "warehouse"
    label = "Warehouse"
    feeds = (Feed("stock", timedelta(minutes=15)),)
    holds: ClassVar[Mapping[str, str]] = {"stock": "stock"}
    keys: ClassVar[tuple[Key, ...]] = (
        Key("stock_url", "Address of the stock list", "The warehouse's export, or its API's list of stock"),
        AUTHORIZATION,
    )


class Catalogue(Files):
    kind = "catalogue"
    label = "Product catalogue"
    feeds = (Feed("products", timedelta(hours=6)),)
    holds: ClassVar[Mapping[str, str]] = {"products": "products"}
    keys: ClassVar[tuple[Key, ...]] = (
        Key("products_url", "Address of the product list", "The catalogue's export, or its API's list of products"),
        AUTHORIZATION,
    )
