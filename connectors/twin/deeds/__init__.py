"""The company's writes, as the market takes them: each changes the state and logs its effect in one go, or refuses.

The wires translate a protocol's call into one of these and a Refusal into that protocol's error.
"""

from connectors.twin.deeds.base import Refusal, amount, label
from connectors.twin.deeds.goods import fix_listing, set_price, set_stock
from connectors.twin.deeds.messages import answer_review, post_mail, say, send_notice
from connectors.twin.deeds.money import accept_dispute, refund, refund_order, report_charge, submit_evidence
from connectors.twin.deeds.orders import answer_cancellation, cancel, confirm, ship
from connectors.twin.deeds.returns import decide_return
from connectors.twin.deeds.supply import cancel_order, give_credit, issue_order, mail_order, order_goods

__all__ = [
    "Refusal", "accept_dispute", "amount", "answer_cancellation", "answer_review", "cancel", "cancel_order", "confirm",
    "decide_return", "fix_listing", "give_credit", "issue_order", "label", "mail_order", "order_goods", "post_mail",
    "refund", "refund_order", "report_charge", "say", "send_notice", "set_price", "set_stock", "ship",
    "submit_evidence",
]  # fmt: skip
