"""Google Ads: queries in GAQL over REST, writes as mutates with a field mask."""

from connectors.shops.ads.google_ads.connector import GoogleAds

__all__ = ["GoogleAds"]
