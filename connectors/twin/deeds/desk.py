"""What the company's helpdesk is told."""

from connectors.twin.market import Market


def take_case(market: Market, case: str, key: str, title: str, subject: str) -> None:
    """A case is opened at the helpdesk."""
    market.effects.append(market.now, "helpdesk", "hand_over", subject=subject, reference=case, key=key, title=title)
