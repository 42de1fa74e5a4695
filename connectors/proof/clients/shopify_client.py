"""ShopifyAPI, Shopify's own library for Python: its GraphQL client, and its check of a callback's signature."""

from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError

import orjson
import shopify

from connectors.proof.clients.told import Step
from connectors.proof.stand import Stand
from connectors.shops.marketplaces.shopify.queries import VERSION
from connectors.twin.wire.shopify.consent import signed

PAGE = """query Page($first: Int!, $after: String) { orders(first: $first, after: $after, sortKey: UPDATED_AT) {
  pageInfo { hasNextPage endCursor } nodes { id name displayFinancialStatus
    totalPriceSet { shopMoney { amount currencyCode } } } } }"""
ONE = "query One($id: ID!) { order(id: $id) { id name } }"
REFUND = """mutation Refund($input: RefundInput!, $key: String!) { refundCreate(input: $input) @idempotent(key: $key) {
  refund { id } userErrors { field message } } }"""


def session(stand: Stand) -> Iterator[Step]:
    row, library = stand.rows["shopify"], shopify
    library.ShopifyResource.site = f"{row['base_url']}/admin/api/{VERSION}"
    library.ShopifyResource.headers["X-Shopify-Access-Token"] = row["credentials"]["access_token"]
    client = library.GraphQL()
    seen: list[str] = []
    after = None
    for _ in range(2):
        page = ask(client, PAGE, first=50, after=after)["data"]["orders"]
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        yield "GraphQL.execute: a page of orders", len(seen) == len(set(seen)) and len(seen) % 50 == 0
    found = ask(client, ONE, id=seen[-1])["data"]["order"]
    yield "GraphQL.execute: one order", found["id"] == seen[-1]
    wrong = ask(client, "{ orders(first: 1) { nodes { colour } } }")
    yield "GraphQL.execute: an unknown field", wrong["errors"][0]["extensions"]["code"] == "undefinedField"
    order = {"orderId": "gid://shopify/Order/1", "note": "late"}
    before = stand.effects()
    none = ask(client, REFUND, input=order, key="sdk-shopify-1")
    told = none.get("errors") or none["data"]["refundCreate"]["userErrors"]
    yield "GraphQL.execute: a refused refund", bool(told) and stand.effects() == before
    yield "Session.validate_hmac", takes_callback(stand, library.Session)
    library.ShopifyResource.headers["X-Shopify-Access-Token"] = "shpat_wrong"
    try:
        ask(library.GraphQL(), ONE, id=seen[-1])
    except HTTPError as error:
        yield "a wrong token", error.code == 401
    else:
        yield "a wrong token", False
    finally:
        library.ShopifyResource.clear_session()


def ask(client: Any, document: str, **variables: Any) -> Any:
    return orjson.loads(client.execute(document, variables))


def takes_callback(stand: Stand, session: Any) -> bool:
    wire: Any = stand.server.wires["shopify"]
    session.secret = wire.client_secret
    values = signed(wire, {"code": "a94a", "state": "st4te"})
    return bool(session.validate_hmac(values)) and not session.validate_hmac(values | {"code": "other"})
