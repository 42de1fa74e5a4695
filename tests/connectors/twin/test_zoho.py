"""The twin's Zoho as a plain HTTP client finds it: its token word, organisation, scopes, pages and limits."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors.twin.server import serve
from connectors.twin.wire.consent import TokenBook
from connectors.twin.wire.web import Bucket
from connectors.twin.wire.zoho.api import DAILY, Zoho


class Books:
    def __init__(self, url: str, account: dict[str, Any], wire: Zoho) -> None:
        self.url, self.account, self.wire = url, account, wire

    def ask(self, path: str, word: str = "Zoho-oauthtoken", token: str = "", **query: str) -> httpx.Response:
        token = token or self.account["credentials"]["access_token"]
        params = {"organization_id": self.account["external_id"], **query}
        headers = {"Authorization": f"{word} {token}"}
        return httpx.get(f"{self.url}/zoho{path}", params=params, headers=headers, trust_env=False)


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    with serve("company", seed=7) as server:
        wire = server.wires["zoho"]
        assert isinstance(wire, Zoho)
        account = next(row for row in server.accounts() if row["kind"] == "zoho")
        yield Books(server.url, account, wire)


def code(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["code"]


def test_only_zohos_own_word_before_the_token_is_taken(books: Books) -> None:
    assert code(books.ask("/inventory/v1/items")) == (200, 0)
    assert code(books.ask("/inventory/v1/items", word="Bearer")) == (401, 14)


def test_another_organisation_and_an_unknown_path_are_refused(books: Books) -> None:
    assert code(books.ask("/inventory/v1/items", organization_id="1")) == (400, 6041)
    assert code(books.ask("/inventory/v1/teapots")) == (404, 5)
    assert code(books.ask("/inventory/v1/purchaseorders/4815003999999999")) == (404, 1002)


def test_a_token_does_only_what_its_scopes_allow(books: Books) -> None:
    narrow = books.wire.accounts.tokens.give("x", ("ZohoInventory.items.READ",))
    assert code(books.ask("/inventory/v1/items", token=narrow.access)) == (200, 0)
    assert code(books.ask("/inventory/v1/purchaseorders", token=narrow.access)) == (401, 57)


def test_pages_say_whether_there_are_more(books: Books) -> None:
    first = books.ask("/inventory/v1/items", per_page="50", sort_order="A").json()
    assert len(first["items"]) == 50
    assert first["page_context"]["has_more_page"] is True
    last = books.ask("/inventory/v1/items", per_page="50", page="3", sort_order="A").json()
    assert (len(last["items"]), last["page_context"]["has_more_page"]) == (20, False)
    assert books.ask("/inventory/v1/items", per_page="999").json()["page_context"]["per_page"] == 200
    assert code(books.ask("/inventory/v1/items", page="0")) == (400, 2)


def test_a_minutes_and_a_days_calls_have_an_end(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books.wire, "minute", Bucket(1, 1e-9))
    assert code(books.ask("/inventory/v1/items")) == (200, 0)
    assert code(books.ask("/inventory/v1/items")) == (429, 44)
    monkeypatch.setattr(books.wire, "calls_today", DAILY)
    assert code(books.ask("/inventory/v1/items")) == (429, 45)
    monkeypatch.setattr(books.wire, "calls_today", 0)


def test_an_unknown_scope_is_not_asked_for(books: Books) -> None:
    mine = books.account["credentials"]
    query = {
        "client_id": mine["client_id"], "response_type": "code", "scope": "ZohoInventory.everything.ALL",
        "redirect_uri": "http://localhost/back/",
    }  # fmt: skip
    assert httpx.get(f"{books.url}/zoho/oauth/v2/auth", params=query, trust_env=False).status_code == 400


def test_a_revoked_refresh_token_is_dead(books: Books) -> None:
    book: TokenBook = books.wire.accounts.tokens
    pair = book.give("x", ())
    url = f"{books.url}/zoho/oauth/v2/token"
    assert httpx.post(f"{url}/revoke", params={"token": pair.refresh}, trust_env=False).json() == {"status": "success"}
    mine = books.account["credentials"]
    form = {
        "client_id": mine["client_id"], "client_secret": mine["client_secret"], "grant_type": "refresh_token",
        "refresh_token": pair.refresh,
    }  # fmt: skip
    answer = httpx.post(url, data=form, trust_env=False)
    assert (answer.status_code, answer.json()) == (200, {"error": "invalid_code"})
