"""What a text that somebody else's program wrote may say: the same bounds that hold for a model's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from connectors import models
from connectors.llm.masking import has_placeholder
from drafts.deciding.errors import NotValid
from drafts.kinds.base import Command, Facts, Kind, text_of
from drafts.knowledge.citations import LINK, Claim, invented_numbers, unsupported
from drafts.knowledge.passages import CitedPassage
from drafts.knowledge.shelf import cited
from drafts.models import Passage
from drafts.preparing.facts import SavedReader
from drafts.preparing.performing import SUBJECTS
from drafts.preparing.prepare import TO_SUPPLIERS

# Amounts hold full stops too, so a sentence ends before a space; in Chinese there is none.
SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
TOKEN = re.compile(r"\S+")
EDGE = "()[]<>{}\"'“”‘’.,;:!?"


def cited_passages(ids: Sequence[int], shop_id: int | None, day: date) -> list[CitedPassage]:
    """The passages that are cited, if they hold today and for this shop. Raises NotValid for any other."""
    rows = Passage.objects.filter(pk__in=ids, valid_from__lte=day).exclude(valid_until__lt=day)
    found = {row.pk: cited(row) for row in rows if row.shop_id in (None, shop_id)}
    if strange := [number for number in ids if number not in found]:
        raise NotValid([f"passage {number} is none that holds for this shop today" for number in strange])
    return [found[number] for number in dict.fromkeys(ids)]


def told_by(command: Command, facts: Facts, saved: SavedReader) -> dict[str, str]:
    """What a text may rest on: the facts read, the command's other arguments, and the records that it names."""
    told = {f"fact {name}": str(value) for name, value in facts.items()}
    told |= {f"given {name}": str(value) for name, value in command.model_dump(mode="json").items()}
    for name, record in SUBJECTS.items():
        row = saved.fetch(record, ref) if (ref := getattr(command, name, "")) else None
        if row is not None:
            values = (getattr(row, field.name) for field in fields(row) if field.name not in ("raw", "text"))
            told[f"record {name}"] = " ".join(text_of(value) for value in values)
    if order := getattr(command, "order_ref", ""):
        shops = list(models.Shop.objects.values_list("pk", flat=True))  # the index begins with the shop
        parcels = models.Shipment._default_manager.filter(shop_id__in=shops, order_ref=order)[:10]
        told["parcels"] = " ".join(f"{each.tracking_number} {each.last_scan_at}" for each in parcels)
    return told


def faults_of_text(
    kind: Kind[Any], command: Command, told: Mapping[str, str], passages: Sequence[CitedPassage], day: date
) -> list[str]:
    """Reasons against what leaves for somebody outside: rules without their passage, numbers and links of nobody."""
    if not kind.text_field or kind.is_internal:
        return []
    text = str(getattr(command, kind.text_field))
    given = {name: value for name, value in told.items() if name != f"given {kind.text_field}"}
    ids = tuple(each.id for each in passages)
    claims = [Claim(sentence, ids) for sentence in SENTENCE.split(text) if sentence.strip()]
    reasons = [] if kind.name in TO_SUPPLIERS else unsupported(claims, passages, day)
    reasons += invented_numbers(claims, given, passages)
    reasons += [f"“{link}” is a link or an address that nobody gave" for link in _links(text, given.values())]
    return reasons + (["it carries a placeholder"] if has_placeholder(text) else [])


def _links(text: str, given: Iterable[str]) -> list[str]:
    known = " ".join(given).casefold()
    words = (found.group().strip(EDGE) for found in TOKEN.finditer(text))
    return [word for word in words if LINK.search(word) and word.casefold() not in known]
