"""Which tickets have one root cause. Pure, and the same for the same tickets.

First by what their orders share: far more tickets with one kind of problem name one SKU, batch or courier than that
value's share of all tickets would bring, and far more than came before. Then by wording, for tickets whose order is not
known: near-duplicate texts found by MinHash over words and word pairs with banded look-up (Broder 1997; 64 hashes in 16
bands of 4 meet with probability one half at a Jaccard similarity of about 0.5).
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from alerts.arithmetic.odds import more_than
from alerts.reading.text import folded

VERSION = 1
FAMILIES: Mapping[str, frozenset[str]] = {
    "goods": frozenset({"damaged", "defective", "safety"}),
    "wrong goods": frozenset({"wrong_item"}),
    "delivery": frozenset({"not_received", "order_status"}),
    "something unclear": frozenset({"other"}),
}
UNCLEAR = {"something unclear"}
# These say that something is wrong, not what: they join a wave of their SKU or courier, and make none.
VAGUE = frozenset({"refund", "return", "complaint", "angry", "legal", "other"})
LEAST = 5
LEAST_LIFT = 3.0
LEAST_EXPECTED = 0.3
# Earlier tickets below which the other troubles of these hours are the measure.
LEAST_HISTORY = 30
# A count that chance brings more often than this is no cause.
CHANCE = 0.001
WINDOW = timedelta(hours=36)
BEFORE = timedelta(days=6)
LEAST_BY_WORDING = 8
ALIKE = 0.5
HASHES, BANDS = 64, 16
DIGITS = re.compile(r"\d+")

Signatures = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class WaveTicket:
    """`kinds`: what it wants, recognised problems, mood. `attributes`: what its order says: sku, courier, batch …"""

    id: int
    at: datetime
    text: str
    kinds: frozenset[str]
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Key:
    """A kind of problem with one value of one attribute; for waves by wording the attribute is `wording`."""

    family: str
    attribute: str
    value: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Tickets with one root cause, and why they are put together."""

    key: Key
    members: tuple[int, ...]
    first_at: datetime
    last_at: datetime
    why: str

    @property
    def fingerprint(self) -> str:
        """One wave per cause and day of its first ticket: the same trouble months later is another wave."""
        parts = (str(VERSION), self.key.family, self.key.attribute, self.key.value, self.first_at.date().isoformat())
        return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def families(kinds: Iterable[str]) -> set[str]:
    named = set(kinds)
    return {family for family, members in FAMILIES.items() if members & named}


class Counted:
    """Recent tickets with all that is asked of them again and again, counted once.

    The control is everything that is no trouble of these hours: earlier tickets, and recent ordinary questions. It says
    how common a value is, and how far the volume of all tickets has grown.
    """

    def __init__(self, recent: Sequence[WaveTicket], earlier: Sequence[WaveTicket]) -> None:
        self.keys = {ticket.id: keys_of(ticket) for ticket in recent}
        self.with_key = Counter(key for keys in self.keys.values() for key in keys)
        self.with_value = _values(recent)
        self.family_now = Counter(family for ticket in recent for family in families(ticket.kinds))
        self.family_before = Counter(family for ticket in earlier for family in families(ticket.kinds))
        self.key_before = Counter(key for ticket in earlier for key in keys_of(ticket))
        ordinary = [ticket for ticket in recent if not families(ticket.kinds)]
        ordinary_before = len(earlier) - sum(bool(families(ticket.kinds)) for ticket in earlier)
        self.growth = max(1.0, len(ordinary) / max(ordinary_before * (WINDOW / BEFORE), 1.0))
        self.control = _values([*earlier, *ordinary])
        self.control_size = Counter(name for ticket in (*earlier, *ordinary) for name in ticket.attributes)
        self.has_history = len(earlier) >= LEAST_HISTORY

    def expected(self, key: Key) -> float:
        """Tickets with this key that ordinary hours bring: the family's usual number by the value's usual share."""
        if self.has_history:
            usual = max(self.family_before[key.family] * (WINDOW / BEFORE) * self.growth, 1.0)
        else:
            usual = float(self.family_now[key.family] - self.with_key[key])
        place = (key.attribute, key.value)
        share = (self.control[place] + 0.5) / (self.control_size[key.attribute] + 10)
        return max(usual * share, self.key_before[key] * (WINDOW / BEFORE) * self.growth, LEAST_EXPECTED)

    def about(self, key: Key) -> int:
        return self.with_value[key.attribute, key.value]


def _values(tickets: Sequence[WaveTicket]) -> Counter[tuple[str, str]]:
    return Counter(
        (name, value) for ticket in tickets for name, values in ticket.attributes.items() for value in values
    )


def find(tickets: Sequence[WaveTicket], now: datetime) -> list[Cause]:
    """All causes among tickets of the last days, largest surprise first; a ticket belongs to one at most."""
    recent = [ticket for ticket in tickets if ticket.at > now - WINDOW]
    earlier = [ticket for ticket in tickets if now - WINDOW - BEFORE < ticket.at <= now - WINDOW]
    counted = Counted(recent, earlier)
    free = {ticket.id: ticket for ticket in recent}
    groups = _take(free, counted, set(FAMILIES) - UNCLEAR)
    _attach(free, groups, counted)
    groups |= _take(free, counted, UNCLEAR)
    causes = [_cause(key, members, _why(key, members, counted)) for key, members in groups.items()]
    return causes + _by_wording(list(free.values()), earlier)


Groups = dict[Key, list[WaveTicket]]


def _take(free: dict[int, WaveTicket], counted: Counted, among: set[str]) -> Groups:
    """Causes of these families, one after the other; their members leave `free`."""
    left = Counter(key for number in free for key in counted.keys[number] if key.family in among)
    groups: Groups = {}
    while key := _most_surprising(left, counted):
        groups[key] = [ticket for ticket in free.values() if key in counted.keys[ticket.id]]
        for ticket in groups[key]:
            del free[ticket.id]
            left.subtract(other for other in counted.keys[ticket.id] if other.family in among)
    return groups


def _attach(free: dict[int, WaveTicket], groups: Groups, counted: Counted) -> None:
    """Tickets that do not say what is wrong join the cause that explains most of the tickets about its value."""
    narrow = {key: len(members) / counted.about(key) for key, members in groups.items()}
    for ticket in list(free.values()):
        fitting = [key for key in groups if fits(ticket, key)]
        if fitting:
            groups[max(fitting, key=lambda key: narrow[key])].append(free.pop(ticket.id))


def fits(ticket: WaveTicket, key: Key) -> bool:
    """Whether a ticket belongs to a wave with this key: the same value, and that kind of problem or a vague one."""
    if key.value not in ticket.attributes.get(key.attribute, ()):
        return False
    found = families(ticket.kinds)
    return key.family in found or (found <= UNCLEAR and bool(VAGUE & ticket.kinds))


def keys_of(ticket: WaveTicket) -> set[Key]:
    return {
        Key(family, attribute, value)
        for family in families(ticket.kinds)
        for attribute, values in ticket.attributes.items()
        for value in values
    }


def _most_surprising(left: Counter[Key], counted: Counted) -> Key | None:
    """The key with the greatest n·ln(n/expected) among those too many to be chance; ties by name."""
    best: tuple[float, str, Key] | None = None
    for key, count in left.items():
        if count < LEAST:
            continue
        expected = counted.expected(key)
        if count < LEAST_LIFT * expected or more_than(count - 1, expected) > CHANCE:
            continue
        score = (count * math.log(count / expected), f"{key.family}{key.attribute}{key.value}", key)
        if best is None or score[:2] > best[:2]:
            best = score
    return best[2] if best else None


def _cause(key: Key, members: Sequence[WaveTicket], why: str) -> Cause:
    moments = [ticket.at for ticket in members]
    return Cause(key, tuple(ticket.id for ticket in members), min(moments), max(moments), why)


def _why(key: Key, members: Sequence[WaveTicket], counted: Counted) -> str:
    hours = (max(t.at for t in members) - min(t.at for t in members)) / timedelta(hours=1)
    return (
        f"{len(members)} customers report trouble with {key.family} within {max(hours, 1):.0f} hours, all with "
        f"{key.attribute} {key.value} ({len(members)} of {counted.about(key)} recent tickets about it)."
    )


def shared(members: Sequence[WaveTicket], share: float = 0.8) -> dict[str, str]:
    """The values that nearly all members have in common, by attribute."""
    counts = Counter(
        (name, value) for ticket in members for name, values in ticket.attributes.items() for value in values
    )
    return {name: value for (name, value), count in counts.items() if count >= share * len(members)}


def _by_wording(free: Sequence[WaveTicket], earlier: Sequence[WaveTicket]) -> list[Cause]:
    """Problems told in nearly the same words by many, where no order says what they share."""
    told = [ticket for ticket in free if families(ticket.kinds) - UNCLEAR]
    if len(told) < LEAST_BY_WORDING:
        return []
    texts = [ticket.text for ticket in (*told, *earlier)]
    groups = near_duplicates(texts)
    causes = []
    for group in groups:
        new = [told[number] for number in group if number < len(told)]
        old = len(group) - len(new)
        values = shared(new) if new else {}
        if len(new) < LEAST_BY_WORDING or len(new) < LEAST_LIFT * old * (WINDOW / BEFORE):
            continue
        # Ordinary wording of people with quite different orders is no common cause.
        if not values and sum(bool(ticket.attributes) for ticket in new) > len(new) / 2:
            continue
        family = Counter(name for ticket in new for name in families(ticket.kinds)).most_common(1)[0][0]
        head = " ".join(folded(new[0].text).split()[:8])
        why = f"{len(new)} customers write nearly the same (“{head} …”) about {family}."
        causes.append(_cause(Key(family, "wording", head), new, why))
    return causes


def near_duplicates(texts: Sequence[str]) -> list[list[int]]:
    """Groups of two and more texts, by position, each with at least half its words in common with the first."""
    signatures = minhash(texts)
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    rows = HASHES // BANDS
    for band in range(BANDS):
        part = np.ascontiguousarray(signatures[:, band * rows : (band + 1) * rows])
        for number, row in enumerate(part):
            buckets[band, row.tobytes()].append(number)
    neighbours: dict[int, set[int]] = defaultdict(set)
    for found in buckets.values():
        if len(found) > 1:
            neighbours[found[0]].update(found[1:])
    taken = np.zeros(len(texts), dtype=bool)
    groups = []
    for head in range(len(texts)):
        if taken[head] or head not in neighbours:
            continue
        others = np.array(sorted(other for other in neighbours[head] if not taken[other]), dtype=np.int64)
        if not others.size:
            continue
        alike = others[(signatures[others] == signatures[head]).mean(axis=1) >= ALIKE]
        if alike.size:
            taken[head] = True
            taken[alike] = True
            groups.append([head, *alike.tolist()])
    return groups


def minhash(texts: Sequence[str]) -> Signatures:
    """One row of 64 least hashes a text. Multipliers are odd and 64 bits wide: narrower ones never wrap around, and all
    the permutations would be the same."""
    draw = np.random.default_rng(20260131)
    multipliers = draw.integers(1 << 62, (1 << 64) - 1, size=(HASHES, 1), dtype=np.uint64, endpoint=True) | np.uint64(1)
    known: dict[str, int] = {}
    rows = np.empty((len(texts), HASHES), dtype=np.uint64)
    for number, text in enumerate(texts):
        words = DIGITS.sub("0", folded(text[:1_500])).split() or [""]
        tokens = {*words, *map(" ".join, pairwise(words))}
        hashes = np.fromiter((_hash(token, known) for token in tokens), dtype=np.uint64, count=len(tokens))
        rows[number] = (multipliers * hashes).min(axis=1)
    return rows


def _hash(token: str, known: dict[str, int]) -> int:
    value = known.get(token)
    if value is None:
        value = known[token] = int.from_bytes(hashlib.blake2b(token.encode(), digest_size=8).digest(), "little")
    return value
