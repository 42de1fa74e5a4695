"""The consent desk: what is shown, what a code is good for, and what a refresh token is."""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from connectors.consent import Asking
from connectors.twin.wire.consent import BadConsent, Desk, TokenBook, Wanted
from connectors.twin.wire.web import Reply, Request

BACK = "https://ops.example.com/connect/shopish/back/"


class Time:
    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def wanted(**changes: object) -> Wanted:
    return Wanted(**({"client_id": "app1", "app": "Ops Room", "account": "Lumen & Loft", "redirect_uri": BACK,
                      "state": "s1", "scopes": ("read_orders", "read_stock")} | changes))  # type: ignore[arg-type]  # fmt: skip


def press(desk: Desk, shown: Reply, answer: str = "allow", scopes: tuple[str, ...] = ()) -> Reply:
    visit = re.search(r'name="visit" value="([^"]+)"', shown.body.decode())
    assert visit is not None
    body = urlencode([("visit", visit[1]), ("answer", answer), *(("scope", scope) for scope in scopes)])
    return desk.decide(Request("POST", "/oauth/authorize", "", {}, body.encode()))


def sent_back(reply: Reply) -> dict[str, str]:
    assert reply.status == 302
    assert reply.headers["location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(reply.headers["location"]).query).items()}


def test_the_page_names_the_app_the_account_and_each_scope_without_trusting_their_text() -> None:
    page = Desk("Shopish", Time()).page(wanted(app="<b>Ops</b>")).body.decode()
    assert "&lt;b&gt;Ops&lt;/b&gt; would like to open Lumen &amp; Loft" in page
    assert page.count('type="checkbox"') == 2
    assert "You will be sent to ops.example.com" in page


def test_a_page_that_cannot_send_back_is_refused() -> None:
    desk = Desk("Shopish", Time())
    assert desk.page(wanted(redirect_uri="javascript:alert(1)")).status == 400
    assert desk.page(wanted(challenge="x", method="MD5")).status == 400


def test_allow_sends_a_code_that_is_good_once_for_what_stayed_ticked() -> None:
    desk = Desk("Shopish", Time())
    back = sent_back(press(desk, desk.page(wanted()), scopes=("read_orders", "write_everything")))
    assert back["state"] == "s1"
    assert desk.redeem(back["code"], client_id="app1", redirect_uri=BACK).scopes == ("read_orders",)
    with pytest.raises(BadConsent, match="used already"):
        desk.redeem(back["code"])


def test_a_link_without_an_address_returns_to_the_registered_one() -> None:
    desk = Desk("Shopish", Time())
    assert desk.page(wanted(redirect_uri="")).status == 400
    desk.registered = BACK
    assert sent_back(press(desk, desk.page(wanted(redirect_uri=""))))["state"] == "s1"


def test_deny_sends_the_refusal_and_no_code() -> None:
    desk = Desk("Shopish", Time())
    back = sent_back(press(desk, desk.page(wanted()), "deny"))
    assert (back["error"], back["state"], "code" in back) == ("access_denied", "s1", False)


def test_a_form_counts_once() -> None:
    desk = Desk("Shopish", Time())
    shown = desk.page(wanted())
    press(desk, shown)
    assert press(desk, shown).status == 400


@pytest.mark.parametrize(
    ("given", "reason"),
    [({"client_id": "app2"}, "another app"), ({"redirect_uri": BACK + "x"}, "redirect address")],
)
def test_a_code_serves_only_who_asked(given: dict[str, str], reason: str) -> None:
    desk = Desk("Shopish", Time())
    code = desk.issue(wanted())
    with pytest.raises(BadConsent, match=reason):
        desk.redeem(code, **given)


def test_a_code_ends_after_ten_minutes() -> None:
    now = Time()
    desk = Desk("Shopish", now)
    code = desk.issue(wanted())
    now.at += 601
    with pytest.raises(BadConsent, match="has ended"):
        desk.redeem(code)


def test_pkce_lets_only_the_holder_of_the_verifier_trade_the_code() -> None:
    desk = Desk("Shopish", Time())
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
    challenge = Asking(state="", redirect_uri="", scopes=(), verifier=verifier).challenge()
    assert challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    with pytest.raises(BadConsent, match="verifier"):
        desk.redeem(desk.issue(wanted(challenge=challenge)), verifier="another")
    assert desk.redeem(desk.issue(wanted(challenge=challenge)), verifier=verifier).challenge == challenge


def test_a_single_use_refresh_token_pays_once() -> None:
    book = TokenBook(Time(), access_life=60)
    first = book.give("shop", ("read",))
    second = book.renew(first.refresh)
    assert (second.account, second.scopes) == ("shop", ("read",))
    with pytest.raises(BadConsent):
        book.renew(first.refresh)
    assert book.renew(second.refresh).access != second.access


def test_a_lasting_refresh_token_stays_the_same() -> None:
    book = TokenBook(Time(), access_life=60, refresh_life=600, is_single_use=False)
    first = book.give("shop")
    assert book.renew(first.refresh).refresh == first.refresh


def test_tokens_end_and_can_be_taken_back() -> None:
    now = Time()
    book = TokenBook(now, access_life=60, refresh_life=600)
    mine, other = book.give("mine"), book.give("other")
    assert book.holder(mine.access) == mine
    book.revoke("mine")
    assert (book.holder(mine.access), book.holder(other.access)) == (None, other)
    now.at += 61
    assert book.holder(other.access) is None
    now.at += 600
    with pytest.raises(BadConsent):
        book.renew(other.refresh)
