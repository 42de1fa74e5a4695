"""Mails: waves with one cause, angry ones, ones that wait too long, and everything ordinary around them."""

from connectors.twin.planting import letters
from connectors.twin.planting.letters import Letter, fill, pick
from connectors.twin.planting.pool import Pool
from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.post import ADDRESS, NAME
from connectors.twin.world.trade import Mail, Order, Step
from connectors.twin.world.truth import Planted

HANDLING = 4.2
FIRST_ANSWER_HOURS = 24


def write(pool: Pool, order: Order, letter: Letter, date: int, cause: str = "") -> Mail:
    """The order's buyer writes. The mail is put aside until all are sorted by time (`deliver`)."""
    buyer = pool.market.buyer(order)
    words = {"number": order.number, "title": pool.title(order), "name": buyer.first, "courier": order.courier}
    subject, text = fill(letter, **words)
    number = len(pool.market.post.by_id) + 1
    mail = Mail(0, f"<m{number}.{date}@buyers.example>", buyer.email, buyer.name, ADDRESS, subject, text, date)
    mail.order, mail.cause = (order.channel, order.index), cause
    pool.market.post.by_id[mail.message_id] = mail
    return mail


def deliver(pool: Pool) -> None:
    """Put every mail that was written into the folders, oldest first."""
    post = pool.market.post
    for mail in sorted(post.by_id.values(), key=lambda mail: (mail.date, mail.message_id)):
        (post.sent if mail.sender == ADDRESS else post.inbox).add(mail)


def plant_waves(pool: Pool) -> None:
    """Two in a week; on a peak day one of hundreds and several of dozens."""
    big = round(48 * pool.scale) if pool.scale > 1 else 14
    delivered = pool.aged("shopee", 16 * 24, 4 * 24, lambda order: order.step in (Step.DELIVERED, Step.COMPLETED))
    delivered += pool.aged("shopify", 16 * 24, 4 * 24, lambda order: order.step in (Step.DELIVERED, Step.COMPLETED))
    _wave_of_sku(pool, "bad_batch", delivered, 14, 0)
    in_transit = pool.aged("shopee", 96, 20, lambda order: order.step == Step.SHIPPED)
    couriers = {order.courier for order in in_transit}
    for courier in sorted(couriers)[: 1 if pool.scale <= 1 else 2]:
        _wave(pool, "courier_hub", courier, [order for order in in_transit if order.courier == courier], 9)
    if pool.scale > 1:
        fresh = pool.aged("shopee", 14, 1, lambda order: order.is_open) + pool.aged(
            "shopify", 14, 1, lambda order: order.is_open
        )
        _wave_of_sku(pool, "wrong_variant", fresh, big, 1)
        _wave_of_sku(pool, "wrong_variant", fresh, 24, 6)


def _wave_of_sku(pool: Pool, cause: str, orders: list[Order], count: int, rank: int) -> None:
    """The SKU with the most such orders, or the one `rank` places after it."""
    by_good: dict[int, list[Order]] = {}
    for order in orders:
        if pool.is_free(order):
            by_good.setdefault(order.lines[0][0], []).append(order)
    ranked = sorted(by_good.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    good, found = ranked[min(rank, len(ranked) - 1)]
    _wave(pool, cause, pool.market.goods[good].sku, found, count)


def _wave(pool: Pool, cause: str, about: str, orders: list[Order], count: int) -> None:
    now, rng = pool.market.now, pool.rng
    chosen = pool.choose(orders, count)
    mails = [
        write(pool, order, pick(rng, letters.WAVES[cause]), now - rng.randint(600, 5 * HOUR), cause) for order in chosen
    ]
    value = sum(pool.usd(order) for order in chosen)
    refunds = {"bad_batch": 0.42, "courier_hub": 0.12, "wrong_variant": 0.10}[cause]
    ignored = len(chosen) * (HANDLING + 0.12 * 9) + value * refunds
    pool.market.truth.plant(
        Planted("ticket_wave", "mailbox", "wave", f"{cause}:{about}", min(mail.date for mail in mails),
                max(mail.date for mail in mails) + FIRST_ANSWER_HOURS * HOUR, ignored, HANDLING * 2 + ignored * 0.4,
                f"{len(mails)} buyers, one cause: {cause} of {about}",
                [mail.message_id for mail in mails] + [order.number for order in chosen]),
    )  # fmt: skip


def plant_angry(pool: Pool) -> None:
    """Legal threats, safety, VIPs and rage, all of the last hours."""
    kinds = ["legal", "safety", "vip", "rage", "legal", "rage"]
    orders = pool.aged("shopify", 24 * 24, 30, lambda order: True) + pool.aged(
        "shopee", 24 * 24, 30, lambda order: True
    )
    vips = [order for order in orders if order.channel == "shopify" and pool.market.buyer(order).is_vip]
    for number in range(pool.many(6)):
        kind = kinds[number % len(kinds)]
        for order in pool.choose(
            [order for order in (vips if kind == "vip" else orders) if pool.is_free(order)][:4_000], 1
        ):
            angry(pool, order, kind, pool.market.now - pool.rng.randint(300, 3 * HOUR))


def angry(pool: Pool, order: Order, kind: str, date: int) -> Mail:
    """One mail in anger, planted with what silence would cost."""
    mail = write(pool, order, pick(pool.rng, letters.ANGRY[kind]), date, f"angry:{kind}")
    buyer, value = pool.market.buyer(order), pool.usd(order)
    worth = min(4_000.0, buyer.spent_minor / 100 * 0.5) if buyer.is_vip else 35.0
    dispute = {"legal": 0.55, "safety": 0.35, "vip": 0.10, "rage": 0.40}[kind]
    ignored = 0.4 * worth + dispute * (value + 15) + (60 if kind == "safety" else 0)
    pool.market.truth.plant(
        Planted("angry_message", "mailbox", "message", mail.message_id, date, date + HOUR, ignored,
        HANDLING + 0.35 * ignored,
                f"{kind}; buyer worth ${worth:.0f}", [order.number, mail.sender]),
        0.6,
    )  # fmt: skip
    return mail


def plant_waiting(pool: Pool) -> None:
    """Ordinary questions that nobody has answered for more than a day."""
    orders = pool.aged("shopify", 30 * 24, 48, lambda order: True) + pool.aged(
        "shopee", 30 * 24, 48, lambda order: True
    )
    for order in pool.choose(orders, pool.many(6)):
        mail = write(
            pool, order, pick(pool.rng, letters.ORDINARY), pool.market.now - pool.rng.randint(26, 60) * HOUR, "question"
        )
        plant_unanswered(pool, mail, order)


def plant_unanswered(pool: Pool, mail: Mail, order: Order) -> None:
    buyer = pool.market.buyer(order)
    worth = min(4_000.0, buyer.spent_minor / 100 * 0.5) if buyer.is_vip else 35.0
    ignored = 0.06 * worth + 0.05 * (pool.usd(order) + 15)
    due = mail.date + FIRST_ANSWER_HOURS * HOUR
    pool.market.truth.plant(
        Planted("first_answer", "mailbox", "message", mail.message_id, due, due, ignored + HANDLING,
        HANDLING + 0.3 * ignored,
                "no answer within a day", [order.number, mail.sender]),
        0.3,
    )  # fmt: skip


def write_noise(pool: Pool) -> None:
    """A week of ordinary mail: answered, calm in strong words, automatic, and some too fresh to be late."""
    market, rng = pool.market, pool.rng
    orders = pool.aged("shopify", 30 * 24, 48, lambda order: True) + pool.aged(
        "shopee", 30 * 24, 48, lambda order: True
    )
    for number, order in enumerate(pool.choose(orders, pool.many(44))):
        is_fresh = number % 6 == 0
        choices = letters.CALM if number % 5 == 1 else letters.ORDINARY
        date = market.now - (rng.randint(600, 4 * HOUR) if is_fresh else rng.randint(5 * HOUR, 7 * DAY))
        mail = write(pool, order, pick(rng, choices), date, "question")
        if not is_fresh:
            answer(pool, mail, min(market.now - 300, date + rng.randint(HOUR, 9 * HOUR)))
    for number in range(pool.many(4)):
        subject, text = letters.AUTOMATIC[number % 2]
        mail = Mail(0, f"<auto{number}@news.example>", "no-reply@news.example", "Notices", ADDRESS, subject, text,
                    market.now - rng.randint(HOUR, 6 * DAY))  # fmt: skip
        mail.headers = {"Auto-Submitted": "auto-replied", "Precedence": "bulk"}
        market.post.by_id[mail.message_id] = mail


def answer(pool: Pool, mail: Mail, date: int) -> None:
    """A reply of ours that lies in Sent."""
    text = letters.REPLY.format(name=mail.sender_name.split()[0])
    subject = mail.subject if mail.subject.startswith("Re:") else f"Re: {mail.subject}"
    reply = Mail(
        0, f"<re{len(pool.market.post.by_id)}@lumenandloft.example>", ADDRESS, NAME, mail.sender, subject, text, date
    )
    reply.in_reply_to = mail.message_id
    pool.market.post.by_id[reply.message_id] = reply
    pool.market.post.note_answer(mail.message_id)
