"""The database itself refuses what no step would ask for."""

from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from drafts.guards import edges
from drafts.models import Approval, Draft, LedgerEntry
from drafts.record import record
from drafts.states import State
from tests.factories import DraftFactory

pytestmark = pytest.mark.django_db


def moves(draft: Draft, to: State) -> bool:
    try:
        with transaction.atomic():
            Draft.objects.filter(pk=draft.pk).update(state=to)
    except IntegrityError:
        return False
    return True


def test_the_database_allows_exactly_the_edges_of_the_code() -> None:
    draft = DraftFactory.create()
    allowed = set()
    for before, after in product(State, State):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute("UPDATE drafts_draft SET state = %s", [before])
                cursor.execute("SET LOCAL session_replication_role = DEFAULT")
            if before != after and moves(draft, after):
                allowed.add((before, after))
            transaction.set_rollback(True)
    assert allowed == edges()


@pytest.mark.parametrize(
    "change",
    [
        {"command": "{}"},
        {"facts": {}},
        {"digest": "0" * 64},
        {"version": 3, "digest": "0" * 64},
        {"version": 0, "digest": "0" * 64},
        {"version": 2},
        {"version": 2, "digest": "0" * 64, "state": State.APPROVED},
        {"kind": "reply"},
        {"shop_id": None},
    ],
)
def test_content_changes_only_as_the_next_version_that_nobody_has_decided_on(change: dict[str, Any]) -> None:
    draft = DraftFactory.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        Draft.objects.filter(pk=draft.pk).update(**change)
    draft.refresh_from_db()
    assert (draft.version, draft.kind) == (1, "refund")


def test_a_new_version_voids_approvals_and_a_decision_is_never_rewritten(approver: Any) -> None:
    draft = DraftFactory.create()
    approval = Approval.objects.create(
        draft=draft, version=1, digest=draft.digest, by=approver, decided_at=timezone.now()
    )
    Draft.objects.filter(pk=draft.pk).update(version=2, digest="0" * 64)
    approval.refresh_from_db()
    assert approval.voided_at is not None
    for change in ({"voided_at": None}, {"digest": "1" * 64}, {"version": 9}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Approval.objects.filter(pk=approval.pk).update(**change)


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE drafts_ledgerentry SET action = 'x'",
        "DELETE FROM drafts_ledgerentry",
        "TRUNCATE drafts_ledgerentry",
        "TRUNCATE {month}",
        "DELETE FROM {month}",
        "TRUNCATE drafts_ledgerentry_default",
        "TRUNCATE drafts_ledgerseal",
    ],
)
def test_the_ledger_refuses_every_change_on_every_partition(deed: str) -> None:
    record("tested", amount="1.00")
    month = f"drafts_ledgerentry_{timezone.now():%Y_%m}"
    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed.format(month=month))
    assert LedgerEntry.objects.filter(action="tested").count() == 1
