"""Klaviyo: profiles, started checkouts, the health of what is mailed, and events that its own flows act on."""

from connectors.shops.messages.klaviyo.connector import Klaviyo

__all__ = ["Klaviyo"]
