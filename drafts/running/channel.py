"""Where an execution writes: the draft's own channel, opened with the executor's gate."""

from __future__ import annotations

from connectors.base import Connector, Refused
from connectors.models import Shop
from connectors.opening import open_shop
from drafts.models import Draft
from drafts.running.gate import approved_gate


def open_channel(draft: Draft) -> Connector:
    """The draft's channel, able to write where an approval stands. Raises Refused where the draft names none."""
    if draft.shop is None:
        raise Refused("this draft names no shop, so there is no channel to send it through")
    return open_shop(draft.shop, gate=approved_gate)


def needs_reconnect(draft: Draft, why: str) -> None:
    """Show that the account has to be connected again; what is approved waits for it."""
    if draft.shop_id is not None:
        lost = Shop.objects.filter(pk=draft.shop_id, state=Shop.State.CONNECTED)  # what a person stopped stays so
        lost.update(state=Shop.State.NEEDS_RECONNECT, state_reason=why[:500])
