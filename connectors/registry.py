"""Kind → connector, in one table, and the builder that puts a transport under it."""

import time
from collections.abc import Callable, Iterable
from random import random as real_random

import httpx

from connectors.base import Budget, Clock, Connector, Gate, Inbox, Refused, closed_gate
from connectors.http import Health, HttpTransport, Patience, Silent, no_health, shared_client
from connectors.shops.ads.google_ads import GoogleAds
from connectors.shops.ads.meta_ads import MetaAds
from connectors.shops.marketplaces.amazon import Amazon
from connectors.shops.marketplaces.lazada import Lazada
from connectors.shops.marketplaces.shopee import Shopee
from connectors.shops.marketplaces.shopify import Shopify
from connectors.shops.marketplaces.tiktok_shop import TikTokShop
from connectors.shops.messages.gmail import Gmail
from connectors.shops.messages.helpdesk import Helpdesk
from connectors.shops.messages.klaviyo import Klaviyo
from connectors.shops.messages.mailbox import Mailbox
from connectors.shops.messages.whatsapp import WhatsApp
from connectors.shops.payments.stripe import Stripe
from connectors.shops.shipping.aftership import AfterShip
from connectors.shops.shipping.easypost import EasyPost
from connectors.shops.shipping.ups import UPS
from connectors.shops.supply.files import Catalogue, SupplierFiles, Warehouse
from connectors.shops.supply.zoho import Zoho
from connectors.transport.breaker import Breaker
from connectors.transport.redaction import Redactor
from connectors.transport.throttle import Limiter, LocalBucket
from connectors.types import Account

CONNECTORS: dict[str, type[Connector]] = {
    connector.kind: connector
    for connector in (
        Shopee,
        Lazada,
        Shopify,
        Stripe,
        Mailbox,
        Zoho,
        SupplierFiles,
        Warehouse,
        Catalogue,
        AfterShip,
        EasyPost,
        UPS,
        Gmail,
        WhatsApp,
        Klaviyo,
        Helpdesk,
        GoogleAds,
        MetaAds,
        TikTokShop,
        Amazon,
    )
}
SPARED = 0.1  # of a day's calls, for reading back what was written


def connector_class(kind: str) -> type[Connector]:
    """Raises Refused for a kind that nobody speaks."""
    if kind not in CONNECTORS:
        raise Refused(f"there is no connector for {kind!r}; known kinds: {', '.join(sorted(CONNECTORS))}")
    return CONNECTORS[kind]


def allowance_of(account: Account) -> Budget:
    """How fast an account may be called until its replies tell: its connector's word, or the shop's own setting.

    `calls_per_day` is the quota of the shop's plan: after a first burst it is spread over the day.
    """
    usual = connector_class(account.kind).allowance
    given, daily = figure(account, "calls_per_second"), figure(account, "calls_per_day")
    if given:
        return Budget(given, given, given)
    if daily:
        spread = max(1.0, daily * (1 - SPARED) - (usual.capacity or 0.0)) / 86_400
        return Budget(usual.available, usual.capacity, min(usual.per_second, spread))
    return usual


def figure(account: Account, name: str) -> float:
    """A positive number of the shop's settings; 0 where there is none."""
    given = account.settings.get(name)
    if isinstance(given, bool) or not isinstance(given, int | float):
        return 0.0
    return max(0.0, float(given))


def lanes_of(account: Account, make: Callable[[str, Budget], Limiter]) -> dict[str, Limiter]:
    """A limiter for each operation that its platform counts apart; none where the shop's own setting paces it."""
    if "calls_per_second" in account.settings:
        return {}
    return {operation: make(operation, pace) for operation, pace in connector_class(account.kind).lanes.items()}


def transport_for(made: type[Connector], secrets: Iterable[str], clock: Clock) -> HttpTransport:
    """A way out before there is an account: to trade a code, to try a key. Writes stay shut."""
    return HttpTransport(
        shared_client(), limiter=LocalBucket(made.allowance), breaker=Breaker(clock), clock=clock, gate=closed_gate,
        sort=made.sort, budget=made.budget, redact=Redactor(secrets),
    )  # fmt: skip


def open_connector(
    account: Account,
    *,
    clock: Clock,
    limiter: Limiter | None = None,
    lane: Callable[[str, Budget], Limiter] | None = None,
    breaker: Breaker | None = None,
    health: Health = no_health,
    gate: Gate = closed_gate,
    inbox: Inbox | None = None,
    client: httpx.Client | None = None,
    patience: Patience | None = None,
    sleep: Silent = time.sleep,
    random: Callable[[], float] = real_random,
) -> Connector:
    """A connector ready to be read. Writes stay shut unless the executor passes its gate.

    Pass the limiter, the lanes and the breaker that all openings of this account share; without them this opening has
    its own.
    Raises Refused where the account lacks a credential that its channel needs.
    """
    made = connector_class(account.kind)
    missing = [name for name in made.credentials if not account.credentials.get(name)]
    if missing:
        raise Refused(f"{account.name} lacks {', '.join(missing)}; connect it again")
    transport = HttpTransport(
        client or shared_client(),
        limiter=limiter or LocalBucket(allowance_of(account)),
        lanes=lanes_of(account, lane or (lambda operation, pace: LocalBucket(pace))),
        breaker=breaker or Breaker(clock),
        clock=clock,
        gate=gate,
        sort=made.sort,
        budget=made.budget,
        health=health,
        redact=Redactor(account.credentials.values()),
        patience=patience,
        sleep=sleep,
        random=random,
    )
    return made(account, transport, clock, inbox)
