"""A batch of findings becomes alerts: one row a fingerprint, in one merge, however many there are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction

from alerts.figures import Figure
from alerts.models import RankWeight
from alerts.ranking import Candidate, Rank, rank
from alerts.types import Evidence, Finding, Subject

CENTS = Decimal("0.0001")
SHARE = Decimal("0.0001")

TYPES = {
    "fingerprint": "text", "detector": "text", "shop_id": "bigint", "subject_kind": "text", "subject_ref": "text",
    "subject_label": "text", "customer_ref": "text", "title": "text", "state_digest": "text", "cash_low": "numeric",
    "cash_likely": "numeric", "cash_high": "numeric", "gmv_likely": "numeric", "currency": "text",
    "probability": "numeric", "deadline": "timestamptz", "safe_until": "timestamptz", "waiting": "jsonb",
    "minutes": "numeric", "computed_rank": "float8", "why": "text", "tradeoff": "text", "missing": "text[]",
    "assumed": "text[]", "arithmetic": "jsonb", "evidence": "jsonb", "drafts": "text[]", "arguments": "jsonb",
    "members": "jsonb",
}  # fmt: skip
COLUMNS = ", ".join(TYPES)
# JSON is written out already; psycopg would write it once more.
COPIED_AS = ["text" if kind == "jsonb" else kind for kind in TYPES.values()]
# Words that a model wrote hold as long as the facts they were written for.
WORDED = "(alerts_alert.worded_by_id IS NOT NULL AND alerts_alert.state_digest = excluded.state_digest)"
MOVED = "(alerts_alert.state_digest <> excluded.state_digest)"
BACK = "(alerts_alert.resolved_at IS NOT NULL)"
PLAIN = [
    name
    for name in TYPES
    if name not in ("fingerprint", "state_digest", "computed_rank", "why", "tradeoff", "detector")
]

STAGE = (
    "CREATE TEMP TABLE IF NOT EXISTS alert_staging ("
    + ", ".join(f"{name} {kind}" for name, kind in TYPES.items())
    + ") ON COMMIT DELETE ROWS"
)
MERGE = f"""
INSERT INTO alerts_alert (
  {COLUMNS}, rank, state, subject_version, as_of, first_seen_at, last_seen_at, ranked_at)
SELECT DISTINCT ON (fingerprint) {COLUMNS}, computed_rank, 'open', 1, %(now)s, %(now)s, %(now)s, %(now)s
FROM alert_staging ORDER BY fingerprint
ON CONFLICT (fingerprint) DO UPDATE SET
  {", ".join(f"{name} = excluded.{name}" for name in PLAIN)},
  why = CASE WHEN {WORDED} THEN alerts_alert.why ELSE excluded.why END,
  tradeoff = CASE WHEN {WORDED} THEN alerts_alert.tradeoff ELSE excluded.tradeoff END,
  worded_by_id = CASE WHEN {WORDED} THEN alerts_alert.worded_by_id END,
  rank = CASE WHEN {WORDED} AND alerts_alert.computed_rank > 0
              THEN excluded.computed_rank * (alerts_alert.rank / alerts_alert.computed_rank)
              ELSE excluded.computed_rank END,
  computed_rank = excluded.computed_rank,
  subject_version = alerts_alert.subject_version + ({MOVED} OR {BACK})::int,
  drafted_at = CASE WHEN {MOVED} OR {BACK} THEN NULL ELSE alerts_alert.drafted_at END,
  state = CASE WHEN {BACK} OR ({MOVED} AND alerts_alert.state = 'decided') THEN 'open' ELSE alerts_alert.state END,
  wave_id = CASE WHEN {BACK} THEN NULL ELSE alerts_alert.wave_id END,
  resolved_at = NULL,
  state_digest = excluded.state_digest,
  last_seen_at = excluded.last_seen_at, as_of = excluded.as_of, ranked_at = excluded.ranked_at
RETURNING (xmax = 0), state
"""  # noqa: S608  # column names of the table above


@dataclass(slots=True)
class Kept:
    """How many findings became new alerts, and how many were known."""

    new: int = 0
    known: int = 0

    def add(self, other: Kept) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


def keep(findings: Sequence[Finding], now: datetime) -> Kept:
    """Insert or update one alert for each fingerprint.

    A resolved one opens again with its next version; a decided one only where its facts have changed; a snoozed one
    sleeps on. The version grows with the facts' digest, and drafts are prepared anew for it.
    """
    if not findings:
        return Kept()
    weights = rank_weights()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STAGE)
        with cursor.copy(f"COPY alert_staging ({COLUMNS}) FROM STDIN") as copy:
            copy.set_types(COPIED_AS)
            for finding in findings:
                copy.write_row(_row(finding, now, weights))
        cursor.execute(MERGE, {"now": now})
        merged = cursor.fetchall()
        cursor.execute("TRUNCATE alert_staging")
    new = sum(is_new for is_new, _ in merged)
    return Kept(new, len(merged) - new)


def rank_weights() -> dict[tuple[str, int | None], float]:
    """Active weights by detector and shop; None is every shop."""
    rows = RankWeight.objects.filter(is_active=True).values_list("detector", "shop_id", "weight")
    return {(detector, shop_id): float(weight) for detector, shop_id, weight in rows}


def weight_of(weights: Mapping[tuple[str, int | None], float], detector: str, shop_id: int | None) -> float:
    return weights.get((detector, shop_id), weights.get((detector, None), 1.0))


def _row(finding: Finding, now: datetime, weights: Mapping[tuple[str, int | None], float]) -> tuple[Any, ...]:
    cash, subject = finding.cash, finding.subject
    ranked = computed_rank(finding, now, weight_of(weights, finding.detector, subject.shop_id))
    figures = {"ignored": finding.ignored, "acted": finding.acted, "at_risk": cash, "gmv": finding.gmv}
    return (
        finding.fingerprint, finding.detector, subject.shop_id, subject.kind, clean(subject.ref), clean(subject.label),
        clean(finding.customer_ref), clean(finding.title), digest(finding.state), *_range(cash),
        None if finding.gmv is None else finding.gmv.likely.quantize(CENTS), settings.BASE_CURRENCY,
        None if finding.probability is None else finding.probability.quantize(SHARE), finding.deadline,
        ranked.safe_until, _json([[moment.isoformat(), str(share)] for moment, share in finding.waiting]),
        finding.minutes, ranked.value, clean(finding.why), clean(finding.tradeoff),
        [clean(line) for line in finding.missing], list(_assumed(finding)),
        _json({name: figure.to_json() for name, figure in figures.items() if figure}),
        _json([_evidence(each) for each in finding.evidence]), list(finding.drafts), _json(dict(finding.arguments)),
        _json([_subject(each) for each in finding.members]),
    )  # fmt: skip


def computed_rank(finding: Finding, now: datetime, weight: float) -> Rank:
    cash = finding.cash
    low, likely, high = (float(cash.low), float(cash.likely), float(cash.high)) if cash else (None, None, None)
    points = tuple((moment, float(share)) for moment, share in finding.waiting)
    candidate = Candidate(
        id=0,
        low=low,
        likely=likely,
        high=high,
        waiting=points,
        minutes=float(finding.minutes),
        as_of=now,
        weight=weight,
    )
    return rank(candidate, now)


def clean(text: str) -> str:
    """PostgreSQL holds no NUL in text; one in a buyer's words must not sink the batch."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in text else text


def digest(state: str) -> str:
    return hashlib.blake2b(state.encode(), digest_size=16).hexdigest()


def _range(cash: Figure | None) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    if cash is None:
        return None, None, None
    return cash.low.quantize(CENTS), cash.likely.quantize(CENTS), cash.high.quantize(CENTS)


def _assumed(finding: Finding) -> Iterable[str]:
    figures = (figure for figure in (finding.ignored, finding.acted) if figure)
    return dict.fromkeys(name for figure in figures for name in figure.assumed())


def _evidence(evidence: Evidence) -> dict[str, Any]:
    source = evidence.source
    return {
        "claim": evidence.claim,
        "value": evidence.value,
        "record": source.record,
        "field": source.field,
        "shop": source.shop_id,
        "id": source.external_id,
        "read_at": source.read_at.isoformat() if source.read_at else None,
    }


def _subject(subject: Subject) -> dict[str, Any]:
    return {"kind": subject.kind, "ref": subject.ref, "shop": subject.shop_id, "label": subject.label}


def _json(value: Any) -> str:
    return orjson.dumps(value).decode().replace("\\u0000", "\\ufffd")
