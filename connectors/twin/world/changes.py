"""What the company has changed about single orders, buyers and offers: few of many, so each kind is kept by its key."""

from dataclasses import dataclass, field

from connectors.twin.world.channels import DAY
from connectors.twin.world.people import Person

Key = tuple[str, int]  # channel, order index


@dataclass(slots=True)
class Hold:
    """Why an order is kept from being packed, in its channel's word."""

    index: int
    reason: str
    note: str = ""
    handle: str = ""


@dataclass(slots=True)
class Exchange:
    """Goods that go out for a return: (place of a line, units) for (good, units)."""

    taken: tuple[tuple[int, int], ...]
    given: tuple[tuple[int, int], ...]
    note: str = ""


@dataclass(slots=True)
class Credit:
    """Credit of one buyer, to spend in the shop. `amount` in minor units; `expires` 0: never."""

    index: int
    channel: str
    buyer: int
    amount: int
    at: int
    expires: int = 0


@dataclass(slots=True)
class Promotion:
    """A running offer. `kind` is its channel's: code, automatic, voucher, discount."""

    index: int
    channel: str
    kind: str
    name: str
    starts: int
    ends: int


@dataclass(slots=True)
class Changes:
    holds: dict[Key, Hold] = field(default_factory=dict)
    addresses: dict[Key, Person] = field(default_factory=dict)
    originals: dict[Key, tuple[tuple[int, int], ...]] = field(default_factory=dict)  # lines before an edit
    exchanges: dict[int, Exchange] = field(default_factory=dict)  # by the return's index
    credits: list[Credit] = field(default_factory=list)
    promotions: list[Promotion] = field(default_factory=list)
    away: dict[str, int] = field(default_factory=dict)  # channel on holiday → since when


def changes_from(now: int) -> Changes:
    """Nothing changed yet, and one offer of each kind running for a month around now."""
    offers = (
        ("shopify", "code", "WELCOME10"), ("shopify", "automatic", "Autumn sale"),
        ("shopee", "voucher", "LUMEN5"), ("shopee", "discount", "11.11 after-sale"),
    )  # fmt: skip
    return Changes(
        promotions=[
            Promotion(index, channel, kind, name, now - 15 * DAY, now + 15 * DAY)
            for index, (channel, kind, name) in enumerate(offers)
        ]
    )
