"""The way to a shop for every step: its token made fresh, then its connector."""

from django.utils import timezone

from connectors.account import connect
from connectors.base import Clock, Connector, Gate, Reconnect, closed_gate
from connectors.models import Shop
from connectors.tokens import keep_fresh


def open_shop(shop: Shop, *, gate: Gate = closed_gate, clock: Clock = timezone.now) -> Connector:
    """Writes stay shut unless the executor passes its gate. Call it outside of a transaction.

    Raises Refused (a credential is lacking, nobody speaks this kind) and Reconnect (the permission is gone, or a person
    has paused the shop).
    """
    if shop.state == Shop.State.PAUSED:
        raise Reconnect(f"{shop.name} is paused; an owner resumes it under Connections")
    return connect(keep_fresh(shop, clock=clock), gate=gate, clock=clock)
