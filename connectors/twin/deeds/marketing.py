"""What the company tells its marketing system."""

from connectors.twin.market import Market


def record_event(market: Market, metric: str, email: str, key: str, reference: str) -> None:
    """An event stands on a profile, and the flows that wait for it begin."""
    market.effects.append(
        market.now, "klaviyo", "record_event", subject=email, reference=reference, key=key, metric=metric
    )


def switch_flow(market: Market, flow: str, status: str) -> None:
    """A flow runs, waits, or is a draft."""
    market.effects.append(market.now, "klaviyo", "set_campaign", subject=flow, reference=flow, status=status)
