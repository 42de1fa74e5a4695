"""Money as the product counts it: a Decimal with its currency, and dated exchange rates.

Nothing here rounds silently: `quantized` rounds half-even to the currency's own minor unit, and only where asked.
Minor-unit exponents are ISO 4217's; every currency not listed has two decimals.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

ZERO = Decimal(0)

# ISO 4217 exponents that are not 2, as payment platforms use them.
WITHOUT_MINOR_UNIT = (
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
IN_THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
EXPONENTS = {**dict.fromkeys(WITHOUT_MINOR_UNIT, 0), **dict.fromkeys(IN_THOUSANDTHS, 3)}


class BadMoney(ValueError):
    """A value that is no amount of money: NaN, infinity, words, or a currency that is not three letters."""


class MissingRate(LookupError):
    """No exchange rate on or before the day asked for; the message says which rate to add and where."""


def parse_amount(value: object) -> Decimal:
    """Read one amount from the wire. Floats are read by their shortest decimal text, never by their binary value.

    Raises BadMoney for NaN, infinities, booleans, empty text and anything that is not a number.
    """
    if isinstance(value, bool) or value is None:
        raise BadMoney(f"{value!r} is not an amount")
    try:
        amount = value if isinstance(value, Decimal) else Decimal(str(value).strip())
    except InvalidOperation as error:
        raise BadMoney(f"{value!r} is not an amount") from error
    if not amount.is_finite():
        raise BadMoney(f"{value!r} is not a finite amount")
    return amount


def parse_currency(value: object) -> str:
    """Read an ISO 4217 code in either case. Raises BadMoney."""
    code = str(value or "").strip().upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise BadMoney(f"{value!r} is not a three-letter currency code")
    return code


def exponent(currency: str) -> int:
    """Number of decimals of a currency's minor unit (ISO 4217)."""
    return EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in one currency. Adding or comparing two currencies raises BadMoney."""

    amount: Decimal
    currency: str

    @classmethod
    def parse(cls, amount: object, currency: object) -> "Money":
        """Build from wire values. Raises BadMoney."""
        return cls(parse_amount(amount), parse_currency(currency))

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> "Money":
        """Build from an integer of minor units (cents, or whole yen)."""
        code = parse_currency(currency)
        return cls(Decimal(minor).scaleb(-exponent(code)), code)

    @property
    def minor(self) -> int:
        """Integer minor units. Raises BadMoney where the amount has a finer fraction than the currency."""
        scaled = self.amount.scaleb(exponent(self.currency))
        if scaled != scaled.to_integral_value():
            raise BadMoney(f"{self} is finer than the smallest {self.currency} unit")
        return int(scaled)

    def quantized(self) -> "Money":
        """Rounded half-even to the currency's minor unit."""
        return Money(self.amount.quantize(Decimal(1).scaleb(-exponent(self.currency))), self.currency)

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise BadMoney(f"{self} and {other} are in different currencies; convert one first")
        return other.amount

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, factor: Decimal | int) -> "Money":
        return Money(self.amount * factor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def __str__(self) -> str:
        return f"{self.amount.quantize(Decimal(1).scaleb(-exponent(self.currency))):,} {self.currency}"


@dataclass(frozen=True, slots=True)
class Converted:
    """Money in the base currency, with the rate used and the day that rate is of."""

    money: Money
    rate: Decimal
    rate_date: date


class Rates:
    """Dated rates into one base currency. `rows`: (currency, day, units of base for one unit of the currency)."""

    def __init__(self, base: str, rows: Iterable[tuple[str, date, Decimal]]) -> None:
        self.base = base
        self._days: dict[str, list[date]] = {}
        self._rates: dict[str, list[Decimal]] = {}
        for currency, day, rate in sorted(rows, key=lambda row: (row[0], row[1])):
            self._days.setdefault(currency, []).append(day)
            self._rates.setdefault(currency, []).append(rate)

    def convert(self, money: Money, on: date) -> Converted:
        """Convert at the newest rate on or before `on`. Raises MissingRate."""
        if money.currency == self.base:
            return Converted(money, Decimal(1), on)
        days: list[date] = self._days.get(money.currency, [])
        place = bisect_right(days, on)
        if not place:
            raise MissingRate(
                f"no {money.currency}→{self.base} rate on or before {on:%Y-%m-%d}; add one under Admin → Exchange rates"
            )
        rate = self._rates[money.currency][place - 1]
        return Converted(Money(money.amount * rate, self.base), rate, days[place - 1])

    def latest(self) -> Mapping[str, Decimal]:
        """The newest rate of each currency."""
        return {currency: rates[-1] for currency, rates in self._rates.items()}
