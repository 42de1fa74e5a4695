"""Access tokens are renewed before they end, once, whoever needs them first.

A refresh token often serves a single time: two processes that use it at once lose the account. So the renewal runs
under the shop's lock, and the new pair replaces the old one in a single UPDATE.
"""

from datetime import timedelta

import structlog
from celery import shared_task
from django.utils import timezone

from connectors.account import connect
from connectors.base import Clock, Reconnect, Refreshes, Retry, Unknown
from connectors.locks import TOKEN_LOCK, held
from connectors.models import Shop

log = structlog.get_logger()

MARGIN = timedelta(minutes=10)  # longer than any step holds a connector
BEAT_MARGIN = timedelta(minutes=30)


def keep_fresh(shop: Shop, *, clock: Clock = timezone.now, margin: timedelta = MARGIN) -> Shop:
    """The shop with credentials that last at least `margin`, renewed now where they do not.

    Raises Reconnect where the account must be connected again. A renewal that fails otherwise is raised only when the
    old token has ended.
    """
    if shop.state == Shop.State.NEEDS_RECONNECT:
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
    try:
        renewed = connector.refresh()
    except Reconnect as error:
        lose(shop, str(error))
        raise
    except (Retry, Unknown) as error:
        log.warning("token not renewed", shop=shop.pk, error=str(error))
        if ends_within(shop, clock, timedelta(0)):
            raise
        return
    shop.credentials, shop.credentials_expire_at = dict(renewed.credentials), renewed.expires_at
    shop.save(update_fields=["credentials", "credentials_expire_at"])
    log.info("token renewed", shop=shop.pk, ends=renewed.expires_at)


def lose(shop: Shop, reason: str) -> None:
    """The permission is gone: nothing is called until a person has connected the shop again."""
    shop.state, shop.state_reason = Shop.State.NEEDS_RECONNECT, reason[:500]
    shop.save(update_fields=["state", "state_reason"])
    log.error("shop must be connected again", shop=shop.pk, reason=reason[:200])


@shared_task(name="connectors.renew_tokens", queue="pull")
def renew_tokens() -> None:
    """Beat: shops whose token ends soon, one task each, so that a slow channel delays no other."""
    ending = Shop.objects.filter(
        state=Shop.State.CONNECTED, credentials_expire_at__lte=timezone.now() + BEAT_MARGIN
    ).values_list("pk", flat=True)
    for shop_id in ending:
        renew_token.apply_async((shop_id,), expires=60)


@shared_task(name="connectors.renew_token", queue="pull", autoretry_for=(Retry, Unknown), max_retries=3)
def renew_token(shop_id: int) -> None:
    try:
        keep_fresh(Shop.objects.get(pk=shop_id), margin=BEAT_MARGIN)
    except Reconnect:
        return  # shown on the shop
