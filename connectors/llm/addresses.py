"""Postal addresses as buyers write them in English, Chinese, Indonesian, Malay, Thai, Vietnamese, Filipino, Spanish
and Portuguese. Pure.

An address has no check digit, so each pattern asks for a word of place ("street", 路, ถนน) beside a number. Names of
places reach no further than capitals do, or than the next blank where a script has none, so that the rest of the
sentence stays readable.
"""

import re

# Capitals of Latin script, with those of Vietnamese, Spanish and Portuguese.
UPPER = "A-ZÀ-ÖØ-ÞĐĂƠƯẠ-Ỹ"
NAME = rf"[{UPPER}][\w.'’-]*"
NAMES = rf"{NAME}(?:\s(?:(?:de|del|la|las|los|da|do|dos|das)\s){{0,2}}(?:{NAME}|\d{{1,3}}(?!\d))){{0,4}}"
# What follows a street up to its postal code: parts in capitals between commas.
REST = rf"(?:(?:,?\s(?:{NAMES})){{0,5}}?,?\s(?:[A-Z]{{2}}\s)?\d{{4,6}}(?:-\d{{3,4}})?(?!\d))?"
HOUSE = r"\d{1,5}(?:-?[A-Za-z]\b|[A-Za-z])?(?:[-/]\d{1,4}[A-Za-z]?){0,2}"
STREET = (
    r"(?i:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|way|close|court|ct|crescent|cres|place|pl|square"
    r"|terrace|parkway|pkwy|highway|hwy|quay|grove|link|extension|subdivision|village)\b\.?"
)

BLOCKS = (
    r"(?i:\b(?:blk|block)\.?\s*\d+\w*(?:[^\n,;]{0,40}?#\d{1,3}-\d{1,4}|,?\s+lot\s*\d+\w*(?:,?\s+(?:phase|ph)\s*\d+)?)?)"
    rf"(?:,?\s(?:[\w'.’-]+\s){{1,3}}?{STREET})?{REST}",
)
ENGLISH = (
    rf"\b{HOUSE},?\s+(?:[\w'.’-]+\s){{0,3}}?{STREET}(?:\s(?:{HOUSE}|[NSEW]{{1,2}})\b)?{REST}",
    r"(?i:\b(?:apt|apartment|suite|unit|flat)\.?\s*#?\d{1,4}-?[a-z0-9]{0,4}\b)",
    r"(?i:\bp\.?\s?o\.?\s?box\s+\d+)",
    r"#\d{1,3}-\d{1,4}\b",
    r"(?i:\b(?:singapore|s)\s?\(?\d{6}\)?(?!\d))",
    # Town, state and ZIP code; a postcode of the United Kingdom.
    r"\b[A-Z][a-z]+(?:\s[A-Z][a-z]+)*,\s[A-Z]{2}\s\d{5}(?:-\d{4})?\b",
    r"\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b",
)
MALAY = (
    rf"(?:\b(?i:no\.?|lot|unit)\s*)?\b{HOUSE},?\s+(?i:jalan|jln|jl|lorong|lrg|persiaran|lebuh(?:raya)?|taman|kampung|kg)\b\.?"
    rf"\s+(?:{NAMES}|[\w'-]+)(?:\s\d{{1,3}})?(?:/\d{{1,3}}\w?)?{REST}",
    rf"(?i:\b(?:jl|jln|jalan|lorong|soi|kalye|gg|gang|perum(?:ahan)?|komp(?:leks|lek)?|kp|kampung|dusun|desa)\b\.?\s+)"
    rf"[\w .'’-]{{2,40}}?,?\s*(?i:no\.?|nomor|blok|block)?\s*[A-Za-z]?\d{{1,5}}(?:[/-]\d{{1,4}})*[A-Za-z]?\b"
    rf"(?i:,?\s*rt\.?\s*\d+\s*/?\s*rw\.?\s*\d+)?{REST}",
    r"(?i:\brt\.?\s*\d{1,3}\s*/?\s*rw\.?\s*\d{1,3}\b)",
    rf"(?i:\b(?:kel|kelurahan|kec|kecamatan|kab|kabupaten)\b\.?\s+){NAMES}{REST}",
    r"\b(?i:kode\s?pos|poskod|postcode|zip(?:\s?code)?|postal(?:\s?code)?)\s*:?\s*\d{4,6}(?!\d)",
    r"(?<![\d.,-])\d{5}\s(?:Kuala Lumpur|Petaling Jaya|Shah Alam|Johor Bahru|George Town|Ipoh|Subang Jaya|Klang)\b",
)
FILIPINO = (
    rf"(?i:\b(?:purok|sitio|brgy|barangay|bgy)\b\.?\s+)(?:\d{{1,4}}\b|{NAMES}|[\w-]+){REST}",
    r"(?i:\b(?:lot)\s+\d+\w?,?\s+(?:blk|block)\.?\s*\d+\w?(?:,?\s+(?:phase|ph)\s*\d+)?)",
)
VIETNAMESE = (
    rf"(?i:\b(?:số|so)\s+(?:nhà\s+|nha\s+)?){HOUSE},?\s+(?i:đường\s|duong\s|phố\s|pho\s|ngõ\s|hẻm\s)?(?:{NAMES}|[\w]+(?:\s\w+)?)",
    rf"\b{HOUSE},?\s+(?i:đường|duong|phố|ngõ|hẻm|ngách|đ\.|kiệt)\s*(?:\d{{1,4}}(?:/\d{{1,4}})*,?\s?)?(?i:đường\s|phố\s)?(?:{NAMES}|[\w]+(?:\s\w+)?)?",
    rf"\b\d{{1,4}}[A-Za-z]?(?:/\d{{1,4}}[A-Za-z]?)*\s(?=[{UPPER}]\w+\s[{UPPER}])(?=[^,.\n]{{0,30}}[àáâèéêìíòóôùúýăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹãõĩũ]){NAMES}",
    rf"(?i:\b(?:đường|phố|thôn|ấp|phường|quận|huyện|xã|thị trấn|tổ|khu phố)\s+)(?:\d{{1,3}}\b|{NAMES})",
    r"\b(?:Q|P|F)\.\s?\d{1,2}\b(?:,?\s(?:TP\.?\s?)?(?:HCM|Hồ Chí Minh|Hà Nội))?",
)
SPANISH = (
    rf"(?i:\b(?:calle|c/|c\.|avenida|avda?|av|plaza|paseo|p\.º|carrera|cra|calzada|camino|ronda|rua|r\.|travessa|alameda"
    rf"|praça|estrada|rodovia)(?:\.|\b|(?<=/))\s*)[^\n,;:!?]{{2,45}}?,?\s*(?i:n[.ºo°]{{0,2}}|núm\.?|nº|#)?\s*\d{{1,5}}\b[A-Za-z]?"
    rf"(?:\s?-\s?\d{{1,3}})?(?:,?\s\d{{1,2}}\s?[º°ª](?:\s?[A-Za-z]\b)?|,?\s(?i:piso|dpto\.?|depto\.?|apto?\.?|int\.?|bloque)\s?\d{{1,4}}\w?){{0,2}}{REST}",
    r"(?i:\b(?:cp|c\.p\.|cep|código postal)\s*:?\s*\d{4,5}(?:-\d{3})?(?!\d))",
    r"\b\d{5}-\d{3}\b",
)
THAI_PLACE = r"(?:หมู่บ้าน|หมู่ที่|หมู่|ม\.|ซอย|ซ\.|ถนน|ถ\.|แขวง|เขต|ตำบล|ต\.|อำเภอ|อ\.|จังหวัด|จ\.|คอนโด|อาคาร|ตึก)"
THAI = (
    rf"(?:(?:บ้านเลขที่|เลขที่)\s?)?\d{{1,5}}(?:/\d{{1,4}})?\s*(?:{THAI_PLACE}\s?[^\s,]{{1,30}}(?:\s\d{{1,3}}(?!\d))?[\s,]*)+"
    r"(?:กรุงเทพ\S*[\s,]*|กทม\.?[\s,]*)?(?:\d{5}(?!\d))?",
    r"(?:บ้านเลขที่|เลขที่)\s?\d{1,5}(?:/\d{1,4})?",
    rf"(?:{THAI_PLACE}\s?[ก-๛]{{2,30}}[\s,]*){{2,}}(?:กรุงเทพ\S*[\s,]*|กทม\.?[\s,]*)?(?:\d{{5}}(?!\d))?",
    r"(?:กรุงเทพ[ก-๛ฯ]*|กทม\.?|รหัสไปรษณีย์)\s?\d{5}(?!\d)",
)
HAN = "一-鿿"
ROOM = (
    r"(?:\s?(?:[A-Za-z]?\d{1,4}|[一二三四五六七八九十]{1,3})\s?(?:号楼|號樓|号|號|弄|栋|棟|幢|座|单元|單元|室|楼|樓|层|層"
    r"|[Ff]))"
)
REGION = rf"(?:[{HAN}]{{2,8}}?(?:省|市|区|區|县|縣|镇|鎮|乡|鄉))*"
CHINESE = (
    rf"{REGION}[{HAN}]{{1,12}}?(?:大道|路|街|巷|道|弄|胡同|村)(?:[一二三四五六七八九十]段)?\s?\d{{1,5}}(?:[-之]\d{{1,3}})?(?:号|號|弄|巷)?"
    rf"(?:[{HAN}]{{0,8}}?{ROOM})*(?:之\d{{1,2}})?",
    rf"{REGION}[{HAN}]{{2,12}}?(?:小区|小區|社区|社區|花园|花園|公寓|苑|城|广场|廣場|大厦|大廈|新村|校区){ROOM}+(?:\s?\d{{3,4}})?",
    r"(?:邮编|郵編|郵遞區號|邮政编码)\s*[:：]?\s*\d{3,6}(?!\d)",
)
ADDRESS = tuple(
    re.compile(pattern)
    for family in (BLOCKS, SPANISH, VIETNAMESE, MALAY, FILIPINO, ENGLISH, THAI, CHINESE)
    for pattern in family
)


def mask_addresses(text: str) -> str:
    """The text with `[address]` for each address, or for each part of one that stands alone."""
    for pattern in ADDRESS:
        text = pattern.sub(_placeholder, text)
    return text


def _placeholder(found: re.Match[str]) -> str:
    """What a pattern took of the blank before the next word is given back."""
    taken = found.group()
    return "[address]" + taken[len(taken.rstrip(" ,\t\n")) :]
