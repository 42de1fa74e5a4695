"""Lists that suppliers and warehouses send by mail: read from the mails that are stored, through the same mapping.

A shop that is read from files names its mails in its settings: `"mail": {"from": ["orders@supplier.example"], "files":
"*confirmation*.csv", "feed": "promises"}`. The sender's name on a mail can be forged; what comes so is shown beside our
own orders and moves nothing by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message as AnyMail
from fnmatch import fnmatch

import structlog
import zstandard
from celery import shared_task
from django.db import transaction
from django.utils import timezone

from connectors.account import account_of
from connectors.models import Message, RawPayload, Shop
from connectors.registry import CONNECTORS
from connectors.reports import BadReport
from connectors.reports.mapping import KINDS
from connectors.save import Saved, save
from connectors.shops import letters
from connectors.shops.supply.files import documents
from connectors.shops.supply.files.connector import LARGEST, Files
from connectors.types import BadRow, Direction, Record

log = structlog.get_logger()

AT_ONCE = 200
# A save that began earlier may commit later, with smaller numbers; after this long all of them are in.
SETTLED = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Rule:
    """Which mails a shop's lists come with. `after` is the last message that was looked at."""

    senders: frozenset[str]
    files: str
    feed: str
    kind: str
    after: int

    @classmethod
    def of(cls, shop: Shop) -> "Rule | None":
        given, made = shop.settings.get("mail"), CONNECTORS.get(shop.kind)
        if not isinstance(given, dict) or made is None or not issubclass(made, Files):
            return None
        named = given.get("from") or ()
        senders = frozenset(str(one).strip().lower() for one in ([named] if isinstance(named, str) else named))
        feed = str(given.get("feed") or next(iter(made.holds)))
        if not senders or feed not in made.holds:
            return None
        files = str(given.get("files") or "*").lower()
        return cls(senders, files, feed, made.holds[feed], int(given.get("after") or 0))


def read_attachments(now: datetime) -> Saved:
    """Read what has come by mail since the last time, for every shop that asks for it. Again is harmless."""
    saved = Saved()
    files = [kind for kind, made in CONNECTORS.items() if issubclass(made, Files)]
    for shop_id in Shop.objects.filter(kind__in=files).exclude(state=Shop.State.PAUSED).values_list("pk", flat=True):
        with transaction.atomic():
            shop = Shop.objects.select_for_update().get(pk=shop_id)
            rule = Rule.of(shop)
            if rule is not None:
                saved.add(read_for(shop, rule, now))
    return saved


def read_for(shop: Shop, rule: Rule, now: datetime) -> Saved:
    """One shop's turn: at most so many mails, the oldest first, so that the newest word stands."""
    waiting = Message.objects.filter(pk__gt=rule.after, direction=Direction.IN, fetched_at__lte=now - SETTLED)
    messages = list(waiting.exclude(attachments=[]).order_by("pk")[:AT_ONCE])
    saved = Saved()
    for message in messages:
        if any(fnmatch(name.lower(), rule.files) for name in message.attachments):
            rows = list(rows_of(message, rule, shop))
            saved.add(save(shop.pk, rows, received_at=now, feed=rule.feed))
    if messages:
        mail = {**shop.settings["mail"], "after": messages[-1].pk}
        shop.settings = {**shop.settings, "mail": mail}
        shop.save(update_fields=["settings"])
    return saved


def rows_of(message: Message, rule: Rule, shop: Shop) -> Iterator[Record | BadRow]:
    """Records of the attachments that are meant; nothing where another sender wrote the mail."""
    mail = letters.read_mail(raw_of(message))
    if letters.sender(mail)[1].lower() not in rule.senders:
        return
    account = account_of(shop)
    source = documents.Source.of(account, rule.feed) or documents.Source()
    for part in mail.walk():
        name = letters.filename(part)
        if name and fnmatch(name.lower(), rule.files):
            try:
                body = body_of(part, name)
                form = documents.format_of(source, name, part.get_content_type())
                yield from documents.read(body, form, rule.kind, source, account, set())
            except BadReport as error:
                yield BadRow(KINDS[rule.kind].__name__.lower(), message.external_id, str(error), b"", name[:120])


def body_of(part: AnyMail, name: str) -> bytes:
    body = part.get_payload(decode=True)
    if not isinstance(body, bytes) or len(body) > LARGEST:
        raise BadReport(f"{name} is empty or larger than {LARGEST // 1024**2} MiB")
    return body


def raw_of(message: Message) -> bytes:
    """The mail as it came; empty where its bytes are kept no longer."""
    payloads = RawPayload.objects.filter(shop=message.shop_id, kind="message", external_id=message.external_id)
    stored = payloads.order_by("-received_at").values_list("body", flat=True).first()
    return zstandard.decompress(bytes(stored)) if stored else b""


@shared_task(name="connectors.read_attachments", queue="pull", max_retries=0)
def read_attached() -> None:
    """Beat: mails come at any time, and no platform tells of them."""
    saved = read_attachments(timezone.now())
    if saved.total.read:
        log.info("lists read from mails", read=saved.total.read, quarantined=saved.total.quarantined)
