"""What a model is asked about the first alerts, and what of its answer may be used. Pure.

It places each alert within the range that code computed, and words it from given evidence. It sets no dollar: an answer
with a number or an id that its alert does not hold, or without one of the alerts, is refused as a whole.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from connectors.llm.client import Block, Question
from connectors.llm.masking import has_placeholder

PROMPT = Path(__file__).parent / "prompts" / "weigh.txt"
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Weighable:
    """One alert as the model sees it: `figures` and `evidence` by the ids that a sentence may name."""

    id: int
    title: str
    figures: Mapping[str, str]
    evidence: Mapping[str, str]
    missing: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()  # numbers of orders and parcels, which masking leaves alone

    def text(self) -> str:
        """The block's text."""
        return json.dumps(
            {
                "alert": self.id,
                "title": self.title,
                "figures": dict(self.figures),
                "evidence": dict(self.evidence),
                "missing": list(self.missing),
                "assumed": list(self.assumed),
            },
            ensure_ascii=False,
        )


class Said(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=300)]
    evidence: Annotated[list[str], Field(min_length=1, max_length=6)]


class WeighedAlert(BaseModel):
    model_config = ConfigDict(extra="forbid")

    alert: int
    weight: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    why: Annotated[list[Said], Field(min_length=1, max_length=3)]
    tradeoff: Said
    missing: Annotated[list[Annotated[str, Field(max_length=160)]], Field(max_length=5)]

    def sentences(self) -> Iterator[Said]:
        yield from self.why
        yield self.tradeoff


class Weighing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    alerts: list[WeighedAlert]


def question(weighables: Sequence[Weighable]) -> Question[Weighing]:
    """Everything that is asked, with the check of the answer."""
    system, version = prompt()
    return Question(
        task="weigh",
        system=system,
        blocks=tuple(Block(f"alert {each.id}", each.text()) for each in weighables),
        schema=Weighing,
        check=lambda weighing: reasons_against(weighing, weighables),
        prompt_version=version,
        keep=tuple(number for each in weighables for number in each.keep),
    )


def reasons_against(weighing: Weighing, weighables: Sequence[Weighable]) -> list[str]:
    """Why an answer that fits the schema may not be used; empty where nothing stands against it."""
    known = {each.id: each for each in weighables}
    given = [each.alert for each in weighing.alerts]
    reasons = [f"alert {id} was not asked about" for id in dict.fromkeys(given) if id not in known]
    reasons += [f"alert {id} is missing" for id in known if id not in given]
    reasons += [f"alert {id} is weighed twice" for id in dict.fromkeys(given) if given.count(id) > 1]
    for each in weighing.alerts:
        if each.alert in known:
            reasons += _invented(each, known[each.alert])
    return reasons


def placed(weight: float, low: float, high: float) -> float:
    """The place of a weight in a range. Whatever the weight, never outside of it."""
    return low + min(max(weight, 0.0), 1.0) * (high - low)


@lru_cache(maxsize=1)
def prompt() -> tuple[str, str]:
    """The instructions and the digest by which a call names their version."""
    text = PROMPT.read_text(encoding="utf-8").strip()
    return text, sha256(text.encode()).hexdigest()[:12]


def _invented(each: WeighedAlert, asked: Weighable) -> list[str]:
    ids, numbers = asked.figures.keys() | asked.evidence.keys(), set(_numbers(asked.text()))
    named = [id for said in each.sentences() for id in said.evidence]
    texts = [*(said.text for said in each.sentences()), *each.missing]
    reasons = [f"alert {each.alert} names {id}, which is not its evidence" for id in named if id not in ids]
    for text in texts:
        reasons += [f"alert {each.alert}: {n} is nobody's number" for n in _numbers(text) if n not in numbers]
        if has_placeholder(text):
            reasons.append(f"alert {each.alert} repeats a placeholder")
    return reasons


def _numbers(text: str) -> list[str]:
    """Numbers as they are meant: 1,234.50 and 1234.5 are the same."""
    found = (number.replace(",", "").rstrip(".") for number in NUMBER.findall(text))
    return [number.rstrip("0").rstrip(".") if "." in number else number for number in found]
