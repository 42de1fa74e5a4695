"""What buyers write, by cause and language. `{number}` is the order, `{title}` the goods, `{name}` the buyer."""

import random

Letter = tuple[str, str]  # subject, text

# Each wave has one cause and many voices.
WAVES: dict[str, tuple[Letter, ...]] = {
    "bad_batch": (
        ("Broken {title} - order {number}",
        "Hi, my {title} (order {number}) came with a crack along the side. What now?\n{name}"),
        ("cracked on arrival", "Order {number}: the {title} is cracked. I want a replacement please. {name}"),
        ("Problem with {number}",
        "Just opened the parcel, the {title} has a split in the plastic. Anyone else had this? - {name}"),
        ("Damaged item",
        "Hello team,\nthe {title} from {number} arrived with a crack. Packaging was fine so it must be the "
        "product.\n{name}"),
        ("Barang retak {number}", "Halo, {title} pesanan {number} retak di samping. Mohon diganti. {name}"),
        ("{title} retak", "Hai, saya terima {title} retak (pesanan {number}). Macam mana nak tukar? {name}"),
        ("商品破裂 {number}", "你好，订单 {number} 的 {title} 收到时外壳裂开了，请帮我换一个。{name}"),
        ("sản phẩm bị nứt {number}", "Chào shop, {title} đơn {number} bị nứt một bên. Shop đổi giúp mình. {name}"),
    ),
    "courier_hub": (
        ("Where is {number}?",
        "Tracking for {number} has said 'arrived at sorting hub' for days with {courier}. Please check. {name}"),
        ("parcel not moving", "My order {number} ({title}) is stuck at the {courier} hub. Can you chase them? {name}"),
        ("Still waiting - {number}", "Hi, {courier} shows no movement for order {number}. When will it come? {name}"),
        ("Paket belum sampai {number}", "Paket {number} berhenti di gudang {courier}. Tolong dicek. {name}"),
        ("包裹不动了", "订单 {number} 的包裹停在 {courier} 分拣中心，请帮忙催一下。{name}"),
        ("any update?", "{number} has not moved since it reached {courier}. I need the {title} this week. {name}"),
    ),
    "wrong_variant": (
        ("Wrong colour in my confirmation {number}",
        "I ordered the {title} but the confirmation of {number} shows another colour. Please fix. {name}"),
        ("{number} variant mix-up",
        "Hi, order {number} lists a different finish than the {title} I picked. Can you change it? {name}"),
        ("please check my order",
        "The mail for {number} says the wrong colour for {title}. I don't want to return it later. {name}"),
        ("Salah warna {number}", "Pesanan {number}: {title} yang tertulis warnanya salah. Mohon dikoreksi. {name}"),
        ("颜色不对 {number}", "订单 {number} 确认信里 {title} 的颜色和我选的不一样，请更正。{name}"),
        ("sai màu {number}", "Đơn {number} ghi sai màu của {title}. Shop sửa giúp mình nhé. {name}"),
    ),
}  # fmt: skip

# kind -> voices. `legal` and `safety` are angry whoever writes; `vip` is angry and worth much; `rage` is loud.
ANGRY: dict[str, tuple[Letter, ...]] = {
    "legal": (
        ("Final notice before I file with CASE - {number}",
        "I have asked three times about order {number}. If I am not refunded by tomorrow my lawyer files a "
        "claim with the small claims tribunal and CASE. {name}"),
        ("Consumer protection complaint {number}",
        "This is my last mail on {number}. I am reporting you to the consumer protection agency and disputing "
        "the payment with my bank. {name}"),
        ("Somasi pesanan {number}",
        "Jika uang pesanan {number} tidak dikembalikan besok, saya lapor ke BPKN dan pengacara saya akan "
        "menghubungi Anda. {name}"),
    ),
    "safety": (
        ("{title} caught fire",
        "Order {number}: the {title} started to smoke and burned my daughter's hand. This is dangerous. Stop "
        "selling it. {name}"),
        ("allergic reaction, had to see a doctor",
        "After using the {title} from {number} I had to go to hospital with a rash on my face. What is in it?! {name}"),
    ),
    "vip": (
        ("Very disappointed after all these years - {number}",
        "I have bought from you for years and order {number} is the worst service I ever had. If nobody calls "
        "me today I am done with your shop. {name}"),
        ("Losing a loyal customer",
        "{number} is the second mistake this month. I spend thousands here and get silence. This is "
        "unacceptable. {name}"),
    ),
    "rage": (
        ("ABSOLUTELY UNACCEPTABLE {number}",
        "THIS IS A JOKE!!! Order {number} is a SCAM. You are thieves. I want my money back NOW and I will post "
        "this everywhere!!! {name}"),
        ("PENIPU!!! {number}",
        "Kalian PENIPU! Pesanan {number} sampah, uang saya kembalikan SEKARANG atau saya viralkan!!! {name}"),
        ("太过分了！！！{number}", "订单 {number} 简直是骗人！客服没人理，马上退款，不然我去投诉曝光你们！！！{name}"),
    ),
}  # fmt: skip

# Ordinary questions: these wait for a first answer.
ORDINARY: tuple[Letter, ...] = (
    ("Question about {number}", "Hi, can I still change the delivery address of {number}? Thanks, {name}"),
    ("Invoice for {number}", "Hello, could you send me a tax invoice for order {number}? Regards, {name}"),
    ("How do I clean the {title}?", "Hi! I love the {title}. Can it go into the dishwasher? {name}"),
    ("Delivery date", "When will order {number} arrive? No hurry, just planning. {name}"),
    ("exchange", "Is it possible to exchange the {title} from {number} for another colour? {name}"),
    ("Pertanyaan {number}", "Halo, apakah pesanan {number} bisa dikirim hari Sabtu? Terima kasih, {name}"),
    ("question garantie", "Bonjour, quelle est la garantie du {title} ? Merci, {name}"),
    ("สอบถามคำสั่งซื้อ {number}", "สวัสดีค่ะ คำสั่งซื้อ {number} จะจัดส่งวันไหนคะ ขอบคุณค่ะ {name}"),
)  # fmt: skip
# Near misses: strong words that are no exception.
CALM: tuple[Letter, ...] = (
    ("Thank you!", "The {title} is insanely good, my sister will kill me if I don't get her one too :) {name}"),
    (
        "slightly annoyed, but fine",
        "The box of {number} was dented but the {title} is OK, no need to do anything. {name}",
    ),
    ("I am a lawyer and I love it", "Bought the {title} for my law office. Works great, order {number}. {name}"),
    ("Re: solved", "All good now with {number}, thanks for the quick help! {name}"),
)
AUTOMATIC: tuple[Letter, ...] = (
    ("Out of office: Re: your order", "I am away until Monday and will answer then."),
    ("Your weekly marketplace newsletter", "Ten tips to sell more this season. Unsubscribe below."),
)
REPLY = "Hi {name},\n\nthank you for your message. We have looked into it and taken care of it.\n\nBest "
"regards,\nLumen & Loft"
RETURN_REASONS = (  # Shopee's reason, the buyer's words, the shop's odds when it contests, photos
    ("NOT_RECEIPT", "I never received this parcel", 0.72, 0),
    ("ITEM_DAMAGED", "Arrived damaged, see photos", 0.12, 3),
    ("CHANGE_MIND", "Do not need it any more", 0.66, 0),
    ("WRONG_ITEM", "This is not what I ordered", 0.22, 2),
    ("FUNCTIONAL_DMG", "Does not switch on", 0.28, 1),
    ("DIFFERENT_DESCRIPTION", "Looks nothing like the picture", 0.45, 1),
)


def fill(letter: Letter, **words: str) -> Letter:
    """The letter with its words put in."""
    return letter[0].format(**words), letter[1].format(**words)


def pick(rng: random.Random, letters: tuple[Letter, ...]) -> Letter:
    return letters[rng.randrange(len(letters))]
