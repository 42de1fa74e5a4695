"""WhatsApp read: the pushes that were kept are the messages, since there is no call that lists them.

What this feed cannot know is a push that never came (Meta tries for up to seven days). So each hour it asks whether our
app still hears this account; where it does not, the feed fails and says so, and is never taken for a quiet one.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import orjson

from connectors.base import Inbox, NoInbox, Refused
from connectors.shops.messages.whatsapp import parse
from connectors.shops.messages.whatsapp.client import Client
from connectors.shops.reading import Row
from connectors.types import AccountMetric, BadRow, Boundary, Conversation, Direction, Page, Record

MESSAGES = "messages"
BATCH = 200  # pushes
OVERLAP = timedelta(minutes=2)  # a push is stamped a moment before it is stored
HEARD_FOR = timedelta(hours=1)
WINDOW = timedelta(hours=24)
MEMORY = timedelta(days=30)
QUALITY = {"GREEN": 3, "YELLOW": 2, "RED": 1}


def pull(client: Client, inbox: Inbox, cursor: str, now: datetime, first_span: timedelta) -> Iterator[Page]:
    """The cursor: up to when pushes are read, and until when our subscription was seen."""
    mark: Row = orjson.loads(cursor) if cursor else {}
    until = datetime.fromisoformat(mark["until"]) if mark else now - first_span
    heard = datetime.fromisoformat(mark["heard"]) if mark else None
    if heard is None or now - heard >= HEARD_FOR:
        must_be_heard(client)
        heard = now
    talks: dict[str, Conversation] = {}
    held: list[Record | BadRow] = []
    count = 0
    for push in inbox.since(MESSAGES, until - OVERLAP):
        held += read(push.body, client.number, talks, inbox, now)
        until, count = max(until, push.received_at), count + 1
        if count == BATCH:
            yield Page(tuple(held), marked(until, heard), count, is_last=False)
            held, count = [], 0
    yield Page(tuple(held), marked(until, heard), count, is_last=True)


def marked(until: datetime, heard: datetime) -> str:
    return orjson.dumps({"until": until.isoformat(), "heard": heard.isoformat()}).decode()


def must_be_heard(client: Client) -> None:
    """Raises Refused where no app of ours is told what is written to this account."""
    if not any(True for _ in client.rows("subscribed_apps", f"{client.business}/subscribed_apps", {})):
        raise Refused(
            "no app is subscribed to this WhatsApp Business account, so what buyers write does not reach us; "
            "subscribe the app in its WhatsApp configuration and enter this shop's webhook address there",
            code="not_subscribed",
        )


def read(
    body: bytes, number: str, talks: dict[str, Conversation], inbox: Inbox, now: datetime
) -> list[Record | BadRow]:
    """One push; `talks` carries the conversations of this pull from push to push."""
    rows, statuses = parse.records(body, number)
    kept: list[Record | BadRow] = []
    for row in rows:
        if isinstance(row, Conversation):
            known = talks.get(row.external_id)
            if known is not None and known.last_message_at > row.last_message_at:
                continue  # pushes come in any order
            talks[row.external_id] = row
        kept.append(row)
    for status in statuses:
        if status.get("status") != "sent":  # delivered, read and failed are looked up when a draft is verified
            continue
        who = str(status.get("recipient_user_id") or status.get("recipient_id") or "")
        talk = talks.get(who) or last_words(inbox, number, who, now - MEMORY)
        made = parse.sent_by_us(status, talk)
        talks.update({row.external_id: row for row in made if isinstance(row, Conversation)})
        kept += made
    return kept


def last_words(inbox: Inbox, number: str, who: str, since: datetime) -> Conversation | None:
    """The conversation as the buyer's last message left it, out of the pushes that were kept."""
    last: Conversation | None = None
    for push in inbox.since(MESSAGES, since, containing=who) if who else ():
        for row in talks_in(push.body, number):
            if row.external_id == who and (last is None or row.last_message_at >= last.last_message_at):
                last = row
    return last


def as_it_stands(inbox: Inbox, number: str, who: str, now: datetime) -> Conversation | None:
    """The conversation after all that was kept of it: the buyer's last words, and our answers since."""
    talk: Conversation | None = None
    for push in inbox.since(MESSAGES, now - MEMORY, containing=who):
        talks = {} if talk is None else {who: talk}
        read(push.body, number, talks, NoInbox(), now)
        talk = talks.get(who)
    return talk


def is_window_open(inbox: Inbox, number: str, to: str, now: datetime) -> bool:
    """Whether the buyer wrote within the last 24 hours: only then a free text may be sent."""
    for push in inbox.since(MESSAGES, now - WINDOW, containing=to):
        for row in talks_in(push.body, number):
            if to in (row.address, row.external_id) and row.last_message_at > now - WINDOW:
                return True
    return False


def talks_in(body: bytes, number: str) -> list[Conversation]:
    """The conversations that buyers' messages of one push belong to."""
    rows, _ = parse.records(body, number)
    return [row for row in rows if isinstance(row, Conversation) and row.last_direction is Direction.IN]


def health(client: Client, now: datetime) -> Iterator[Page]:
    """What Meta thinks of our number, and how many of our templates it does not let us send."""
    rating = str(client.get("phone_number", client.number).get("quality_rating") or "")
    states: dict[str, int] = {}
    for row in client.rows("message_templates", f"{client.business}/message_templates", {}):
        state = str(row.get("status") or "") if isinstance(row, dict) else ""
        states[state] = states.get(state, 0) + 1
    stopped = sum(states.get(name, 0) for name in ("PAUSED", "DISABLED", "REJECTED"))
    quality = QUALITY.get(rating)
    metrics = (
        AccountMetric(
            external_id="quality_rating", name="quality_rating", value=None if quality is None else Decimal(quality),
            target=Decimal(2), boundary=Boundary.BELOW, unit="rank", window="recent days: 3 green, 2 yellow, 1 red",
            measured_at=now, detail={"rating": rating},
        ),
        AccountMetric(
            external_id="stopped_templates", name="stopped_templates", value=Decimal(stopped), target=Decimal(0),
            boundary=Boundary.ABOVE, unit="count", window="now", measured_at=now, detail=dict(states),
        ),
    )  # fmt: skip
    yield Page(metrics, "", len(metrics), is_last=True, count_at_source=len(metrics))
