"""Shopee: signed REST, windows of fifteen days, no idempotency keys."""

from connectors.shops.marketplaces.shopee.connector import Shopee

__all__ = ["Shopee"]
