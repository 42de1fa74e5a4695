"""Commitments in what we wrote: "we will refund you by Friday" becomes an obligation. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

DEEDS = {
    "refund": r"refund|money back|reimburse|kembalikan (?:uang|dana)|pengembalian dana|bayaran balik|คืนเงิน"
    r"|hoàn tiền|退款|reembols|estorn",
    "replace": r"replace|replacement|new one|resend|reship|send (?:you )?(?:a new|another)"
    r"|kirim(?:kan)? (?:ulang|pengganti)|ganti(?:kan)? baru|hantar semula|ส่งใหม่|เปลี่ยนให้"
    r"|gửi lại|đổi mới|补发|重发|重寄|reenvi|reemplaz|substitui",
    "ship": r"ship|dispatch|send (?:it|your|the)|kirim|hantar|จัดส่ง|gửi hàng|giao hàng|发货|發貨|寄出|enviar",
    "answer": r"get back to you|come back to you|reply|update you|let you know|call you|kabari|hubungi (?:anda|kakak)"
    r"|maklumkan|ติดต่อกลับ|แจ้งให้ทราบ|phản hồi|liên hệ lại|回复您|联系您|答复|responder|avisar|contactar",
    "credit": r"voucher|store credit|coupon|discount|baucar|คูปอง|mã giảm giá|优惠券|cupón|cupom",
}
WILL = re.compile(
    r"\b(?:we|i)(?:'ll|’ll| will| shall| are going to| am going to| promise| commit)\b"
    r"|\bwill (?:be|have|get|receive|refund|send|ship|reply)\b|\b(?:kami|saya) (?:akan|segera|pasti)|akan (?:kami|saya)"
    r"|จะ|sẽ|我们(?:会|将)|我們(?:會|將)|会在|將於|\b(?:le |te )?(?:reembolsaremos|enviaremos|responderemos)"
    r"|\bvamos |\bibabalik|\bmagpapadala",
    re.IGNORECASE,
)
DENIAL = re.compile(
    r"\b(?:cannot|can't|can not|won't|will not|unable|tidak (?:bisa|dapat|akan)|tak (?:boleh|akan)|không thể"
    r"|no podemos|não podemos)\b|ไม่สามารถ|不能|无法",
    re.IGNORECASE,
)
WEEKDAY = r"(?:the end of |next |this )?(?:today|tomorrow|tonight|mon|tues|wednes|thurs|fri|satur|sun)\w*"
SPAN = r"(?:the next )?\d{1,3}\s*(?:-\s*\d{1,3}\s*)?(?:business |working )?(?:minutes?|hours?|days?|weeks?)"
DATE = r"\d{1,2}(?:st|nd|rd|th)?\s+\w{3,9}|\w{3,9}\s+\d{1,2}(?:st|nd|rd|th)?"
WHEN = re.compile(
    rf"\b(?:by|before|within|on|until|in)\s+({WEEKDAY}|{SPAN}|{DATE})"
    r"|\b(today|tomorrow|tonight|hari ini|besok|esok|hoy|mañana|hoje|amanhã)\b"
    r"|(dalam \d+ (?:jam|hari|minggu)|ภายใน ?\d+ ?(?:ชั่วโมง|วัน)|trong (?:vòng )?\d+ (?:giờ|ngày)"
    r"|\d+ ?(?:小时|天|个工作日)内|วันนี้|พรุ่งนี้|hôm nay|ngày mai|今天|明天|en \d+ (?:horas|días)|em \d+ (?:horas|dias))",
    re.IGNORECASE,
)
SENTENCES = re.compile(r"(?<=[.!?。！？\n])\s*")
DEED_PATTERNS = {deed: re.compile(pattern, re.IGNORECASE) for deed, pattern in DEEDS.items()}


@dataclass(frozen=True, slots=True)
class Promise:
    """`deed` is refund, replace, ship, answer or credit; `when` as it was worded, empty where no time was named."""

    deed: str
    when: str
    sentence: str


def promises(text: str) -> tuple[Promise, ...]:
    """One for each sentence that says we will do something, and does not say that we cannot."""
    if not WILL.search(text):
        return ()
    return tuple(promise for sentence in SENTENCES.split(text) if (promise := _promise(sentence)) is not None)


def _promise(sentence: str) -> Promise | None:
    if not WILL.search(sentence) or DENIAL.search(sentence):
        return None
    deed = next((name for name, pattern in DEED_PATTERNS.items() if pattern.search(sentence)), None)
    if deed is None:
        return None
    when = WHEN.search(sentence)
    return Promise(deed, next((group for group in when.groups() if group), "") if when else "", sentence.strip()[:300])
