"""One click in the header stops what would leave; whoever did it and why is there for everybody."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from drafts.deciding.errors import NotAllowed, NotValid, Stale
from drafts.execute import execute
from drafts.models import Cap, Execution, LedgerEntry, Pause
from drafts.pause import pause, resume
from drafts.states import State
from tests.fakes.channel import Outside

pytestmark = pytest.mark.django_db


def test_while_paused_nothing_leaves_and_afterwards_it_does(
    approved: Callable[[], Execution], approver: Any, outside: Outside
) -> None:
    execution = approved()
    pause(approver, "stock count")
    assert execute(execution.pk) is False
    assert outside.calls == 0

    resume(approver)

    assert execute(execution.pk) is True
    execution.draft.refresh_from_db()
    assert (outside.calls, execution.draft.state) == (1, State.SENT)
    assert list(
        LedgerEntry.objects.filter(action__in=["paused", "resumed"]).order_by("id").values_list("action", "actor_id")
    ) == [("paused", approver.pk), ("resumed", approver.pk)]


def test_a_pause_says_why_holds_once_and_is_not_for_everybody(approver: Any, viewer: Any) -> None:
    with pytest.raises(NotValid, match="Say why"):
        pause(approver, "  ")
    with pytest.raises(NotAllowed):
        pause(viewer, "because")
    pause(approver, "stock count")
    with pytest.raises(Stale, match="paused already"):
        pause(approver, "again")
    with pytest.raises(NotAllowed):
        resume(viewer)
    assert Pause.objects.get().ended_at is None


def test_resuming_what_is_not_paused_does_nothing(approver: Any) -> None:
    with pytest.raises(Stale, match="not paused"):
        resume(approver)
    assert not LedgerEntry.objects.filter(action="resumed").exists()


def test_the_header_of_every_page_says_it_and_leads_to_the_page(
    client_for: Callable[[Any], Client], approver: Any, viewer: Any
) -> None:
    page = client_for(approver)
    Cap.objects.create(per=Cap.Per.DAY, most_count=5)
    assert "Paused: nothing leaves" not in page.get("/history/").content.decode()

    assert page.post("/pause/", {"reason": "stock <b>count"}).status_code == 302

    for client in (page, client_for(viewer)):
        assert (
            '<a class="button danger" href="/pause/">Paused: nothing leaves</a>'
            in client.get("/history/").content.decode()
        )
    shown = page.get("/pause/").content.decode()
    assert "stock &lt;b&gt;count" in shown
    assert "every kind: 5 of 5 writes left today" in shown
    assert page.post("/pause/", {"reason": "again"}).status_code == 409
    assert page.post("/pause/", {"answer": "resume"}).status_code == 302
    assert Pause.objects.get().ended_by_id == approver.pk
