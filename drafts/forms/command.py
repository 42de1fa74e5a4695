"""A form made from a kind's command: one typed field for each argument that a person may change.

Who receives, what it is about and in which currency stay as prepared: another recipient is another draft.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django import forms
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from drafts.kinds.base import Command
from drafts.pages.wording import words

ONE_LINE = 250
FIXED = frozenset(
    {
        "to", "in_reply_to", "currency", "main", "wave", "number", "sku", "alert", "language", "template", "place",
        "total", "metric", "email", "promotion", "worth", "asks",
    }
)  # fmt: skip


class CommandForm(forms.Form):
    """Bound to one command; `command` holds the changed one once the form is valid."""

    command: Command

    def __init__(self, original: Command, data: Any = None) -> None:
        super().__init__(data=data, label_suffix="")
        self.original = original
        for name, field, initial in fields_of(original):
            field.initial = initial
            self.fields[name] = field

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What stays as it is, for the reader."""
        return [
            (words(name.removesuffix("_ref")), str(value))
            for name, value in self.original.model_dump(mode="json").items()
            if is_fixed(name) and value not in ("", None)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        values = self.original.model_dump(mode="python")
        for name, value in cleaned.items():
            # Browsers send every line break of a text area as CR LF (HTML, form submission).
            put(values, name.split("."), value.replace("\r\n", "\n") if isinstance(value, str) else value)
        try:
            self.command = type(self.original).model_validate(values)
        except ValidationError as error:
            for problem in error.errors():
                name = ".".join(str(step) for step in problem["loc"])
                self.add_error(name if name in self.fields else None, problem["msg"].removeprefix("Value error, "))
        return cleaned


def is_fixed(name: str) -> bool:
    return name in FIXED or name.endswith("_ref")


def fields_of(command: BaseModel, prefix: str = "") -> Iterator[tuple[str, forms.Field, Any]]:
    """(name, field, value now) of each argument that may change; rows of a list by their number."""
    for name, info in type(command).model_fields.items():
        value = getattr(command, name)
        if is_fixed(name):
            continue
        if isinstance(value, tuple) and any(isinstance(row, BaseModel) for row in value):
            for number, row in enumerate(value):
                yield from fields_of(row, f"{prefix}{name}.{number}.")
        elif isinstance(value, BaseModel):
            yield from fields_of(value, f"{prefix}{name}.")
        elif isinstance(value, tuple):
            if value:
                yield f"{prefix}{name}", _chosen_among(name, value), list(value)
        else:
            yield f"{prefix}{name}", _field(f"{prefix}{name}", info), value


def put(values: Any, path: list[str], value: object) -> None:
    """Set a nested value; empty choices of an optional argument become None."""
    for step in path[:-1]:
        values = values[int(step)] if isinstance(values, list | tuple) else values[step]
    values[path[-1]] = value


def _field(name: str, info: FieldInfo) -> forms.Field:
    annotation, is_optional = _plain(info.annotation)
    common: dict[str, Any] = {"label": _label(name), "required": info.is_required() and not is_optional}
    if typing.get_origin(annotation) is Literal:
        return forms.ChoiceField(choices=[(choice, words(choice)) for choice in typing.get_args(annotation)], **common)
    if annotation is bool:
        return forms.BooleanField(label=common["label"], required=False)
    if annotation is Decimal:
        return forms.DecimalField(
            max_digits=20, decimal_places=4, widget=forms.TextInput({"inputmode": "decimal"}), **common
        )
    if annotation is int:
        return forms.IntegerField(widget=forms.NumberInput({"inputmode": "numeric"}), **common)
    if annotation is date:
        return forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **common)
    limit = next((rule.max_length for rule in info.metadata if hasattr(rule, "max_length") and rule.max_length), 5000)
    widget = forms.TextInput() if limit <= ONE_LINE else forms.Textarea({"dir": "auto", "rows": 8})
    return forms.CharField(max_length=limit, widget=widget, **common)


def _chosen_among(name: str, values: tuple[Any, ...]) -> forms.Field:
    """A list can lose members, never gain one that nobody prepared."""
    return forms.TypedMultipleChoiceField(
        label=_label(name),
        choices=[(value, str(value)) for value in values],
        coerce=lambda text: type(values[0])(text),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


def _plain(annotation: Any) -> tuple[Any, bool]:
    """The type without its Annotated and Optional wrappings, and whether it may be None."""
    is_optional = False
    while True:
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif origin in (typing.Union, types.UnionType):
            annotation = next(part for part in typing.get_args(annotation) if part is not type(None))
            is_optional = True
        else:
            return annotation, is_optional


def _label(name: str) -> str:
    steps = name.split(".")
    if len(steps) == 1:
        return words(name)
    place = f" {int(steps[1]) + 1}" if steps[1].isdigit() else ""
    return f"{words(steps[0])}{place}: {words(steps[-1]).lower()}"
