"""The writer that needs no model: sentences in the reader's language, filled with facts from saved records. Pure.

A sentence is used only where every name in it is known, so it can be short of facts but never wrong about them.
"""

import string
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

WRITER = "offline"
FALLBACK = "en"
ALIASES = {"tl": "fil", "in": "id", "zh-hans": "zh", "zh-hant": "zh"}
# What a reply says, by the kind of trouble it answers, besides where the order stands.
SITUATIONS: Mapping[str, tuple[str, ...]] = {
    "late_shipment": ("late", "sorry"),
    "parcel_stuck": ("sorry", "stuck"),
    "ticket_wave": ("received", "sorry", "wave"),
    "angry_message": ("sorry", "angry"),
    "first_answer": ("received",),
    "return_decision": ("received", "returning"),
    "oversold": ("sorry",),
}


@lru_cache(maxsize=1)
def phrases() -> Mapping[str, Mapping[str, str]]:
    """All sentences by language, and the letters."""
    return tomllib.loads(Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8"))


def language_of(tag: str) -> str:
    """The language we have sentences in, for a tag such as zh-TW; English where there is none."""
    tag = tag.casefold().replace("_", "-")
    code = ALIASES.get(tag) or ALIASES.get(tag.split("-")[0]) or tag.split("-")[0]
    return code if code in phrases() and code != "letters" else FALLBACK


def reply_body(situation: str, language: str, facts: Mapping[str, str], rules: Iterable[tuple[str, str]] = ()) -> str:
    """What a reply says between greeting and closing. `facts`: order, order_status, carrier, tracking, last_scan …

    `rules` are (text, source) of cited passages.
    """
    words = phrases()[language_of(language)]
    names = [*SITUATIONS.get(situation, SITUATIONS["first_answer"])]
    if "late" not in names:
        names.append(facts.get("order_status", ""))
    lines = [_filled(words[name], facts) for name in names if name in words]
    lines += [_filled(words["rule"], {"text": text, "source": source}) for text, source in rules]
    return " ".join(line for line in [*lines, words["question"]] if line)


def asked_for(topic: str, language: str, facts: Mapping[str, str]) -> str:
    """What a buyer is asked for (address, photos, payment, choice, receipt), between greeting and closing."""
    words = phrases()[language_of(language)]
    return " ".join(line for line in (_filled(words[name], facts) for name in ("ask_about", f"ask_{topic}")) if line)


def letter(body: str, language: str, name: str, shop: str) -> str:
    """A body between its greeting and closing; both come from here also where a model wrote the body."""
    words = phrases()[language_of(language)]
    greeting = words["greeting"].format(name=name) if name else words["greeting_anyone"]
    return f"{greeting}\n\n{body.strip()}\n\n{words['closing'].format(shop=shop)}"


def written(name: str, facts: Mapping[str, str]) -> str:
    """One of the letters. Raises KeyError where a fact it needs is missing: an incomplete letter never leaves."""
    return phrases()["letters"][name].strip().format_map(facts)


def _filled(sentence: str, facts: Mapping[str, str]) -> str:
    names = [name for _, name, _, _ in string.Formatter().parse(sentence) if name]
    return sentence.format_map(facts) if all(facts.get(name) for name in names) else ""
