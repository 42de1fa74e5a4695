import base64
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction
from django.db.models.functions import Cast

from connectors.models.fields import EncryptedJSONField, vault
from opsroom.people.adapters import SEED_CONTEXT

BATCH = 500


class Command(BaseCommand):
    help = (
        "Seal every secret again with the newest field key, while the app runs. Afterwards the old key can be dropped."
    )

    def handle(self, **_: object) -> None:
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                if isinstance(field, EncryptedJSONField):
                    count = sum(rotate(model, field, pk) for pk in outdated(model, field))
                    self.stdout.write(f"{field.context}: {count} sealed again")
        self.stdout.write(
            f"sign-in seeds: {sum(map(rotate_seed, Authenticator.objects.values_list('pk', flat=True)))} sealed again"
        )


def outdated(model: type[models.Model], field: EncryptedJSONField) -> list[Any]:
    """Keys of the rows whose value another key sealed; read raw, since the field itself would open them."""
    raw = Cast(field.attname, models.BinaryField())
    rows = model._default_manager.annotate(sealed=raw).values_list("pk", "sealed").iterator(BATCH)
    return [pk for pk, sealed in rows if sealed is not None and not vault().is_current(bytes(sealed))]


@transaction.atomic
def rotate(model: type[models.Model], field: EncryptedJSONField, pk: Any) -> bool:
    """One row at a time under its lock, so that a token refreshed meanwhile is not put back."""
    row = model._default_manager.select_for_update().filter(pk=pk).first()
    if row is None:
        return False
    model._default_manager.filter(pk=pk).update(**{field.attname: getattr(row, field.attname)})
    return True


@transaction.atomic
def rotate_seed(pk: int) -> bool:
    row = Authenticator.objects.select_for_update().get(pk=pk)
    changed = {
        name: reseal(text) for name, text in row.data.items() if name in {"secret", "seed"} and is_outdated(text)
    }
    if changed:
        row.data = {**row.data, **changed}
        row.save(update_fields=["data"])
    return bool(changed)


def is_outdated(text: str) -> bool:
    return not vault().is_current(base64.b64decode(text))


def reseal(text: str) -> str:
    plain = vault().open(base64.b64decode(text), context=SEED_CONTEXT)
    return base64.b64encode(vault().seal(plain, context=SEED_CONTEXT)).decode()
