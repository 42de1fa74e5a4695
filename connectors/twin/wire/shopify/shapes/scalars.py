"""Ids, times and amounts as Shopify writes them."""

from functools import lru_cache

from connectors.twin.wire.shopify.execute import Resolver
from connectors.twin.world.channels import DAY, HOUR

GID = "gid://shopify/"
FIRST = {
    "Order": 5_500_000_000_000, "LineItem": 14_000_000_000_000, "Fulfillment": 5_100_000_000_000,
    "FulfillmentOrder": 6_700_000_000_000,
    "OrderTransaction": 7_000_000_000_000, "Refund": 950_000_000_000, "Return": 11_000_000_000,
    "Customer": 8_000_000_000_000,
    "Product": 9_100_000_000_000, "ProductVariant": 44_000_000_000_000, "InventoryItem": 46_000_000_000_000,
    "InventoryLevel": 108_000_000_000, "ReturnLineItem": 12_000_000_000, "MailingAddress": 13_000_000_000,
    "FulfillmentLineItem": 15_000_000_000_000, "FulfillmentHold": 16_000_000_000, "DraftOrder": 1_200_000_000_000,
    "DiscountCodeNode": 1_500_000_000_000, "DiscountAutomaticNode": 1_600_000_000_000,
    "StoreCreditAccount": 900_000_000, "StoreCreditAccountCreditTransaction": 910_000_000,
    "AbandonedCheckout": 36_000_000_000_000,
}  # fmt: skip
LOCATION = {
    "id": f"{GID}Location/76000000001", "legacyResourceId": "76000000001", "name": "Singapore warehouse",
    "isActive": True, "fulfillsOnlineOrders": True,
}  # fmt: skip
REFUND_TRANSACTIONS = 500_000_000_000  # transaction numbers of refunds start here above the charges'
GATEWAY = "stripe"


def gid(kind: str, index: int) -> str:
    return f"{GID}{kind}/{FIRST[kind] + index}"


def index_of(kind: str, id: str) -> int | None:
    """The row number behind a gid of that kind."""
    prefix = f"{GID}{kind}/"
    digits = id[len(prefix) :].partition("?")[0]
    return (
        int(digits) - FIRST[kind] if id.startswith(prefix) and digits.isdigit() and int(digits) >= FIRST[kind] else None
    )


@lru_cache(maxsize=2_000)
def _day(day: int) -> str:
    # Civil date from days since 1970 (Howard Hinnant's algorithm): strftime costs ten times as much.
    z = day + 719_468
    era, rest = divmod(z, 146_097)
    year_of_era = (rest - rest // 1_460 + rest // 36_524 - rest // 146_096) // 365
    day_of_year = rest - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153
    year, number = year_of_era + era * 400 + (month >= 10), month + 3 if month < 10 else month - 9
    return f"{year:04d}-{number:02d}-{day_of_year - (153 * month + 2) // 5 + 1:02d}T"


def iso(seconds: int) -> str | None:
    """RFC 3339 in UTC; None for 0, which stands for not yet."""
    if not seconds:
        return None
    day, rest = divmod(seconds, DAY)
    hours, rest = divmod(rest, HOUR)
    return f"{_day(day)}{hours:02d}:{rest // 60:02d}:{rest % 60:02d}Z"


@lru_cache(maxsize=50_000)
def money(minor: int, currency: str = "USD") -> dict[str, str]:
    return {"amount": f"{minor / 100:.2f}", "currencyCode": currency}


def bag(minor: int) -> int:
    """A MoneyBag is its amount in cents; shop and presentment currency are one."""
    return minor


MONEY_BAG: dict[str, Resolver] = {
    "shopMoney": lambda minor, a, c: money(minor),
    "presentmentMoney": lambda minor, a, c: money(minor),
}
