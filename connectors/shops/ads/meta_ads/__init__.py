"""Meta Ads: the Marketing API of Facebook and Instagram."""

from connectors.shops.ads.meta_ads.connector import MetaAds

__all__ = ["MetaAds"]
