"""Passages in the admin: entered as a whole document, split into clauses; a clause can be ended, not rewritten."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from drafts.knowledge.shelf import enter_document
from drafts.models import Passage

LARGEST = 1_000_000  # bytes; written rules are texts, not books


class DocumentForm(forms.ModelForm[Passage]):
    """A document as text or as a file, in UTF-8."""

    text = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 20, "cols": 100}))
    file = forms.FileField(required=False, help_text="A text or Markdown file. A new version ends the one before.")

    class Meta:
        model = Passage
        fields = ("document", "shop", "language", "valid_from", "text")

    def clean_file(self) -> str:
        upload = self.cleaned_data.get("file")
        if not upload:
            return ""
        if upload.size > LARGEST:
            raise ValidationError(f"{upload.name} is larger than {LARGEST:,} bytes; enter its chapters one by one.")
        try:
            return str(upload.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise ValidationError(f"{upload.name} is no text in UTF-8; save it as plain text first.") from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "file" in data and not (data["file"] or data.get("text")):
            raise ValidationError("Give the text, or a file that holds it.")
        return data


@admin.register(Passage)
class PassageAdmin(admin.ModelAdmin[Passage]):
    list_display = ("document", "clause", "beginning", "shop", "language", "valid_from", "valid_until")
    list_filter = ("document", "language", "shop")
    search_fields = ("document", "clause", "text")
    readonly_fields = ("document", "clause", "text", "shop", "language", "valid_from")

    @admin.display(description="text")
    def beginning(self, passage: Passage) -> str:
        return passage.text[:90]

    def get_form(self, request: HttpRequest, obj: Passage | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs) if change else DocumentForm

    def get_fields(self, request: HttpRequest, obj: Passage | None = None) -> Any:
        if obj is None:
            return ("document", "shop", "language", "valid_from", "text", "file")
        return (*self.readonly_fields, "valid_until")

    def get_readonly_fields(self, request: HttpRequest, obj: Passage | None = None) -> Any:
        return self.readonly_fields if obj else ()

    def save_model(self, request: HttpRequest, obj: Passage, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        text = form.cleaned_data["file"] or form.cleaned_data["text"]
        enter_document(
            obj.document, text, shop_id=obj.shop_id, language=obj.language, valid_from=obj.valid_from
        )  # fmt: skip
        first = Passage.objects.filter(document=obj.document, valid_until=None).order_by("id").first()
        obj.pk = first.pk if first else None
