"""Returns: accept, offer less, refuse."""

from typing import Any

from connectors.twin.deeds.base import Refusal, amount, label
from connectors.twin.market import Market
from connectors.twin.world.channels import CHANNELS
from connectors.twin.world.trade import CURRENCY, Return


def decide_return(market: Market, row: Return, decision: str, reference: str, minor: int = 0, **detail: Any) -> None:
    """`accept` (refund in full), `offer` (propose `minor`), or `reject` (take it to the platform)."""
    allowed = {
        "accept": ("REQUESTED", "PROCESSING"),
        "offer": ("REQUESTED",),
        "reject": ("REQUESTED", "PROCESSING", "ACCEPTED"),
    }
    if row.status not in allowed[decision]:
        raise Refusal("wrong_state", f"Return status {row.status} does not allow this.")
    if decision == "accept":
        row.status, row.negotiation = "ACCEPTED", "TERMINATED"
    elif decision == "offer":
        if not 0 < minor <= row.amount:
            raise Refusal("bad_amount", "The proposed amount must be above zero and at most the refund amount.")
        row.negotiation, row.offer = "ONGOING", minor
        row.status = "PROCESSING"
    else:
        row.status = "JUDGING" if CHANNELS[row.channel].cancels_itself else "DECLINED"
    row.updated = market.now
    order = market.order(row.channel, row.order)
    market.touch(order, "returns/update")
    currency = CURRENCY[row.channel]
    paid = minor if decision == "offer" else row.amount
    market.effects.append(
        market.now, row.channel, f"return_{decision}", subject=reference, reference=row.sn, amount=amount(paid),
        currency=currency, order=label(order), **detail,
    )  # fmt: skip
