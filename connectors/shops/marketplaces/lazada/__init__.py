"""Lazada Open Platform: signed REST, units instead of quantities, state-changing GETs, no idempotency keys."""

from connectors.shops.marketplaces.lazada.connector import Lazada

__all__ = ["Lazada"]
