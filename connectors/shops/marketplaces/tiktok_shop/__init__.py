"""TikTok Shop Partner API: signed REST, one cipher a shop, idempotency keys for after-sales decisions alone."""

from connectors.shops.marketplaces.tiktok_shop.connector import TikTokShop

__all__ = ["TikTokShop"]
