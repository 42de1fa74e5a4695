"""Personal data out of text before a model sees it: mail addresses, phone, card, account and identity numbers, postal
addresses, as buyers write them in the languages of our markets. Pure.

Order numbers, tracking numbers and SKUs look like phone numbers; the caller names those it knows, and they stay. Where
a number may be either, it is masked: a model that lacks an order number asks, a phone number that left is gone.
"""

import re
from collections.abc import Iterable

from connectors.llm.addresses import mask_addresses

# Scripts without blanks stand beside an address without one, so its letters are ASCII; the second form has all others.
MAIL = re.compile(
    r"[A-Za-z0-9._%+'-]+\s?[@＠]\s?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
    r"|[\w.+'-]+[@＠][\w-]+(?:\.[\w-]+)+"
    r"|[A-Za-z0-9._%+-]+\s*[\[({]\s*(?:at|arroba)\s*[\])}]\s*[A-Za-z0-9-]+(?:\s*(?:[\[({]\s*(?:dot|punto|ponto)\s*[\])}]|\.)\s*[A-Za-z]{2,})+"
    r"|[A-Za-z0-9._%+-]+ (?:at|arroba) [A-Za-z0-9-]+ (?:dot|punto|ponto) [A-Za-z]{2,}\b"
)
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
SEPARATOR = r"[ \u00a0\u2009().\-\u2010-\u2013/]"
CARD = re.compile(rf"(?<!\d)(?:\d{SEPARATOR}{{0,2}}){{12,18}}\d(?!\d)")
DIGITS = re.compile(rf"(?<![A-Za-z0-9.])(?:\+|００|00)?\(?\d(?:{SEPARATOR}{{0,2}}\d){{6,18}}(?![A-Za-z0-9])")
# Numbers of identity papers whose shape is their own: Singapore, China, Taiwan, Hong Kong, Spain, Mexico, Philippines.
IDENTITY = re.compile(
    r"(?<![A-Za-z0-9])(?:[STFGMstfgm]\d{7}[A-Za-z]|\d{6}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]|[A-Z][12]\d{8}|[A-Z]{1,2}\d{6}\([0-9A]\)"
    r"|\d{8}-?[A-HJ-NP-TV-Z]|[XYZ]-?\d{7}-?[A-Z]|[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d|P\d{7}[A-Z])(?![A-Za-z0-9])"
)
# Others are known by the word before them only.
NAMED_IDENTITY = re.compile(
    r"(?i)(\b(?:nric|fin|ic|mykad|no\.? ?ic|ktp|nik|npwp|sim|paspor|pasport|passport|passaporte"
    r"|pasaporte|umid|philsys|tin"
    r"|sss|cccd|cmnd|căn cước|hộ chiếu|dni|nie|nif|cpf|rg|curp|ssn|national id|id card"
    r"|id number|driv(?:er'?s?|ing) licen[cs]e)\b"
    r"|身份证|身分證|护照|護照|บัตรประชาชน|หนังสือเดินทาง)"
    r"([^\n\d]{0,14}?[\s:：#.]*)(?=[A-Z0-9.-]*\d{2})([A-Z]{0,4}\d[A-Z0-9.-]{3,22}[A-Z0-9])"
)
# A number of a matter, not of a person, when one of these words stands right before it.
MATTER = re.compile(
    r"(?i)(?:#|\b(?:order|pesanan|pedido|invoice|inv|resi|tracking|awb|parcel|sku|ref(?:erence)?|case|ticket|item|model"
    r"|đơn(?: hàng)?|mã(?: đơn| vận đơn)?)(?:\s(?:no|id|number|nomor|número|số|hàng))?"
    r"|订单号?|單號|订单编号|運單|快递单号|คำสั่งซื้อ|ออเดอร์|เลขพัสดุ)\.?\s?[:：#]?\s{0,2}$"
)
CURRENCY = (
    r"(?:S\$|US\$|NT\$|HK\$|R\$|\$|€|£|¥|₫|฿|₱|Rp\.?|RM|IDR|VND|VNĐ|THB|PHP|SGD|MYR|USD|EUR|CNY"
    r"|TWD|BRL|MXN|đ|元|บาท|baht|pesos?)"
)
PRICED = re.compile(rf"(?i){CURRENCY}\s?$")
PRICES = re.compile(rf"(?i)^\s?{CURRENCY}(?![^\W\d_])")
GROUPED = re.compile(r"[1-9]\d{0,2}(?:[., ]\d{3})+(?:[.,]\d{1,2})?")
DAY = re.compile(
    r"(?:(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:19|20)\d\d)(?: \d{1,2})?"
)
PLACEHOLDER = re.compile(r"\[(?:mail|phone|card|account|address|id)\]")


def mask(text: str, keep: Iterable[str] = ()) -> str:
    """The text with placeholders such as [mail]. What is in `keep` (known order and tracking numbers) stays."""
    kept = {plain(value) for value in keep if value}
    text = MAIL.sub("[mail]", text)
    text = IBAN.sub(lambda found: _unless_kept(found, kept, "[account]"), text)
    text = CARD.sub(lambda found: _card(found, kept), text)
    text = IDENTITY.sub(lambda found: _unless_kept(found, kept, "[id]"), text)
    text = NAMED_IDENTITY.sub(lambda found: found[0] if plain(found[3]) in kept else f"{found[1]}{found[2]}[id]", text)
    text = mask_addresses(text)
    return DIGITS.sub(lambda found: _number(found, kept), text)


def has_placeholder(text: str) -> bool:
    """Whether a text carries a placeholder, which must never leave for a buyer."""
    return bool(PLACEHOLDER.search(text))


def plain(text: str) -> str:
    return re.sub(r"\W", "", text).casefold()


def _unless_kept(found: re.Match[str], kept: set[str], placeholder: str) -> str:
    return found.group() if plain(found.group()) in kept else placeholder


def _card(found: re.Match[str], kept: set[str]) -> str:
    digits = plain(found.group())
    is_card = digits not in kept and digits[0] in "23456" and passes_luhn(digits)
    return "[card]" if is_card else found.group()


def _number(found: re.Match[str], kept: set[str]) -> str:
    """Masked unless it is known, a day, a price, or named as the number of an order or a parcel."""
    given, before, after = found.group(), found.string[: found.start()], found.string[found.end() :]
    if plain(given) in kept or DAY.fullmatch(given):
        return given
    if PRICED.search(before) or PRICES.search(after):
        return given
    grouped = GROUPED.fullmatch(given)
    if grouped and len(re.split(r"[., ]", given)[0]) < 3 and " " not in given:
        return given
    return given if MATTER.search(before[-40:]) and not given.startswith("+") else "[phone]"


def passes_luhn(digits: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
