"""The company's name as its letters are signed. Pure."""

import re

from connectors.registry import CONNECTORS

# What a connected shop's name says of its channel, and no buyer or supplier needs to read.
CHANNEL_WORDS = frozenset({
    "amazon", "e-mail", "ebay", "email", "etsy", "inbox", "lazada", "mail", "mailbox", "paypal", "shopee", "shopify",
    "stripe", "support", "tiktok", "walmart", "gmail", "zoho", "whatsapp", "klaviyo", "helpdesk", "amazon.com",
})  # fmt: skip
# Words of the systems' own labels: idle in brackets alone, since "Shop" may well be part of a company's name.
LABEL_WORDS = frozenset(word.casefold() for made in CONNECTORS.values() for word in made.label.split())
BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]")
WORD = re.compile(r"[\w&'’.+-]+")
EDGE = " -–—|:/,·"


def signature(entered: str, shop_name: str, country: str = "") -> str:
    """`entered` where somebody has, else the shop's name without its channel and its country code.

    A name that holds nothing else ("Stripe") stays as it is.
    """
    return entered.strip() or _bare(shop_name, country) or shop_name


def _bare(name: str, country: str) -> str:
    idle = CHANNEL_WORDS | {country.casefold()}
    in_brackets = idle | LABEL_WORDS
    kept = BRACKETS.sub(lambda found: "" if _is_idle(found[0], in_brackets) else found[0], name)
    words = kept.strip(EDGE).split()
    while words and _is_idle(words[-1], idle):
        words.pop()
    while words and _is_idle(words[0], CHANNEL_WORDS):
        words.pop(0)
    return " ".join(words).strip(EDGE)


def _is_idle(text: str, idle: frozenset[str]) -> bool:
    """Whether every word of it is of no use; separators alone are."""
    return all(word.casefold() in idle for word in WORD.findall(text) if word.strip(EDGE))
