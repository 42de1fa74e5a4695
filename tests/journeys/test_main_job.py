"""The main job from end to end: a market with trouble in it, pulled over its wire; one refund approved; one effect."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alerts.detect import sweep
from alerts.models import Alert
from connectors.intake import onboarding
from connectors.models import Feed
from connectors.pull import pull
from connectors.twin.client import TwinClient
from connectors.twin.server import TwinServer, serve
from drafts.draft import draft_alerts
from drafts.execute import run_due
from drafts.ledger.seal import seal
from drafts.ledger.verify import verify
from drafts.models import Draft, Execution
from drafts.states import State, Tier
from drafts.verify import verify_due
from opsroom.people.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinServer]:
    with serve("week", seed=7, has_limits=False) as server:
        yield server


@pytest.fixture
def company(twin: TwinServer, settings: Any) -> TwinServer:
    """Everything connected, read once, and each alert's next move prepared."""
    settings.EXECUTION_HOLD = settings.EXECUTION_FIRST_LOOK = timedelta()
    market = TwinClient(twin.url)
    for account in market.shops():
        onboarding.connect(account)
    onboarding.enter_books(market.onboarding(), timezone.now())
    market.close()
    for feed in Feed.objects.all():
        pull(feed.pk)
    sweep()
    draft_alerts(200)
    return twin


def refunds(twin: TwinServer, draft: Draft) -> list[Any]:
    key = str(Execution.objects.get(draft=draft).key)
    return [row for row in twin.market.effects.as_rows(0) if row["key"] == key]


def test_a_refund_is_found_prepared_approved_sent_once_proved_and_recorded(company: TwinServer, owner: User) -> None:
    before = len(company.market.effects.as_rows(0))
    one_person = Draft.objects.filter(kind="refund", state=State.PROPOSED, tier__in=[Tier.CLICK, Tier.REVIEW])
    draft = one_person.filter(alert__detector="duplicate_charge").earliest("pk")
    assert draft.alert is not None
    assert Alert.objects.open().filter(pk=draft.alert.pk, cash_likely__gt=0).exists()
    assert len(company.market.effects.as_rows(0)) == before, "nothing leaves before a person approved it"

    client = Client()
    client.force_login(owner)
    assert client.get(f"/alerts/{draft.alert_id}/").status_code == 200
    form = {"version": draft.version, "digest": draft.digest, "seconds": "5"}
    assert client.post(f"/drafts/{draft.pk}/approve/", form).status_code in (200, 302)
    client.post(f"/drafts/{draft.pk}/approve/", form)  # the second click changes nothing
    draft.refresh_from_db()
    assert draft.state in (State.APPROVED, State.HELD), draft.state

    Execution.objects.filter(draft=draft).update(next_at=timezone.now())
    assert run_due() >= 1
    run_due()  # a doubled task finds nothing to do
    Execution.objects.filter(draft=draft).update(next_at=timezone.now())
    verify_due()
    draft.refresh_from_db()
    assert draft.state == State.VERIFIED
    assert len(refunds(company, draft)) == 1

    seal()
    checked = verify()
    assert checked.valid
    assert checked.entries > 0
