"""Which language a text is in: by its script, else by its small words. Pure."""

from __future__ import annotations

import re

from alerts.reading.lexicon import SMALL_WORDS

THAI = re.compile("[\u0e00-\u0e7f]")
HAN = re.compile("[\u4e00-\u9fff]")
KANA = re.compile("[\u3040-\u30ff]")
VIETNAMESE = re.compile("[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")
# Small words that only one of two close languages has.
MALAY_ONLY = SMALL_WORDS["ms"] - SMALL_WORDS["id"]
INDONESIAN_ONLY = SMALL_WORDS["id"] - SMALL_WORDS["ms"]


def language(folded_text: str) -> str:
    """An ISO 639-1 code; empty where the text is too short to tell."""
    if THAI.search(folded_text):
        return "th"
    if KANA.search(folded_text):
        return "ja"
    if HAN.search(folded_text):
        return "zh"
    if VIETNAMESE.search(folded_text):
        return "vi"
    words = folded_text.split()[:120]
    scores = {code: sum(word in small for word in words) for code, small in SMALL_WORDS.items()}
    best = max(scores, key=lambda code: scores[code])
    if not scores[best]:
        return "en" if words and folded_text.isascii() and len(words) > 3 else ""
    if best in ("id", "ms"):
        malay, indonesian = (sum(word in only for word in words) for only in (MALAY_ONLY, INDONESIAN_ONLY))
        return "ms" if malay > indonesian else "id"
    return best
