"""Word a proposal: by the model within a schema and checks, or by templates. The command is never the model's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from connectors.llm.client import Block, Model, Question, Unusable
from connectors.llm.masking import has_placeholder
from connectors.llm.offline import WRITER
from connectors.llm.routing import Offline
from drafts.kinds.base import Kind, Proposal
from drafts.knowledge.citations import Claim, invented_numbers, strange_links, unsupported
from drafts.knowledge.concepts import shared_matters
from drafts.knowledge.passages import CitedPassage

PROMPTS = Path(__file__).parent.parent / "prompts"
# Without a model only the nearest passage is quoted: templates cannot tell whether a second one fits.
QUOTED_OFFLINE = 1
# And it must share two matters with what the buyer wrote ("broken" and "replace"): one alone is often chance.
SHARED_MATTERS = 2
# Facts that code puts into a text itself; a model has no use for them.
KEPT_BACK = {"name", "shop", "situation"}


class Sentence(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=600)]
    passages: Annotated[list[int], Field(max_length=4)]


class Wording(BaseModel):
    """A text, sentence by sentence, each with the passages it rests on."""

    model_config = ConfigDict(extra="forbid")

    sentences: Annotated[list[Sentence], Field(min_length=1, max_length=14)]
    missing: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=6)]


@dataclass(frozen=True, slots=True)
class Worded:
    """A text with who wrote it, why not a model where none did, what it cites and what it lacked."""

    text: str
    written_by: str = WRITER
    model_call_id: int | None = None
    why_offline: str = ""
    citations: tuple[CitedPassage, ...] = ()
    missing: tuple[str, ...] = ()


def word(
    kind: Kind[Any], proposal: Proposal[Any], passages: list[CitedPassage], model: Model | None, day: date
) -> Worded:
    """The text of a proposal; empty where its kind has none. Whatever fails on the model's side, templates step in."""
    if not kind.text_field:
        return Worded("")
    try:
        if model is None:
            raise Offline("no model is connected")
        return _by_model(kind, proposal, passages, model, day)
    except (Offline, Unusable) as error:
        return _by_templates(kind, proposal, passages, str(error), error)


def _by_model(
    kind: Kind[Any], proposal: Proposal[Any], passages: list[CitedPassage], model: Model, day: date
) -> Worded:
    told = {name: value for name, value in proposal.told.items() if value and name not in KEPT_BACK}
    language = getattr(proposal.command, "language", "en")

    def check(wording: Wording) -> list[str]:
        claims = [Claim(sentence.text, tuple(sentence.passages)) for sentence in wording.sentences]
        text = " ".join(claim.text for claim in claims)
        reasons = (
            unsupported(claims, passages, day) + invented_numbers(claims, told, passages) + strange_links(text, told)
        )
        return reasons + (["it carries a placeholder"] if has_placeholder(text) else [])

    record = Block("record", json.dumps({**told, "language": language}, ensure_ascii=False), is_outside=False)
    rules = [Block(f"passage {each.id}", f"{each.source}: {each.text}", is_outside=False) for each in passages]
    outside = [Block(name, text[:6000]) for name, text in proposal.outside]
    system, version = prompt(kind.name)
    question = Question(
        kind.name, system, (record, *rules, *outside), Wording, check, prompt_version=version, keep=proposal.keep
    )
    completion = model.complete(question)
    used = {cited for sentence in completion.value.sentences for cited in sentence.passages}
    body = " ".join(sentence.text.strip() for sentence in completion.value.sentences)
    return Worded(
        kind.frame(proposal, body), completion.model, completion.call_id,
        citations=tuple(each for each in passages if each.id in used), missing=tuple(completion.value.missing),
    )  # fmt: skip


def _by_templates(
    kind: Kind[Any], proposal: Proposal[Any], passages: list[CitedPassage], why: str, error: Exception
) -> Worded:
    said = " ".join(text for _, text in proposal.outside)
    fitting = [each for each in passages if shared_matters(said, each.text) >= SHARED_MATTERS]
    quoted = [] if proposal.told.get("situation") == "angry_message" else fitting[:QUOTED_OFFLINE]
    text = kind.write(proposal, tuple((each.text, each.source) for each in quoted))
    used = tuple(each for each in quoted if each.text in text)
    return Worded(text, WRITER, getattr(error, "call_id", None), why, used)


@lru_cache(maxsize=16)
def prompt(task: str) -> tuple[str, str]:
    """The instructions of a task and the digest by which a call names their version."""
    text = "\n".join((PROMPTS / f"{name}.txt").read_text(encoding="utf-8").strip() for name in ("rules", task))
    return text, sha256(text.encode()).hexdigest()[:12]
