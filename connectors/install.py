"""Connect an account: through the platform's consent page, or with keys that are proved before they are kept.

A visit to a consent page is one row. Its state is random, good once, for the person who began, and for a quarter of an
hour; of what comes back nothing is believed but what the platform itself then confirms.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import transaction
from django.utils import timezone

from connectors.base import Clock, Connector, Refused
from connectors.consent import App as GivenApp
from connectors.consent import Ask, Asking, Grant, Identifies, Identity, Installs, Key, TakesKeys, lacking, scopes_for
from connectors.models import App, ConsentVisit, Shop
from connectors.pull import make_feeds
from connectors.registry import connector_class, open_connector, transport_for
from connectors.types import Account

VISIT_LIFE = timedelta(minutes=15)
LONGEST_NAME = 120


Kept = Callable[[Shop], None]


def nothing(shop: Shop) -> None:
    """For those who do nothing besides in the transaction that stores a shop."""


@dataclass(frozen=True, slots=True)
class Connected:
    """What a consent or some keys led to. `missing` are scopes that were asked for and not granted."""

    shops: tuple[Shop, ...]
    missing: tuple[str, ...] = ()
    next_page: str = ""
    seen: str = ""


def installs(kind: str) -> type[Installs]:
    """Raises Refused for a kind that has no consent page."""
    made: Any = connector_class(kind)
    if not isinstance(made, Installs):
        raise Refused(f"{made.label} has no consent page; it is connected with keys")
    return cast("type[Installs]", made)


def app_for(kind: str) -> GivenApp:
    """Our registration with the platform. Raises Refused where something of it is lacking."""
    row = App.objects.filter(kind=kind).first() or App(kind=kind)
    missing = [name for name in installs(kind).app_credentials if not row.credentials.get(name)]
    if missing:
        raise Refused(f"our app at {connector_class(kind).label} lacks {', '.join(missing)}; an owner enters it first")
    return row.as_given()


def wanted_scopes(kind: str, shop: Shop | None = None, operations: Iterable[str] = ()) -> tuple[str, ...]:
    """Reading first. What a shop holds already is asked for again, so that a wider consent takes nothing away."""
    made = installs(kind)
    held = [scope for scope in (shop.scopes or () if shop else ()) if scope in every_scope(made)]
    more = [scope for operation in operations for scope in scopes_for(made, operation)]
    return tuple(dict.fromkeys([*made.read_scopes, *held, *more]))


def every_scope(made: type[Installs]) -> frozenset[str]:
    return frozenset(made.read_scopes).union(*made.write_scopes.values())


def begin(
    kind: str, *, by: int, redirect_uri: str, given: Mapping[str, str], now: datetime, shop: Shop | None = None,
    operations: Iterable[str] = (), next_page: str = "",
) -> ConsentVisit:  # fmt: skip
    """A visit that may start. Raises Refused where our app is not registered, or what was typed cannot be right."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    visit = ConsentVisit(
        kind=kind, by_id=by, shop=shop, state_digest=digest_of(state), given=dict(given), redirect_uri=redirect_uri,
        secrets={"state": state, "verifier": verifier}, scopes=list(wanted_scopes(kind, shop, operations)),
        next_page=next_page, began_at=now, ends_at=now + VISIT_LIFE,
    )  # fmt: skip
    address(visit)
    ConsentVisit.objects.filter(ends_at__lt=now - timedelta(days=1)).delete()
    visit.save()
    return visit


def address(visit: ConsentVisit) -> str:
    """Where the person goes to say yes or no."""
    return installs(visit.kind).consent(app_for(visit.kind), asking_of(visit))


def asking_of(visit: ConsentVisit) -> Asking:
    kept = visit.secrets
    return Asking(kept["state"], visit.redirect_uri, tuple(visit.scopes), kept["verifier"], visit.given)


def finish(
    kind: str, callback: Mapping[str, str], *, by: int, clock: Clock = timezone.now, kept: Kept = nothing
) -> Connected:
    """The callback's code for credentials, stored. Call it outside of a transaction.

    `kept` runs in the transaction that stores each shop. The visit is spent in every case. Raises Refused where this is
    not the visit that this person began, or the platform or its owner said no; Retry and Unknown where the platform
    could not be asked.
    """
    visit = spend(kind, callback.get("state", ""), by, clock())
    app, made = app_for(kind), installs(kind)
    transport = transport_for(connector_class(kind), app.credentials.values(), clock)
    grants = made.grant(app, asking_of(visit), callback, transport, clock)
    if not grants:
        raise Refused("the platform let us into no account; start again and choose at least one")
    refuse_other_account(visit.shop, grants)
    shops = tuple(keep_grant(kind, grant, visit, kept) for grant in grants)
    missing = {scope: None for grant in grants for scope in lacking(visit.scopes, grant.scopes or None)}
    return Connected(shops, tuple(missing), visit.next_page)


def spend(kind: str, state: str, by: int, now: datetime) -> ConsentVisit:
    """The visit that this state belongs to, used up."""
    mine = ConsentVisit.objects.filter(state_digest=digest_of(state), kind=kind, by=by, used_at=None, ends_at__gt=now)
    with transaction.atomic():
        visit = mine.select_for_update(of=("self",)).select_related("shop").first()
        if visit is None:
            raise Refused(
                "this answer belongs to no consent that you began within the last quarter of an hour, or it was used "
                "already; nothing was connected. Start again from Connections",
                code="state",
            )
        visit.used_at = now
        visit.save(update_fields=["used_at"])
    return visit


def digest_of(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()


def refuse_other_account(shop: Shop | None, grants: tuple[Grant, ...]) -> None:
    """Connecting a shop again must reach that shop, or its history would be mixed with another's."""
    if shop is not None and shop.external_id and shop.external_id not in {grant.external_id for grant in grants}:
        others = ", ".join(f"{grant.name} ({grant.external_id})" for grant in grants)
        raise Refused(f"you let us into {others}, and {shop.name} ({shop.external_id}) was to be connected again")


def keep_grant(kind: str, grant: Grant, visit: ConsentVisit, kept: Kept) -> Shop:
    scopes = list(grant.scopes) if grant.scopes else None
    values = {
        "base_url": grant.base_url, "country": grant.country, "currency": grant.currency, "time_zone": grant.time_zone,
    }  # fmt: skip
    return keep(
        kind, grant.external_id, grant.name, grant.credentials, kept,
        {"settings": {**grant.settings, "asked": visit.given}, **values},
        credentials_expire_at=grant.expires_at, renewable_until=grant.renewable_until, scopes=scopes,
    )  # fmt: skip


@transaction.atomic
def keep(
    kind: str, external_id: str, name: str, credentials: Mapping[str, str], kept: Kept, told: Mapping[str, Any],
    **exact: Any,
) -> Shop:  # fmt: skip
    """Make or refresh the shop of that account. Its row, its name and its feeds' cursors stay; reading begins at once.

    `told` is kept where it says something; `exact` is kept as it is.
    """
    found = Shop.objects.select_for_update().filter(kind=kind, external_id=external_id).first()
    shop = found or Shop(kind=kind, external_id=external_id, name=free_name(name, external_id))
    lasting = {key: value for key, value in shop.credentials.items() if key == "webhook_secret"}
    shop.credentials = {**lasting, **credentials}
    shop.settings = {**shop.settings, **told.get("settings", {})}
    for field, value in told.items():
        if field != "settings" and value:
            setattr(shop, field, value)
    for field, value in exact.items():
        setattr(shop, field, value)
    shop.state, shop.state_reason, shop.renewal_began_at = Shop.State.CONNECTED, "", None
    shop.save()
    make_feeds(shop)
    shop.feeds.update(next_pull_at=timezone.now(), failures=0)
    kept(shop)
    return shop


def free_name(name: str, external_id: str) -> str:
    """Names are unique here, and two accounts may bear the same one."""
    short = name.strip()[:LONGEST_NAME] or external_id[:LONGEST_NAME]
    if not Shop.objects.filter(name=short).exists():
        return short
    return f"{short[: LONGEST_NAME - 43]} ({external_id[-40:]})"


def with_keys(
    kind: str, typed: Mapping[str, str], options: Mapping[str, object], *, name: str = "", base_url: str = "",
    shop: Shop | None = None, clock: Clock = timezone.now, kept: Kept = nothing,
) -> Connected:  # fmt: skip
    """Prove the keys by one harmless read, then keep them. Raises the read's own error; then nothing was kept."""
    made = connector_class(kind)
    if (keys := keys_of(made)) is None:
        raise Refused(f"{made.label} is not connected with keys")
    app = App.objects.filter(kind=kind).first()
    held: dict[str, str] = {**(app.credentials if app else {}), **(shop.credentials if shop else {}), **typed}
    names = (*made.credentials, *(key.name for key in keys))
    credentials = {name: held[name] for name in names if held.get(name)}
    host = base_url or (shop.base_url if shop else "") or (app.base_url if app else "") or getattr(made, "home", "")
    external_id = shop.external_id if shop else ""
    settings = {**(shop.settings if shop else {}), **options}
    account = Account(
        kind, shop.pk if shop else 0, name or made.label, external_id, host, settings=settings, credentials=credentials
    )
    connector = open_connector(account, clock=clock)
    seen = connector.check()
    who = identity_of(connector)
    if shop and who.external_id and shop.external_id not in ("", who.external_id):
        raise Refused(f"these keys open {who.name or who.external_id}, and {shop.name} was to be connected again")
    told = {
        "settings": options, "base_url": host, "country": who.country, "currency": who.currency,
        "time_zone": who.time_zone,
    }  # fmt: skip
    made_shop = keep(
        kind, external_id or who.external_id or name or made.label, name or who.name or made.label, credentials, kept,
        told, credentials_expire_at=None, renewable_until=None, scopes=None,
    )  # fmt: skip
    return Connected((made_shop,), seen=seen)


def keys_of(made: type[Connector]) -> tuple[Key, ...] | None:
    """What is typed in by hand; None where a platform is connected otherwise."""
    offered: Any = made
    return tuple(offered.keys) if isinstance(offered, TakesKeys) else None


def options_of(made: type[Connector]) -> tuple[Ask, ...]:
    """What is typed beside the keys and kept in the shop's settings."""
    return tuple(getattr(made, "options", ()))


def identity_of(connector: Connector) -> Identity:
    return connector.identify() if isinstance(connector, Identifies) else Identity()


def pause(shop: Shop) -> None:
    """Nothing is read or sent until somebody resumes it."""
    change(shop, (Shop.State.CONNECTED, Shop.State.NEEDS_RECONNECT), Shop.State.PAUSED, "paused by a person")


def resume(shop: Shop) -> None:
    change(shop, (Shop.State.PAUSED,), Shop.State.CONNECTED, "")
    shop.feeds.update(next_pull_at=timezone.now())


def disconnect(shop: Shop) -> None:
    """Forget every credential; what was read stays."""
    change(shop, tuple(Shop.State), Shop.State.DISCONNECTED, "disconnected by a person; its records are kept")
    shop.credentials, shop.scopes = {}, None
    shop.credentials_expire_at = shop.renewable_until = None
    shop.save(update_fields=["credentials", "scopes", "credentials_expire_at", "renewable_until"])


def change(shop: Shop, before: Iterable[str], after: Shop.State, reason: str) -> None:
    """Raises Refused where the shop does not stand as it should."""
    if not Shop.objects.filter(pk=shop.pk, state__in=list(before)).update(state=after, state_reason=reason):
        raise Refused(f"{shop.name} is {shop.get_state_display().lower()}; nothing was changed")
    shop.state, shop.state_reason = after, reason
