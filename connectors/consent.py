"""How an account is connected: the platform's own consent page, then a code traded for credentials.

A connector that can be installed so has the methods of `Installs`; the pages, the state, PKCE and the storing belong to
`opsroom/connect/`. The credentials of the *application* (what the founder registered with the platform once) come as
an `App`; those of the *account* come back in a `Grant`.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol, runtime_checkable

from connectors.base import Clock, Transport


@dataclass(frozen=True, slots=True)
class App:
    """Our registration with one platform. `credentials` hold client id and secret under the platform's own names.

    `base_url` replaces the platform's API host and `consent_url` the host of its consent pages, where they are given
    (a test market); empty means the platform's own.
    """

    kind: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    base_url: str = ""
    consent_url: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """One visit to a consent page: what we send along and must find again. `verifier` is PKCE's secret (RFC 7636).

    `given` holds what the person typed first (`Installs.asks`): the shop's domain, the country.
    """

    state: str
    redirect_uri: str
    scopes: tuple[str, ...]
    verifier: str = field(default="", repr=False)
    given: Mapping[str, str] = field(default_factory=dict)

    def challenge(self) -> str:
        """The S256 challenge of the verifier."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One account that the person let us into; a consent may give several (a token for six ventures).

    `credentials` are whole: the app's and the account's together, as `Connector.credentials` names them. `scopes` are
    what was really granted. `expires_at` ends the access token, `renewable_until` the refresh token; None: no end.
    """

    external_id: str
    name: str
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)
    expires_at: datetime | None = None
    renewable_until: datetime | None = None
    scopes: tuple[str, ...] = ()
    country: str = ""
    currency: str = ""
    time_zone: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing the person types before the consent page, with an example."""

    name: str
    label: str
    example: str = ""
    choices: tuple[str, ...] = ()


@runtime_checkable
class Installs(Protocol):
    """A connector class whose accounts are connected through the platform's own consent page."""

    app_credentials: ClassVar[tuple[str, ...]]  # names that `App.credentials` must hold
    asks: ClassVar[tuple[Ask, ...]]
    read_scopes: ClassVar[tuple[str, ...]]  # asked for first; empty where the platform grants by app, not by scope
    write_scopes: ClassVar[Mapping[str, tuple[str, ...]]]  # operation's class name → scopes it needs besides

    @classmethod
    def consent(cls, app: App, asking: Asking) -> str:
        """The address of the consent page. Raises Refused where something that was typed cannot be right."""
        ...

    @classmethod
    def grant(
        cls, app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
    ) -> tuple[Grant, ...]:
        """Trade the callback's code for credentials. The caller has compared `state`; the platform's own signature on
        the callback, where it has one, is checked here. Raises Refused (a forged or refused callback, with what to
        do), Retry, Unknown.
        """
        ...


@dataclass(frozen=True, slots=True)
class Key:
    """One credential that is typed in by hand where a platform has no consent page (an API key)."""

    name: str
    label: str
    where: str  # where the person finds it
    is_secret: bool = True


@runtime_checkable
class TakesKeys(Protocol):
    """A connector class that is connected by entering keys; `check()` then proves them.

    A key that is not among `Connector.credentials` may be left empty. Two class attributes may stand
    beside: `home`, the API host that the keys are for; and `options`, each an `Ask` whose answer is kept in the shop's
    settings (choices of "yes" and "no" become a truth value; one without an example may be left empty).
    """

    keys: ClassVar[tuple[Key, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose account some keys open, in the platform's own words; empty where it does not tell."""

    external_id: str = ""
    name: str = ""
    country: str = ""
    currency: str = ""
    time_zone: str = ""


@runtime_checkable
class Identifies(Protocol):
    """A connector that can tell by one read whose account its keys open."""

    def identify(self) -> Identity: ...


def lacking(asked: Iterable[str], granted: Iterable[str] | None) -> tuple[str, ...]:
    """The scopes that were asked for and not granted, in their order; none where the platform does not say."""
    held = None if granted is None else frozenset(granted)
    return () if held is None else tuple(scope for scope in dict.fromkeys(asked) if scope not in held)


def scopes_for(made: object, operation: str) -> tuple[str, ...]:
    """What a connector class needs besides its read scopes for one operation, by the operation's class name."""
    return tuple(getattr(made, "write_scopes", {}).get(operation, ()))
