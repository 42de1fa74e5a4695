"""Amazon's Selling Partner API: REST in slow lanes, refunds and cancellations as feed documents, no buyer messages."""

from connectors.shops.marketplaces.amazon.connector import Amazon

__all__ = ["Amazon"]
