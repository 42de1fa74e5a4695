"""A running twin and small clients for it, built on libraries that nobody here wrote."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors.twin.server import TwinServer, serve
from connectors.twin.wire.shopee.api import sign


class Client:
    """Calls one twin over HTTP the way each platform wants it."""

    def __init__(self, server: TwinServer) -> None:
        self.server = server
        self.http = httpx.Client(timeout=5)
        self.shops = {row["kind"]: row for row in self.http.get(f"{server.url}/_twin/shops").json()}

    def close(self) -> None:
        self.http.close()

    def control(self, method: str, name: str, json: Any = None) -> Any:
        return self.http.request(method, f"{self.server.url}/_twin/{name}", json=json).json()

    def shopee(
        self, path: str, body: dict[str, Any] | None = None, *, is_public: bool = False, **query: Any
    ) -> httpx.Response:
        """A signed call; a POST where a body is given. A public one is the app's own, without a shop."""
        shop, now = self.shops["shopee"], int(time.time())
        mine = shop["credentials"]
        path = f"/api/v2/{path}"
        names = ("partner_id",) if is_public else ("partner_id", "access_token", "shop_id")
        signature = sign(mine["partner_key"], mine["partner_id"], path, now, *(mine[name] for name in names[1:]))
        common = {name: mine[name] for name in names}
        params = {**common, "timestamp": now, "sign": signature, **query}
        return self.http.request("GET" if body is None else "POST", shop["base_url"] + path, params=params, json=body)

    def shopify(self, document: str, /, **variables: Any) -> dict[str, Any]:
        shop = self.shops["shopify"]
        headers = {"X-Shopify-Access-Token": shop["credentials"]["access_token"]}
        url = f"{shop['base_url']}/admin/api/2026-10/graphql.json"
        answer: dict[str, Any] = self.http.post(
            url, headers=headers, json={"query": document, "variables": variables}
        ).json()
        return answer

    def stripe(self, method: str, path: str, data: dict[str, str] | None = None, key: str = "") -> httpx.Response:
        shop = self.shops["stripe"]
        headers = {"Authorization": f"Bearer {shop['credentials']['api_key']}"} | (
            {"Idempotency-Key": key} if key else {}
        )
        return self.http.request(method, f"{shop['base_url']}/v1/{path}", data=data, headers=headers)

    def effects(self, operation: str = "") -> list[dict[str, Any]]:
        return [row for row in self.control("GET", "effects") if operation in ("", row["operation"])]

    def truth(self, detector: str) -> list[dict[str, Any]]:
        return [row for row in self.control("GET", "truth") if row["detector"] == detector]


@pytest.fixture(scope="module")
def twin() -> Iterator[Client]:
    """One week, shared by a file's tests that do not get in each other's way."""
    with serve("week", seed=7) as server:
        client = Client(server)
        yield client
        client.close()


@pytest.fixture
def fresh() -> Iterator[Client]:
    """A week of a test's own."""
    with serve("week", seed=7) as server:
        client = Client(server)
        yield client
        client.close()
