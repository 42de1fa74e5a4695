"""Lazada's writes and the reads that prove them. Lazada keeps no keys: each write is a state that can be read.

A `perform` takes (client, operation, permit), a `see` takes (client, operation, since): from when on an effect counts,
None for any time.
"""

from connectors.shops.marketplaces.lazada.acts import goods, orders, returns, shipping, words

__all__ = ["goods", "orders", "returns", "shipping", "words"]
