"""The Google Ads API v25 by REST: bearer tokens, the manager's header, search and searchStream, mutates, failures."""

import base64
import hashlib
import re
from collections.abc import Iterator
from time import time
from typing import Any

import orjson

from connectors.twin.market import Market
from connectors.twin.wire.google_ads import gaql
from connectors.twin.wire.google_ads.errors import VERSION, AdsError, exhausted
from connectors.twin.wire.google_ads.mutates import SETTABLE, Mutates
from connectors.twin.wire.google_ads.rows import CUSTOMER, MANAGER, NAME, RESOURCES, camel, rows_of
from connectors.twin.wire.google_sign_in import CLIENT_ID, CLIENT_SECRET, GoogleSignIn
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace

SCOPE = "https://www.googleapis.com/auth/adwords"
PATH = re.compile(rf"/{VERSION}/customers/(\d+)/(\w+):(\w+)")
LIST = f"/{VERSION}/customers:listAccessibleCustomers"
PAGE_ROWS = 10_000


class GoogleAds:
    """One manager account over one ad account; the person's login reaches the manager alone."""

    kind = "google_ads"

    def __init__(self, market: Market, *, has_limits: bool = True, page_rows: int = PAGE_ROWS) -> None:
        self.market, self.page_rows, self.mutates = market, page_rows, Mutates(market)
        self.sign_in = GoogleSignIn(market, f"ads@{NAME}", (SCOPE,))
        self.rate = Bucket(40, 20) if has_limits else None
        self.quota = Bucket(15_000, 15_000 / 86_400) if has_limits else None

    def account(self) -> dict[str, Any]:
        pair = self.sign_in.connected()
        return {
            "kind": "google_ads", "name": f"{NAME} (Google Ads)", "external_id": CUSTOMER, "country": "SG",
            "currency": "USD", "time_zone": "Asia/Singapore",
            "settings": pace(self.rate is not None),
            "credentials": {
                "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "access_token": pair.access,
                "refresh_token": pair.refresh, "customer_id": CUSTOMER, "login_customer_id": MANAGER,
            },
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        """`campaigns:mutate`, `googleAds:search` …; the path for a sign-in call."""
        found = PATH.fullmatch(request.path)
        return f"{found[2]}:{found[3]}" if found else f"{request.method} {request.path}"

    def handle(self, request: Request) -> Reply:
        signing = self.sign_in.handle(request)
        if signing is not None:
            return signing
        try:
            return self._answer(request)
        except AdsError as error:
            return error.reply(is_stream=request.path.endswith(":searchStream"))

    def _answer(self, request: Request) -> Reply:
        pair = self.sign_in.bearer(request)
        if pair is None:
            return self.expired(request)
        if SCOPE not in pair.scopes:
            raise AdsError("authorizationError", "AUTHORIZATION_ERROR", "Insufficient scopes.", 403)
        self._charge()
        if request.path == LIST and request.method == "GET":
            return json_reply({"resourceNames": [f"customers/{MANAGER}"]})
        found = PATH.fullmatch(request.path)
        if found is None or request.method != "POST":
            return json_reply({"error": {"code": 404, "message": "Not found.", "status": "NOT_FOUND"}}, 404)
        customer, service, verb = found.groups()
        self._must_reach(customer, request.headers.get("login-customer-id", ""))
        body = _body(request)
        if (service, verb) == ("googleAds", "search"):
            return json_reply(self._search(customer, body), request_id="twin-request")
        if (service, verb) == ("googleAds", "searchStream"):
            return json_reply(self._stream(customer, body), request_id="twin-request")
        if service in SETTABLE and verb == "mutate":
            return self.mutates.mutate(service, body)
        return json_reply({"error": {"code": 404, "message": "Not found.", "status": "NOT_FOUND"}}, 404)

    def _charge(self) -> None:
        if self.rate is not None and not self.rate.take(1, time()):
            raise exhausted("RESOURCE_TEMPORARILY_EXHAUSTED", "Requests per second", 2)
        if self.quota is not None and not self.quota.take(1, time()):
            raise exhausted("RESOURCE_EXHAUSTED", "Number of operations for basic access", 3_600)

    def _must_reach(self, customer: str, login: str) -> None:
        """The login sees the ad account only through its manager."""
        if customer not in (CUSTOMER, MANAGER) or (login or customer) != MANAGER:
            message = (
                "User doesn't have permission to access customer. Note: If you're accessing a client customer, the "
                "manager's customer id must be set in the 'login-customer-id' header."
            )
            raise AdsError("authorizationError", "USER_PERMISSION_DENIED", message, 403)

    # -- queries ----------------------------------------------------------------------------------------------------

    def _rows(self, customer: str, text: Any) -> tuple[gaql.Query, list[dict[str, Any]]]:
        try:
            query = gaql.parse(str(text or ""), RESOURCES)
            return query, query.answer(rows_of(self.market, query, customer))
        except gaql.BadQuery as error:
            raise AdsError("queryError", error.code, str(error)) from error

    def _search(self, customer: str, body: dict[str, Any]) -> dict[str, Any]:
        if "pageSize" in body:
            raise AdsError("requestError", "PAGE_SIZE_NOT_SUPPORTED", "Setting the page size is not supported.")
        query, rows = self._rows(customer, body.get("query"))
        start = self._start(body)
        end = start + self.page_rows
        page = {"results": [shaped(row, query) for row in rows[start:end]], "fieldMask": mask(query)}
        if end < len(rows):
            page["nextPageToken"] = self._token(body, end)
        if (body.get("searchSettings") or {}).get("returnTotalResultsCount"):
            page["totalResultsCount"] = str(len(rows))
        return page

    def _token(self, body: dict[str, Any], place: int) -> str:
        mark = hashlib.sha256(str(body.get("query")).encode()).hexdigest()[:12]
        return base64.urlsafe_b64encode(f"{mark}:{place}".encode()).decode()

    def _start(self, body: dict[str, Any]) -> int:
        """Where a page token points. Raises AdsError for one of another query."""
        token = str(body.get("pageToken") or "")
        if not token:
            return 0
        place = base64.urlsafe_b64decode(token.encode() + b"==").decode("latin-1").partition(":")[2]
        if not place.isdigit() or self._token(body, int(place)) != token:
            raise AdsError("requestError", "INVALID_PAGE_TOKEN", "Page token is invalid.")
        return int(place)

    def _stream(self, customer: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        query, rows = self._rows(customer, body.get("query"))
        batches = [rows[start : start + self.page_rows] for start in range(0, len(rows), self.page_rows)]
        return [
            {"results": [shaped(row, query) for row in batch], "fieldMask": mask(query), "requestId": "twin-request"}
            for batch in batches
        ]

    # -- for the twin's server ----------------------------------------------------------------------------------------

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        return exhausted("RESOURCE_TEMPORARILY_EXHAUSTED", "Requests per second", seconds or 1).reply()

    def expired(self, request: Request) -> Reply:
        message = "Request had invalid authentication credentials. Expected OAuth 2 access token."
        return json_reply({"error": {"code": 401, "message": message, "status": "UNAUTHENTICATED"}}, 401)

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        """Google Ads pushes nothing."""
        return None


def _body(request: Request) -> dict[str, Any]:
    try:
        body = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError as error:
        raise AdsError("requestError", "INVALID_INPUT", "Invalid JSON payload received.") from error
    return body if isinstance(body, dict) else {}


def mask(query: gaql.Query) -> str:
    return ",".join(".".join(camel(part) for part in name.split(".")) for name in query.select)


def shaped(row: dict[str, Any], query: gaql.Query) -> dict[str, Any]:
    """The selected fields as proto3's JSON: camel case, int64 as text, nothing where a field is not set."""
    told: dict[str, Any] = {}
    kinds = RESOURCES[query.resource]
    for name in _with_names(row, query):
        value = row.get(name)
        if value is None or value == []:
            continue
        *path, last = (camel(part) for part in name.split("."))
        place = told
        for part in path:
            place = place.setdefault(part, {})
        place[last] = str(value) if kinds[name] == "int64" else value
    return told


def _with_names(row: dict[str, Any], query: gaql.Query) -> Iterator[str]:
    """The selected fields, and the resource name of each resource among them, which always comes along."""
    owners = dict.fromkeys(name.partition(".")[0] for name in query.select)
    yield from (f"{owner}.resource_name" for owner in owners if f"{owner}.resource_name" in row)
    yield from query.select
