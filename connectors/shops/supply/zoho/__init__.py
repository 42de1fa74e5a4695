"""Zoho Inventory: the company's books of goods and orders to suppliers; eight data centres, no idempotency keys."""

from connectors.shops.supply.zoho.connector import Zoho

__all__ = ["Zoho"]
