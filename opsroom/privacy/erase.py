"""Export and erase one customer. The ledger stays as it is: it names drafts by digest, and nobody outside by name.

What is kept: amounts, times, statuses and ids of records, which books and seals need; the customer's id alone then
names nobody. What a platform sends again is erased again by the daily task.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Model, QuerySet

from alerts.models import Alert
from connectors.models import Customer, Order, QuarantinedRow, Shop
from drafts.guards import FINISHED
from drafts.models import Draft
from drafts.move import move
from drafts.record import record
from drafts.states import State
from opsroom.people.models import User
from opsroom.privacy.models import Erased
from opsroom.privacy.subject import Subject

ERASED = "Erased customer"
OPEN = (State.PROPOSED, State.AWAITING_SECOND)


class InFlight(Exception):
    """A write about this customer is on its way or in doubt; erasing waits until that is known."""


def export(subject: Subject) -> dict[str, Any]:
    """Everything kept about them, by table, as plain JSON values; bodies as received are named, not repeated."""
    tables: dict[str, Any] = {}
    for held, rows in subject.rows():
        names = [name for name in (*held.fields, *held.kept) if name not in ("body", "receipt", "salt")]
        found = [
            {"id": getattr(row, "external_id", str(row.pk)), **{name: getattr(row, name) for name in names}}
            for row in rows.distinct()
        ]
        if found:
            tables[held.model] = found
    return {"shop": subject.shop.name, "customer": subject.ref, "tables": tables}


@transaction.atomic
def erase(subject: Subject, *, by: User | None, now: datetime, why: str) -> dict[str, int]:
    """Blank or remove every personal field; returns rows by table. Raises InFlight, and then nothing was done."""
    conditions = {held.model: rows for held, rows in subject.rows()}
    drafts = conditions["drafts.Draft"]
    stop_drafts(drafts, by)
    # What is found by way of a field must be found before that field is blank.
    keys = {model: list(rows.distinct().values_list("pk", flat=True)) for model, rows in conditions.items()}
    counts = {"connectors.WebhookEvent": drop_pushes(subject), "connectors.QuarantinedRow": drop_quarantined(subject)}
    for held, _ in subject.rows():
        rows = held.model_class._default_manager.filter(pk__in=keys[held.model])
        if held.is_dropped:
            counts[held.model] = len(keys[held.model])
            rows.delete()
        else:
            kept = {name: "" for name in held.kept if name != "title"}
            counts[held.model] = rows.update(**held.blank, **kept)
    Alert.objects.filter(pk__in=keys["alerts.Alert"]).update(title=ERASED, state=Alert.State.RESOLVED, resolved_at=now)
    if not any(one.means(subject.ref) for one in Erased.objects.filter(shop=subject.shop)):
        Erased.of(subject.shop.pk, subject.ref, now).save()
    counts = {name: count for name, count in counts.items() if count}
    record("customer_erased", by=by, shop=subject.shop.pk, why=why, rows=sum(counts.values()))
    return counts


def stop_drafts(drafts: QuerySet[Model], by: User | None) -> None:
    """Nothing that still waits for a decision may go to somebody who is gone."""
    for draft in Draft.objects.filter(pk__in=drafts.values("pk")).select_for_update():
        if draft.state in OPEN:
            move(draft, State.EXPIRED, "expired", by=by, changes={"reason": ""}, because="the customer is erased")
        elif draft.state not in FINISHED:
            raise InFlight(
                f"draft {draft.pk} is {draft.get_state_display()}: nothing was erased. Wait until it is verified, "
                "or undo it."
            )


def drop_pushes(subject: Subject) -> int:
    needles = subject.needles
    if not needles:
        return 0
    shops = sorted({subject.shop.pk, *(shop_id for shop_id, _ in subject.conversations)})
    found = " OR ".join("position(%s::bytea IN body) > 0" for _ in needles)
    query = f"DELETE FROM connectors_webhookevent WHERE shop_id = ANY(%s) AND ({found})"  # noqa: S608  # placeholders
    with connection.cursor() as cursor:
        cursor.execute(query, [shops, *needles])
        return int(cursor.rowcount)


def drop_quarantined(subject: Subject) -> int:
    shops = {subject.shop.pk, *(shop_id for shop_id, _ in subject.conversations)}
    rows = QuarantinedRow.objects.filter(shop__in=shops).values_list("pk", "raw").iterator(500)
    named = [pk for pk, raw in rows if any(needle in bytes(raw) for needle in subject.needles)]
    return QuarantinedRow.objects.filter(pk__in=named).delete()[0]


def erase_again(now: datetime) -> int:
    """Erase those again whose records a platform has sent since; returns how many."""
    count = 0
    for one in Erased.objects.select_related("shop"):
        shop: Shop = one.shop
        refs = set(Customer.objects.filter(shop=shop, changed_at__gt=one.at).values_list("external_id", flat=True))
        refs |= set(Order.objects.filter(shop=shop, changed_at__gt=one.at).values_list("customer_ref", flat=True))
        for ref in filter(one.means, refs - {""}):
            try:
                erase(Subject.of(shop, ref), by=None, now=now, why="sent again")
            except InFlight:
                continue
            Erased.objects.filter(pk=one.pk).update(at=now)
            count += 1
    return count
