"""Klaviyo on the wire: our connector against the market, and the published specification as the judge."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.base import Permit, Reconnect, Refused, Retry, Unknown
from connectors.consent import App, Asking
from connectors.http import Patience
from connectors.operations import RecordEvent, SetCampaign
from connectors.registry import open_connector, transport_for
from connectors.shops.messages.klaviyo import Klaviyo
from connectors.twin.server import TwinServer, serve
from connectors.twin.wire.klaviyo.api import CLIENT_ID, CLIENT_SECRET, WEBHOOK_SECRET
from connectors.twin.wire.klaviyo.book import PLACED, STARTED
from connectors.types import Account, AccountMetric, BadRow, Checkout, Customer, Sight
from tests.connectors.consenting import answer as answer_consent
from tests.connectors.shops.stand import allow
from tests.contracts.specs import Recorder, open_api

SPAN = timedelta(days=8)  # shorter than the real ones, for the tests' speed


class Market:
    def __init__(self, server: TwinServer) -> None:
        self.server, self.recorder = server, Recorder()
        self.http = httpx.Client(transport=self.recorder, timeout=5)
        self.row = next(row for row in server.accounts() if row["kind"] == "klaviyo")
        self.wire: Any = server.wires["klaviyo"]
        self.klaviyo = self.open(self.row["credentials"])

    def open(self, credentials: dict[str, str]) -> Klaviyo:
        row = self.row
        account = Account(
            "klaviyo", 1, row["name"], row["external_id"], row["base_url"], row["currency"], settings=row["settings"],
            credentials=credentials,
        )  # fmt: skip
        made = open_connector(account, clock=self.now, client=self.http, gate=allow, patience=Patience(attempts=1))
        assert isinstance(made, Klaviyo)
        vars(made)["feeds"] = tuple(replace(feed, first_span=SPAN) for feed in Klaviyo.feeds)
        return made

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.server.clock.now(), UTC)

    def permit(self, key: str) -> Permit:
        return Permit(1, 1, "digest", key, 1, self.now() + timedelta(minutes=1))

    def effects(self) -> list[Any]:
        return [one for one in self.server.market.effects.since() if one.shop == "klaviyo"]

    def fail(self, operation: str, kind: str) -> None:
        self.server.faults.add({"shop": "klaviyo", "operation": operation, "kind": kind, "remaining": 1})


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with serve("company", seed=7, orders=20, has_limits=False) as server:
        market = Market(server)
        yield market
        market.http.close()


@pytest.fixture(autouse=True)
def no_faults(market: Market) -> None:
    market.server.faults.clear()


def test_every_checkout_of_the_span_is_read_and_those_that_became_orders_are_ended(market: Market) -> None:
    pages = list(market.klaviyo.pull("checkouts", ""))
    rows = [row for page in pages for row in page.records]
    assert [row for row in rows if isinstance(row, BadRow)] == []
    since = (market.now() - SPAN).timestamp()
    expected = {event.id: event for event in market.wire.book.events(STARTED) if event.at >= since}
    found = {row.external_id: row for row in rows if isinstance(row, Checkout)}
    assert set(expected) - set(found) <= {next(iter(expected))}  # the span moves on while it is read
    assert len(found) > 30
    left = [row for row in found.values() if row.completed_at is None]
    assert {row.external_id[-1] for row in left} == {"L"}
    assert all(row.recovery_url and row.skus and row.customer_email for row in left)
    assert 0 < sum(row.may_be_mailed for row in left) < len(left)


def test_profiles_are_read_over_pages(market: Market) -> None:
    pages = list(market.klaviyo.pull("profiles", ""))
    found = [row for page in pages for row in page.records]
    assert all(isinstance(row, Customer) and row.email and row.lifetime_value is not None for row in found)
    assert len(pages) > 1
    assert len({row.external_id for row in found if isinstance(row, Customer)}) == len(found)
    cursor = pages[-1].cursor
    assert len([row for page in market.klaviyo.pull("profiles", cursor) for row in page.records]) < len(found)
    one = market.klaviyo.fetch(Customer, next(row.external_id for row in found if isinstance(row, Customer)))
    assert one is not None


def test_the_health_of_what_is_mailed_is_read(market: Market) -> None:
    [page] = market.klaviyo.pull("account_health", "")
    figures = {row.name: row for row in page.records if isinstance(row, AccountMetric)}
    assert set(figures) == {"spam_complaint_rate", "bounce_rate", "unsubscribe_rate", "live_flows"}
    assert all(row.value is not None and row.value >= 0 for row in figures.values())
    assert figures["live_flows"].value == 2


def event_for(market: Market, metric: str = "Parcel delayed") -> RecordEvent:
    someone = next(iter(market.klaviyo.pull("profiles", ""))).records[0]
    assert isinstance(someone, Customer)
    return RecordEvent(metric=metric, email=someone.email, properties=(("order", "#1042"),))


def test_an_event_that_is_sent_twice_is_kept_once_and_seen_after_a_while(market: Market) -> None:
    event, key, before = event_for(market), "intent-klaviyo-1", len(market.effects())
    for _ in range(2):
        assert not market.klaviyo.perform(event, market.permit(key)).is_final
    [effect] = market.effects()[before:]
    assert (effect.operation, effect.key, effect.subject) == ("record_event", key, event.email)
    assert market.klaviyo.probe(event, key, market.now()).sight is Sight.UNCLEAR
    assert market.klaviyo.probe(event, key, market.now() - timedelta(minutes=11)).sight is Sight.ABSENT
    market.server.clock.set(advance_seconds=90)
    sighting = market.klaviyo.probe(event, key, market.now() - timedelta(minutes=2))
    assert (sighting.sight, sighting.reference) == (Sight.SEEN, effect.reference)


@pytest.mark.parametrize(("fault", "kept"), [("reset_after", 1), ("reset_before", 0), ("server_error", 0)])
def test_an_event_whose_answer_was_lost_may_be_sent_again_under_its_key(market: Market, fault: str, kept: int) -> None:
    event, key, before = event_for(market), f"intent-{fault}", len(market.effects())
    market.fail("POST /api/events", fault)
    with pytest.raises(Unknown):
        market.klaviyo.perform(event, market.permit(key))
    assert len(market.effects()) - before == kept
    market.klaviyo.perform(event, market.permit(key))
    assert len(market.effects()) - before == 1


def test_a_flow_is_paused_once(market: Market) -> None:
    pause, before = SetCampaign(campaign_ref="XwelcB", is_active=False), len(market.effects())
    assert market.klaviyo.probe(pause, "k", market.now()).sight is Sight.ABSENT
    for _ in range(2):
        market.klaviyo.perform(pause, market.permit("intent-flow"))
    assert market.klaviyo.probe(pause, "k", market.now()).sight is Sight.SEEN
    [effect] = market.effects()[before:]
    assert (effect.operation, effect.subject) == ("set_campaign", "XwelcB")
    with pytest.raises(Refused):
        market.klaviyo.perform(SetCampaign(campaign_ref="none", is_active=False), market.permit("intent-none"))
    market.klaviyo.perform(SetCampaign(campaign_ref="XwelcB", is_active=True), market.permit("intent-back"))


def test_faults_of_the_wire_are_sorted_and_drift_crashes_nothing(market: Market) -> None:
    for fault, kind in (("rate_limited", Retry), ("expired_token", Reconnect), ("server_error", Retry)):
        market.fail("GET /api/accounts", fault)
        with pytest.raises(kind):
            market.klaviyo.check()
    assert market.klaviyo.check() == "the account of Lumen & Loft"
    for operation in ("GET /api/events", "GET /api/metrics", "GET /api/profiles", "GET /api/flows"):
        market.fail(operation, "drifted")
        feed = "account_health" if operation.endswith("flows") else "checkouts"
        try:
            assert list(market.klaviyo.pull(feed, ""))[-1].is_last
        except (Retry, Refused) as error:
            assert error.code  # noqa: PT017 - either ending is right; a crash is not
        market.server.faults.clear()


def test_every_exchange_fits_the_specification(market: Market) -> None:
    judge = open_api("klaviyo/stable.json", closes=False)  # what one part closes another part of an object adds to
    market.recorder.exchanges.clear()
    for feed in ("checkouts", "profiles", "account_health"):
        list(market.klaviyo.pull(feed, ""))
    event = event_for(market, "Judged")
    market.klaviyo.perform(event, market.permit("intent-judged"))
    market.klaviyo.probe(event, "intent-judged", market.now())
    market.klaviyo.perform(SetCampaign(campaign_ref="XwinbC", is_active=True), market.permit("intent-judged-flow"))
    market.klaviyo.check()
    with pytest.raises(Refused):
        market.klaviyo.client.get("events.list", "/api/events", {"page[size]": "5000"})
    shown = [one for one in market.recorder.exchanges if one[0].url.path.startswith("/klaviyo/api/")]
    kinds = {(one[0].method, one[0].url.path, *sorted(one[0].url.params)): one for one in shown if one[1].is_success}
    good = list(kinds.values())
    assert judge.judge(good, mount="/klaviyo") == []
    assert len({(request.method, request.url.path.split("/")[3]) for request, _ in good}) >= 7
    [bad] = [one for one in shown if one[1].status_code == 400 and b"Page size" in one[1].content]
    assert judge.reply("GET", "/api/events", 400, bad[1].content) == []


# -- connecting and pushes --------------------------------------------------------------------------------------------


def test_the_consent_page_opens_the_account_with_what_was_left_ticked(market: Market) -> None:
    base = market.row["base_url"]
    app = App("klaviyo", {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}, base, base)
    asking = Asking("st4te", "https://ops.example/back", Klaviyo.read_scopes, verifier="v" * 43)
    callback = answer_consent(Klaviyo.consent(app, asking), without=("flows:read",))
    way = transport_for(Klaviyo, (), market.now)
    [grant] = Klaviyo.grant(app, asking, callback, way, market.now)
    assert (grant.external_id, grant.name, grant.currency) == ("TwLoFt", "Klaviyo Lumen & Loft", "USD")
    assert set(Klaviyo.read_scopes) - set(grant.scopes) == {"flows:read"}
    mine = market.open(dict(grant.credentials))
    assert mine.check() == "the account of Lumen & Loft"
    before = len(market.effects())
    with pytest.raises(Reconnect, match="events:write"):
        mine.perform(RecordEvent(metric="M", email="a@b.co"), market.permit("intent-scope"))
    assert len(market.effects()) == before
    renewed = mine.refresh()
    assert renewed.renewable_until is not None
    assert market.open(dict(renewed.credentials)).check() == "the account of Lumen & Loft"
    with pytest.raises(Refused, match="start the connection again"):
        Klaviyo.grant(app, asking, callback, way, market.now)


def test_a_push_of_the_market_is_signed_as_klaviyo_signs(market: Market) -> None:
    event = next(market.wire.book.events(PLACED))
    body, headers = market.wire.push("event", event, "https://ops.example/")
    lower = {name.lower(): value for name, value in headers.items()}
    assert Klaviyo.verify(body, lower, "https://ops.example/", (WEBHOOK_SECRET,), datetime.now(UTC))
    assert not Klaviyo.verify(body + b" ", lower, "https://ops.example/", (WEBHOOK_SECRET,), datetime.now(UTC))
    assert Klaviyo.event_id(body, lower) == event.id
