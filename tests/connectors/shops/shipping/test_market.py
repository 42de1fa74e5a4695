"""The shipping connectors against the running market: parcels as they are scanned, labels, claims and changed ways.

UPS's published files judge every exchange with it, and EasyPost's own client speaks to its twin unmodified.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from easypost.easypost_client import EasyPostClient
from easypost.errors.api.invalid_request_error import InvalidRequestError
from easypost.errors.api.not_found_error import NotFoundError
from easypost.errors.api.unauthorized_error import UnauthorizedError
from easypost.util import validate_webhook

from connectors.base import Connector, Permit, Reconnect, Refreshes, Refused, Retry, Unknown
from connectors.http import Patience, Reply
from connectors.money import Money
from connectors.operations import Address, BuyReturnLabel, FileClaim, Operation, Parcel, RedirectParcel, VoidLabel
from connectors.registry import CONNECTORS, open_connector
from connectors.shops.shipping.easypost.connector import Sweep, iso
from connectors.shops.windows import Mark
from connectors.twin.market import tracking_number
from connectors.twin.server import TwinServer, serve
from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.trade import Order, Step
from connectors.types import (
    Account,
    BadRow,
    Record,
    RedirectOffer,
    Shipment,
    ShipmentStatus,
    ShippingLabel,
    Sight,
)
from tests.connectors.shops.stand import allow
from tests.contracts.specs import Recorder, open_api

SHIPPING = ("aftership", "easypost", "ups")
LISTS = {"aftership": "trackings", "easypost": "trackers"}
FILES = ("ups/DeliveryIntercept.yaml", "ups/Tracking.yaml", "ups/OAuthClientCredentials.yaml")


class Market:
    """A twin of the company that uses everything, its shipping accounts, and what went over the wire."""

    def __init__(self, server: TwinServer) -> None:
        self.server, self.recorder, self.number = server, Recorder(), 0
        self.http = httpx.Client(transport=self.recorder, timeout=3)
        self.rows = {row["kind"]: row for row in server.accounts()}
        self.shops = {kind: self.open(kind) for kind in SHIPPING}

    def open(self, kind: str, credentials: Mapping[str, str] | None = None) -> Connector:
        row = self.rows[kind]
        account = Account(
            kind, 1, row["name"], row["external_id"], row["base_url"], row["currency"], row["country"],
            {**row["settings"], "calls_per_second": 5_000}, {**row["credentials"], **(credentials or {})},
        )  # fmt: skip
        return open_connector(
            account, clock=self.now, client=self.http, gate=allow, patience=Patience(attempts=1),
            sleep=lambda seconds: None,
        )  # fmt: skip

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.server.clock.now(), UTC)

    def pass_days(self, days: float) -> None:
        wish = {"advance_seconds": days * DAY}
        httpx.post(f"{self.server.url}/_twin/clock", json=wish, trust_env=False, timeout=60)

    def pull(self, kind: str) -> list[Record | BadRow]:
        """What has changed in the last days: the whole of two months takes its time."""
        since = self.now() - timedelta(days=6)
        cursor = str(Mark(int(since.timestamp()))) if kind == "aftership" else str(Sweep(iso(since)))
        return [row for page in self.shops[kind].pull(LISTS[kind], cursor) for row in page.records]

    def permit(self) -> Permit:
        self.number += 1
        return Permit(1, 1, "digest", f"intent-{self.number:06}", 1, self.now() + timedelta(minutes=5))

    def effects(self, operation: str) -> list[dict[str, Any]]:
        return [row for row in self.server.market.effects.as_rows(0) if row["operation"] == operation]

    @contextmanager
    def fault(self, kind: str, place: str, fault: str) -> Iterator[None]:
        """One call goes wrong."""
        self.server.faults.add({"shop": kind, "operation": place, "kind": fault, "remaining": 1, "seconds": 0.2})
        try:
            yield
        finally:
            self.server.faults.clear()

    def parcels(self, test: Callable[[Order], bool], courier: str = "UPS") -> Iterator[Order]:
        for order in self.server.market.books["shopify"].orders:
            if order.courier == courier and test(order):
                yield order

    def turnable(self) -> Iterator[str]:
        """Numbers of parcels whose way can still be changed, in no special trouble."""
        market = self.server.market
        for order in self.parcels(lambda order: order.step == Step.SHIPPED and not order.scans_end):
            if market.parcels.expected(order) > market.now + DAY and market.parcels.last(order) is None:
                yield tracking_number(order)


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with serve("company", seed=5, has_limits=False) as server:
        running = Market(server)
        yield running
        running.http.close()


@pytest.fixture
def fresh() -> Iterator[Market]:
    """A company of a test's own, whose clock it may set."""
    with serve("company", seed=5, has_limits=False) as server:
        running = Market(server)
        yield running
        running.http.close()


# -- parcels ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(LISTS))
def test_every_parcel_is_read_to_the_end_without_a_bad_row(market: Market, kind: str) -> None:
    pages = list(market.shops[kind].pull(LISTS[kind], ""))
    rows = [row for page in pages for row in page.records]
    assert len(pages) > 1
    assert [row for row in rows if isinstance(row, BadRow)] == []
    assert pages[0].count_at_source in (None, len(rows))
    states = Counter(row.status for row in rows if isinstance(row, Shipment))
    assert states[ShipmentStatus.DELIVERED] > states[ShipmentStatus.IN_TRANSIT] > states[ShipmentStatus.EXCEPTION]
    assert states[ShipmentStatus.BOOKED] > 0
    again = [row for page in market.shops[kind].pull(LISTS[kind], pages[-1].cursor) for row in page.records]
    assert len(again) < len(rows)
    one = next(row for row in rows if isinstance(row, Shipment))
    assert market.shops[kind].fetch(Shipment, one.external_id) == one
    assert market.shops[kind].check()


@pytest.fixture(scope="module")
def tracked(market: Market) -> list[Shipment]:
    """The parcels of the last days at AfterShip, read once."""
    return [row for row in market.pull("aftership") if isinstance(row, Shipment)]


def test_a_parcel_is_the_same_to_the_tracker_and_to_its_courier(market: Market, tracked: list[Shipment]) -> None:
    number = next(market.turnable())
    [watched] = [row for row in tracked if row.tracking_number == number]
    carried = market.shops["ups"].fetch(Shipment, number)
    assert carried is not None
    assert (watched.status, watched.last_scan_at) == (carried.status, carried.last_scan_at)


def test_what_the_tracker_calls_an_exception_is_what_was_planted(market: Market, tracked: list[Shipment]) -> None:
    planted = {ref for row in market.server.market.truth.of("parcel_stuck") for ref in row.refs}
    found = {row.tracking_number for row in tracked if row.status is ShipmentStatus.EXCEPTION}
    assert found
    assert found <= planted


@pytest.mark.parametrize("fault", ["drifted", "not_json", "truncated", "server_error", "reset_before", "rate_limited"])
@pytest.mark.parametrize("kind", list(LISTS))
def test_a_bad_page_is_an_error_or_quarantine_and_never_an_empty_shop(market: Market, kind: str, fault: str) -> None:
    with market.fault(kind, "*", fault):
        assert read_or_refused(market, kind)


def read_or_refused(market: Market, kind: str) -> bool:
    """Whether a pull gave rows, or ended in one of the known endings."""
    try:
        return bool(market.pull(kind))
    except (Retry, Refused, Unknown) as error:
        return bool(str(error))


@pytest.mark.parametrize("kind", SHIPPING)
def test_a_wrong_key_asks_for_the_right_one(market: Market, kind: str) -> None:
    with pytest.raises(Reconnect):
        market.open(kind, {"api_key": "wrong-key", "client_secret": "wrong-key"}).check()


def test_a_token_is_used_until_it_ends_and_then_renewed(fresh: Market) -> None:
    ups, number = fresh.shops["ups"], next(fresh.turnable())
    assert isinstance(ups, Refreshes)
    renewed = ups.refresh()
    assert renewed.expires_at is not None
    held = fresh.open("ups", renewed.credentials)
    assert held.fetch(Shipment, number) is not None
    fresh.pass_days(0.2)
    with pytest.raises(Reconnect):
        held.fetch(Shipment, number)
    assert ups.fetch(Shipment, number) is not None


# -- changed ways -------------------------------------------------------------------------------------------------

BALDWIN = Address(name="Kris", line1="12911 Fork Rd", city="Baldwin", region="MD", postcode="21013", country="US")


def redirect(market: Market, number: str, way: Any) -> RedirectParcel:
    offered = market.shops["ups"].fetch(RedirectOffer, number)
    assert offered is not None
    days = next((row.days for row in offered.ways if row.way == way), ())
    return RedirectParcel(
        tracking_number=number, carrier="UPS", way=way, day=days[0] if way == "reschedule" else None,
        address=BALDWIN if way == "reroute" else None,
    )  # fmt: skip


FEES = {"reschedule": "17.90", "reroute": "21.40", "return": "17.90", "hold_for_pickup": "12.40"}


def test_a_parcels_way_is_changed_once_for_its_fee_and_carried_out(fresh: Market) -> None:
    ups, numbers = fresh.shops["ups"], list(fresh.turnable())
    for number, (way, fee) in zip(numbers, FEES.items(), strict=False):
        operation, ticket = redirect(fresh, number, way), fresh.permit()
        assert ups.probe(operation, ticket.key, fresh.now()).sight is Sight.ABSENT
        offered = ups.fetch(RedirectOffer, number)
        assert offered is not None
        assert {str(row.charge) for row in offered.ways if row.way == way} == {f"{fee} USD"}
        assert ups.perform(operation, ticket).reference == number
        effect = fresh.effects("redirect")[-1]
        assert (Decimal(effect["amount"]), effect["subject"], effect["detail"]["way"]) == (Decimal(fee), number, way)
        assert ups.probe(operation, ticket.key, fresh.now()).sight is Sight.SEEN
        with pytest.raises(Refused, match="stands already"):
            ups.perform(operation, fresh.permit())
    assert len(fresh.effects("redirect")) == 4
    fresh.pass_days(4.1)
    ended = [ups.fetch(Shipment, number) for number in numbers[:4]]
    assert [row.status for row in ended if row] == ["delivered", "delivered", "returned", "delivered"]


def test_a_parcel_in_trouble_goes_on_to_the_address_that_was_given(fresh: Market) -> None:
    market = fresh.server.market
    trouble = next(fresh.parcels(lambda order: order.step == Step.SHIPPED and not order.scans_end))
    trouble.scans_end = market.now - 3 * HOUR
    market.parcels.trouble[trouble.channel, trouble.index] = market.parcels.trouble.popitem()[1]
    number, ups = tracking_number(trouble), fresh.shops["ups"]
    assert [row.status for row in [ups.fetch(Shipment, number)] if row] == ["exception"]
    ups.perform(redirect(fresh, number, "reroute"), fresh.permit())
    fresh.pass_days(2.1)
    assert [row.status for row in [ups.fetch(Shipment, number)] if row] == ["delivered"]


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "truncated", "not_json"])
def test_a_lost_answer_to_a_change_is_unknown_and_the_probe_finds_it(market: Market, fault: str) -> None:
    number = next(market.turnable())
    operation, before = redirect(market, number, "return"), len(market.effects("redirect"))
    with market.fault("ups", "POST /return", fault), pytest.raises(Unknown):
        market.shops["ups"].perform(operation, market.permit())
    assert len(market.effects("redirect")) == before + 1
    assert market.shops["ups"].probe(operation, "any", market.now()).sight is Sight.SEEN


@pytest.mark.parametrize("fault", ["reset_before", "timeout_before", "server_error"])
def test_a_lost_request_for_a_change_is_unknown_and_the_probe_finds_nothing(market: Market, fault: str) -> None:
    number = next(market.turnable())
    operation, before = redirect(market, number, "return"), len(market.effects("redirect"))
    with market.fault("ups", "POST /return", fault), pytest.raises(Unknown):
        market.shops["ups"].perform(operation, market.permit())
    assert len(market.effects("redirect")) == before
    assert market.shops["ups"].probe(operation, "any", market.now()).sight is Sight.ABSENT


def test_a_limit_or_a_dead_token_turns_a_change_away_before_it_is_made(market: Market) -> None:
    operation, before = redirect(market, next(market.turnable()), "return"), len(market.effects("redirect"))
    for fault, kind in (("rate_limited", Retry), ("expired_token", Reconnect)):
        with market.fault("ups", "POST /return", fault), pytest.raises(kind):
            market.shops["ups"].perform(operation, market.permit())
    assert len(market.effects("redirect")) == before


def test_a_parcel_that_is_out_for_delivery_delivered_or_anothers_takes_no_change(fresh: Market) -> None:
    ups, market = fresh.shops["ups"], fresh.server.market
    done = tracking_number(next(fresh.parcels(lambda order: order.step == Step.DELIVERED)))
    out = next(fresh.parcels(lambda order: market.parcels.is_out(order, market.now)))
    for number in (done, tracking_number(out)):
        with pytest.raises(Refused, match="no more"):
            ups.perform(RedirectParcel(tracking_number=number, carrier="UPS", way="return"), fresh.permit())
    with pytest.raises(Refused) as caught:
        ups.perform(RedirectParcel(tracking_number="1Z4096YY0316914058", carrier="UPS", way="return"), fresh.permit())
    assert caught.value.code == "605"
    assert fresh.effects("redirect") == []


def test_every_exchange_with_ups_is_as_its_published_files_say(fresh: Market) -> None:
    ups, numbers = fresh.shops["ups"], fresh.turnable()
    assert ups.check()
    for way in ("reschedule", "reroute", "return", "hold_for_pickup"):
        ups.perform(redirect(fresh, next(numbers), way), fresh.permit())
    done = tracking_number(next(fresh.parcels(lambda order: order.step == Step.DELIVERED)))
    ups.fetch(Shipment, done)
    with pytest.raises(Refused):
        ups.perform(RedirectParcel(tracking_number="1Z4096YY0316914058", carrier="UPS", way="return"), fresh.permit())
    assert ups.fetch(Shipment, "1Z4096YY0316914058") is None
    with pytest.raises(Reconnect):
        fresh.open("ups", {"client_secret": "wrong"}).check()
    exchanges = [pair for pair in fresh.recorder.exchanges if pair[0].url.path.startswith("/ups/")]
    faults: list[str] = []
    judged = 0
    for name, base in zip(FILES, ("/api/deliveryintercept/v2", "/api", ""), strict=True):
        mine = [pair for pair in exchanges if is_of(name, pair[0].url.path)]
        judged += len(mine)
        # UPS sends fields that its own files do not list, so only what they list is held against it.
        judge = open_api(name, base, closes=False)
        if name.endswith("Credentials.yaml"):  # what is sent is a form, which another test reads
            for asked, said in mine:
                faults += judge.reply("POST", asked.url.path.removeprefix("/ups"), said.status_code, said.content)
        else:
            faults += judge.judge(mine, mount="/ups")
    assert judged == len(exchanges) >= 15
    assert faults == []


def is_of(name: str, path: str) -> bool:
    words = {"ups/DeliveryIntercept.yaml": "deliveryintercept", "ups/Tracking.yaml": "/track/"}
    return words.get(name, "oauth") in path


# -- labels and claims --------------------------------------------------------------------------------------------

WAREHOUSE = Address(name="Lumen", line1="1 Way", city="Austin", region="TX", postcode="78744", country="US")
PARCEL = Parcel(weight_grams=700, length_mm=250, width_mm=150, height_mm=80)
LABEL = BuyReturnLabel(
    order_ref="#1", sender=BALDWIN, receiver=WAREHOUSE, parcel=PARCEL, limit=Money.parse("9.00", "USD")
)


def test_a_return_label_is_bought_once_and_given_back(market: Market) -> None:
    shop, ticket = market.shops["easypost"], market.permit()
    before = len(market.effects("buy_label"))
    assert shop.probe(LABEL, ticket.key, market.now()).sight is Sight.ABSENT
    receipt = shop.perform(LABEL, ticket)
    again = shop.perform(LABEL, ticket)
    assert (again.reference, again.is_replay) == (receipt.reference, True)
    assert shop.probe(LABEL, ticket.key, market.now()).sight is Sight.SEEN
    found = shop.fetch(ShippingLabel, receipt.reference)
    assert found is not None
    assert (found.is_return, found.service, str(found.price)) == (True, "GroundAdvantage", "6.53 USD")
    assert found.tracking_number in {
        row.tracking_number for row in market.pull("easypost") if isinstance(row, Shipment)
    }
    [effect] = market.effects("buy_label")[before:]
    assert (effect["amount"], effect["subject"], effect["detail"]["is_return"]) == ("6.53", ticket.key, True)
    back, voided = VoidLabel(label_ref=receipt.reference), len(market.effects("void_label"))
    assert shop.probe(back, "any", market.now()).sight is Sight.ABSENT
    assert not shop.perform(back, market.permit()).is_final
    assert shop.probe(back, "any", market.now()).sight is Sight.SEEN
    with pytest.raises(Refused):
        shop.perform(back, market.permit())
    assert len(market.effects("void_label")) == voided + 1


def test_a_return_label_goes_the_other_way_round(market: Market, sdk: Any) -> None:
    made = sdk.shipment.retrieve(market.shops["easypost"].perform(LABEL, market.permit()).reference)
    assert (made.from_address.city, made.to_address.city) == ("Baldwin", "Austin")


def test_a_label_that_was_used_is_not_given_back(fresh: Market) -> None:
    shop = fresh.shops["easypost"]
    ref = shop.perform(LABEL, fresh.permit()).reference
    fresh.pass_days(1.5)
    with pytest.raises(Refused, match="rejected"):
        shop.perform(VoidLabel(label_ref=ref), fresh.permit())
    assert fresh.effects("void_label") == []


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "truncated", "not_json"])
def test_a_lost_answer_to_a_purchase_is_unknown_and_never_bought_again(market: Market, fault: str) -> None:
    shop, ticket, before = market.shops["easypost"], market.permit(), len(market.effects("buy_label"))
    with market.fault("easypost", "POST /shipments/*/buy", fault), pytest.raises(Unknown):
        shop.perform(LABEL, ticket)
    assert shop.probe(LABEL, ticket.key, market.now()).sight is Sight.SEEN
    assert shop.perform(LABEL, ticket).is_replay
    assert len(market.effects("buy_label")) == before + 1


@pytest.mark.parametrize("fault", ["reset_before", "timeout_before", "server_error"])
def test_a_lost_purchase_is_unknown_and_absent_and_the_next_buys_on_the_same_shipment(
    market: Market, fault: str
) -> None:
    shop, ticket, before = market.shops["easypost"], market.permit(), len(market.effects("buy_label"))
    made = len(market.effects("make_shipment"))
    with market.fault("easypost", "POST /shipments/*/buy", fault), pytest.raises(Unknown):
        shop.perform(LABEL, ticket)
    assert shop.probe(LABEL, ticket.key, market.now()).sight is Sight.ABSENT
    assert not shop.perform(LABEL, ticket).is_replay
    assert (len(market.effects("buy_label")), len(market.effects("make_shipment"))) == (before + 1, made + 1)


@pytest.mark.parametrize("fault", ["timeout_after", "reset_before", "server_error"])
def test_a_lost_answer_to_the_free_shipment_is_tried_again_without_a_second_one(market: Market, fault: str) -> None:
    shop, ticket, made = market.shops["easypost"], market.permit(), len(market.effects("make_shipment"))
    with market.fault("easypost", "POST /shipments", fault), pytest.raises(Retry):
        shop.perform(LABEL, ticket)
    assert shop.perform(LABEL, ticket).reference
    assert len(market.effects("make_shipment")) == made + 1


def test_a_claim_is_filed_once_in_its_window_and_seen(market: Market) -> None:
    shop, now = market.shops["easypost"], market.server.market.now
    old = market.parcels(lambda order: 20 * DAY < now - order.packed < 50 * DAY, "USPS")
    number, ticket = tracking_number(next(old)), market.permit()
    claim = FileClaim(
        order_ref="#1", tracking_number=number, cause="lost", amount=Money.parse(80, "USD"), text="Never came"
    )
    assert shop.probe(claim, ticket.key, market.now()).sight is Sight.ABSENT
    with market.fault("easypost", "POST /claims", "reset_after"), pytest.raises(Unknown):
        shop.perform(claim, ticket)
    assert shop.probe(claim, ticket.key, market.now()).sight is Sight.SEEN
    assert shop.perform(claim, ticket).is_replay
    with pytest.raises(Refused, match="exists"):
        shop.perform(claim, market.permit())
    young = tracking_number(next(market.parcels(lambda order: 0 < now - order.packed < 10 * DAY, "USPS")))
    with pytest.raises(Refused, match="15-60 days"):
        shop.perform(
            FileClaim(order_ref="#2", tracking_number=young, cause="lost", amount=claim.amount, text="x"),
            market.permit(),
        )
    assert [row["key"] for row in market.effects("file_claim")] == [ticket.key]


@contextmanager
def client(market: Market, key: str = "") -> Iterator[Any]:
    """EasyPost's own client, pointed at the twin."""
    row = market.rows["easypost"]
    made = EasyPostClient(key or row["credentials"]["api_key"], api_base=f"{row['base_url']}/v2", timeout=5)
    with made._requests_session:
        yield made


@pytest.fixture
def sdk(market: Market) -> Iterator[Any]:
    with client(market) as made:
        yield made


def test_easyposts_own_client_works_with_the_twin(market: Market, sdk: Any) -> None:
    trackers = sdk.tracker.all(page_size=40)
    following = sdk.tracker.get_next_page(trackers, page_size=40)
    assert len({row.id for row in [*trackers["trackers"], *following["trackers"]]}) == 80
    assert sdk.tracker.retrieve(trackers["trackers"][3].id).tracking_code == trackers["trackers"][3].tracking_code
    made = sdk.shipment.create(
        to_address={"street1": "2 Oak", "city": "Denver", "state": "CO", "zip": "80001", "country": "US"},
        from_address={"street1": "1 Way", "city": "Austin", "state": "TX", "zip": "78744", "country": "US"},
        parcel={"weight": 15.4}, is_return=True, reference="sdk-1",
    )  # fmt: skip
    assert sdk.shipment.retrieve("sdk-1").id == made.id
    bought = sdk.shipment.buy(made.id, rate=made.lowest_rate(["USPS"]))
    assert bought.postage_label.label_url.endswith(".png")
    with pytest.raises(InvalidRequestError, match="only be bought once"):
        sdk.shipment.buy(made.id, rate=made.lowest_rate())
    assert sdk.shipment.refund(made.id).refund_status == "submitted"
    with pytest.raises(NotFoundError):
        sdk.shipment.retrieve("shp_nothing")
    with pytest.raises(InvalidRequestError):
        sdk.shipment.create(parcel={"weight": 1})
    assert sdk.user.retrieve_me().name == "Lumen & Loft"
    with client(market, "EZAKwrong") as stranger, pytest.raises(UnauthorizedError):
        stranger.user.retrieve_me()


def test_easyposts_own_client_files_and_takes_back_a_claim(market: Market, sdk: Any) -> None:
    now = market.server.market.now
    old = market.parcels(lambda order: 20 * DAY < now - order.packed < 50 * DAY, "FedEx")
    number = tracking_number(next(old))
    given = {"tracking_code": number, "amount": "80", "contact_email": "a@b.example", "description": "Broken"}
    with pytest.raises(InvalidRequestError, match="supporting documentation"):
        sdk.claim.create(type="damage", **given)
    filed = sdk.claim.create(type="damage", supporting_documentation_attachments=["data:image/png;base64,AA"], **given)
    assert sdk.claim.retrieve(filed.id).status == "submitted"
    assert filed.id in [row.id for row in sdk.claim.all()["claims"]]
    assert sdk.claim.cancel(filed.id).status == "cancelled"


# -- pushes and limits --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "feed"), [("aftership", "trackings"), ("easypost", "trackers")])
def test_a_scan_is_pushed_with_a_signature_that_our_connector_and_the_sdk_accept(
    market: Market, kind: str, feed: str
) -> None:
    order = next(market.parcels(lambda order: order.step == Step.SHIPPED, "USPS"))
    told: list[tuple[str, Any]] = []
    market.server.market.listeners.append(lambda channel, topic, thing: told.append((channel, topic)))
    market.server.market.touch(order, "fulfillments/update")
    market.server.market.listeners.pop()
    assert (kind, {"aftership": "tracking_update", "easypost": "tracker.updated"}[kind]) in told
    wire = market.server.wires[kind]
    topic = next(topic for channel, topic in told if channel == kind)
    pushed = wire.push(topic, order, "https://ops.example/hooks")
    assert pushed is not None
    body, headers = pushed
    lower = {name.lower(): value for name, value in headers.items()}
    reader: Any = CONNECTORS[kind]
    secrets = (market.rows[kind]["credentials"]["webhook_secret"],)
    assert reader.verify(body, lower, "", secrets, market.now())
    assert not reader.verify(body + b" ", lower, "", secrets, market.now())
    assert reader.touched(body, lower) == (feed,)
    assert reader.event_id(body, lower)
    if kind == "easypost":
        event = validate_webhook(body, headers, secrets[0])
        assert event["result"]["tracking_code"] == tracking_number(order)


PLACES = {"aftership": "/tracking/2026-07/trackings/x", "easypost": "/v2/users", "ups": "/api/track/v1/details/1"}


@pytest.mark.parametrize("kind", SHIPPING)
def test_a_caller_that_asks_too_fast_is_turned_away_and_told_so(kind: str) -> None:
    with serve("company", seed=5, has_limits=True) as server, httpx.Client(trust_env=False) as http:
        row = next(row for row in server.accounts() if row["kind"] == kind)
        key = row["credentials"].get("api_key", "")
        for _ in range(60):
            answer = http.get(row["base_url"] + PLACES[kind], headers={"as-api-key": key}, auth=(key, ""))
            if answer.status_code == 429:
                break
        found = CONNECTORS[kind].sort(Reply(429, dict(answer.headers), answer.content), is_write=True)
        assert answer.status_code == 429
        assert isinstance(found, Retry)
        assert found.code


def test_what_no_shipping_account_can_do_is_said_without_a_call(market: Market) -> None:
    wishes: tuple[Operation, ...] = (LABEL, VoidLabel(label_ref="x"))
    for wish in wishes:
        for kind in ("aftership", "ups"):
            with pytest.raises(Refused, match="by hand"):
                market.shops[kind].perform(wish, market.permit())
