"""Model fields of the commerce graph that Django does not bring."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from connectors.vault import Vault, key_from_text


@lru_cache(maxsize=4)
def vault_for(keys: tuple[str, ...]) -> Vault:
    return Vault([key_from_text(key) for key in keys])


def vault() -> Vault:
    """The vault over `settings.FIELD_KEYS` (base64 texts, newest first)."""
    return vault_for(tuple(settings.FIELD_KEYS))


class EncryptedJSONField(models.BinaryField[Any, Any]):
    """Any JSON value, sealed in the database and plain in Python. Neither searchable nor in the admin.

    The value is bound to its table and column, so a database writer cannot move one shop's token into another field.
    """

    description = "Encrypted JSON"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    @property
    def context(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def get_default(self) -> Any:
        return models.Field.get_default(self)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        if value is None:
            return None
        plain = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        return super().get_db_prep_value(vault().seal(plain, context=self.context), connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        return None if value is None else json.loads(vault().open(bytes(value), context=self.context))

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        """Serialized data (dumpdata, fixtures) never carries the secret."""
        return ""

    def check(self, **kwargs: Any) -> Sequence[Any]:  # type: ignore[override]  # BinaryField refuses str defaults; JSON may hold text
        return models.Field.check(self, **kwargs)
