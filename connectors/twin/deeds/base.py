"""What all deeds share: the market's no, and how amounts and orders are named in effects."""

from decimal import Decimal

from connectors.twin.world.trade import Order


class Refusal(Exception):
    """The market says no and nothing has changed. `code` is a word of ours, translated by each wire."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def amount(minor: int) -> Decimal:
    return Decimal(minor) / 100


def label(order: Order) -> str:
    """How effects name an order."""
    return f"{order.channel}:{order.index}"
