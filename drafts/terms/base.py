"""What a shop's rules may speak of: named, typed figures of one write, read from its command and the records. Pure.

A rule is a row: a term, an operator and a value, all of closed lists. None of it is code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from connectors.types import Order, OrderLine, PaymentMethod, PaymentMethods, Variant
from drafts.kinds.base import Command, Reader
from drafts.kinds.own import OrderDeeds
from drafts.policy import Operator, Value


class Type(StrEnum):
    TRUTH = "yes or no"
    COUNT = "number"
    AMOUNT = "amount"
    WORD = "words"


OPERATORS: dict[Type, tuple[Operator, ...]] = {
    Type.TRUTH: (Operator.IS,),
    Type.COUNT: (Operator.AT_MOST, Operator.AT_LEAST),
    Type.AMOUNT: (Operator.AT_MOST, Operator.AT_LEAST),
    Type.WORD: (Operator.ONE_OF, Operator.NONE_OF),
}


class Absent:
    """A write that has no such thing: a reply has no payment method. Rules on it do not speak of this write."""


ABSENT: Final = Absent()


class Case:
    """One write with the records that terms look at, each read once and only when a rule asks for it."""

    def __init__(self, kind: str, command: Command, reader: Reader) -> None:
        self.kind, self.command, self.reader = kind, command, reader

    def has(self, name: str) -> bool:
        """Whether this kind's commands have an argument of that name."""
        return name in type(self.command).model_fields

    def argument(self, name: str) -> Any:
        """An argument of the command; None where this kind has none of that name."""
        return getattr(self.command, name) if self.has(name) else None

    @cached_property
    def order(self) -> Order | None:
        ref = self.argument("order_ref")
        return self.reader.fetch(Order, ref) if isinstance(ref, str) else None

    @cached_property
    def lines(self) -> dict[str, OrderLine]:
        return {line.external_id: line for line in self.order.lines} if self.order else {}

    @cached_property
    def methods(self) -> tuple[PaymentMethod, ...] | None:
        """What the order's customer has saved; None where it is not known."""
        known: PaymentMethods | None = None
        if self.order is not None and self.order.customer_ref:
            known = self.reader.fetch(PaymentMethods, self.order.customer_ref)
        return known.methods if known else None

    @property
    def method(self) -> PaymentMethod | None:
        """The saved method that the command names, where it is the customer's."""
        return next((each for each in self.methods or () if each.reference == self.argument("method_ref")), None)

    @cached_property
    def deeds(self) -> dict[str, int]:
        """How often each kind of write was made on this order before, by us."""
        done: OrderDeeds | None = self.reader.fetch(OrderDeeds, self.order.external_id) if self.order else None
        return dict(done.times) if done else {}

    def product_of(self, listing_ref: str) -> str:
        """The product that a listing is an option of; empty where it is not known."""
        found: Variant | None = self.reader.fetch(Variant, listing_ref)
        return found.product_ref if found else ""


@dataclass(frozen=True, slots=True)
class Term:
    """`read` gives a value of `type`, None where it is not known, or ABSENT. `label` completes "It must hold that"."""

    name: str
    label: str
    type: Type
    read: Callable[[Case], Value | Absent]
    choices: tuple[str, ...] = ()

    def values(self, text: str) -> tuple[Value, ...]:
        """The typed values of a row's text, parted by semicolons. Raises ValueError in words for the person."""
        parts = [part.strip() for part in text.split(";") if part.strip()]
        if not parts:
            raise ValueError("name a value")
        if self.type is Type.WORD:
            return tuple(self._word(part) for part in parts)
        if len(parts) > 1:
            raise ValueError(f"{self.label}: name one value")
        return (self._single(parts[0]),)

    def _word(self, part: str) -> str:
        if self.choices and part not in self.choices:
            raise ValueError(f"{part} is none of {', '.join(self.choices)}")
        return part

    def _single(self, part: str) -> Value:
        if self.type is Type.TRUTH:
            if part.casefold() not in ("yes", "no"):
                raise ValueError("say yes or no")
            return part.casefold() == "yes"
        try:
            number = Decimal(part)
        except InvalidOperation as error:
            raise ValueError(f"{part} is no number") from error
        if not number.is_finite() or (self.type is Type.COUNT and number != int(number)):
            raise ValueError(f"{part} is no {self.type.value}")
        return number
