"""Where the published specifications and the recorded payloads stand; they are no part of the product."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from connectors.proof.specs import OpenApi, open_api


class Absent(Exception):
    """Something that a proof needs is not here; the message says what."""


@dataclass(frozen=True)
class Payload:
    """One recorded sample. `kind` is the collection's own word: responses, errors, webhooks, sandbox_static, …"""

    platform: str
    kind: str
    file: str
    method: str
    path: str
    text: str

    @property
    def name(self) -> str:
        return self.file.rpartition("/")[2]

    @cached_property
    def body(self) -> Any:
        """The parsed text. Raises JSONDecodeError."""
        return orjson.loads(self.text)


@dataclass(frozen=True)
class Shared:
    """A folder with `contracts/` and `data/payloads/` in it."""

    folder: Path

    def contract(self, name: str) -> Path:
        """A specification file or folder. Raises Absent."""
        path = self.folder / "contracts" / name
        if not path.exists():
            raise Absent(f"the published specification {name} is not in {self.folder}")
        return path

    def open_api(self, name: str, base: str = "", *, closes: bool = True) -> OpenApi:
        return open_api(self.contract(name), base, closes=closes)

    def payloads(self, platform: str) -> Iterator[Payload]:
        """Every recorded sample of a platform. Raises Absent."""
        path = self.folder / "data" / "payloads" / f"{platform}.jsonl.gz"
        if not path.exists():
            raise Absent(f"the recorded payloads {path.name} are not in {self.folder}")
        with gzip.open(path, "rb") as lines:
            for line in lines:
                row = orjson.loads(line)
                yield Payload(platform, row["kind"], row["file"], row["method"] or "", row["path"] or "", row["text"])
