"""The ranked list: a page of open alerts after (rank, id), each with its draft, by queries whose cost does not grow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan
from django.utils import timezone
from django.utils.formats import date_format

from alerts.models import Alert, AlertQuerySet
from drafts.kinds import KINDS
from drafts.models import Draft, Pause
from drafts.pages import wording
from drafts.states import State, Tier

PAGE = 30
COUNTED = 1000

# Which of an alert's drafts its row speaks of: the one that is moving, else the one that can be decided.
PRECEDENCE = [
    State.NEEDS_HUMAN, State.UNKNOWN, State.SENDING, State.HELD, State.APPROVED, State.SENT,
    State.AWAITING_SECOND, State.PROPOSED, State.FAILED, State.VERIFIED, State.REJECTED,
]  # fmt: skip
STANDING = {
    State.PROPOSED: "ready",
    State.AWAITING_SECOND: "waits for a second person",
    State.APPROVED: "approved",
    State.HELD: "held, can be undone",
    State.SENDING: "sending",
    State.SENT: "sent, not verified yet",
    State.VERIFIED: "verified",
    State.FAILED: "failed",
    State.UNKNOWN: "unknown, being checked",
    State.NEEDS_HUMAN: "needs a person",
    State.REJECTED: "rejected",
    State.EXPIRED: "expired",
    State.SUPERSEDED: "replaced",
}
TIER_WORDS = {
    Tier.CLICK: "one click",
    Tier.REVIEW: "review",
    Tier.SECOND_FACTOR: "second factor",
    Tier.SECOND_PERSON: "two people",
    Tier.REFUSE: "not allowed",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; every empty field narrows nothing."""

    query: str = ""
    shop: int | None = None
    detector: str = ""
    tier: str = ""
    assignee: int | None = None
    after: tuple[float, int] | None = None

    @classmethod
    def read(cls, asked: Mapping[str, str], user_id: int) -> "Filters":
        """From the address. What cannot be read narrows nothing."""
        shop = asked.get("shop", "")
        return cls(
            asked.get("q", "").replace("\0", "").strip()[:120],  # PostgreSQL's text holds no NUL
            int(shop) if shop.isdecimal() and len(shop) < 19 else None,
            asked.get("detector", "").replace("\0", "")[:40],
            asked.get("tier", "") if asked.get("tier", "") in Tier.values else "",
            user_id if asked.get("mine") else None,
            _place(asked.get("after", "")),
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query or self.shop or self.detector or self.tier or self.assignee)

    def address(self, after: tuple[float, int] | None = None) -> str:
        """The query string of this list, or of its page after that place."""
        fields = {"q": self.query, "shop": self.shop, "detector": self.detector, "tier": self.tier}
        fields |= {"mine": "1" if self.assignee else ""}
        fields |= {"after": f"{after[0]!r},{after[1]}"} if after else {}
        return "?" + urlencode({name: value for name, value in fields.items() if value})

    def apply(self, alerts: AlertQuerySet) -> AlertQuerySet:
        if self.query:
            alerts = alerts.filter(
                Q(title__icontains=self.query) | Q(subject_ref=self.query) | Q(subject_label__icontains=self.query)
            )
        if self.shop:
            alerts = alerts.filter(shop=self.shop)
        if self.detector:
            alerts = alerts.filter(detector=self.detector)
        if self.tier:
            drafts = Draft.objects.waiting().filter(alert=OuterRef("pk"), tier=self.tier)
            alerts = alerts.filter(Exists(drafts))
        if self.assignee:
            alerts = alerts.filter(assignee=self.assignee)
        return alerts


def _place(text: str) -> tuple[float, int] | None:
    try:
        rank, alert_id = text.split(",")
        return float(rank), int(alert_id)
    except ValueError:
        return None


COLUMNS = (
    "id", "title", "cash_low", "cash_likely", "cash_high", "currency", "deadline", "safe_until", "as_of", "rank",
    "shop_id", "shop__name", "state", "drafts", "detector",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[dict[str, Any]]
    next: tuple[float, int] | None


def page(filters: Filters, stale_shops: frozenset[int], now: datetime) -> Page:
    """Two queries: the alerts and their drafts. A deep page costs what the first does."""
    alerts = filters.apply(Alert.objects.open())
    if filters.after:
        alerts = alerts.filter(TupleLessThan(Tuple(F("rank"), F("id")), filters.after))
    found = list(alerts.ranked().values(*COLUMNS)[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return Page(rows(found[:PAGE], stale_shops, now), (last["rank"], last["id"]) if last else None)


def rows_of(alert_ids: Iterable[int], stale_shops: frozenset[int], now: datetime) -> list[dict[str, Any]]:
    """The rows of these alerts, whatever became of them."""
    return rows(list(Alert.objects.filter(pk__in=list(alert_ids)).values(*COLUMNS)), stale_shops, now)


def rows(alerts: list[dict[str, Any]], stale_shops: frozenset[int], now: datetime) -> list[dict[str, Any]]:
    drafts = chosen_drafts([alert["id"] for alert in alerts])
    return [_row(alert, drafts.get(alert["id"]), alert["shop_id"] in stale_shops, now) for alert in alerts]


def chosen_drafts(alert_ids: list[int]) -> dict[int, dict[str, Any]]:
    """The draft that stands for each alert."""
    found: Any = Draft.objects.filter(alert__in=alert_ids, parent=None, state__in=PRECEDENCE).values(
        "id",
        "alert_id",
        "shop_id",
        "kind",
        "state",
        "tier",
        "written_by",
        "amount",
        "currency",
        waiting_for=F("execution__waiting_for"),
        paused=Exists(Pause.objects.filter(ended_at=None)),
    )
    ordered = sorted(found, key=lambda draft: (PRECEDENCE.index(draft["state"]), draft["id"]), reverse=True)
    return {draft["alert_id"]: draft for draft in ordered}


def count(filters: Filters) -> str:
    """How many are open, exact up to a thousand."""
    found = filters.apply(Alert.objects.open()).order_by()[: COUNTED + 1].count()
    return f"{found:,}" if found <= COUNTED else f"{COUNTED:,}+"


def _row(alert: dict[str, Any], draft: dict[str, Any] | None, is_stale: bool, now: datetime) -> dict[str, Any]:
    currency = alert["currency"]
    return {
        "id": alert["id"],
        "title": alert["title"],
        "cash": wording.dollars(alert["cash_likely"], currency),
        "spread": wording.spread(alert["cash_low"], alert["cash_high"], currency),
        "shop": alert["shop__name"] or "all shops",
        "deadline": alert["deadline"],
        "due": wording.distance(alert["deadline"], now) if alert["deadline"] else "",
        "is_near": wording.is_near(alert["deadline"], now),
        "safe": _safe_words(alert["safe_until"], now),
        "stale": wording.distance(alert["as_of"], now) if is_stale else "",
        "draft_id": draft["id"] if draft else None,
        "draft": draft_words(draft) if draft else ("drafting" if alert["drafts"] else ""),
        "tone": tone(draft["state"]) if draft else "",
        "tier": TIER_WORDS[draft["tier"]] if draft and draft["state"] == State.PROPOSED else "",
        "writer": f"by {writer(draft['written_by'])}" if draft else "",
        "is_pickable": bool(draft and draft["state"] == State.PROPOSED and draft["tier"] != Tier.REFUSE),
    }


def _safe_words(safe_until: datetime | None, now: datetime) -> str:
    if safe_until is None or safe_until <= now:
        return ""
    local = timezone.localtime(safe_until)
    return date_format(local, "H:i" if local.date() == timezone.localtime(now).date() else "D H:i")


def draft_words(draft: Mapping[str, Any]) -> str:
    """`Refund: ready`, `Reply: sent, not verified yet`, `Refund: approved, waits: Lumen SG does not answer.`."""
    said = f"{kind_label(draft['kind'])}: {STANDING[draft['state']]}"
    if draft["state"] not in (State.APPROVED, State.HELD):
        return said
    waits_for = "Ops Room is paused" if draft.get("paused") else draft.get("waiting_for")
    return f"{said}, waits: {waits_for}" if waits_for else said


def kind_label(kind: str) -> str:
    return KINDS[kind].label if kind in KINDS else wording.words(kind)


def tone(state: str) -> str:
    """The class that colours a state's words; the words carry the meaning alone."""
    if state in (State.UNKNOWN, State.NEEDS_HUMAN, State.AWAITING_SECOND):
        return "warn"
    if state == State.FAILED:
        return "danger"
    return "good" if state == State.VERIFIED else ""


def writer(written_by: str) -> str:
    return "a template" if written_by == "offline" else written_by
