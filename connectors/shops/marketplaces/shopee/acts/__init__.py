"""Shopee's writes and the reads that prove them. Shopee keeps no keys: each write is a state that can be read."""

from connectors.shops.marketplaces.shopee.acts import goods, orders, words

__all__ = ["goods", "orders", "words"]
