"""Words that reach somebody: mails, chat lines, answers under reviews."""

from typing import Any

from connectors.twin.deeds.base import Refusal
from connectors.twin.market import Market
from connectors.twin.world.chat import BuyerReview, Line, Talk
from connectors.twin.world.trade import Mail, Order


def post_mail(market: Market, mail: Mail, recipients: list[str], *, shop: str = "mailbox") -> None:
    """A mail of ours left, through SMTP or another way of `shop`, and arrives: one effect for each recipient."""
    market.post.note_answer(mail.in_reply_to)
    for recipient in recipients:
        market.effects.append(
            market.now, shop, "send_mail", subject=recipient, reference=mail.message_id,
            mail_subject=mail.subject, in_reply_to=mail.in_reply_to,
        )  # fmt: skip


def say(market: Market, talk: Talk, text: str, key: str = "", kind: str = "text", **detail: Any) -> Line:
    """One line of ours in a chat. Raises Refusal: empty."""
    if not text.strip():
        raise Refusal("empty", "The message is empty.")
    line = market.chat.add(talk, market.now, text, is_buyer=False, kind=kind)
    market.effects.append(
        market.now, talk.channel, "send_message", subject=talk.id, reference=line.id, key=key, text=text, kind=kind,
        **detail,
    )  # fmt: skip
    market.tell(talk.channel, "messages/out", (talk, line))
    return line


def answer_review(market: Market, review: BuyerReview, text: str, key: str = "") -> None:
    """The one public answer under a review. Raises Refusal: answered, empty."""
    if review.answer:
        raise Refusal("answered", "This review has been answered already.")
    if not text.strip():
        raise Refusal("empty", "The answer is empty.")
    review.answer, review.answered_at = text, market.now
    market.effects.append(
        market.now, review.channel, "answer_review", subject=review.id, reference=review.id, key=key, text=text
    )


def send_notice(market: Market, order: Order, kind: str, text: str = "", key: str = "") -> None:
    """A message of a kind that the channel allows once for an order: it reaches the buyer and cannot be answered.

    Raises Refusal: sent_already.
    """
    if kind in order.notices:
        raise Refusal("sent_already", f"A {kind} message was sent for order {order.number} already.")
    order.notices = (*order.notices, kind)
    market.effects.append(
        market.now, order.channel, "send_template", subject=order.number, reference=kind, key=key, kind=kind, text=text
    )
