"""What a call of a model cost: dated list prices, and the bill worked out from the usage that the reply states. Pure.

Prices are dollars for a million tokens, as listed by the provider in November 2026. A model that is not in the table is
billed at the dearest line, so that an unknown price never looks cheap.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call as the reply counts them. `fresh` leaves out what was read from or written to the cache."""

    fresh: int = 0
    cache_write: int = 0
    cache_read: int = 0
    output: int = 0

    @property
    def prompt(self) -> int:
        """All input tokens."""
        return self.fresh + self.cache_write + self.cache_read


@dataclass(frozen=True, slots=True)
class Price:
    """One line of the list: for model ids that begin with `model`, from a day on, and past so many prompt tokens."""

    model: str
    since: date
    fresh: Decimal
    output: Decimal
    cache_write: Decimal
    cache_read: Decimal
    past_prompt: int = 0


def _price(model: str, since: date, fresh: str, output: str, write: str, read: str, past_prompt: int = 0) -> Price:
    return Price(model, since, Decimal(fresh), Decimal(output), Decimal(write), Decimal(read), past_prompt)


SEEN = date(2026, 11, 20)
LIST = (
    _price("claude-fable-5-1", SEEN, "10", "50", "12.50", "0.25"),
    _price("claude-fable-5-2", SEEN, "8", "40", "10", "0.80"),
    _price("claude-opus-5-5", SEEN, "4", "20", "5", "0.20"),
    _price("claude-opus-5", SEEN, "5", "25", "6.25", "0.50"),
    _price("claude-sonnet-5-5", SEEN, "2", "10", "2.50", "0.10"),
    _price("claude-sonnet-5", SEEN, "2", "10", "2.50", "0.20"),
    _price("claude-sonnet-4-6", SEEN, "3", "15", "3.75", "0.30"),
    _price("claude-haiku-5-5", SEEN, "0.10", "0.50", "0.125", "0.01"),
    _price("claude-haiku-5-5", SEEN, "0.50", "2.50", "0.625", "0.05", past_prompt=100_000),
    _price("claude-haiku-4-5", SEEN, "1", "5", "1.25", "0.10"),
)


def price_of(model: str, usage: Usage, on: date, listed: tuple[Price, ...] = LIST) -> Price:
    """The line that holds: the longest matching id, the highest step of prompt length, the newest day not after `on`.

    A call before the first known day takes that first line.
    """
    fitting = [line for line in listed if model.startswith(line.model) and usage.prompt >= line.past_prompt]
    if not fitting:
        return max(listed, key=lambda line: line.output)
    return max(fitting, key=lambda line: (len(line.model), line.past_prompt, line.since <= on, line.since))


def cost(model: str, usage: Usage, on: date) -> Decimal:
    """Dollars, to a millionth."""
    line = price_of(model, usage, on)
    dollars = (
        usage.fresh * line.fresh
        + usage.cache_write * line.cache_write
        + usage.cache_read * line.cache_read
        + usage.output * line.output
    ) / MILLION
    return dollars.quantize(Decimal("0.000001"))
