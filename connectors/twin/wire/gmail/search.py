"""Gmail's search words as far as programs use them; a word that is none of these is looked for in the text."""

import re
from collections.abc import Callable

from connectors.twin.wire.gmail.box import Letter

SEARCH_LAG = 3  # seconds by which the index is behind
WORD = re.compile(r'(-?)(?:(\w+):)?("[^"]*"|\S+)')
NOT_SHOWN = frozenset({"SPAM", "TRASH"})
Test = Callable[[Letter, str], bool]


def _is_in(letter: Letter, place: str) -> bool:
    name = {"drafts": "DRAFT", "draft": "DRAFT", "chats": "CHAT"}.get(place.lower(), place.upper())
    return name == "ANYWHERE" or name in letter.labels


TESTS: dict[str, Test] = {
    "after": lambda letter, value: letter.arrived >= int(value),
    "newer": lambda letter, value: letter.arrived >= int(value),
    "before": lambda letter, value: letter.arrived < int(value),
    "older": lambda letter, value: letter.arrived < int(value),
    "rfc822msgid": lambda letter, value: letter.mail.message_id.strip("<>") == value.strip("<>"),
    "in": _is_in,
    "label": _is_in,
    "is": lambda letter, value: value.upper() in letter.labels,
    "from": lambda letter, value: value.lower() in f"{letter.mail.sender_name} {letter.mail.sender}".lower(),
    "to": lambda letter, value: value.lower() in letter.mail.to.lower(),
    "subject": lambda letter, value: value.lower() in letter.mail.subject.lower(),
}


def found(letters: list[Letter], query: str, labels: set[str], now: int, *, with_spam: bool) -> list[Letter]:
    """Newest first. Labels are joined by AND; what the index has not seen yet is missing from a search."""
    words = [(sign == "-", name, value.strip('"')) for sign, name, value in WORD.findall(query)]
    with_spam = with_spam or any(name == "in" and value in ("anywhere", "spam", "trash") for _, name, value in words)
    return [
        letter
        for letter in reversed(letters)
        if labels <= set(letter.labels)
        and (with_spam or not NOT_SHOWN & set(letter.labels))
        and not (words and letter.arrived > now - SEARCH_LAG)
        and all(_holds(letter, name, value) is not is_not for is_not, name, value in words)
    ]


def _holds(letter: Letter, name: str, value: str) -> bool:
    if name in TESTS:
        return TESTS[name](letter, value)
    text = f"{letter.mail.subject} {letter.mail.text}".lower()
    return (f"{name}:{value}" if name else value).lower() in text
