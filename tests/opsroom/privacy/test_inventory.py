"""Every field that could hold somebody's data is in the inventory or declared to hold none, and the guide lists it."""

from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from opsroom.privacy.inventory import BY_MODEL, IMPERSONAL_FIELDS, IMPERSONAL_MODELS, INVENTORY, Held, as_markdown

OURS = ("connectors", "alerts", "drafts", "people", "privacy")
FREE = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
EVERYWHERE = {"external_id", "digest", "currency", "country"}


def ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in OURS and model._meta.managed]


@pytest.mark.parametrize("model", ours(), ids=lambda model: model._meta.label)
def test_each_field_that_can_hold_words_is_placed(model: type[models.Model]) -> None:
    label = model._meta.label
    if label in IMPERSONAL_MODELS:
        assert label not in BY_MODEL
        return
    held = BY_MODEL[label]
    placed = {*held.fields, *held.kept, *IMPERSONAL_FIELDS.get(label, ()), *EVERYWHERE}
    free = {
        field.name
        for field in model._meta.concrete_fields
        if (isinstance(field, FREE) or field.get_internal_type() == "ArrayField") and not field.choices
    }
    assert free <= placed


@pytest.mark.parametrize("held", INVENTORY, ids=lambda held: held.model)
def test_each_line_names_fields_that_are_there(held: Held) -> None:
    names = {field.name for field in held.model_class._meta.concrete_fields}
    assert {*held.fields, *held.kept, held.dated} <= names
    assert held.purpose


def test_the_guide_holds_the_inventory_as_it_is() -> None:
    guide = Path(__file__).resolve().parents[3] / "docs" / "privacy.md"
    assert as_markdown() in guide.read_text(encoding="utf-8")
