"""Personal data out of text before a model sees it: mail addresses, phone and card numbers, postal addresses. Pure.

Order numbers, tracking numbers and SKUs look like phone numbers; the caller names those it knows, and they stay.
"""

import re
from collections.abc import Iterable

MAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
# A date such as 2026-11-21 is no phone number.
DIGITS = re.compile(r"(?<![\w.])(?!\d{4}-\d\d-\d\d(?!\d))(?:\+|00)?\(?\d(?:[ ().\-]?\d){6,18}(?![\w])")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
# A house number beside a street word, a block and unit as in Singapore, Chinese street names, an Indonesian "Jl.".
ADDRESS = re.compile(
    r"(?i)\b\d{1,5}[a-z]?,?\s+(?:[\w'.]+\s){0,3}?(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|way|close)\b\.?"
    r"|\b(?:blk|block)\s*\d+\w*(?:[^\n]{0,40}?#\d{1,3}-\d{1,4})?|#\d{1,3}-\d{1,4}\b"
    r"|\b(?:jl|jln|jalan|lorong|soi|đường|ถนน|kalye)\.?\s+[\w .'-]{2,40}?\s*(?:no\.?|nomor|số)?\s*\d{1,5}\b"
    r"|[一-鿿]{2,12}(?:路|街|巷|道)\d{1,5}[号號]?(?:\d{1,4}[室樓楼])?"
    r"|\b(?:singapore|s)\s?\(?\d{6}\)?\b"
)
PLACEHOLDER = re.compile(r"\[(?:mail|phone|card|account|address)\]")


def mask(text: str, keep: Iterable[str] = ()) -> str:
    """The text with placeholders such as [mail]. What is in `keep` (known order and tracking numbers) stays."""
    kept = {re.sub(r"\W", "", value).casefold() for value in keep if value}
    text = MAIL.sub("[mail]", text)
    text = IBAN.sub(lambda found: _unless_kept(found, kept, "[account]"), text)
    text = ADDRESS.sub("[address]", text)
    return DIGITS.sub(lambda found: _unless_kept(found, kept, _kind(found.group())), text)


def has_placeholder(text: str) -> bool:
    """Whether a text carries a placeholder, which must never leave for a buyer."""
    return bool(PLACEHOLDER.search(text))


def _unless_kept(found: re.Match[str], kept: set[str], placeholder: str) -> str:
    return found.group() if re.sub(r"\W", "", found.group()).casefold() in kept else placeholder


def _kind(digits: str) -> str:
    plain = re.sub(r"\D", "", digits)
    return "[card]" if 13 <= len(plain) <= 19 and passes_luhn(plain) else "[phone]"


def passes_luhn(digits: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
