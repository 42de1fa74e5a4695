"""The company's writes, as the market takes them: each changes the state and logs its effect in one go, or refuses.

The wires translate a protocol's call into one of these and a Refusal into that protocol's error.
"""

from connectors.twin.deeds.base import Refusal, amount, label
from connectors.twin.deeds.goods import set_price, set_stock
from connectors.twin.deeds.messages import answer_review, post_mail, say
from connectors.twin.deeds.money import accept_dispute, refund, refund_order, submit_evidence
from connectors.twin.deeds.orders import answer_cancellation, cancel, ship
from connectors.twin.deeds.returns import decide_return
from connectors.twin.deeds.supply import cancel_order, give_credit, issue_order, mail_order, order_goods

__all__ = [
    "Refusal", "accept_dispute", "amount", "answer_cancellation", "answer_review", "cancel", "cancel_order",
    "decide_return", "give_credit", "issue_order", "label", "mail_order", "order_goods", "post_mail", "refund",
    "refund_order", "say", "set_price", "set_stock", "ship", "submit_evidence",
]  # fmt: skip
