"""From a message as it came to the words its author wrote. Pure."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARACTERS = 8_000  # rules look at no more; the whole message stays in its record
QUOTED = re.compile(r"^\s*(>|\|)")
# Where an answered mail begins, as the common mail programs mark it in the languages of our buyers.
REPLY_MARKS = re.compile(
    r"^\s*(-{2,}\s*(original message|forwarded message|pesan asli|mensaje original|mensagem original)|"
    r"on .{5,80} wrote:|pada .{5,80} menulis:|el .{5,80} escribi[oó]:|em .{5,80} escreveu:|vào .{5,80} đã viết:|"
    r"from: .+@|发件人[:：]|-- ?$|sent from my |dikirim dari |enviado desde )",
    re.IGNORECASE,
)
NOT_WORD = re.compile(r"[\W_]+")
SPACES = re.compile(r"\s+")


def own_words(text: str) -> str:
    """The author's own text: without quoted lines, the mail it answers, and the signature below `-- `."""
    kept: list[str] = []
    for line in text[: MOST_CHARACTERS * 2].splitlines():
        if REPLY_MARKS.match(line):
            if any(part.strip() for part in kept):
                break
            continue
        if not QUOTED.match(line):
            kept.append(line)
    own = "\n".join(kept).strip()
    return (own or text.strip())[:MOST_CHARACTERS]


def folded(text: str) -> str:
    """Lower case, full-width forms made plain, everything that is no word character one space, padded by spaces.

    Marks (Thai vowels, Vietnamese tones) stay, since words differ by them alone.
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    if plain.isascii():
        return f" {NOT_WORD.sub(' ', plain).strip()} "
    # \W would cut Thai vowel signs, which are marks and not letters.
    kept = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in plain)
    return f" {SPACES.sub(' ', kept).strip()} "
