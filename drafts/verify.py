"""Verify: an independent read shows the effect, or it is not done. Doubtful writes are settled here by the same read.

A doubtful write is looked at after the quiet period. What its effect class allows may then be sent once more, under the
same key and approval; what no read can settle waits for a person.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from django.conf import settings
from django.db import transaction

from connectors.base import ConnectorError, Effect, Reconnect, Write
from connectors.types import Sight, Sighting
from drafts.deciding.clock import Clock, now
from drafts.execute import ring
from drafts.kinds import KINDS, read_command
from drafts.move import Lost, move
from drafts.preparing.facts import reader_for
from drafts.running import desk, outcome
from drafts.running.channel import needs_reconnect, open_channel
from drafts.running.claim import Claim, claimed, due
from drafts.running.keep import keep
from drafts.running.points import reached
from drafts.states import State

log = structlog.get_logger()

INTERNAL = Write(Effect.NATURAL)
# A message is looked for twice; if it is nowhere, it may leave once more.
READBACK_READS, READBACK_SENDS = 2, 2


def verify_due(moment: datetime | None = None, limit: int = 50) -> int:
    """Look for the effect of what was sent; returns how many were looked at."""
    return sum(look(pk, moment) for pk in due({State.SENT}, moment or now(), limit))


def reconcile(moment: datetime | None = None, limit: int = 50) -> int:
    """Settle what is unknown; returns how many were looked at."""
    return sum(look(pk, moment) for pk in due({State.UNKNOWN}, moment or now(), limit))


def look(pk: int, moment: datetime | None = None) -> bool:
    """One read for one execution; False where it is not due or another worker holds it."""
    with claimed(pk, {State.SENT, State.UNKNOWN}, moment) as claim:
        if claim is None:
            return False
        reached("before_probe")
        try:
            sighting, write = _probe(claim)
            reached("after_probe")
            with transaction.atomic():
                _conclude(claim, sighting, write)
        except Reconnect as error:
            needs_reconnect(claim.draft, str(error))
            outcome.schedule(claim, outcome.RECONNECT_CHECK, waiting_for=str(error))
        except ConnectorError as error:
            _look_later(claim, str(error), counts=False)
        except Lost as error:
            log.info("execution moved by another", execution=pk, reason=str(error))
        else:
            reached("after_settle")
            if claim.draft.state == State.VERIFIED:
                keep(claim)
    return True


def _probe(claim: Claim) -> tuple[Sighting, Write]:
    """The sighting, and how honest the write's class is. Where facts have moved too, that is kept as evidence."""
    draft = claim.draft
    kind, command, key = KINDS[draft.kind], read_command(draft.kind, draft.command), str(claim.execution.key)
    if kind.is_internal:
        return desk.see(claim, command), INTERNAL
    connector = open_channel(draft)
    operation = kind.operation(command, draft.facts, key)
    since = claim.execution.first_sent_at or claim.execution.created_at
    sighting = kind.probe(command, draft.facts, connector, key, since)
    if sighting.sight is not Sight.SEEN and draft.state == State.UNKNOWN:
        facts = kind.read_facts(command, reader_for(draft.shop_id, connector))
        claim.drift = [asdict(moved) for moved in kind.differences(draft.facts, facts)]
    return sighting, type(connector).writes.get(type(operation), Write(Effect.NONE))


def _conclude(claim: Claim, sighting: Sighting, write: Write) -> None:
    if sighting.sight is Sight.SEEN:
        found = sighting.reference or claim.execution.reference
        done = {"finished_at": Clock(), "reason": ""}
        move(claim.draft, State.VERIFIED, "verified", changes=done, reference=found, detail=sighting.detail)
        outcome.schedule(claim, None, reference=found)
    elif sighting.sight is Sight.REFUSED:
        changes = {"reason": sighting.detail, "finished_at": Clock()}
        move(claim.draft, State.FAILED, "refused", changes=changes, error=sighting.detail)
        outcome.schedule(claim, None)
    elif claim.draft.state == State.SENT:
        _not_seen_yet(claim, sighting)
    else:
        _settle(claim, sighting, write)


def _not_seen_yet(claim: Claim, sighting: Sighting) -> None:
    sent_at = claim.execution.first_sent_at or claim.execution.created_at
    if now() - sent_at > settings.EXECUTION_GIVE_UP:
        _ask_person(claim, f"The outside took it, but no read has shown its effect. {sighting.detail}".strip())
    else:
        _look_later(claim, sighting.detail)


def _settle(claim: Claim, sighting: Sighting, write: Write) -> None:
    """Unknown and not seen: send again, look again, or ask. Money without a key is never sent again."""
    if claim.drift:
        names = ", ".join(str(moved["field"]) for moved in claim.drift)
        _ask_person(claim, f"It is not known whether it took effect, and the facts have moved since ({names}).")
    elif claim.draft.expires_at is not None and claim.draft.expires_at <= now():
        _ask_person(claim, "It is not known whether it took effect, and its time has run out.")
    elif _sends(claim) >= settings.EXECUTION_MOST_SENDS:
        _ask_person(claim, f"{_sends(claim)} calls ended without a clear answer.")
    elif write.effect is Effect.KEY:
        _by_key(claim, write)
    elif write.effect is Effect.NATURAL and sighting.sight is Sight.ABSENT:
        _send_again(claim, "the effect is not there, and doing it again changes nothing")
    elif write.effect is Effect.READBACK and sighting.sight is Sight.ABSENT:
        _by_readback(claim)
    elif write.effect is Effect.NONE or claim.execution.probes + 1 >= settings.EXECUTION_MOST_READS:
        _ask_person(claim, f"No read can tell whether it took effect. {sighting.detail}".strip())
    else:
        _look_later(claim, sighting.detail)


def _by_key(claim: Claim, write: Write) -> None:
    """The outside keeps keys for a while: within half of it, the same call returns the first result."""
    first = claim.execution.first_sent_at or claim.execution.created_at
    if write.key_lifetime is not None and now() - first >= write.key_lifetime / 2:
        _ask_person(claim, "The outside may have forgotten our key, so sending again could do it twice.")
    else:
        _send_again(claim, "the outside keeps our key, so that the same call is done once")


def _by_readback(claim: Claim) -> None:
    absent = claim.execution.absent_reads + 1
    if absent < READBACK_READS:
        outcome.schedule(claim, settings.EXECUTION_READ_GAP, absent_reads=absent)
    elif _sends(claim) < READBACK_SENDS:
        _send_again(claim, "two reads did not find it")
    else:
        _ask_person(claim, "It was sent twice without a clear answer, and no read finds it.")


def _sends(claim: Claim) -> int:
    """Calls that may have reached the outside."""
    return int(
        outcome.attempts_of(claim.execution, claim.execution.approval).filter(outcome__in=outcome.DOUBTFUL).count()
    )


def _send_again(claim: Claim, why: str) -> None:
    move(claim.draft, State.APPROVED, "to_send_again", why=why)
    outcome.schedule(claim, timedelta(), absent_reads=0)
    transaction.on_commit(lambda: ring(claim.execution.pk))


def _ask_person(claim: Claim, why: str) -> None:
    changes = {"reason": why, "drift": claim.drift or claim.draft.drift}
    move(claim.draft, State.NEEDS_HUMAN, "needs_person", changes=changes, why=why)
    outcome.schedule(claim, None)


def _look_later(claim: Claim, why: str, *, counts: bool = True) -> None:
    reads = claim.execution.probes
    waiting = {"probes": reads + 1} if counts else {}
    outcome.schedule(claim, outcome.backoff(reads), waiting_for=why, **waiting)


@shared_task(name="drafts.verify", queue="execute", max_retries=0)
def run() -> None:
    """Beat: what was sent, then what is in doubt."""
    verify_due()
    reconcile()
