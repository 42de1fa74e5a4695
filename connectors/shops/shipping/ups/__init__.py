"""UPS: where a parcel is, and Delivery Intercept, which changes its way."""

from connectors.shops.shipping.ups.connector import UPS

__all__ = ["UPS"]
