"""Lazada's feeds, page by page."""
