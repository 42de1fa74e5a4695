"""Access tokens are renewed before they end, once, whoever needs them first.

A refresh token often serves a single time: two processes that use it at once lose the account. So the renewal runs
under the shop's lock, and the new pair replaces the old one in a single UPDATE.

Between the platform's rotation and that UPDATE nothing can make two databases agree. What can be done: the start of a
renewal is written first, so that one that was cut off is known; the UPDATE is tried again while the pair is in memory;
and the next one tries the old refresh token (Shopify takes it until the new access token was used). Where the platform
has spent it (Shopee), a person is asked to connect again, with what happened in words. No account is lost in silence.
"""

from datetime import datetime, timedelta

import structlog
from celery import shared_task
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from connectors.account import connect
from connectors.base import Clock, Reconnect, Refreshes, Refused, Renewed, Retry, Unknown
from connectors.locks import TOKEN_LOCK, held
from connectors.models import Shop
from connectors.registry import CONNECTORS

log = structlog.get_logger()

MARGIN = timedelta(minutes=10)  # longer than any step holds a connector
BEAT_MARGIN = timedelta(minutes=30)
GONE = (Shop.State.NEEDS_RECONNECT, Shop.State.DISCONNECTED)


def keep_fresh(shop: Shop, *, clock: Clock = timezone.now, margin: timedelta = MARGIN) -> Shop:
    """The shop with credentials that last at least `margin`, renewed now where they do not.

    Raises Reconnect where the account must be connected again. A renewal that fails otherwise is raised only when the
    old token has ended.
    """
    if shop.state in GONE:
        raise Reconnect(f"{shop.name}: {shop.state_reason or 'the permission is gone'}; connect it again")
    if not ends_within(shop, clock, margin):
        return shop
    with held(TOKEN_LOCK, shop.pk):
        shop.refresh_from_db()
        if ends_within(shop, clock, margin):
            renew(shop, clock)
    return shop


def ends_within(shop: Shop, clock: Clock, margin: timedelta) -> bool:
    return shop.credentials_expire_at is not None and shop.credentials_expire_at - clock() <= margin


def renew(shop: Shop, clock: Clock) -> None:
    connector = connect(shop, clock=clock)
    if not isinstance(connector, Refreshes):
        return
    cut_off_at, began_at = shop.renewal_began_at, clock()
    mark(shop, began_at)
    try:
        renewed = connector.refresh()
    except (Reconnect, Refused) as error:  # a spent or ended refresh token is an HTTP 400 on most platforms
        lose(shop, f"{error}{cut_off_words(cut_off_at)}")
        raise Reconnect(str(error), code=error.code, status=error.status) from error
    except KeyError as error:
        lose(shop, f"the credentials lack {error}, without which no token is renewed")
        raise Reconnect(shop.state_reason) from error
    except (Retry, Unknown) as error:
        if isinstance(error, Retry):  # surely not taken, so nothing is spent that was not before
            mark(shop, cut_off_at)
        log.warning("token not renewed", shop=shop.pk, error=str(error))
        if ends_within(shop, clock, timedelta(0)):
            raise
        return
    keep(shop, renewed)
    log.info("token renewed", shop=shop.pk, ends=renewed.expires_at)


def revive(shop: Shop, clock: Clock) -> bool:
    """Renew a token that was refused before its time, or whose end nobody knew; `shop` holds the refused credentials.

    True where there are others now, which may be tried. The platform's own no to the renewal loses the shop.
    """
    if not shop.credentials.get("refresh_token") or not hasattr(CONNECTORS.get(shop.kind), "refresh"):
        return False
    refused = dict(shop.credentials)
    with held(TOKEN_LOCK, shop.pk):
        shop.refresh_from_db()
        if shop.state in GONE:
            return False
        if shop.credentials == refused:
            try:
                renew(shop, clock)
            except (Reconnect, Retry, Unknown):
                return False
    return bool(shop.credentials != refused)


def mark(shop: Shop, began_at: datetime | None) -> None:
    """Note that a refresh token is being spent, before it leaves."""
    shop.renewal_began_at = began_at
    Shop.objects.filter(pk=shop.pk).update(renewal_began_at=began_at)


def cut_off_words(cut_off_at: datetime | None) -> str:
    if cut_off_at is None:
        return ""
    return f" (a renewal was cut off at {cut_off_at:%Y-%m-%d %H:%M} UTC, and its new tokens were lost)"


def keep(shop: Shop, renewed: Renewed) -> None:
    """The new pair in place of the old. The platform may have spent the old one, so a lost database is asked again."""
    shop.credentials, shop.credentials_expire_at = dict(renewed.credentials), renewed.expires_at
    shop.renewable_until = renewed.renewable_until or shop.renewable_until
    shop.renewal_began_at = None
    names = ("credentials", "credentials_expire_at", "renewable_until", "renewal_began_at")
    values = {name: getattr(shop, name) for name in names}
    for is_last in (False, False, True):
        try:
            Shop.objects.filter(pk=shop.pk).exclude(state=Shop.State.DISCONNECTED).update(**values)
        except (OperationalError, InterfaceError):
            if is_last or connection.in_atomic_block:
                log.critical("renewed tokens could not be kept", shop=shop.pk)
                raise
            connection.close()
        else:
            return


def lose(shop: Shop, reason: str) -> None:
    """The permission is gone: nothing is called until a person has connected the shop again."""
    shop.state, shop.state_reason = Shop.State.NEEDS_RECONNECT, reason[:500]
    shop.save(update_fields=["state", "state_reason"])
    log.error("shop must be connected again", shop=shop.pk, reason=reason[:200])


@shared_task(name="connectors.renew_tokens", queue="pull")
def renew_tokens() -> None:
    """Beat: shops whose token ends soon, one task each, so that a slow channel delays no other.

    Paused ones too: a refresh token that nobody uses for a month is gone.
    """
    ending = Shop.objects.filter(
        state__in=[Shop.State.CONNECTED, Shop.State.PAUSED], credentials_expire_at__lte=timezone.now() + BEAT_MARGIN
    ).values_list("pk", flat=True)
    for shop_id in ending:
        renew_token.apply_async((shop_id,), expires=60)


@shared_task(name="connectors.renew_token", queue="pull", autoretry_for=(Retry, Unknown), max_retries=3)
def renew_token(shop_id: int) -> None:
    try:
        keep_fresh(Shop.objects.get(pk=shop_id), margin=BEAT_MARGIN)
    except Reconnect:
        return  # shown on the shop
