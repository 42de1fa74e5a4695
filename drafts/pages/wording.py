"""Amounts, times and names in the words of the pages. Pure."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from connectors.money import exponent

SYMBOLS = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "SGD": "S$",
    "AUD": "A$",
    "CAD": "C$",
    "HKD": "HK$",
    "TWD": "NT$",
    "JPY": "¥",
}
CENTS_MATTER_BELOW = 10
MINUTE, HOUR, DAY = 60, 3600, 86400


def money(amount: Decimal | None, currency: str) -> str:
    """The exact amount, to the currency's minor unit; finer fractions are shown whole."""
    if amount is None:
        return "unknown"
    digits = max(exponent(currency), -int(amount.normalize().as_tuple().exponent))
    return _signed(amount, f"{abs(amount):,.{digits}f}", currency)


def dollars(amount: Decimal | None, currency: str) -> str:
    """The amount as a list needs it: without cents from 10 on."""
    if amount is None:
        return "unknown"
    digits = 0 if abs(amount) >= CENTS_MATTER_BELOW else exponent(currency)
    rounded = amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    return _signed(rounded, f"{abs(rounded):,.{digits}f}", currency)


def spread(low: Decimal | None, high: Decimal | None, currency: str) -> str:
    """`$620 – $1,900`; empty where the range is one number or unknown."""
    if low is None or high is None or low == high:
        return ""
    return f"{dollars(low, currency)} – {dollars(high, currency)}"


def quantity(number: Decimal, unit: str, *, is_input: bool = False) -> str:
    """A figure of the arithmetic: money to the cent (an input as it was read), a share in percent, else its unit."""
    if len(unit) == 3 and unit.isupper():
        digits = Decimal("0.0001") if is_input else Decimal(1).scaleb(-exponent(unit))
        return money(number.quantize(digits), unit)
    if unit == "share":
        return f"{(number * 100).quantize(Decimal('0.1')).normalize():f} %"
    text = f"{number.quantize(Decimal('0.0001')).normalize():,f}"
    return f"{text} {unit}".strip()


def distance(to: datetime, now: datetime) -> str:
    """`in 3 h`, `20 min ago`: the largest unit that fits, rounded down so that a deadline is never shown as later."""
    seconds = (to - now).total_seconds()
    away = abs(seconds)
    size, unit = (DAY, "d") if away >= 2 * DAY else (HOUR, "h") if away >= 2 * HOUR else (MINUTE, "min")
    if away < MINUTE:
        size, unit = 1, "s"
    count = int(away // size)
    return f"in {count} {unit}" if seconds >= 0 else f"{count} {unit} ago"


def is_near(deadline: datetime | None, now: datetime, within: timedelta = timedelta(hours=4)) -> bool:
    return deadline is not None and deadline - now < within


def words(name: str) -> str:
    """A detector's or field's name for a reader."""
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def _signed(amount: Decimal, digits: str, currency: str) -> str:
    sign = "−" if amount < 0 else ""
    return f"{sign}{SYMBOLS[currency]}{digits}" if currency in SYMBOLS else f"{sign}{currency} {digits}".strip()
