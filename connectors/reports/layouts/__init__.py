"""The reports that are known by their column names, one file for each platform."""

from collections.abc import Iterable

from connectors.reports.layouts import amazon, lazada, shopee, shopify, stripe, tiktok_shop
from connectors.reports.layouts.base import Layout, Part

LAYOUTS: tuple[Layout, ...] = tuple(
    layout for one in (amazon, lazada, shopee, shopify, stripe, tiktok_shop) for layout in one.LAYOUTS
)

__all__ = ["LAYOUTS", "Layout", "Part", "recognise"]


def recognise(header: Iterable[str]) -> Layout | None:
    """The known report with these columns; of several, the one that is known by most of them."""
    columns = list(header)
    fitting = [layout for layout in LAYOUTS if layout.fits(columns)]
    return max(fitting, key=lambda layout: len(layout.columns), default=None)
