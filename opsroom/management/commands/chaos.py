"""`manage.py chaos`: approve drafts while executing workers are killed and the market misbehaves; count the damage."""

from __future__ import annotations

import json
import logging
import random
import sys
import time
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand

from connectors import account
from connectors.intake import onboarding
from connectors.transport.breaker import Breaker
from connectors.twin.client import TwinClient, running_twin
from drafts.ledger.seal import seal
from drafts.ledger.verify import verify
from opsroom.chaos.cast import Cast, decide, open_runs, propose, pull_everything
from opsroom.chaos.killing import Pack
from opsroom.chaos.reckoning import Reckoning, reckon
from opsroom.people.models import User
from opsroom.people.roles import Role
from opsroom.scratch import scratch_database

WORKERS, WAVE = 4, 25
KILLS_PER_RUN = 0.9
MOST_FIRINGS = 1_000_000
# The product's waits, scaled down alike; a late effect still lands within the quiet period.
WAITS = {
    "EXECUTION_HOLD": 0, "EXECUTION_ALONE_DELAY": 0, "EXECUTION_LEASE": 4, "EXECUTION_CALL_TIMEOUT": 1.5,
    "EXECUTION_QUIET": 1.5, "EXECUTION_READ_GAP": 0.4, "EXECUTION_FIRST_RETRY": 0.1, "EXECUTION_LONGEST_RETRY": 1,
    "EXECUTION_FIRST_LOOK": 0.05, "EXECUTION_HOLD_BACK": 0,
}  # fmt: skip
# Chance a call, and how long it lasts, in seconds. Together a third of all writes go wrong.
WRITE_FAULTS = {
    "timeout_after": (0.05, 0.6), "timeout_before": (0.03, 0.6), "reset_after": (0.05, None),
    "reset_before": (0.05, None), "late_effect": (0.04, 0.5), "server_error": (0.05, None), "not_json": (0.03, None),
    "truncated": (0.03, None), "rate_limited": (0.03, 0.2), "slow": (0.05, 0.3),
}  # fmt: skip
# A letter box that fails to read looks like a lost password, which rightly waits for a person; so reads of it go well.
READ_FAULTS = {
    "rate_limited": (0.01, 0.2),
    "server_error": (0.02, None),
    "reset_before": (0.02, None),
    "slow": (0.02, 0.2),
}
WRITES = (
    ("stripe", "POST *"), ("shopify", "refundCreate*"), ("shopify", "orderCancel*"), ("shopify", "fulfillment*Create*"),
    ("shopify", "return*Request*"), ("shopee", "order.cancel_order"), ("shopee", "logistics.ship_order"),
    ("shopee", "returns.*confirm*"), ("mailbox", "smtp.data"),
)  # fmt: skip


class Command(BaseCommand):
    help = "Kill executing workers at every point, with the market's faults on; lost and doubled writes must stay at 0."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--runs", type=int, default=200, help="approved writes")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--database", choices=["drop", "keep"], default="drop")
        parser.add_argument("--json", action="store_true")

    def handle(self, runs: int, seed: int, database: str, **options: Any) -> None:
        began = time.monotonic()
        _hurry()
        with scratch_database("chaos", keep=database == "keep"), running_twin("week", seed) as twin:
            said, is_clean = _play(runs, seed, twin)
        said["seconds"] = round(time.monotonic() - began, 1)
        self.stdout.write(json.dumps(said) if options["json"] else "\n".join(f"{k}: {v}" for k, v in said.items()))
        if not is_clean:
            raise SystemExit(1)


def _hurry() -> None:
    logging.disable(logging.WARNING)
    for name, seconds in WAITS.items():
        setattr(settings, name, timedelta(seconds=seconds))
    settings.EXECUTION_MOST_SENDS = 12
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    # No message of this run may reach the workers of the running app.
    current_app.conf.update(broker_url="memory://")
    # Workers live for seconds here, and a breaker that rests for half a minute would only hide the faults.
    brief = timedelta(seconds=0.5)
    setattr(account, "breaker_of", lambda name: Breaker(lambda: datetime.now(UTC), rest=brief, longest_rest=brief))  # noqa: B010  # in place of the long-resting one


def _play(runs: int, seed: int, twin: TwinClient) -> tuple[dict[str, Any], bool]:
    rng = random.Random(seed)
    by = User.objects.create_user("chaos@example.com", role=Role.OWNER, name="Chaos")
    for shop in twin.shops():
        onboarding.connect(shop)
    onboarding.enter_books(twin.onboarding(), datetime.now(UTC))
    pull_everything()
    drafts = propose(runs + runs // 19)
    first = max((effect["id"] for effect in twin.effects()), default=0)
    cast, pack, faults = Cast(), Pack(WORKERS, rng), 0
    for start in range(0, len(drafts), WAVE):
        twin.clear_faults()
        wave = drafts[start : start + WAVE]
        decide(cast, wave, by)
        twin.set_faults(list(_rules()))
        pack.budget += round(len(wave) * KILLS_PER_RUN)
        _until_settled(cast, pack, rng, seconds=25)
        faults += _fired(twin)
        _note(f"{len(cast.approved)} approved, {pack.kills} kills, still open: {open_runs(cast) or 'none'}")
    twin.clear_faults()
    pack.budget = 0
    _until_settled(cast, pack, rng, seconds=60)
    pack.end()
    time.sleep(1)
    return _sum_up(cast, pack, faults, reckon(cast, twin.effects(first)))


def _rules() -> list[dict[str, Any]]:
    rows = [_rule(shop, name, kind, *odds) for shop, name in WRITES for kind, odds in WRITE_FAULTS.items()]
    return rows + [_rule("s*", "*", kind, *odds) for kind, odds in READ_FAULTS.items()]


def _rule(shop: str, operation: str, kind: str, probability: float, seconds: float | None) -> dict[str, Any]:
    rule = {"shop": shop, "operation": operation, "kind": kind, "probability": probability, "remaining": MOST_FIRINGS}
    return rule | ({} if seconds is None else {"seconds": seconds})


def _until_settled(cast: Cast, pack: Pack, rng: random.Random, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and open_runs(cast):
        pack.keep_up()
        time.sleep(0.1)
        if rng.random() < 0.15:
            pack.strike()


def _fired(twin: TwinClient) -> int:
    return sum(MOST_FIRINGS - rule["remaining"] for rule in twin.faults())


def _sum_up(cast: Cast, pack: Pack, faults: int, found: Reckoning) -> tuple[dict[str, Any], bool]:
    for name in ("lost", "doubled", "unapproved", "stale", "false_holds"):
        for line in getattr(found, name):
            _note(f"{name}: {line}")
    seal()
    ledger = verify()
    counts = {name: len(getattr(found, name)) for name in ("lost", "doubled", "unapproved", "stale")}
    said = {
        "runs": len(cast.approved), "kills": pack.kills, "faults": faults, "writes": found.writes, **counts,
        "unknown_parked": found.unknown_parked, "false_holds": len(found.false_holds), "moved": len(cast.moved),
        "bait": len(cast.bait), "places": dict(sorted(pack.places.items())), "ledger_valid": ledger.valid,
    }  # fmt: skip
    return said, found.is_clean and ledger.valid and pack.kills * 2 >= len(cast.approved)


def _note(line: str) -> None:
    print(line, file=sys.stderr)
