"""The upload of a report."""

from __future__ import annotations

from typing import Any, TypeAlias

from django import forms
from django.core.files.uploadedfile import UploadedFile

from connectors.models import Shop
from connectors.money import BadMoney, parse_currency
from connectors.reports.mapping import KINDS
from opsroom.reports.uploads import ENDINGS, LARGEST, ending_of

File: TypeAlias = "UploadedFile[Any]"
NEW = "new"


def kind_words(kind: str) -> str:
    return kind.replace("_", " ").capitalize()


class UploadForm(forms.Form):
    """A file, the shop it is of, and what its rows are, where the person wants to say."""

    file = forms.FileField(
        label="Report",
        help_text=f"CSV, TSV, XLSX or JSON, plain or .gz, up to {LARGEST // 1024**2} MB.",
        error_messages={
            "required": f"Choose a file of up to {LARGEST // 1024**2} MB; manage.py import_report reads larger ones."
        },
    )
    shop = forms.ChoiceField(label="Shop")
    name = forms.CharField(
        label="Name of the new shop", max_length=120, required=False, help_text="For a shop that lives on files alone."
    )
    currency = forms.CharField(
        label="Currency", max_length=3, required=False, help_text="Of a new shop, where the report names none: SGD."
    )
    kind = forms.ChoiceField(label="What its rows are", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shops = Shop.objects.order_by("name").values_list("pk", "name")
        shop, kind = self.fields["shop"], self.fields["kind"]
        assert isinstance(shop, forms.ChoiceField)
        assert isinstance(kind, forms.ChoiceField)
        shop.choices = [*((str(pk), name) for pk, name in shops), (NEW, "A new shop, from files alone")]
        kind.choices = [("", "Find out by its columns"), *((kind, kind_words(kind)) for kind in sorted(KINDS))]

    def clean_file(self) -> File:
        file: File = self.cleaned_data["file"]
        if not ending_of(file.name or ""):
            raise forms.ValidationError(f"This is no report we can read: give one of {', '.join(ENDINGS)}, or .gz.")
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError(
                f"This file has {(file.size or 0) / 1024**2:,.0f} MB. Split it by month, or read it with "
                "manage.py import_report, which has no such limit."
            )
        return file

    def clean_currency(self) -> str:
        text = self.cleaned_data["currency"].strip()
        try:
            return parse_currency(text) if text else ""
        except BadMoney as error:
            raise forms.ValidationError(f"{error}.") from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("shop") == NEW:
            name = cleaned.get("name", "").strip()
            if not name:
                self.add_error("name", "A new shop needs a name.")
            elif Shop.objects.filter(name=name).exists():
                self.add_error("name", "A shop of this name is there; choose it above.")
        return cleaned

    def shop_name(self) -> str:
        chosen = self.cleaned_data["shop"]
        name: str = self.cleaned_data["name"].strip()
        return name if chosen == NEW else Shop.objects.get(pk=chosen).name
