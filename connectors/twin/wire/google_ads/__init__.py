"""The Google Ads API as the twin speaks it."""
