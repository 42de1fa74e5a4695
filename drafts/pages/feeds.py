"""Which feeds are behind or short, how many dollars that may hide, and whether anything may leave: one query."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum

from alerts.models import Alert
from connectors.expiry import Ending, is_near, permission_end
from connectors.health import fault_of
from connectors.models import Feed, Shop
from drafts.models import Pause
from drafts.pages import wording

# Alerts whose dollars are those that a blind source may hide.
BLIND = Q(detector="feed_stale") | Q(detector="connection_fault", subject_kind="connection")
# Fault → (what is wrong, what to do), by the faults of `connectors.health`.
FAULTS = {
    "reconnect": ("must be connected again", "Our access has ended. An owner connects it again under Connections."),
    "short_read": (
        "was read short",
        "The next pull starts from the same place, so nothing is lost. If it lasts, tell the channel.",
    ),
    "unread": ("is being read for the first time", "Alerts appear as it goes. A large shop takes some minutes."),
    "drift": (
        "has changed its format",
        "The rows that could not be read are kept under Quarantined rows in the admin.",
    ),
    "retry": (
        "does not answer",
        "The other side is slow or down. We keep trying; nothing for you to do unless it lasts.",
    ),
    "refused": ("refuses to be read", "Check the permissions of our app on the other side; the next pull tries again."),
    "unknown": ("answered with half a reply", "The next pull repeats it."),
    "failed": ("failed on our side", "The next pull tries again; the error is logged."),
    "stale": ("has gone silent", "No error was reported. See whether the workers run."),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """A feed that cannot be trusted now: `what` is wrong with it, and what to do."""

    shop_id: int
    shop: str
    feed: str
    what: str
    since: datetime | None
    advice: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the head of the inbox says about the sources."""

    shops: tuple[tuple[int, str], ...]
    troubles: tuple[Trouble, ...]
    hidden: Decimal | None
    currency: str
    newest_alert: int
    is_paused: bool
    endings: tuple[Ending, ...] = ()

    @property
    def stale_shops(self) -> frozenset[int]:
        return frozenset(trouble.shop_id for trouble in self.troubles)

    @property
    def hidden_words(self) -> str:
        return "an unknown amount" if self.hidden is None else f"about {wording.dollars(self.hidden, self.currency)}"


def outlook(now: datetime) -> Outlook:
    """Shops, their feeds, the feed alerts' dollars and the pause, in one query."""
    faults = Alert.objects.open().filter(BLIND)
    blind = faults.filter(shop=OuterRef("pk")).order_by().values("shop")
    whole = faults.filter(shop=None).order_by().values("shop").annotate(sum=Sum("cash_likely")).values("sum")
    rows: list[Any] = list(
        Shop.objects.order_by("name", "feeds__name").values(
            "id", "name", "kind", "state", "state_reason", "renewable_until", "credentials_expire_at",
            feed=F("feeds__name"), last_good=F("feeds__last_good_at"), every=F("feeds__every_seconds"),
            at_source=F("feeds__count_at_source"), stored=F("feeds__count_stored"),
            error=F("feeds__error_class"), since=F("created_at"),
            hidden=Subquery(blind.annotate(sum=Sum("cash_likely")).values("sum")[:1]),
            money=Subquery(faults.values("currency")[:1]),
            platforms=Subquery(whole[:1]),
            newest=Subquery(Alert.objects.order_by("-id").values("id")[:1]),
            paused=Exists(Pause.objects.filter(ended_at=None)),
        )
    )  # fmt: skip
    troubles = tuple(trouble for row in rows if (trouble := _trouble(row, now)))
    blind_shops = {row["id"]: row for row in rows if any(trouble.shop_id == row["id"] for trouble in troubles)}
    return Outlook(
        tuple(dict.fromkeys((row["id"], row["name"]) for row in rows)),
        troubles,
        _hidden(list(blind_shops.values())),
        next((row["money"] for row in rows if row["money"]), ""),
        rows[0]["newest"] or 0 if rows else 0,
        bool(rows and rows[0]["paused"]),
        endings(rows, now),
    )


def _hidden(blind: list[dict[str, Any]]) -> Decimal | None:
    """Dollars that blind shops may hide, what whole platforms hide counted once; None where one is not known."""
    platforms = next((row["platforms"] for row in blind), None)
    known = [row["hidden"] for row in blind if row["hidden"] is not None or platforms is None]
    if not blind or None in known:
        return None
    return sum(known, platforms or Decimal(0))


def endings(rows: Iterable[dict[str, Any]], now: datetime) -> tuple[Ending, ...]:
    """Connected shops whose permission ends within a week, the first to end first."""
    found = {}
    for row in rows:
        at = permission_end(row["kind"], row["renewable_until"], row["credentials_expire_at"])
        if at is not None and is_near(at, now) and row["state"] == Shop.State.CONNECTED:
            found[row["id"]] = Ending(row["id"], row["name"], at)
    return tuple(sorted(found.values(), key=lambda one: one.at))


def _trouble(row: dict[str, Any], now: datetime) -> Trouble | None:
    if row["feed"] is None or row["state"] in Shop.UNREAD:
        return None
    shop = Shop(
        pk=row["id"], name=row["name"], state=row["state"], state_reason=row["state_reason"], created_at=row["since"]
    )
    feed = Feed(
        shop=shop, name=row["feed"], last_good_at=row["last_good"], every_seconds=row["every"],
        error_class=row["error"], count_at_source=row["at_source"], count_stored=row["stored"],
    )  # fmt: skip
    if not (fault := fault_of(feed, now)):
        return None
    what, advice = FAULTS.get(fault, FAULTS["failed"])
    lacking = (feed.count_at_source or 0) - (feed.count_stored or 0)
    if fault == "short_read" and lacking > 0:
        what = f"lacks {lacking:,} of {feed.count_at_source:,} rows"
    ago = f"last read whole {wording.distance(row['last_good'], now)}" if row["last_good"] else "never read whole"
    return Trouble(shop.pk, shop.name, feed.name, f"{what}, {ago}", row["last_good"], advice)
