"""Accept a return, refuse it with evidence, or offer a part of the money."""

from decimal import Decimal
from typing import Literal

from connectors.llm.offline import written
from connectors.money import ZERO, Money
from connectors.operations import DecideReturn, Operation
from connectors.types import RefusalReason, RefusalReasons, Return, ReturnStatus
from drafts.kinds.base import (
    Amount,
    CannotPropose,
    Command,
    CurrencyCode,
    Facts,
    Kind,
    Matter,
    OneLine,
    Preview,
    Proposal,
    Prose,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    amount_in,
    is_past,
    named,
    record_or_raise,
    text_of,
)

SELLERS_FAULT = ("damag", "defect", "wrong", "missing", "not_receipt", "not as", "broken", "fake", "incomplete")
# What a channel's own words for a ground must hold so that it says what our records say; the first that fits is used.
GROUNDS = {
    "after_window": ("period", "window", "expired", "too late"),
    "delivered": ("delivered", "received"),
    "no_photos": ("not faulty", "not damaged", "not defective", "no evidence", "no proof"),
    "serial_returner": ("abus", "repeated"),
}
OTHER = ("other",)
OPEN = {ReturnStatus.ASKED, ReturnStatus.OFFERED}


class DecideReturnCommand(Command):
    """`amount` is the whole claim when accepting and the offer when offering; none when rejecting."""

    return_ref: Ref
    decision: Literal["accept", "reject", "offer"]
    amount: Amount | None = None
    currency: CurrencyCode
    reason_code: OneLine = ""
    text: Prose = ""
    images: tuple[Ref, ...] = ()


class DecideReturnKind(Kind[DecideReturnCommand]):
    name = "decide_return"
    label = "Decide the return"
    command = DecideReturnCommand
    undo = Undo("never")
    text_field = "text"

    def propose(self, matter: Matter, saved: Saved) -> Proposal[DecideReturnCommand]:
        case, mine = named(matter, saved, Return, "return_ref")
        if matter.choice == "reject":
            return self._refusal(matter, case, mine)
        is_fault = any(word in case.reason.casefold() for word in SELLERS_FAULT)
        share = Decimal(matter.argument("offer_share") or 1)
        offers = case.needs_goods_back is False and not is_fault and 0 < share < 1
        amount = Money(case.amount * share if offers else case.amount, case.currency).quantized().amount
        command = DecideReturnCommand(
            return_ref=case.external_id,
            decision="offer" if offers else "accept",
            amount=amount,
            currency=case.currency,
        )
        told = {"reason": case.reason, "decision": command.decision, "amount": f"{amount} {case.currency}"}
        outside = (("buyer", case.text),) if case.text else ()
        return Proposal(command, mine.shop_id, told, outside)

    def _refusal(self, matter: Matter, case: Return, saved: Saved) -> Proposal[DecideReturnCommand]:
        against = dict(_against(matter))
        offered: RefusalReasons | None = saved.fetch(RefusalReasons, case.external_id)
        if offered is None:
            raise CannotPropose("the channel does not tell the reasons for which a return may be refused")
        reason = _fitting(tuple(against), offered.reasons)
        command = DecideReturnCommand(
            return_ref=case.external_id, decision="reject", currency=case.currency, reason_code=reason.code
        )
        told = {"reason": case.reason or "none", "decision": "reject", "evidence": " ".join(against.values())}
        return Proposal(command, saved.shop_id, told, (("buyer", case.text),) if case.text else ())

    def choices(self, matter: Matter) -> tuple[tuple[str, str], ...]:
        return (("reject", "Refuse the return"),) if _against(matter) else ()

    def choice_of(self, command: DecideReturnCommand) -> str:
        return "reject" if command.decision == "reject" else ""

    def write(self, proposal: Proposal[DecideReturnCommand], rules: tuple[tuple[str, str], ...]) -> str:
        is_refusal = proposal.command.decision == "reject"
        return written("decide_return_reject", proposal.told) if is_refusal else ""

    def money(self, command: DecideReturnCommand) -> Money | None:
        if command.decision == "reject" or command.amount is None:
            return None
        return Money(command.amount, command.currency)

    def read_facts(self, command: DecideReturnCommand, reader: Reader) -> Facts:
        case: Return = record_or_raise(reader, Return, command.return_ref)
        offered = reader.fetch(RefusalReasons, command.return_ref) if command.decision == "reject" else None
        grounds = {each.code: [each.words, each.needs_images] for each in offered.reasons} if offered else {}
        return ({"grounds": grounds} if grounds else {}) | {
            "status": str(case.status),
            "order": case.order_ref,
            "reason": case.reason,
            "amount": text_of(case.amount),
            "currency": case.currency,
            "decide_by": text_of(case.decide_by),
            "is_past_due": is_past(case.decide_by, reader),
            "needs_goods_back": case.needs_goods_back,
            "photos": len(case.photos),
        }

    def refusals(self, command: DecideReturnCommand, facts: Facts) -> list[str]:
        name = f"return {command.return_ref}"
        if facts["status"] not in OPEN:
            return [f"{name} is decided already ({facts['status']})"]
        if facts["is_past_due"]:
            return [f"{name} was to be decided by {facts['decide_by']}; the channel has decided by itself"]
        if command.currency != facts["currency"]:
            return [f"{name} is in {facts['currency']}, not {command.currency}"]
        return _decision_refusals(command, facts, name)

    def preview(self, command: DecideReturnCommand, facts: Facts) -> Preview:
        claim = Money(amount_in(facts, "amount") or ZERO, command.currency)
        money = self.money(command)
        after = {
            "accept": "accepted",
            "reject": "refused, the channel judges",
            "offer": "offer made to the buyer",
        }
        goods = {True: "come back", False: "stay with the buyer", None: "the channel does not say"}
        rows: tuple[Row, ...] = (
            Row("Return", facts["status"], after[command.decision]),
            Row("To the buyer", f"asks {claim}", str(money) if money else "nothing"),
            Row("Goods", "with the buyer", goods[facts["needs_goods_back"]] if money else "stay with the buyer"),
        )
        if command.decision == "reject":
            words = facts.get("grounds", {}).get(command.reason_code, [""])[0]
            rows += (Row("Reason given to the channel", "", f"{words} ({command.reason_code})".strip()),)
        verb = {"accept": "Accept", "reject": "Refuse", "offer": "Offer a part on"}[command.decision]
        summary = f"{verb} return {command.return_ref} of order {facts['order']}" + (f": {money}" if money else "")
        return Preview(summary, rows, text=command.text, warnings=_warnings(command, facts))

    def operation(self, command: DecideReturnCommand, facts: Facts, key: str) -> Operation:
        return DecideReturn(
            return_ref=command.return_ref,
            decision=command.decision,
            amount=self.money(command),
            reason_code=command.reason_code,
            text=command.text,
            images=command.images,
        )


def _against(matter: Matter) -> tuple[tuple[str, str], ...]:
    """(ground, sentence) of what speaks for refusing, as the detector found it."""
    return tuple((str(ground), str(says)) for ground, says in matter.arguments.get("against") or ())


def _fitting(grounds: tuple[str, ...], offered: tuple[RefusalReason, ...]) -> RefusalReason:
    """The channel's reason that says what our records say. Raises CannotPropose where none does."""
    open_to_us = [reason for reason in offered if not reason.needs_images]
    for words in (*(GROUNDS.get(ground, ()) for ground in grounds), OTHER):
        for reason in open_to_us:
            if any(word in f"{reason.code} {reason.words}".casefold().replace("_", " ") for word in words):
                return reason
    known = "; ".join(reason.words or reason.code for reason in offered) or "none"
    raise CannotPropose(f"no reason that the channel takes says what our records show ({known})")


def _decision_refusals(command: DecideReturnCommand, facts: Facts, name: str) -> list[str]:
    claim = amount_in(facts, "amount")
    if command.decision == "reject":
        if not (command.text and command.reason_code):
            return ["a refusal needs the channel's reason code and an explanation in words"]
        grounds = facts.get("grounds", {})
        if grounds and command.reason_code not in grounds:
            known = "; ".join(f"{code}: {words}" for code, (words, _) in grounds.items())
            return [f"the channel takes no reason {command.reason_code}; it takes {known}"]
        if grounds and grounds[command.reason_code][1] and not command.images:
            return [f"the channel asks for pictures with reason {command.reason_code}"]
        return ["a refusal moves no money; leave the amount empty"] if command.amount is not None else []
    if command.amount is None:
        return ["name the amount that goes to the buyer"]
    if command.decision == "accept" and command.amount != claim:
        return [f"accepting {name} pays {claim} {command.currency}, not {command.amount}"]
    if command.decision == "offer" and claim is not None and command.amount >= claim:
        return [f"an offer is less than the {claim} {command.currency} that was asked for"]
    return []


def _warnings(command: DecideReturnCommand, facts: Facts) -> tuple[str, ...]:
    warnings = []
    if command.decision == "accept":
        warnings.append("The channel pays the buyer from the shop's money; this cannot be taken back.")
    if command.decision == "reject" and not command.images:
        warnings.append("No pictures of ours are attached; the channel weighs them heavily.")
    if facts["photos"]:
        warnings.append(f"The buyer attached {facts['photos']} pictures: look at them before deciding.")
    return tuple(warnings)
