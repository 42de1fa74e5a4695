"""A labelled set of buyers' messages: what in each is personal, and messages that only look as if something were.

Values are drawn in the formats in use (E.164 and national writing of phones, card schemes with their check digit,
identity papers, street addresses), in sentences of eight languages. Nobody is behind any of them.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

LANGUAGES = ("en", "zh", "id", "ms", "th", "vi", "tl", "es")


@dataclass(frozen=True, slots=True)
class Labelled:
    """`secrets` must not survive the mask, in any part; `kind` is empty where the text must stay as it is."""

    language: str
    kind: str
    text: str
    secrets: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


SENTENCES = {
    "en": ("Please use {} from now on", "hi, it is {}, thanks", "My details: {}. When does it ship?", "{}"),
    "zh": ("请联系{}谢谢", "我的信息：{}，麻烦尽快", "是{}。什么时候发货", "你好 {} 在吗"),
    "id": ("kak tolong kirim ke {} ya", "ini punya saya: {}, makasih", "bisa diganti jadi {}? kapan dikirim", "{}"),
    "ms": ("tolong guna {} ya", "ini maklumat saya: {}, terima kasih", "boleh tukar kepada {}? bila sampai", "{}"),
    "th": ("ติดต่อ {} นะคะ", "ข้อมูลของฉัน {} ขอบคุณค่ะ", "ขอเปลี่ยนเป็น {} ได้ไหม", "{}"),
    "vi": ("shop liên hệ {} giúp mình", "thông tin của mình: {}, cảm ơn", "đổi thành {} được không ạ", "{}"),
    "tl": (
        "paki gamit po ang {}",
        "ito po ang sa akin: {}, salamat",
        "pwede po bang palitan ng {}? kailan darating",
        "{}",
    ),
    "es": ("por favor use {} desde ahora", "mis datos: {}, gracias", "¿pueden cambiarlo a {}? ¿cuándo llega?", "{}"),
}
MATTERS = {
    "en": "order {number}",
    "zh": "订单号：{number}",
    "id": "pesanan {number}",
    "ms": "pesanan {number}",
    "th": "คำสั่งซื้อ {number}",
    "vi": "đơn hàng {number}",
    "tl": "order no. {number}",
    "es": "pedido {number}",
}
BENIGN = {
    "en": (
        "I paid ${price} on {day} for {few} mugs",
        "size 120 x 60 x 45 cm, {few} pieces?",
        "SKU MUG-{few}00-BLUE please",
        "deliver between 9:00 and 18:30, {few} days is fine",
        "is it 100% cotton? 250 ml or 500 ml",
        "the road to good service is long",
    ),
    "zh": (
        "我付了{price}元，{day}下单的",
        "尺寸是120x60厘米吗，要{few}个",
        "{few}天了还没发货",
        "有没有XL码，160/84A的",
        "这个街拍款还有货吗",
    ),
    "id": (
        "saya bayar Rp {dotted} tanggal {day}",
        "ukuran 120 x 60 cm, mau {few} pcs",
        "sudah {few} hari belum sampai",
        "diskon 12.12 masih ada?",
        "jalan terus ya tokonya kak",
    ),
    "ms": (
        "saya bayar RM {price} pada {day}",
        "saiz 120 x 60 cm, nak {few} unit",
        "dah {few} hari tak sampai",
        "ada jualan 11.11 lagi?",
    ),
    "th": ("จ่าย {price} บาท วันที่ {day}", "ขนาด 120 x 60 ซม. {few} ชิ้น", "รอ {few} วันแล้วยังไม่ได้", "มีไซส์ XL ไหมคะ"),
    "vi": (
        "mình trả {dotted}đ ngày {day}",
        "kích thước 120 x 60 cm, {few} cái",
        "{few} ngày rồi chưa nhận được",
        "còn size 38 không shop",
    ),
    "tl": (
        "nagbayad po ako ng ₱{price} noong {day}",
        "sukat 120 x 60 cm, {few} piraso",
        "{few} araw na wala pa rin",
        "may 11.11 sale pa ba?",
    ),
    "es": (
        "pagué {dotted} pesos el {day}",
        "mide 120 x 60 cm, quiero {few}",
        "hace {few} días que espero",
        "la calle está cortada hoy",
    ),
}


def digits(dice: random.Random, count: int, first: str = "0123456789") -> str:
    return dice.choice(first) + "".join(dice.choice("0123456789") for _ in range(count - 1))


def shaped(dice: random.Random, pattern: str) -> str:
    """`#` is any digit, `@` any capital; the rest stands as it is."""
    return "".join(
        digits(dice, 1) if sign == "#" else dice.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") if sign == "@" else sign
        for sign in pattern
    )


PHONES = {
    "en": (
        "+1 (2##) 3##-####",
        "2##-3##-####",
        "+44 7### ######",
        "07### ######",
        "+65 8### ####",
        "9### ####",
        "+61 4## ### ###",
        "02########",
    ),
    "zh": (
        "1380#######",
        "+86 139 #### ####",
        "186-####-####",
        "0912-###-###",
        "+852 9### ####",
        "021-6#######",
        "+886 9## ### ###",
    ),
    "id": ("0812-####-####", "+62 813 #### ####", "0857########", "62878########", "(021) 555-####", "0821 #### ####"),
    "ms": ("012-### ####", "+60 12-### ####", "011-#### ####", "6013#######", "03-#### ####"),
    "th": ("081-###-####", "+66 8# ### ####", "09########", "02-###-####", "+668########"),
    "vi": ("09## ### ###", "+84 9# ### ## ##", "03########", "028 #### ####", "84 98 ### ####", "090.###.####"),
    "tl": ("0917 ### ####", "+63 917 ### ####", "0998#######", "63 905 #######", "(02) 8### ####", "0917-###-####"),
    "es": ("6## ### ###", "+34 6## ## ## ##", "+52 55 #### ####", "55 #### ####", "9## ## ## ##", "+54 9 11 ####-####"),
}
IDENTITIES = {
    "en": ("S#######@", "NRIC G#######@", "SSN 1##-##-####", "passport no. ########", "passport @#######"),
    "zh": (
        "110105199#112####",
        "31011519850101###X",
        "A1########",
        "身份证110105199#112####",
        "护照 E########",
        "K######(#)",
    ),
    "id": (
        "NIK 3273############",
        "KTP: 3174############",
        "3201############",
        "paspor @#######",
        "NPWP 0#.###.###.#-###.###",
    ),
    "ms": ("9#0#1#-14-####", "IC 880101-10-####", "IC: 9#1231######", "pasport A########"),
    "th": ("1-####-#####-##-#", "บัตรประชาชน 3############", "1############", "หนังสือเดินทาง AA#######"),
    "vi": ("CCCD 0###########", "CMND: 2########", "0790########", "hộ chiếu B#######"),
    "tl": ("TIN 1##-###-###-000", "SSS 34-#######-#", "UMID 0111-#######-#", "passport P#######A"),
    "es": ("########Z", "DNI ########R", "X#######L", "DNI: ##.###.###", "GOMC9###01HDFRRL09", "pasaporte AAA######"),
}
GIVEN = (
    "mei.tan",
    "j_smith",
    "ahmad99",
    "nguyen.thi.hoa",
    "siti-aminah",
    "carlos+shop",
    "wang1988",
    "k.o'brien",
    "anong88",
)
HOSTS = (
    "gmail.com",
    "yahoo.co.id",
    "qq.com",
    "mail.example.sg",
    "hotmail.es",
    "outlook.com.vn",
    "163.com",
    "my-shop.co.th",
)
STREETS = {
    "en": (
        ("# ", "## ", "1## ", "#2B "),
        ("Maple", "Old Kent", "Orchard", "Saint Mary's", "Willow Creek", "Upper Thomson", "3rd"),
        ("Street", "St", "Road", "Rd.", "Avenue", "Ave", "Lane", "Drive", "Blvd"),
        ("", ", Apt 4B", " #0#-1#", ", Springfield, IL 6####", ", Singapore 23####", ", London SW1A 2AA"),
    ),
    "es": (
        ("Calle ", "C/ ", "Av. ", "Avenida ", "Plaza ", "Paseo de la "),
        ("Mayor", "Reforma", "San Martín", "del Sol", "Insurgentes Sur", "Gran Vía de Colón", "los Álamos"),
        (" ##", ", #", " nº ##", " 1##", " #11"),
        ("", ", 2º B", ", 28### Madrid", ", 0#### Ciudad de México", ", piso 3"),
    ),
    "id": (
        ("Jl. ", "Jalan ", "jln ", "Gg. ", "Perumahan "),
        ("Sudirman", "Merdeka Barat", "Kebon Jeruk Raya", "Ahmad Yani", "melati indah", "Gatot Subroto"),
        (" No. ##", " no.#", " ##", " Blok C#", " No 1#A"),
        ("", " RT 0#/RW 0#", ", Kel. Menteng", ", Jakarta 10###", ", Bandung 40###"),
    ),
    "ms": (
        ("No. ##, Jalan ", "##, Jalan ", "#A, Lorong ", "Lot ##, Jalan ", "No #, Persiaran "),
        ("Ampang", "Tun Razak", "Bukit Bintang", "Dato Onn", "Cempaka", "Seri Wangsa"),
        ("", " #", " #/##", " 3"),
        ("", ", 47### Petaling Jaya", ", 50### Kuala Lumpur", ", Taman Melawati", ", 80### Johor Bahru"),
    ),
    "tl": (
        ("## ", "1## ", "Blk # Lot ## ", "#-A ", "Unit 1## "),
        ("Rizal", "Mabini", "Bonifacio", "General Luna", "Del Pilar", "Aguinaldo"),
        (" St.", " Street", " Ave.", " Road"),
        ("", ", Brgy. San Antonio", ", Brgy. 1##, Manila", ", Quezon City 11##", ", Barangay Poblacion, Makati 12##"),
    ),
    "vi": (
        ("số ## đường ", "## đường ", "##/# ", "1## ", "số nhà # phố ", "12/# hẻm 4# "),
        (
            "Nguyễn Trãi",
            "Lê Lợi",
            "Trần Hưng Đạo",
            "Hai Bà Trưng",
            "Cách Mạng Tháng Tám",
            "Võ Văn Tần",
            "Điện Biên Phủ",
        ),
        ("",),
        ("", ", phường #, quận 5", ", Q.1, TP.HCM", ", phường Bến Nghé", ", quận Ba Đình, Hà Nội"),
    ),
    "th": (
        ("##/# ", "1## ", "บ้านเลขที่ ## ", "9#/1# หมู่ 5 "),
        ("ซอยสุขุมวิท 2#", "ถนนพระราม 9", "ถ.เพชรเกษม", "ซ.ลาดพร้าว 7#", "หมู่บ้านสวนหลวง", "ถนนสีลม"),
        ("", " แขวงคลองเตย", " ต.บางพูด", " ตำบลสุเทพ"),
        ("", " กรุงเทพฯ 10###", " เขตวัฒนา กรุงเทพมหานคร 10###", " อ.เมือง จ.เชียงใหม่ 50###"),
    ),
    "zh": (
        ("上海市", "北京市朝阳区", "广东省深圳市南山区", "", "台北市大安區", "浙江省杭州市西湖区"),
        ("南京东", "建国", "科技园", "忠孝東", "人民", "文三"),
        ("路##号", "街1##號", "路四段##號", "大道##号", "路#弄##号"),
        ("", "3栋2单元50#室", "1#楼", "阳光花园8号楼12##室", "，邮编2000##"),
    ),
}


# Names that no pattern was written against: the measure is of the patterns, not of what their author had in mind.
UNSEEN = {
    "en": ("Birchwood", "Tampines", "King George's", "Lower Mill", "Washington", "Marine Parade", "42nd"),
    "es": ("Alcalá", "Juárez", "Santa Fe", "de Atocha", "Benito Pérez Galdós", "la Constitución", "los Olivos"),
    "id": ("Diponegoro", "Cikini Raya", "Pahlawan", "Teuku Umar", "anggrek timur", "Raden Saleh"),
    "ms": ("Raja Chulan", "Imbi", "Sultan Ismail", "Hang Tuah", "Kenanga", "Universiti"),
    "tl": ("Quirino", "Roxas", "Magsaysay", "Katipunan", "P. Burgos", "Taft"),
    "vi": (
        "Lý Thường Kiệt",
        "Phan Xích Long",
        "Bà Triệu",
        "Phạm Ngũ Lão",
        "Xô Viết Nghệ Tĩnh",
        "Hoàng Diệu",
        "Nguyễn Văn Cừ",
    ),
    "th": ("ซอยอารีย์ 2#", "ถนนรัชดาภิเษก 9", "ถ.พหลโยธิน", "ซ.อ่อนนุช 7#", "หมู่บ้านร่มรื่น", "ถนนนิมมานเหมินท์"),
    "zh": ("淮海中", "解放", "中山北", "和平西", "长江", "体育东"),
}


def card(dice: random.Random) -> str:
    """A number of a card scheme with its check digit, written as people write it."""
    prefix, length = dice.choice(
        (
            ("4", 16),
            ("51", 16),
            ("55", 16),
            ("2223", 16),
            ("34", 15),
            ("37", 15),
            ("6011", 16),
            ("3530", 16),
            ("62", 16),
            ("62", 19),
            ("4", 13),
            ("36", 14),
        )
    )
    body = prefix + "".join(digits(dice, 1) for _ in range(length - len(prefix) - 1))
    number = next(body + check for check in "0123456789" if luhn(body + check) == 0)
    groups = dice.choice(("", " ", "-", ".", "\u00a0"))
    return groups.join(number[place : place + 4] for place in range(0, length, 4))


def luhn(number: str) -> int:
    doubled = (int(digit) * 2 for digit in number[-2::-2])
    return (sum(map(int, number[::-2])) + sum(value - 9 if value > 9 else value for value in doubled)) % 10


def mail(dice: random.Random) -> str:
    name, host = dice.choice(GIVEN) + digits(dice, 2), dice.choice(HOSTS)
    return dice.choice((f"{name}@{host}",) * 8 + (f"{name} @{host}", f"{name} [at] {host}", f"{name.upper()}@{host}"))


def address(dice: random.Random, language: str) -> str:
    return shaped(dice, "".join(dice.choice(part) for part in _parts(language, dice.choice((False, True)))))


def _parts(language: str, is_unseen: bool) -> Iterator[tuple[str, ...]]:
    first, names, *rest = STREETS[language]
    yield first
    yield UNSEEN[language] if is_unseen else names
    for place, part in enumerate(rest):
        yield tuple(f" {one}" if language == "en" and place == 0 else one for one in part)


MAKERS: dict[str, Callable[[random.Random, str], str]] = {
    "phone": lambda dice, language: shaped(dice, dice.choice(PHONES[language])),
    "mail": lambda dice, _: mail(dice),
    "address": address,
    "id": lambda dice, language: shaped(dice, dice.choice(IDENTITIES[language])),
    "card": lambda dice, _: card(dice),
}


def personal(seed: int, each: int) -> Iterator[Labelled]:
    """`each` messages of every kind in every language."""
    dice = random.Random(seed)
    for language in LANGUAGES:
        for kind, make in MAKERS.items():
            for _ in range(each):
                value = make(dice, language)
                yield Labelled(language, kind, dice.choice(SENTENCES[language]).format(value), secrets_of(kind, value))


def secrets_of(kind: str, value: str) -> tuple[str, ...]:
    """The parts that identify: of an address every number, of the rest what holds digits or the mailbox's name."""
    if kind == "mail":
        return (value.split("@")[0].split("[")[0].strip(),)
    parts = "".join(sign if sign.isalnum() else " " for sign in value).split()
    numbers = tuple(part for part in parts if any(sign.isdigit() for sign in part))
    return numbers if kind == "address" else tuple(part for part in numbers if len(part) > 1)


def benign(seed: int, each: int) -> Iterator[Labelled]:
    """Prices, days, sizes, counts, and numbers of orders and parcels, some of which the caller knows."""
    dice = random.Random(seed)
    for language in LANGUAGES:
        for place in range(each):
            number = digits(dice, dice.choice((10, 12, 14, 18)), "123456789")
            filled = {
                "price": f"{dice.randint(1, 999)},{dice.randint(0, 999):03}.{dice.randint(0, 99):02}",
                "dotted": f"{dice.randint(1, 99)}.{dice.randint(0, 999):03}.000",
                "few": str(dice.randint(2, 9)),
                "day": dice.choice(("2026-11-21", "21/11/2026", "21.11.2026", "2026/11/21")),
            }
            if place % 4:
                yield Labelled(language, "", dice.choice(BENIGN[language]).format(**filled))
            else:
                said = MATTERS[language].format(number=number)
                text, known = (said, ()) if place % 8 else (dice.choice(SENTENCES[language]).format(number), (number,))
                yield Labelled(language, "", text, keep=known)
