"""Report files between upload and import: kept for a day under the installation's own folder, named in the session.

A file belongs to the browser session that brought it; nobody else can open it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings

LARGEST = 48 * 1024**2
KEPT_FOR = timedelta(hours=24)
AT_ONCE = 5  # uploads of one session; an older one makes room
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".json")
SESSION_KEY = "reports"


class Sessioned(Protocol):
    """What is needed of a request."""

    session: Any


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that waits. `kind` is empty where the person left it to us."""

    token: str
    name: str
    ending: str
    shop: str
    currency: str = ""
    kind: str = ""

    @property
    def path(self) -> Path:
        return folder() / f"{self.token}{self.ending}"


def folder() -> Path:
    return Path(settings.VAR_DIR) / "reports"


def ending_of(name: str) -> str:
    """`.csv` or `.csv.gz`; empty where the name is none that can be read."""
    low = name.lower()
    return next((low[low.rindex(one) :] for one in ENDINGS if low.endswith((one, f"{one}.gz"))), "")


def keep(
    request: Sessioned, name: str, chunks: Iterable[bytes], now: datetime, *, shop: str, currency: str, kind: str
) -> Upload:
    """Write the file and note it in the session."""
    upload = Upload(secrets.token_hex(16), name[-120:], ending_of(name), shop, currency, kind)
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    clear_old(now)
    with upload.path.open("xb") as file:
        upload.path.chmod(0o600)
        for chunk in chunks:
            file.write(chunk)
    held = dict(request.session.get(SESSION_KEY, {}))
    for token in list(held)[: max(0, len(held) - AT_ONCE + 1)]:
        Upload(**held.pop(token)).path.unlink(missing_ok=True)
    request.session[SESSION_KEY] = {**held, upload.token: asdict(upload)}
    return upload


def find(request: Sessioned, token: str) -> Upload | None:
    """This session's upload; None where it has none of that name, or its file is gone."""
    held = request.session.get(SESSION_KEY, {}).get(token)
    upload = Upload(**held) if held else None
    return upload if upload and upload.path.is_file() else None


def drop(request: Sessioned, upload: Upload) -> None:
    upload.path.unlink(missing_ok=True)
    held = request.session.get(SESSION_KEY, {})
    request.session[SESSION_KEY] = {token: one for token, one in held.items() if token != upload.token}


def clear_old(now: datetime) -> None:
    """Files whose sessions never came back."""
    for path in folder().iterdir():
        if now.timestamp() - path.stat().st_mtime > KEPT_FOR.total_seconds():
            path.unlink(missing_ok=True)
