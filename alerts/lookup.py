"""Thresholds, dollar inputs and rates as of one run: rows in, the `Context` of each detector out. Pure.

The narrowest row wins (marketplace and country, then marketplace, then country, then all), and of those the newest
that is already in force. A dollar input that nobody entered is a wide, assumed range, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from alerts.figures import Figure, Source, between, given
from alerts.types import Threshold
from connectors.money import MissingRate, Money, Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdRow:
    detector: str
    name: str
    channel: str
    country: str
    value: Decimal
    unit: str
    effective_from: date
    source: str
    is_assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DollarRow:
    name: str
    shop_id: int | None
    sku: str
    low: Decimal
    likely: Decimal
    high: Decimal
    currency: str
    effective_from: date
    source: str
    is_assumed: bool = False


@dataclass(frozen=True, slots=True)
class Guess:
    """What is assumed until somebody says better: wide on purpose. Money in US dollars."""

    low: str
    likely: str
    high: str
    unit: str


GUESSES: Mapping[str, Guess] = {
    "margin": Guess("0.12", "0.30", "0.50", "share"),
    "labour_rate": Guess("12", "25", "60", "USD"),
    "handling_cost": Guess("1.5", "4", "9", "USD"),
    "lead_time": Guess("7", "18", "40", "days"),
    "substitution": Guess("0.05", "0.20", "0.45", "share"),
    "win_rate": Guess("0.15", "0.35", "0.55", "share"),
    "counter_fee": Guess("0", "15", "25", "USD"),
    "dispute_fee": Guess("15", "15", "25", "USD"),
    "reship_cost": Guess("4", "9", "22", "USD"),
    "return_freight": Guess("3", "8", "20", "USD"),
    "churn_value": Guess("8", "30", "120", "USD"),
}


class Lookup:
    """Everything that is asked for during one run, kept in dictionaries."""

    def __init__(
        self, base: str, on: date, thresholds: Iterable[ThresholdRow], dollars: Iterable[DollarRow],
        rates: Iterable[tuple[str, date, Decimal]],
    ) -> None:  # fmt: skip
        self.base = base
        self.on = on
        self.rates = Rates(base, rates)
        self._thresholds: dict[tuple[str, str, str, str], ThresholdRow] = {}
        for row in sorted(thresholds, key=lambda row: row.effective_from):
            if row.effective_from <= on:
                self._thresholds[row.detector, row.name, row.channel, row.country] = row
        self._dollars: dict[tuple[str, int | None, str], DollarRow] = {}
        for input_row in sorted(dollars, key=lambda row: row.effective_from):
            if input_row.effective_from <= on:
                self._dollars[input_row.name, input_row.shop_id, input_row.sku] = input_row
        self._figures: dict[tuple[str, int | None, str], Figure] = {}

    def of(self, detector: str, defaults: Mapping[str, Threshold]) -> Rules:
        """The context of one detector."""
        return Rules(self, detector, defaults, self.base)

    def threshold_row(self, detector: str, name: str, channel: str, country: str) -> ThresholdRow | None:
        for place in ((channel, country), (channel, ""), ("", country), ("", "")):
            if row := self._thresholds.get((detector, name, *place)):
                return row
        return None

    def money(self, name: str, amount: Decimal, currency: str, on: date, source: Source | None = None) -> Figure | None:
        """In the base currency with rate and amount as parts; None where there is no rate."""
        try:
            converted = self.rates.convert(Money(amount, currency), on)
        except MissingRate:
            return None
        leaf = given(amount, name, currency, source)
        if currency == self.base:
            return leaf
        place = Source("exchange rate", "rate", external_id=f"{currency}→{self.base}", note=f"of {converted.rate_date}")
        rate = given(converted.rate, f"{self.base} per {currency} on {converted.rate_date}", source=place)
        return (leaf * rate).named(name, self.base)

    def dollar(self, name: str, shop_id: int | None = None, sku: str = "") -> Figure:
        """A dollar input as a range, the narrowest row first; kept, since thousands of subjects ask for the same."""
        key = (name, shop_id, sku)
        if key not in self._figures:
            self._figures[key] = self._entered(*key) or self._guessed(name)
        return self._figures[key]

    def _entered(self, name: str, shop_id: int | None, sku: str) -> Figure | None:
        for place in ((shop_id, sku), (shop_id, ""), (None, sku), (None, "")):
            if row := self._dollars.get((name, *place)):
                return self._figure(row)
        return None

    def _figure(self, row: DollarRow) -> Figure | None:
        place = Source("dollar input", row.name, row.shop_id, row.sku, note=f"{row.source}, from {row.effective_from}")
        unit = row.currency or GUESSES[row.name].unit
        words = row.name.replace("_", " ")
        figure = between(words, row.low, row.likely, row.high, unit, source=place, is_assumed=row.is_assumed)
        return self._in_base(figure) if row.currency else figure

    def _guessed(self, name: str) -> Figure:
        guess = GUESSES[name]
        place = Source("setting", name, note="assumed until somebody enters it under Admin → Dollar inputs")
        numbers = (Decimal(guess.low), Decimal(guess.likely), Decimal(guess.high))
        figure = between(name.replace("_", " "), *numbers, guess.unit, source=place, is_assumed=True)
        if guess.unit != "USD":
            return figure
        # Without a rate a guess of dollars stays a guess: read as if it were in the base currency, and marked assumed.
        return self._in_base(figure) or replace(figure, unit=self.base)

    def _in_base(self, figure: Figure) -> Figure | None:
        rate = self.money("one", Decimal(1), figure.unit, self.on)
        if rate is None or figure.unit == self.base:
            return figure if rate is not None else None
        return (figure * rate).named(figure.name, self.base)


@dataclass(frozen=True, slots=True)
class Rules:
    """A `Lookup` narrowed to one detector: what `alerts.types.Context` promises."""

    lookup: Lookup
    detector: str
    defaults: Mapping[str, Threshold]
    base: str

    def threshold(self, name: str, channel: str = "", country: str = "") -> Figure:
        row = self.lookup.threshold_row(self.detector, name, channel, country)
        words = name.replace("_", " ")
        if row is None:
            default = self.defaults[name]
            place = Source("setting", name, external_id=f"{self.detector}.{name}", note=default.source)
            return given(default.value, words, default.unit, place)
        place = Source(
            "setting", name, external_id=f"{self.detector}.{name}", note=f"{row.source}, from {row.effective_from}"
        )
        return replace(given(row.value, words, row.unit, place), is_assumed=row.is_assumed)

    def dollar(self, name: str, shop_id: int | None = None, sku: str = "") -> Figure:
        return self.lookup.dollar(name, shop_id, sku)

    def money(self, name: str, amount: Decimal, currency: str, on: date, source: Source | None = None) -> Figure | None:
        return self.lookup.money(name, amount, currency, on, source)
