"""What every operation is, and what several of them name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call, or one inseparable group of calls, that changes what somebody outside holds or sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where goods go. `region` is the state or province, `country` ISO 3166-1 alpha-2."""

    name: str
    line1: str
    line2: str = ""
    city: str
    region: str = ""
    postcode: str
    country: str
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """`weight_grams` with packing; sides in millimetres."""

    weight_grams: int
    length_mm: int
    width_mm: int
    height_mm: int
