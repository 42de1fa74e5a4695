"""AfterShip: where every courier's parcels are, read only."""

from connectors.shops.shipping.aftership.connector import AfterShip

__all__ = ["AfterShip"]
