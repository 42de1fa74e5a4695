"""Connections with what is wrong with them, and payments that are not as usual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from alerts.facts.feeds import worth_of_alerts
from alerts.facts.rows import Shops, rows
from alerts.looks import ConnectionLook, GatewayLook, ShopLook
from connectors.watching.evidence import Diagnosis, Reach, Verdict
from connectors.watching.gateway import Takings, troubles
from connectors.watching.takings import RECENT, USUAL, takings
from connectors.watching.vitals import diagnoses

MEANS = """
SELECT DISTINCT ON (shop_id) shop_id, currency, avg(amount) AS amount
FROM connectors_payment
WHERE kind = 'charge' AND status = 'succeeded' AND created_at BETWEEN %(since)s AND %(until)s
GROUP BY shop_id, currency ORDER BY shop_id, count(*) DESC
"""
CENTS = Decimal("0.01")


def connections(shops: Shops, now: datetime) -> list[ConnectionLook]:
    """The worst of each connection; shops that share a platform's fault are one look."""
    worth = worth_of_alerts(now)
    shared: dict[tuple[str, str], list[tuple[ShopLook, Diagnosis]]] = {}
    alone: list[tuple[ShopLook, Diagnosis]] = []
    for shop_id, found in diagnoses(now).items():
        shop, worst = shops.get(shop_id), found[0]
        if shop is None or worst.verdict in (Verdict.WELL, Verdict.PAUSED, Verdict.STARTING):
            continue
        if worst.reach is Reach.PLATFORM:
            shared.setdefault((shop.kind, worst.verdict), []).append((shop, worst))
        else:
            alone.append((shop, worst))
    groups = [*shared.values(), *([one] for one in alone)]
    return [*(_look(group, worth, now) for group in groups), *payments(shops, now)]


def _look(
    group: Sequence[tuple[ShopLook, Diagnosis]], worth: dict[int, dict[str, Any]], now: datetime
) -> ConnectionLook:
    shop, found = group[0]
    known = [worth[each.id] for each, _ in group if each.id in worth]
    hours = max(((now - row["first_at"]) / timedelta(hours=1) for row in known), default=0.0)
    deadlines = [row["next_deadline"] for row in known if row["next_deadline"]]
    return ConnectionLook(
        shop=shop, shops=tuple(each for each, _ in group), verdict=str(found.verdict),
        verdict_words=found.verdict.words, reach=str(found.reach), says=found.says, advice=found.advice,
        shows=found.shows, where=found.where,
        since=min((each.since for _, each in group if each.since), default=None),
        alert_dollars=sum((row["dollars"] or Decimal(0) for row in known), Decimal(0)),
        alert_hours=Decimal(str(round(hours, 2))), next_deadline=min(deadlines, default=None), read_at=now,
    )  # fmt: skip


def payments(shops: Shops, now: datetime) -> Iterator[ConnectionLook]:
    """What is not as usual with the charges, pushes and payouts of each shop that takes money."""
    seen = takings(now)
    told = {shop_id: found for shop_id, each in seen.items() if (found := troubles(each, now))}
    means = _means(now) if told else {}
    for shop_id, found in told.items():
        if shop_id not in shops:
            continue
        for trouble in found:
            mean = means.get(shop_id, {})
            gateway = _gateway(trouble.what, trouble.says, trouble.advice, seen[shop_id], mean)
            shop = shops[shop_id]
            yield ConnectionLook(
                shop=shop, shops=(shop,), verdict="payments", verdict_words="payments falter", reach="part",
                says=trouble.says, gateway=gateway, read_at=now,
            )  # fmt: skip


def _gateway(what: str, says: str, advice: str, seen: Takings, mean: dict[str, Any]) -> GatewayLook:
    an_hour = seen.usual.tried / seen.usual_hours if seen.usual_hours else 0.0
    amount = mean.get("amount")
    return GatewayLook(
        what=what, says=says, advice=advice, tried=seen.recent.tried, declined=seen.recent.declined,
        usual_share=Decimal(str(round(seen.usual.share, 4))), an_hour=Decimal(str(round(an_hour, 2))),
        amount=amount.quantize(CENTS) if amount is not None else None, currency=mean.get("currency", ""),
        silent_since=seen.last_charge_at,
    )  # fmt: skip


def _means(now: datetime) -> dict[int, dict[str, Any]]:
    """The mean charge of each shop in the currency that most of its charges have."""
    return {row["shop_id"]: row for row in rows(MEANS, {"since": now - USUAL, "until": now - RECENT})}
