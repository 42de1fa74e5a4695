"""The whole story on one page: pull → save → detect → rank → draft → approve → execute → verify → record.

Each step is a file with its own task. A finished step rings the next at once; the tick rings all of them again, so that
a lost message costs seconds and a doubled one nothing: the rows in PostgreSQL are the work. No step knows the next.

    pull       connectors/pull.py      a feed that is due → records → save.py, one transaction with the cursor
    detect     alerts/detect.py        changed records and passing time → alerts (read.py and group.py for messages)
    rank       alerts/rank.py          the order moves with time; weigh.py lets a model weigh and word the first ones
    draft      drafts/draft.py         each open alert's next move, as a typed command
    approve    drafts/approve.py       a person, never this file
    execute    drafts/execute.py       what was approved and is due, once
    verify     drafts/verify.py        an independent read; what is in doubt is settled here or by a person
    follow     drafts/following.py     the next step of what was proved, where its kind names one
    record     drafts/ledger/seal.py   what all of them wrote down, sealed in order
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from celery import current_app, signals
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)

# Every file with a step's task, in the order of the story.
STEP_MODULES = (
    "connectors.webhooks",
    "connectors.pull",
    "connectors.tokens",
    "connectors.health",
    "connectors.intake.attachments",
    "connectors.saving.partitions",
    "alerts.read",
    "alerts.group",
    "alerts.detect",
    "alerts.rank",
    "alerts.weigh",
    "drafts.draft",
    "drafts.following",
    "drafts.execute",
    "drafts.verify",
    "drafts.running.reap",
    "drafts.ledger.seal",
    "drafts.notify",
    "drafts.watch",
    "opsroom.insights.mail",
    "drafts.knowledge.products",
    "opsroom.privacy.requests",
    "opsroom.privacy.clocks",
)

# What a finished step rings. Approving stands in between and is no task.
FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "connectors.pull_feed": ("alerts.detect_changes", "alerts.read_messages"),
    "connectors.read_attachments": ("alerts.detect_changes",),
    "alerts.read_messages": ("alerts.group_tickets",),
    "alerts.group_tickets": ("alerts.detect_tickets",),
    "alerts.detect_tickets": ("drafts.draft_alerts",),
    "alerts.detect_changes": ("drafts.draft_alerts",),
    "alerts.detect_due": ("drafts.draft_alerts",),
    "drafts.watch": ("drafts.draft_alerts",),
    "drafts.execute": ("drafts.verify",),
    "drafts.verify": ("drafts.follow",),
}

TICK = timedelta(seconds=15)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)

# Task → how often beat rings it.
RINGS: Mapping[str, timedelta] = {
    # the tick: whatever a lost message left
    "connectors.drain_webhooks": TICK,
    "connectors.pull_due": TICK,
    "alerts.read_messages": TICK,
    "alerts.detect_changes": TICK,
    "drafts.draft_alerts": TICK,
    "drafts.execute_due": TICK,
    "drafts.verify": TICK,
    # what time alone brings about
    "drafts.seal": SECOND,
    "drafts.reap": TICK / 3,
    "alerts.group_tickets": MINUTE,
    "alerts.detect_tickets": MINUTE,
    "alerts.detect_due": MINUTE,
    "alerts.rank_open": MINUTE,
    "drafts.watch": MINUTE,
    "alerts.weigh_open": 5 * MINUTE,
    "drafts.follow": MINUTE,
    "drafts.send_digests": 5 * MINUTE,
    # housekeeping
    "connectors.renew_tokens": 5 * MINUTE,
    "connectors.read_attachments": 5 * MINUTE,
    "drafts.enter_products": 10 * MINUTE,
    "connectors.make_partitions": DAY,
    "connectors.forget_webhooks": DAY,
    "connectors.forget_health": DAY,
    "opsroom.send_stability": 60 * MINUTE,
    "opsroom.take_privacy_requests": MINUTE,
    "opsroom.forget_personal_data": DAY,
}


def beat_schedule() -> dict[str, dict[str, Any]]:
    """For Celery. A ring that nobody answered before the next one is void."""
    return {
        name: {"task": name, "schedule": every, "options": {"expires": max(every, TICK).total_seconds()}}
        for name, every in RINGS.items()
    }


@signals.task_success.connect
def ring_next(sender: Any, **_: Any) -> None:
    """A finished step rings the next. Without a broker the tick finds the rows a little later."""
    for name in FOLLOWS.get(sender.name, ()):
        try:
            current_app.tasks[name].apply_async(expires=MINUTE.total_seconds())
        except OperationalError as error:
            log.warning("the queue does not answer; the tick will ring", task=name, error=str(error))
