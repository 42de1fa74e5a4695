"""Every system that can be connected, in groups, and by which ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connectors.base import Connector
from connectors.consent import Ask, Installs, Key
from connectors.install import keys_of, options_of
from connectors.registry import CONNECTORS

# By the folder under connectors/shops in which a connector stands.
GROUPS = {
    "marketplaces": "Marketplaces and stores",
    "payments": "Payments",
    "messages": "Mail and messages",
    "ads": "Ads and marketing",
    "shipping": "Shipping",
    "supply": "Books, suppliers and warehouses",
}
ELSEWHERE = "Other systems"


@dataclass(frozen=True, slots=True)
class System:
    """One system as the pages show it. `app_names` are what our registration there consists of."""

    kind: str
    label: str
    group: str
    has_consent: bool
    has_keys: bool
    app_names: tuple[str, ...]
    asks: tuple[Ask, ...]
    keys: tuple[Key, ...]
    options: tuple[Ask, ...]
    required: tuple[str, ...]

    @property
    def ways(self) -> str:
        ways = [("consent page", self.has_consent), ("keys", self.has_keys)]
        return " or ".join(name for name, is_offered in ways if is_offered)


def system(kind: str) -> System | None:
    """None for a kind that nobody speaks, or that no page can connect."""
    made = CONNECTORS.get(kind)
    found = None if made is None else described(made)
    return found if found and (found.has_consent or found.has_keys) else None


def described(made: type[Connector]) -> System:
    consenting: Any = made
    has_consent, keys = isinstance(consenting, Installs), keys_of(made)
    return System(
        kind=made.kind,
        label=made.label,
        group=group_of(made),
        has_consent=has_consent,
        has_keys=keys is not None,
        app_names=tuple(consenting.app_credentials) if has_consent else (),
        asks=tuple(consenting.asks) if has_consent else (),
        keys=keys or (),
        options=options_of(made),
        required=made.credentials,
    )


def group_of(made: type[Connector]) -> str:
    folder = made.__module__.removeprefix("connectors.shops.").partition(".")[0]
    return GROUPS.get(folder, ELSEWHERE)


def groups() -> Iterator[tuple[str, list[System]]]:
    """(title, systems by name), in the order of a founder's day: what sells, what pays, what talks, what ships."""
    found = [one for kind in CONNECTORS if (one := system(kind))]
    for title in [*GROUPS.values(), ELSEWHERE]:
        inside = sorted((one for one in found if one.group == title), key=lambda one: one.label.lower())
        if inside:
            yield title, inside
