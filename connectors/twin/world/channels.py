"""Where the company sells: one row a sales channel, and how each names its orders.

An id holds its order's index, so that no wire needs a table to find one.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

HOUR, DAY = 3_600, 86_400
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ODD, _MASK = 0x5DEECE66D, (1 << 40) - 1
_INVERSE = pow(_ODD, -1, 1 << 40)
# What a US dollar buys in the market's world; the books' daily rates wobble around it.
PER_USD = {"USD": 1.0, "SGD": 1.34, "MYR": 4.45, "PHP": 57.0}


def encode(number: int) -> str:
    """Eight characters that look random and decode to the number: ids need no look-up table."""
    value, text = (number * _ODD + 0x2545F4914F) & _MASK, ""
    for _ in range(8):
        text += ALPHABET[value & 31]
        value >>= 5
    return text


def decode(text: str) -> int | None:
    """The number behind `encode`; None for anything it cannot have made."""
    value = 0
    for place, letter in enumerate(text):
        digit = ALPHABET.find(letter)
        if digit < 0:
            return None
        value |= digit << (5 * place)
    number = ((value - 0x2545F4914F) * _INVERSE) & _MASK
    return number if len(text) == 8 and number < 1 << 32 else None


@lru_cache(maxsize=400)
def _day_prefix(day: int) -> str:
    return time.strftime("%y%m%d", time.gmtime(day * DAY))


def _shopee(index: int, created: int) -> str:
    """An order_sn: the day in UTC+8, then eight characters."""
    return _day_prefix((created + 8 * HOUR) // DAY) + encode(index)


SHOPIFY_FIRST_NUMBER = 1001
_LAZADA, _LAZADA_STEP = 410_000_000_000_000, 10_007
_TIKTOK, _TIKTOK_STEP = 576_000_000_000_000_000, 1_000_003
_AMAZON_ODD, _AMAZON_ALL = 58_517, 10**14
_AMAZON_INVERSE = pow(_AMAZON_ODD, -1, _AMAZON_ALL)


def _amazon(index: int, created: int) -> str:
    """Three, seven and seven digits."""
    value = (index * _AMAZON_ODD + 11_111_111) % _AMAZON_ALL
    return f"114-{value // 10**7:07d}-{value % 10**7:07d}"


def _amazon_index(number: str) -> int | None:
    head, _, tail = number.partition("-")
    digits = tail.replace("-", "")
    if head != "114" or len(digits) != 14 or not digits.isdigit():
        return None
    return (int(digits) - 11_111_111) * _AMAZON_INVERSE % _AMAZON_ALL


def _stepped(first: int, step: int) -> Callable[[str], int | None]:
    def index_of(number: str) -> int | None:
        if not number.isdigit():
            return None
        index, rest = divmod(int(number) - first, step)
        return index if rest == 0 else None

    return index_of


@dataclass(frozen=True, slots=True)
class Channel:
    """One sales channel. `salt` keeps its orders' fates apart from the others'; `charges_cards`: through Stripe;
    `cancels_itself`: the platform ends what is not shipped in time, and judges refused returns."""

    name: str
    country: str
    currency: str
    couriers: tuple[str, ...]
    tracking_prefix: str
    salt: int
    number: Callable[[int, int], str]  # index, created -> what buyer and mail call the order
    index_of: Callable[[str], int | None]
    charges_cards: bool = False
    cancels_itself: bool = True

    def price(self, usd_minor: int, sgd_minor: int) -> int:
        """A good's price here in minor units, in steps of ten."""
        if self.currency == "USD":
            return usd_minor
        return sgd_minor if self.currency == "SGD" else round(usd_minor * PER_USD[self.currency] / 10) * 10


CHANNELS = {
    channel.name: channel
    for channel in (
        Channel("shopee", "SG", "SGD", ("SPX Express", "Ninja Van", "J&T Express"), "SG", 1, _shopee,
                lambda number: decode(number[6:])),
        Channel("shopify", "US", "USD", ("UPS", "USPS", "FedEx"), "1Z", 0,
                lambda index, created: f"#{SHOPIFY_FIRST_NUMBER + index}",
                lambda number: int(number[1:]) - SHOPIFY_FIRST_NUMBER if number[1:].isdigit() else None,
                charges_cards=True, cancels_itself=False),
        Channel("lazada", "MY", "MYR", ("Lazada Express", "Ninja Van", "J&T Express"), "MYLEX", 2_000_000_000,
                lambda index, created: str(_LAZADA + index * _LAZADA_STEP), _stepped(_LAZADA, _LAZADA_STEP)),
        Channel("tiktok_shop", "PH", "PHP", ("J&T Express", "Flash Express"), "PHJT", 4_000_000_000,
                lambda index, created: str(_TIKTOK + index * _TIKTOK_STEP), _stepped(_TIKTOK, _TIKTOK_STEP)),
        Channel("amazon", "US", "USD", ("UPS", "USPS"), "TBA", 6_000_000_000, _amazon, _amazon_index,
                cancels_itself=False),
    )
}  # fmt: skip
