"""What every saved record has in common: whose it is, the outside's id, and how often its content changed."""

from typing import Any

from django.db import models


class RecordModel(models.Model):
    """A row kept equal to the outside's. Written by `connectors.save` alone, in bulk; never through `save()`.

    `digest` is BLAKE2b-128 of the record's content as received: a row whose digest has not moved is not written.
    `version` grows by one at each change of content. `changed_at` is when we saw that change, `fetched_at` when the
    content was last read (kept at the first read of this content: an unchanged row costs no write).
    """

    shop = models.ForeignKey("connectors.Shop", on_delete=models.PROTECT, related_name="+", db_index=False)
    external_id = models.TextField()
    digest = models.BinaryField(max_length=16, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(editable=False)
    fetched_at = models.DateTimeField(editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.external_id}"


def natural_key(table: str) -> models.UniqueConstraint:
    """The upsert's key: one row for each of the outside's ids in a shop."""
    return models.UniqueConstraint(fields=["shop", "external_id"], name=f"{table}_natural_key")


def money_field(**kwargs: object) -> "models.DecimalField[Any, Any]":
    """An amount: 20 digits, 4 of them fractions. NaN and infinity are refused by the field and by save.py."""
    return models.DecimalField(max_digits=20, decimal_places=4, **kwargs)  # type: ignore[arg-type]  # passed through


def choices(enum: type) -> list[tuple[str, str]]:
    """Choices of a StrEnum, labelled by its words."""
    return [(member.value, member.value.replace("_", " ")) for member in enum]  # type: ignore[attr-defined]  # StrEnum
