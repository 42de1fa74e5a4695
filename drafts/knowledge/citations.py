"""What a text that leaves may say: a rule only with its passage, a number only if somebody gave it. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from drafts.knowledge.passages import CitedPassage

# Sentences about money, goods back, guarantees or deadlines state a rule; in the languages of our buyers.
RULE = re.compile(
    r"(?i)\b(?:refund|reimburs|compensat|store credit|voucher|warrant|guarantee|polic(?:y|ies)|eligible|entitled"
    r"|free of charge|replace(?:ment)?|within \d+|return(?:s|ed)? (?:is|are|within|must)"
    r"|pengembalian (?:dana|barang)|garansi|kebijakan|bayaran balik|jaminan|polisi|waranti"
    r"|hoàn (?:tiền|trả)|bảo hành|chính sách|reembolso|garant[ií]a|patakaran|ibabalik ang bayad)"
    r"|คืนเงิน|รับประกัน|นโยบาย|退款|退货|保修|赔偿|政策|补偿"
)
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
LINK = re.compile(r"(?i)\bhttps?://|\bwww\.|\b[\w.+-]+@[\w-]+\.\w{2,}")


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence and the ids of the passages it rests on."""

    text: str
    passages: tuple[int, ...] = ()


def states_a_rule(sentence: str) -> bool:
    """Whether a sentence speaks of what a buyer is or is not entitled to."""
    return bool(RULE.search(sentence))


def unsupported(claims: Iterable[Claim], passages: Iterable[CitedPassage], day: date) -> list[str]:
    """Reasons against a text: a citation of a passage that was not given or has expired, a rule without one."""
    known = {passage.id: passage for passage in passages}
    reasons = []
    for claim in claims:
        for cited in claim.passages:
            if cited not in known:
                reasons.append(f"passage {cited} was not given")
            elif not known[cited].holds_on(day):
                reasons.append(f"{known[cited].source} no longer holds")
        if states_a_rule(claim.text) and not claim.passages:
            reasons.append(f"“{claim.text[:80]}” states a rule and cites none")
    return reasons


def invented_numbers(claims: Iterable[Claim], told: Mapping[str, str], passages: Collection[CitedPassage]) -> list[str]:
    """Numbers of a text that are in no fact and in none of the passages that their sentence cites."""
    given = {number for value in told.values() for number in _numbers(value)}
    by_id = {passage.id: passage for passage in passages}
    reasons = []
    for claim in claims:
        cited = {number for id in claim.passages if id in by_id for number in _numbers(by_id[id].text)}
        reasons += [f"{number} is nobody's number" for number in _numbers(claim.text) if number not in given | cited]
    return reasons


def strange_links(text: str, told: Mapping[str, str]) -> list[str]:
    """Links and addresses: a text may hold none that the facts do not."""
    if LINK.search(text) and not any(LINK.search(value) for value in told.values()):
        return ["it holds a link or an address that nobody gave"]
    return []


def _numbers(text: str) -> list[str]:
    return [found.replace(",", "").rstrip(".") for found in NUMBER.findall(text)]
