"""Order numbers, amounts and SKUs in a text. A find is a hint: it counts only where a record bears it out. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

# Everything of interest has a digit: candidates are found first, and what stands around them is looked at after.
CANDIDATE = re.compile(r"[A-Za-z]{0,4}-?\d[\dA-Za-z]*(?:[.,]\d+)*")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
PLAIN_NUMBER = re.compile(r"[A-Za-z]{0,4}-?\d{3,18}[A-Za-z0-9]{0,10}")
SHOPEE = re.compile(r"\d{6}[A-Z0-9]{8}")
NAMES_AN_ORDER = re.compile(
    r"(?:order|pesanan|pedido|orden|คำสั่งซื้อ|ออเดอร์|đơn hàng|đơn|订单|訂單|ord)"
    r"(?:\s*(?:no|num|number|nr|id|nomor|número|mã|เลขที่|号|號))?[\s.:#：]*$",
    re.IGNORECASE,
)
SKU = re.compile(r"\b([A-Z]{2,6}(?:-[A-Z0-9]{2,10}){1,4})\b")
CODES = ("USD", "SGD", "MYR", "IDR", "THB", "VND", "PHP", "CNY", "EUR", "GBP", "BRL", "MXN", "TWD", "HKD")
CURRENCIES = {
    "$": "USD", "us$": "USD", "s$": "SGD", "r$": "BRL", "rm": "MYR", "rp": "IDR", "฿": "THB", "₫": "VND", "đ": "VND",
    "¥": "CNY", "₱": "PHP", "€": "EUR", "£": "GBP", **{code.lower(): code for code in CODES},
}  # fmt: skip
SIGN_BEFORE = re.compile(
    rf"({'|'.join(sorted(map(re.escape, CURRENCIES), key=len, reverse=True))})\.?\s?$", re.IGNORECASE
)
SIGN_AFTER = re.compile(
    rf"\s?({'|'.join(sorted(map(re.escape, CURRENCIES), key=len, reverse=True))})(?!\w)", re.IGNORECASE
)
LOOK_BACK = 28
MOST = 20


@dataclass(frozen=True, slots=True)
class Entities:
    order_numbers: tuple[str, ...] = ()
    amounts: tuple[tuple[Decimal, str], ...] = ()  # (amount, currency code)
    skus: tuple[str, ...] = ()


def entities(text: str) -> Entities:
    """Each found thing once, in the order of the text, at most twenty of a kind."""
    numbers: list[str] = []
    amounts: list[tuple[Decimal, str]] = []
    for match in CANDIDATE.finditer(text):
        before = text[max(0, match.start() - LOOK_BACK) : match.start()]
        token = match[0]
        if SHOPEE.fullmatch(token) or _is_named(token, before):
            numbers.append(token.upper())
        elif found := _amount(token, before, text[match.end() : match.end() + 5]):
            amounts.append(found)
        if len(numbers) + len(amounts) >= 2 * MOST:
            break
    skus = [sku for sku in SKU.findall(text) if sku not in numbers]
    return Entities(
        tuple(dict.fromkeys(numbers))[:MOST], tuple(dict.fromkeys(amounts))[:MOST], tuple(dict.fromkeys(skus))[:MOST]
    )


def _is_named(token: str, before: str) -> bool:
    """After a hash sign, or after a word for an order."""
    if not PLAIN_NUMBER.fullmatch(token):
        return False
    return before.rstrip(" ").endswith("#") or bool(NAMES_AN_ORDER.search(before))


def _amount(token: str, before: str, after: str) -> tuple[Decimal, str] | None:
    """A number with a currency's sign or code right before or after it."""
    digits = NUMBER.search(token)
    if digits is None:
        return None
    sign = SIGN_BEFORE.search(before + token[: digits.start()]) or SIGN_AFTER.match(token[digits.end() :] + after)
    number = plain_number(digits[0])
    return (number, CURRENCIES[sign[1].lower()]) if sign and number is not None else None


def plain_number(digits: str) -> Decimal | None:
    """The last separator is a decimal one unless three digits follow it: "1.250.000" and "12,5" both read right."""
    last = max(digits.rfind("."), digits.rfind(","))
    head, tail = (digits[:last], digits[last + 1 :]) if last >= 0 else (digits, "")
    if last >= 0 and len(tail) == 3 and digits.count(digits[last]) >= 1 and not (digits[last] == "." and head == "0"):
        head, tail = digits, ""
    try:
        return Decimal(
            f"{head.replace('.', '').replace(',', '')}.{tail}" if tail else head.replace(".", "").replace(",", "")
        )
    except InvalidOperation:
        return None
