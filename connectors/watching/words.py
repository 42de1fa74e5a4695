"""A fault in a founder's words, by its cause and its reach, and what to do about it. Pure."""

from dataclasses import dataclass

from connectors.transport import faults
from connectors.watching.evidence import Verdict


@dataclass(frozen=True, slots=True)
class Told:
    """A verdict's words by its reach, and what to do."""

    verdict: Verdict
    platform: str
    shop: str
    part: str
    advice: str
    alone: str = ""  # advice where the others of the same kind are well


TOLD = {
    faults.DOWN: Told(
        Verdict.DOWN,
        "{kind} is down: none of our {count} shops there gets an answer.",
        "{name} does not answer.",
        "Part of {name} does not answer: {where}.",
        "Nothing for you to do unless it lasts: we keep trying from where it stopped.",
        "The other {kind} shops answer, so it is this account or its address: open it on their side.",
    ),
    faults.THROTTLED: Told(
        Verdict.THROTTLED,
        "{kind} turns all our {count} shops away as too fast: the limit is on our app.",
        "{name} turns us away as too fast.",
        "{name} turns us away as too fast in part: {where}.",
        "We slow down by ourselves. If it lasts, set calls_per_second for the shop, or see what else uses its quota.",
    ),
    faults.RECONNECT: Told(
        Verdict.TOKEN,
        "{kind} turns all our {count} tokens away: it is our app or their sign-in, not one shop's token.",
        "{name} no longer accepts our token.",
        "{name} refuses our token for some calls: {where}.",
        "An owner connects it again with every permission ticked.",
    ),
    faults.REFUSED: Told(
        Verdict.REFUSED,
        "{kind} refuses what we ask in all our {count} shops: a rule of theirs or our app's rights have changed.",
        "{name} refuses what we ask.",
        "{name} refuses some of what we ask: {where}.",
        "See which permission our app lacks on the other side, then connect the shop again with it.",
    ),
}

# A feed's own fault, where no call tells more: verdict, words, advice.
FEEDS = {
    "drift": (
        Verdict.DRIFTED,
        "{name} sends another format than before: {where}.",
        "The rows that could not be read are kept under Quarantined rows and wait for a parser that knows them.",
    ),
    "short_read": (
        Verdict.SHORT,
        "{name} gives fewer rows than it counts: {where}.",
        "The cursor has not passed them; the next pull starts from the same place. If it lasts, tell the channel.",
    ),
    "failed": (
        Verdict.OURS,
        "We fail at reading {name}: {where}.",
        "The error is in the log of the pull lane; the next pull tries again.",
    ),
    "refused": (
        Verdict.REFUSED,
        "{name} refuses to be read: {where}.",
        "See which permission our app lacks on the other side, then connect the shop again with it.",
    ),
    "stale": (
        Verdict.SILENT,
        "Nobody has read {name} for too long, and no error was told: {where}.",
        "See whether the workers of the pull lane and beat run.",
    ),
    "retry": (
        Verdict.DOWN,
        "{name} has not been read whole for too long: {where}.",
        "Nothing for you to do unless it lasts: we keep trying from where it stopped.",
    ),
    "unknown": (
        Verdict.DOWN,
        "{name} answers with half a reply: {where}.",
        "Nothing for you to do unless it lasts: we keep trying from where it stopped.",
    ),
}  # fmt: skip
