"""The twin's own door: truth, effects, clock, faults and webhooks, as plain JSON under `/_twin/`."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import orjson

from connectors.twin.faults import BadRule, Faults, Rule
from connectors.twin.market import Market
from connectors.twin.wire.consent import Desk
from connectors.twin.wire.onboarding import onboarding
from connectors.twin.wire.web import Reply, Request, json_reply
from connectors.twin.world.channels import DAY
from connectors.twin.world.truth import Planted


class Clock:
    """Simulated time: the wall clock, shifted and sped up. `wall` is passed in."""

    def __init__(self, wall: Callable[[], float], start: float, speed: float = 1.0) -> None:
        self._wall, self.speed = wall, speed
        self._from, self._base = wall(), start

    def now(self) -> float:
        return self._base + (self._wall() - self._from) * self.speed

    def set(self, *, advance_seconds: float = 0, speed: float | None = None) -> None:
        self._base, self._from = self.now() + advance_seconds, self._wall()
        self.speed = self.speed if speed is None else speed


class Control:
    """Answers for one running twin. `accounts` lists the shops with their base URLs, `desks` are those with consent."""

    def __init__(
        self, market: Market, faults: Faults, clock: Clock, accounts: Callable[[], list[dict[str, Any]]],
        desks: Mapping[str, Desk],
    ) -> None:  # fmt: skip
        self.market, self.faults, self.clock, self.accounts, self.desks = market, faults, clock, accounts, desks
        self.webhooks: dict[str, str] = {}

    def handle(self, request: Request) -> Reply:
        name = request.path.removeprefix("/_twin/").strip("/")
        answer = getattr(self, f"{request.method.lower()}_{name}", None)
        if answer is None:
            return json_reply({"error": f"the twin has no {request.method} {request.path}"}, 404)
        try:
            return json_reply(answer(request))
        except (BadRule, ValueError, KeyError, TypeError) as error:
            return json_reply({"error": str(error)}, 400)

    def get_shops(self, request: Request) -> Any:
        return self.accounts()

    def get_onboarding(self, request: Request) -> Any:
        return onboarding(self.market)

    def get_effects(self, request: Request) -> Any:
        return self.market.effects.as_rows(int(parse_qs(request.query).get("since", ["0"])[0]))

    def get_truth(self, request: Request) -> Any:
        return self.market.truth.as_rows()

    def get_clock(self, request: Request) -> Any:
        now = self.clock.now()
        return {"now": now, "iso": datetime.fromtimestamp(now, UTC).isoformat(), "speed": self.clock.speed}

    def post_clock(self, request: Request) -> Any:
        wish = orjson.loads(request.body)
        self.clock.set(advance_seconds=float(wish.get("advance_seconds", 0)), speed=wish.get("speed"))
        self.market.advance(int(self.clock.now()))
        return self.get_clock(request)

    def get_faults(self, request: Request) -> Any:
        return self.faults.as_rows()

    def post_faults(self, request: Request) -> Any:
        rows = orjson.loads(request.body)
        rules = [self.faults.add(row) for row in (rows if isinstance(rows, list) else [rows])]
        for rule in rules:
            plant_stale(self.market, rule)
        return {"ids": [rule.id for rule in rules]}

    def delete_faults(self, request: Request) -> Any:
        id = parse_qs(request.query).get("id")
        self.faults.clear(int(id[0]) if id else None)
        return {"left": len(self.faults.rules)}

    def get_webhooks(self, request: Request) -> Any:
        return self.webhooks

    def post_returns(self, request: Request) -> Any:
        """Where each platform sends people back to after consent: {kind: address}, as entered in its console."""
        for kind, url in orjson.loads(request.body).items():
            if kind in self.desks:
                self.desks[kind].registered = str(url)
        return {kind: desk.registered for kind, desk in self.desks.items()}

    def post_webhooks(self, request: Request) -> Any:
        wish = orjson.loads(request.body)
        self.webhooks[str(wish["kind"])] = str(wish["url"])
        return self.webhooks


# How much of a shop's trouble is seen through one call: what an hour of its silence costs, in US dollars.
BLIND_PER_HOUR = {"shopee": 14.0, "shopify": 11.0, "stripe": 9.0, "mailbox": 8.0}


def plant_stale(market: Market, rule: Rule) -> None:
    """A lasting fault blinds the company until it is noticed; judged over the next day."""
    if rule.is_lasting and rule.kind in {
        "server_error",
        "short_page",
        "not_json",
        "expired_token",
        "timeout_before",
        "drifted",
    }:
        for shop in [kind for kind in BLIND_PER_HOUR if rule.shop in (kind, "*")]:
            cost = BLIND_PER_HOUR[shop] * 24
            market.truth.plant(
                Planted("feed_stale", shop, "feed", f"{shop}:{rule.operation}", market.now, market.now + DAY // 4,
                cost, cost * 0.1,
                        f"{rule.kind} on {rule.operation} until it is removed"),
            )  # fmt: skip
