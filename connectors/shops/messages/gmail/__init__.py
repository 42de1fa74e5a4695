"""Gmail: its own API, changes by history id, one send that can be found again."""

from connectors.shops.messages.gmail.connector import Gmail

__all__ = ["Gmail"]
