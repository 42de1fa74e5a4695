"""One cell to one typed value: amounts in either decimal style, dates in a stated or guessed order, yes and no."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache

from connectors.money import BadMoney, parse_amount

DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")
MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y")
OTHER_DATES = ("%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y")
ODD_ONES = 20  # one bad date among so many does not stop a report: its row is set aside
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S.%f")
_SPAN = re.compile(r"^(days|hours) after (\w+)$")
_SLASHED = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}")
_TRUE, _FALSE = frozenset(["1", "true", "yes", "y", "t", "x"]), frozenset(["0", "false", "no", "n", "f"])


@dataclass(frozen=True, slots=True)
class After:
    """A time that a report gives as a span after another of its times."""

    field: str
    span: timedelta


class BadValue(ValueError):
    """A cell that is not what its field needs."""


def read_decimal(text: str, style: str = "") -> Decimal:
    """An amount. `style` is `comma` where the comma marks the fraction (1.234,56). Brackets mean minus."""
    bare = re.sub(r"[^\d.,+\-()eEnNaAiIfF]", "", text)
    sign = -1 if bare.startswith("(") and bare.endswith(")") else 1
    bare = bare.strip("()")
    bare = bare.replace(".", "").replace(",", ".") if style == "comma" else bare.replace(",", "")
    try:
        return parse_amount(bare) * sign
    except BadMoney as error:
        raise BadMoney(str(error).replace(repr(bare), repr(text), 1)) from error


def read_integer(text: str, style: str = "") -> int:
    """A whole number; `12.0` counts as one."""
    number = read_decimal(text, style)
    if number != number.to_integral_value():
        raise BadValue(f"{text!r} is not a whole number")
    return int(number)


def read_bool(text: str) -> bool:
    """Yes or no in the words spreadsheets use."""
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise BadValue(f"{text!r} is neither yes nor no")
    return word in _TRUE


def read_time(text: str, style: str, zone: tzinfo) -> datetime:
    """A moment, in `zone` unless it has an offset or ends in UTC.

    `style`: a strptime format, `epoch`, or empty for ISO 8601; several that a column may have stand between bars.
    """
    value = text.strip()
    if value.endswith(" UTC"):
        value, zone = value.removesuffix(" UTC"), UTC
    if "|" in style:
        return _first_that_fits(text, style.split("|"), zone)
    try:
        if style == "epoch":
            return datetime.fromtimestamp(float(value) / (1000 if len(value.split(".")[0]) > 11 else 1), UTC)
        moment = datetime.strptime(value, style) if style else datetime.fromisoformat(value)  # noqa: DTZ007  # zone below
    except (ValueError, OverflowError, OSError) as error:
        raise BadValue(f"{text!r} is not a time{f' of the form {style}' if style else ''}") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _first_that_fits(text: str, styles: list[str], zone: tzinfo) -> datetime:
    for style in styles:
        try:
            return read_time(text, style, zone)
        except BadValue:
            continue
    raise BadValue(f"{text!r} is not a time of any form that this column has")


def span_after(style: str) -> tuple[timedelta, str] | None:
    """`days after ordered_at` → one day, ordered_at; None where the style is no span."""
    found = _SPAN.match(style)
    return (timedelta(**{found[1]: 1}), found[2]) if found else None


def read_after(text: str, unit: timedelta, field: str) -> After:
    """A number of days or hours, as a span after another field."""
    try:
        return After(field, unit * float(read_decimal(text)))
    except OverflowError as error:
        raise BadValue(f"{text!r} is no span of time") from error


def read_date(text: str, style: str) -> date:
    """A day, in the same styles as `read_time`."""
    return read_time(text, style, UTC).date()


def guess_time_style(samples: Iterable[str]) -> str:
    """The style under which nearly all samples can be read (the odd ones are set aside later); empty for ISO 8601.

    Raises BadValue where none fits, and where day and month cannot be told apart: a person must then state the format.
    """
    values = tuple(sample.strip() for sample in samples if sample.strip())[:500]
    if _fit(values, ""):
        return ""
    if all(re.fullmatch(r"\d{10}(\d{3})?(\.\d+)?", value) for value in values):
        return "epoch"
    days = [match for value in values if (match := _SLASHED.match(value))]
    orders = (DAY_FIRST, MONTH_FIRST)
    if days:
        day_first = any(int(match[1]) > 12 for match in days)
        month_first = any(int(match[2]) > 12 for match in days)
        if not day_first and not month_first and any(match[1] != match[2] for match in days):
            raise BadValue(f"day and month cannot be told apart in {values[0]!r}; state the format, such as %d/%m/%Y")
        orders = (DAY_FIRST,) if day_first else (MONTH_FIRST,)  # type: ignore[assignment]  # one or two tuples
    for style in (day + clock for order in (*orders, OTHER_DATES) for day in order for clock in CLOCKS):
        if _fit(values, style):
            return style
    odd = next(value for value in values if not _fits(value, ""))
    raise BadValue(f"no known date format fits {odd!r}; state one, such as %d.%m.%Y %H:%M")


def _fit(values: tuple[str, ...], style: str) -> bool:
    """All of a few values, or all but one in twenty of many."""
    unfit = sum(not _fits(value, style) for value in values)
    return unfit <= len(values) // ODD_ONES


@lru_cache(4096)
def _fits(value: str, style: str) -> bool:
    try:
        read_time(value, style, UTC)
    except BadValue:
        return False
    return True


def guess_decimal_style(samples: Iterable[str]) -> str:
    """`comma` where the samples can only be read with a comma for the fraction."""
    values = [sample.strip() for sample in samples if sample.strip()]
    has_comma = any(re.search(r",\d{1,2}\D*$", value) for value in values)
    has_point = any(re.search(r"\.\d{1,2}\D*$", value) for value in values)
    has_points = any(re.search(r"\d\.\d{3}\.\d{3}(?!\d)", value) for value in values)
    return "comma" if (has_comma or has_points) and not has_point else ""


def are_thousands(samples: Iterable[str]) -> bool:
    """Whether every point in the samples can stand between thousands: 150.000."""
    values = [sample.strip() for sample in samples if "." in sample]
    return all(re.fullmatch(r"\D*\d{1,3}(\.\d{3})+\D*", value) for value in values)
