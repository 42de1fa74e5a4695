"""The inbox over 1,000,000 alerts, 400,000 of them open: server time of the first page and of deep pages.

One client, warm, through the whole stack of middleware, views and templates; a page holds 30 rows with their drafts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import quantiles
from time import perf_counter

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts.models import Alert
from drafts.models import Draft
from opsroom.people.models import User
from opsroom.people.roles import Role
from tests.bench.row import Row
from tests.factories import AlertFactory, DraftFactory, FeedFactory, ShopFactory

ALERTS, DRAFTS = 1_000_000, 300_000
LOADS, DEPTHS = 200, (50_000, 150_000, 250_000, 390_000)
PAGE_MS, PAGE_BYTES, QUERIES, DEEP_RATIO = 50, 40_000, 8, 1.2

# Columns of a copied alert that differ from the row it is copied from; two of five alerts are open.
ALERT_COPY = {
    "fingerprint": "md5('a' || n)",
    "title": "'Order ' || (n * 7919 % 900000) || ' has not moved for ' || (n % 9 + 3) || ' days with the courier'",
    "state": "CASE WHEN n % 5 < 2 THEN 'open' ELSE 'resolved' END",
    "rank": "(n * 7919 % 1000003) / 97.0",
    "shop_id": "(SELECT min(id) FROM connectors_shop) + n % 5",
    "subject_ref": "'S' || n",
}
DRAFT_COPY = {"alert_id": "target.id", "digest": "md5('d' || target.id) || md5('e' || target.id)"}


@dataclass(frozen=True, slots=True)
class Pages:
    """Server milliseconds of each load, and the largest size and number of queries."""

    milliseconds: list[float]
    size: int
    queries: int

    @property
    def p95(self) -> float:
        return quantiles(self.milliseconds, n=20)[-1]


def run() -> Iterable[Row]:
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    load()
    client = Client()
    client.force_login(User.objects.create_user("bench@example.com", role=Role.APPROVER))
    first = measured(client, ["/"] * LOADS)
    deep = measured(client, [address(depth) for depth in DEPTHS] * (LOADS // len(DEPTHS)))
    yield Row("inbox of 1M alerts: first page, p95", first.p95, PAGE_MS, "ms", ceiling=1)
    yield Row("inbox of 1M alerts: deep pages, p95, to the first", deep.p95, first.p95, "ms", ceiling=DEEP_RATIO)
    yield Row("inbox: largest page", max(first.size, deep.size), PAGE_BYTES, "bytes", ceiling=1)
    yield Row("inbox: queries of a page", max(first.queries, deep.queries), QUERIES, "queries", ceiling=1)


def load() -> None:
    shops = ShopFactory.create_batch(5)
    FeedFactory.create(shop=shops[0])
    alert = AlertFactory.create(shop=shops[0])
    copies("alerts_alert", alert.pk, ALERT_COPY, f"generate_series(1::bigint, {ALERTS}) AS n")
    draft = DraftFactory.create(alert=alert)
    opened = f"(SELECT id FROM alerts_alert WHERE state = 'open' AND id <> {alert.pk} LIMIT {DRAFTS}) AS target"
    copies("drafts_draft", draft.pk, DRAFT_COPY, opened)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE alerts_alert, drafts_draft")


def copies(table: str, row: int, changed: dict[str, str], source: str) -> None:
    """Insert one copy of a row for each row of `source`."""
    model = next(model for model in (Alert, Draft) if model._meta.db_table == table)
    names = [str(field.column) for field in model._meta.concrete_fields if not field.primary_key]
    values = ", ".join(changed.get(name, f"base.{name}") for name in names)
    copy = f"SELECT {values} FROM {source}, {table} AS base WHERE base.id = {row}"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({', '.join(names)}) {copy}")


def address(depth: int) -> str:
    """The page after that many open alerts."""
    rank, last = Alert.objects.open().ranked().values_list("rank", "id")[depth]
    return f"/?after={rank!r},{last}"


def measured(client: Client, addresses: list[str]) -> Pages:
    for one in addresses[:5]:
        client.get(one)
    milliseconds = []
    for one in addresses:
        began = perf_counter()
        size = len(client.get(one).content)
        milliseconds.append((perf_counter() - began) * 1000)
    with CaptureQueriesContext(connection) as queries:
        client.get(addresses[0])
    return Pages(milliseconds, size, len(queries))
