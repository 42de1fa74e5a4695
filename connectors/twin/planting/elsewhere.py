"""Trouble on the further marketplaces: forgotten orders, returns, chats that wait, reviews."""

from connectors.twin.planting import letters
from connectors.twin.planting.fulfilment import ask_return
from connectors.twin.planting.letters import ANGRY, ORDINARY, REPLY, Letter, fill, pick
from connectors.twin.planting.pool import Pool
from connectors.twin.planting.support import FIRST_ANSWER_HOURS, HANDLING
from connectors.twin.world.channels import HOUR
from connectors.twin.world.chat import BuyerReview, Line, Talk
from connectors.twin.world.trade import Order, Step
from connectors.twin.world.truth import Planted

CHATTING = ("lazada", "tiktok_shop", "whatsapp")
REVIEWS = (  # stars, words
    (5, "Exactly as shown, fast delivery"), (1, "Broke after two days, nobody answers"), (4, "Good, box was dented"),
    (2, "The colour is not the one in the picture"), (5, ""), (1, "Barang rosak, seller tak jawab"),
)  # fmt: skip


def plant_elsewhere(pool: Pool) -> None:
    for channel in ("lazada", "tiktok_shop", "amazon"):
        _forget(pool, channel)
        _returns(pool, channel)
        _reviews(pool, channel)
    for channel in CHATTING:
        _chats(pool, channel)


def _forget(pool: Pool, channel: str) -> None:
    """Orders that the warehouse has not picked and will not by itself."""
    for order in pool.choose(pool.aged(channel, 64, 38, lambda order: True), 2, by_value=True):
        pool.reopen(order, order.created + 90)
        order.is_forgotten = True
        ignored = 0.45 * (pool.margin(order) + 0.4) + 2.5
        pool.market.truth.plant(
            Planted("late_shipment", channel, "order", order.number, order.created + 20 * HOUR, order.ship_by, ignored,
                    0.4 + 0.2 * ignored, "the warehouse has not picked it, and will not by itself"),
            0.45,
        )  # fmt: skip


def _returns(pool: Pool, channel: str) -> None:
    found = pool.aged(channel, 20 * 24, 7 * 24, lambda order: Step.DELIVERED <= order.step <= Step.COMPLETED)
    for order in pool.choose(found, 2, by_value=True):
        asked = pool.market.now - pool.rng.randint(3, 40) * HOUR
        ask_return(pool, order, asked, asked + 48 * HOUR)


def _reviews(pool: Pool, channel: str) -> None:
    found = pool.aged(channel, 30 * 24, 8 * 24, lambda order: Step.DELIVERED <= order.step <= Step.COMPLETED)
    for (stars, words), order in zip(REVIEWS, pool.choose(found, len(REVIEWS)), strict=False):
        when = min(pool.market.now - HOUR, order.delivered + pool.rng.randint(6, 70) * HOUR)
        row = pool.market.chat.review(BuyerReview(0, channel, order.index, 0, stars, words, when))
        if stars >= 4:
            row.answer, row.answered_at = "Thank you for your words!", when + 5 * HOUR


def _chats(pool: Pool, channel: str) -> None:
    """Four buyers: two were answered, one waits since yesterday, one is angry."""
    for number, order in enumerate(pool.choose(pool.aged(home_of(channel), 20 * 24, 48, lambda order: True), 4)):
        letter = pick(pool.rng, ANGRY["rage"] if number == 3 else ORDINARY)
        hours = (2, 30, 3 * 24, 5 * 24)[(number + 2) % 4] if number != 3 else 2
        talk, line = ask(pool, channel, order, letter, pool.market.now - hours * HOUR)
        if number < 2:
            name = pool.market.buyer(order).first
            at = min(pool.market.now - 300, line.at + 3 * HOUR)
            pool.market.chat.add(talk, at, REPLY.format(name=name), is_buyer=False)
        elif number == 2:
            _plant_unanswered(pool, talk, line, order)


def home_of(channel: str) -> str:
    """The storefront whose buyers write on a channel; a messenger has none of its own."""
    return "shopify" if channel == "whatsapp" else channel


def ask(pool: Pool, channel: str, order: Order, letter: Letter, at: int) -> tuple[Talk, Line]:
    """The order's buyer writes one line in a chat."""
    buyer = pool.market.buyer(order)
    words = {"number": order.number, "title": pool.title(order), "name": buyer.first, "courier": order.courier}
    talk = pool.market.chat.open(channel, order.buyer, order.index)
    return talk, pool.market.chat.add(talk, at, fill(letter, **words)[1], is_buyer=True)


def _plant_unanswered(pool: Pool, talk: Talk, line: Line, order: Order) -> None:
    ignored = 0.06 * 35 + 0.05 * (pool.usd(order) + 15)
    due = line.at + FIRST_ANSWER_HOURS * HOUR
    pool.market.truth.plant(
        Planted("first_answer", talk.channel, "message", line.id, due, due, ignored + HANDLING,
                HANDLING + 0.3 * ignored, "no answer within a day", [order.number, talk.id]),
        0.3,
    )  # fmt: skip


def keep_chatting(pool: Pool) -> None:
    """A new line from some buyer every quarter of an hour or so."""
    market = pool.market

    def write(_: object) -> None:
        channel = market.rng.choice(CHATTING)
        found = pool.aged(home_of(channel), 20 * 24, 24, lambda order: True)
        for order in pool.choose(found, 1):
            made = ask(pool, channel, order, pick(market.rng, letters.ORDINARY), market.now)
            market.tell(channel, "messages/in", made)
        market.at(market.now + int(market.rng.expovariate(1 / 900)) + 30, write)

    market.at(market.now + 240, write)
