"""A stand for connectors: a clock, a scripted outside behind the real transport, and the recorded payloads."""

import gzip
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.conf import settings

from connectors.base import Connector, Gate, Permit
from connectors.proof.scripted import NOW, Answer, open_scripted, reply

__all__ = ["NOW", "SHARED", "Answer", "allow", "open_with", "payloads", "permit", "reply"]
SHARED = Path(settings.BASE_DIR).parent / "shared"


def allow(permit: Permit) -> None:
    """The gate of a test that is about something else."""


def open_with(
    answer: Answer, kind: str, credentials: Mapping[str, str], gate: Gate = allow, **account: Any
) -> Connector:
    """A connector whose every request is answered by `answer`; it neither sleeps nor tries again."""
    return open_scripted(answer, kind, credentials, gate=gate, **account)


def permit(key: str = "intent-0001") -> Permit:
    return Permit(1, 1, "digest", key, 1, NOW + timedelta(minutes=1))


def payloads(platform: str) -> Iterator[tuple[str, Any]]:
    """(file name, parsed text) of every recorded sample of a platform that is JSON."""
    path = SHARED / "data" / "payloads" / f"{platform}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"the recorded payloads are not here ({path})")
    with gzip.open(path, "rb") as lines:
        for line in lines:
            row = orjson.loads(line)
            try:
                yield row["file"].rpartition("/")[2], orjson.loads(row["text"])
            except orjson.JSONDecodeError:
                continue
