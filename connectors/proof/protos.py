"""Published .proto files as judges of JSON: names in camel case, int64 as text, enums by name, lists where repeated.

It reads what the checks need and no more: messages with their fields, `oneof`, enums. A message that the files do not
hold (they are a part of the whole API) is not judged inside.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

STRING = re.compile(r'"[^"\n]*"')
# Strings come first: an address in one holds two slashes.
COMMENT = re.compile(r'("[^"\n]*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
OPTIONS = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]", re.DOTALL)
BROKEN = re.compile(r"(?<=\w)\s+\.(?=\w)")  # a long type name goes on in the next line
OPEN = re.compile(r"\s*(message|enum|oneof|service|rpc|option|extend)\b\s*([\w.()]*)[^{};]*\{")
FIELD = re.compile(r"\s*(repeated\s+|optional\s+)?([\w.]+)\s+(\w+)\s*=\s*\d+\s*;")
VALUE = re.compile(r"\s*(\w+)\s*=\s*\d+\s*;")
TEXT_NUMBERS = frozenset({"int64", "uint64", "fixed64", "sint64"})
NUMBERS = frozenset({"int32", "uint32", "double", "float"})


@dataclass
class Message:
    """`fields`: JSON name → (type, whether it is a list)."""

    fields: dict[str, tuple[str, bool]] = field(default_factory=dict)


@dataclass
class Protos:
    messages: dict[str, Message] = field(default_factory=dict)
    enums: dict[str, set[str]] = field(default_factory=dict)
    calls: dict[str, tuple[str, str]] = field(default_factory=dict)  # path → request, response

    def faults(self, kind: str, value: Any, place: str = "") -> Iterator[str]:
        """Everything in which a JSON value is no such message."""
        message = self.messages.get(kind.rpartition(".")[2])
        if message is None:
            return
        if not isinstance(value, dict):
            yield f"{place or kind}: not an object"
            return
        for name, inner in value.items():
            if name not in message.fields:
                yield f"{place}/{name}: {kind} has no such field"
                continue
            told, is_list = message.fields[name]
            if is_list and not isinstance(inner, list):
                yield f"{place}/{name}: not a list"
                continue
            for number, one in enumerate(inner if is_list else [inner]):
                yield from self._faults_of(told, one, f"{place}/{name}" + (f"/{number}" if is_list else ""))

    def _faults_of(self, kind: str, value: Any, place: str) -> Iterator[str]:
        last = kind.rpartition(".")[2]
        if last in self.enums:
            if value not in self.enums[last]:
                yield f"{place}: {value!r} is no {last}"
        elif kind in TEXT_NUMBERS:
            if not (isinstance(value, str) and value.lstrip("-").isdigit()):
                yield f"{place}: an {kind} is written as text, not {value!r}"
        elif kind in NUMBERS and (isinstance(value, bool) or not isinstance(value, int | float)):
            yield f"{place}: {value!r} is no {kind}"
        elif (kind == "string" or last == "FieldMask") and not isinstance(value, str):
            yield f"{place}: {value!r} is no text"
        elif kind == "bool" and not isinstance(value, bool):
            yield f"{place}: {value!r} is no truth value"
        else:
            yield from self.faults(kind, value, place)


@lru_cache(maxsize=4)
def read(folder: Path) -> Protos:
    """All .proto files below a folder."""
    protos = Protos()
    for path in sorted(folder.rglob("*.proto")):
        text = COMMENT.sub(lambda found: found[1] or "", path.read_text(encoding="utf-8"))
        for found in re.finditer(
            r"rpc\s+\w+\((\w+)\)\s*returns\s*\((?:stream\s+)?(\w+)\)\s*\{(.*?)\n  \}", text, re.DOTALL
        ):
            where = re.search(r'(?:post|get):\s*"([^"]+)"', found[3])
            if where:
                protos.calls[where[1]] = (found[1], found[2])
        plain = OPTIONS.sub("", STRING.sub('""', text))
        _block(BROKEN.sub(".", plain), 0, "", protos, None)
    return protos


def _block(text: str, place: int, kind: str, protos: Protos, owner: Any) -> int:
    """Read one `{ … }` from its first character on; returns the place after it."""
    while place < len(text):
        if text[place] == "}":
            return place + 1
        opened = OPEN.match(text, place)
        if opened and opened.start() <= place:
            place = _block(text, opened.end(), opened[1], protos, _owner(opened[1], opened[2], protos, owner))
            continue
        found = (FIELD if kind in ("message", "oneof") else VALUE).match(text, place) if kind else None
        if found and kind in ("message", "oneof") and isinstance(owner, Message):
            owner.fields[camel(found[3])] = (found[2], (found[1] or "").strip() == "repeated")
            place = found.end()
        elif found and kind == "enum" and isinstance(owner, set):
            owner.add(found[1])
            place = found.end()
        else:
            place += 1
    return place


def _owner(kind: str, name: str, protos: Protos, owner: Any) -> Any:
    if kind == "message":
        return protos.messages.setdefault(name, Message())
    if kind == "enum":
        return protos.enums.setdefault(name, set())
    return owner if kind == "oneof" else None


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
