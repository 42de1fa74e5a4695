"""What shops' rules and buyers' questions are about, in the words of seven languages: a bridge between them. Pure."""

import re

# One matter a line. Word beginnings; Thai and Chinese have no spaces, so theirs may stand anywhere.
CONCEPTS = {
    "sending": r"\b(?:ship|dispatch|deliver|send(?:ing)?\b(?! (?:it )?back)|parcels? leave"
    r"|leaves? our|courier|kirim|pengiriman|hantar|giao|vận chuyển|gửi|ipadala|padala)"
    r"|จัดส่ง|ส่งของ|发货|寄出|配送|運送",
    "waiting": r"\b(?:late|delay|when|how long|working days?|where is|kapan|bila|lama|terlambat"
    r"|lewat|bao giờ|khi nào|kailan)|เมื่อไหร่|ล่าช้า|什么时候|多久|工作日",
    "return": r"\b(?:return|send (?:it |them )?back|come back|take back|retur|kembali|pulang"
    r"|trả (?:lại|hàng)|isauli|ibalik)|คืนสินค้า|ส่งคืน|退货|退回",
    "money back": r"\b(?:refund|money (?:back)?|reimburs|store credit|dana|duit|uang|hoàn tiền|pera"
    r"|reembols)|คืนเงิน|退款|退钱",
    "broken": r"\b(?:broke|damag|crack|defect|faulty|smash|rusak|pecah|retak|rosak|hỏng|vỡ|nứt|sira|basag)"
    r"|เสียหาย|แตก|破损|裂|坏|碎",
    "wrong goods": r"\b(?:wrong|missing|incomplete|not as described|salah|kurang|sai|thiếu|mali"
    r"|kulang)|ผิด|ไม่ครบ|发错|少发|漏发",
    "exchange": r"\b(?:exchang|replace|swap|tukar|ganti|đổi|palit)|เปลี่ยน|更换|换",
    "cancel": r"\b(?:cancel|batal|hủy|kansel)|ยกเลิก|取消",
    "warranty": r"\b(?:warrant|guarantee|garansi|jaminan|waranti|bảo hành|garantiya)|รับประกัน|保修"
    r"|质保",
    "price": r"\b(?:pric|discount|voucher|coupon|harga|diskaun|diskon|giảm giá|giá|presyo)|ราคา"
    r"|ส่วนลด|价格|优惠",
    "payment": r"\b(?:pay|paid|charge|card|bayar|thanh toán|singil)|ชำระ|จ่าย|付款|支付|扣款",
    "stock": r"\b(?:stock|available|restock|sold out|stok|còn hàng|hết hàng)|มีของ|หมด|库存|有货|缺货",
    "address": r"\b(?:address|alamat|địa chỉ|tirahan)|ที่อยู่|地址",
    "customs": r"\b(?:customs|duty|duties|import tax|bea cukai|kastam|hải quan)|ศุลกากร|关税|海关",
}
_PATTERNS = [re.compile(f"(?i){pattern}") for pattern in CONCEPTS.values()]


def shared_matters(one: str, other: str) -> int:
    """How many matters two texts have in common."""
    return sum(left and right for left, right in zip(concepts_of(one), concepts_of(other), strict=True))


def concepts_of(text: str) -> tuple[bool, ...]:
    """Which of the matters a text touches, in the order of the table."""
    return tuple(bool(pattern.search(text)) for pattern in _PATTERNS)
