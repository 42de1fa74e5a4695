"""Shopify: GraphQL 2026-10, priced by cost, idempotent refunds."""

from connectors.shops.marketplaces.shopify.connector import Shopify

__all__ = ["Shopify"]
