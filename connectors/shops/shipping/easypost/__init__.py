"""EasyPost: trackers of every courier, return labels, and claims on insured parcels."""

from connectors.shops.shipping.easypost.connector import EasyPost

__all__ = ["EasyPost"]
