"""What an approval binds to: one canonical text of the command, and one digest over it and the facts shown. Pure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values give equal bytes. Raises TypeError, or ValueError for NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def command_text(command: BaseModel) -> str:
    """The command as it is stored, shown, approved and executed, byte for byte. Decimals and times as text."""
    return canonical(command.model_dump(mode="json"))


def digest(kind: str, shop_id: int | None, version: int, command: str, facts: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over kind, shop, version, the command's canonical text and the facts shown."""
    bound = {"kind": kind, "shop": shop_id, "version": version, "command": command, "facts": facts}
    return hashlib.sha256(canonical(bound).encode()).hexdigest()
