"""Forms made from what a connector asks for. A secret is never shown again: an empty field keeps what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from connectors.consent import Ask
from opsroom.connect.catalogue import System

YES_OR_NO = ("yes", "no")
LONGEST = 4_000  # service-account keys and certificates are typed too
SECRET_WORDS = ("secret", "key", "token", "password")


def secret(label: str, *, is_required: bool, help_text: str = "") -> forms.CharField:
    # Browsers offer to remember a password field; these are no sign-in passwords.
    field = forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label=label, required=is_required, max_length=LONGEST, widget=field, help_text=help_text)


def plain(label: str, *, is_required: bool, help_text: str = "", initial: str = "") -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"})
    return forms.CharField(
        label=label, required=is_required, max_length=LONGEST, widget=widget, help_text=help_text, initial=initial
    )


def asked(ask: Ask, initial: object = "", *, is_required: bool = True) -> forms.Field:
    if ask.choices:
        choices = [(choice, choice) for choice in ask.choices]
        if isinstance(initial, bool):
            initial = YES_OR_NO[0] if initial else YES_OR_NO[1]
        return forms.ChoiceField(label=ask.label, choices=choices, initial=initial or ask.choices[0])
    example = f"For example {ask.example}" if ask.example else ""
    return plain(ask.label, is_required=is_required, help_text=example, initial=str(initial or ""))


class AppForm(forms.Form):
    """Our registration with a platform."""

    prefix = "app"

    def __init__(self, system: System, held: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in system.app_names:
            label = name.replace("_", " ").capitalize()
            is_held = bool(held.get(name))
            note = "Stored. Leave it empty to keep it." if is_held else ""
            make = secret if any(word in name for word in SECRET_WORDS) else plain
            self.fields[name] = make(label, is_required=not is_held, help_text=note)

    def typed(self) -> dict[str, str]:
        return {name: value.strip() for name, value in self.cleaned_data.items() if value.strip()}


class AskForm(forms.Form):
    """What is typed before a consent page."""

    prefix = "ask"

    def __init__(self, asks: Iterable[Ask], before: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for ask in asks:
            self.fields[ask.name] = asked(ask, before.get(ask.name, ""))


class KeysForm(forms.Form):
    """Keys, the options beside them, and what the shop is called here."""

    prefix = "keys"

    def __init__(self, system: System, shop: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.system = system
        held = shop.credentials if shop else {}
        before = shop.settings if shop else {}
        for key in system.keys:
            is_held = bool(held.get(key.name))
            note = f"{key.where}. Stored; leave it empty to keep it." if is_held else key.where
            make = secret if key.is_secret else plain
            is_required = key.name in system.required and not is_held
            self.fields[key.name] = make(key.label, is_required=is_required, help_text=note)
        for ask in system.options:
            initial = before.get(ask.name, "")
            self.fields[f"option-{ask.name}"] = asked(ask, initial, is_required=bool(ask.example))
        if shop is None:
            self.fields["name"] = plain(
                "Name in Ops Room", is_required=False, help_text="Empty: what the platform calls the account."
            )

    def typed(self) -> dict[str, str]:
        names = (key.name for key in self.system.keys)
        return {name: value for name in names if (value := self.cleaned_data[name].strip())}

    def options(self) -> dict[str, object]:
        return {ask.name: value for ask in self.system.options if (value := self._option(ask)) != ""}

    def _option(self, ask: Ask) -> object:
        value: str = self.cleaned_data[f"option-{ask.name}"].strip()
        return value == YES_OR_NO[0] if ask.choices == YES_OR_NO else value

    def name(self) -> str:
        return str(self.cleaned_data.get("name", "")).strip()
