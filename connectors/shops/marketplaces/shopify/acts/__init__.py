"""Shopify's writes and the reads that prove them."""

from connectors.shops.marketplaces.shopify.acts import credit, edits, goods, holds, orders, replacements

__all__ = ["credit", "edits", "goods", "holds", "orders", "replacements"]
