"""Typed reading of the environment. A bad value stops the start and says which one, what it held, what is allowed."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar, overload
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})

Value = TypeVar("Value")


class BadSetting(ImproperlyConfigured):
    """A variable of the environment that the start refuses."""

    def __init__(self, name: str, given: str, allowed: str) -> None:
        super().__init__(f"{name} is {given}. Allowed: {allowed}. Set {name} (or {name}_FILE, a file that holds it).")
        self.name = name


@dataclass(frozen=True)
class Env:
    """Reads `NAME`, else the file that `NAME_FILE` names, so that secrets can stay out of the environment."""

    values: Mapping[str, str]

    def raw(self, name: str) -> str | None:
        """The value with surrounding space removed; an empty one counts as not set."""
        direct = self.values.get(name, "").strip()
        path = self.values.get(f"{name}_FILE", "").strip()
        if direct and path:
            raise BadSetting(name, f"given twice, directly and by {name}_FILE={path}", "one of the two")
        if not path:
            return direct or None
        try:
            return Path(path).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(
                f"{name}_FILE", f"{path!r}, which cannot be read ({error})", "a readable text file"
            ) from error

    def has(self, name: str) -> bool:
        return self.raw(name) is not None

    def text(self, name: str, default: str = "", *, choices: Collection[str] = ()) -> str:
        value = self.raw(name) or default
        if choices and value not in choices:
            raise BadSetting(name, repr(value), ", ".join(sorted(choices)))
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = (self.raw(name) or str(default)).lower()
        if value not in TRUE | FALSE:
            raise BadSetting(name, repr(value), "true or false (also 1/0, yes/no, on/off)")
        return value in TRUE

    def whole(self, name: str, default: int, *, least: int = 0, most: int = 2**31 - 1) -> int:
        return self._number(name, default, int, least, most)

    def decimal(
        self, name: str, default: Decimal, *, least: Decimal = Decimal(0), most: Decimal = Decimal(10**12)
    ) -> Decimal:
        return self._number(name, default, Decimal, least, most)

    @overload
    def seconds(self, name: str, default: float) -> timedelta: ...
    @overload
    def seconds(self, name: str, default: None) -> timedelta | None: ...
    def seconds(self, name: str, default: float | None) -> timedelta | None:
        """A length of time, given in seconds."""
        if default is None and not self.has(name):
            return None
        most = Decimal(366 * 24 * 3600)
        return timedelta(seconds=float(self.decimal(name, Decimal(str(default or 0)), most=most)))

    def words(self, name: str, default: Collection[str] = ()) -> list[str]:
        """A list separated by commas."""
        value = self.raw(name)
        return list(default) if value is None else [word.strip() for word in value.split(",") if word.strip()]

    def url(self, name: str, *, schemes: Collection[str]) -> SplitResult | None:
        value = self.raw(name)
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in schemes:
            # The value may carry a password, so only its scheme is repeated.
            raise BadSetting(
                name, f"an address that starts with {parts.scheme!r}", ", ".join(f"{s}://…" for s in schemes)
            )
        return parts

    def _number(self, name: str, default: Value, make: Callable[[str], Value], least: Value, most: Value) -> Value:
        value = self.raw(name)
        if value is None:
            return default
        allowed = f"a number from {least} to {most}"
        try:
            number = make(value)
            inside = least <= number <= most  # type: ignore[operator]  # int and Decimal both compare with themselves
        except (ValueError, InvalidOperation) as error:
            raise BadSetting(name, repr(value), allowed) from error
        if not inside:
            raise BadSetting(name, repr(value), allowed)
        return number
