"""Decisions through the pages: what was shown is what is approved, and a refusal changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alerts.models import Alert
from drafts.models import Approval, Draft, Execution
from drafts.states import State, Tier
from opsroom.people.models import User
from tests.factories import AlertFactory, DraftFactory
from tests.journeys import scene

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "pane"}
ClientFor = Callable[[User], Client]


def shown(draft: Draft, **more: Any) -> dict[str, Any]:
    return {"version": draft.version, "digest": draft.digest, "seconds": "4.5", **more}


def fresh(draft: Draft) -> Draft:
    return Draft.objects.get(pk=draft.pk)


def test_an_approval_binds_to_what_was_shown_and_holds_the_write(client_for: ClientFor, approver: User) -> None:
    draft = DraftFactory.create()
    answer = client_for(approver).post(f"/drafts/{draft.pk}/approve/", shown(draft))
    assert answer.headers["Location"] == f"/alerts/{draft.alert_id}/?draft={draft.pk}"
    assert fresh(draft).state == State.HELD
    approval = Approval.objects.get()
    assert (approval.digest, approval.by, approval.seconds_on_card) == (draft.digest, approver, 4.5)


def test_htmx_gets_the_card_and_the_row_in_their_new_state(client_for: ClientFor, approver: User) -> None:
    draft = DraftFactory.create()
    page = client_for(approver).post(f"/drafts/{draft.pk}/approve/", shown(draft), headers=HTMX).text
    assert "Refund: held, can be undone" in page
    assert f"/drafts/{draft.pk}/undo/" in page
    assert '<footer id="decide" class="decide">' in page
    assert f'<li id="alert-{draft.alert_id}" hx-swap-oob="true">' in page


def test_a_second_click_changes_nothing_and_says_who_was_first(
    client_for: ClientFor, approver: User, owner: User
) -> None:
    draft = DraftFactory.create()
    client_for(approver).post(f"/drafts/{draft.pk}/approve/", shown(draft))
    answer = client_for(owner).post(f"/drafts/{draft.pk}/approve/", shown(draft), headers=HTMX)
    assert answer.status_code == 409
    assert "by Approver at" in answer.text
    assert Approval.objects.count() == Execution.objects.count() == 1


@pytest.mark.parametrize("change", [{"version": 2}, {"digest": "0" * 64}, {"version": "x"}, {"version": ""}])
def test_another_version_or_digest_than_the_one_shown_is_refused(
    client_for: ClientFor, approver: User, change: dict[str, Any]
) -> None:
    draft = DraftFactory.create()
    answer = client_for(approver).post(f"/drafts/{draft.pk}/approve/", shown(draft) | change, headers=HTMX)
    assert answer.status_code in (409, 422)
    assert fresh(draft).state == State.PROPOSED
    assert not Approval.objects.exists()


@pytest.mark.parametrize("deed", ["approve", "reject", "undo", "settle"])
def test_only_an_approver_decides(client_for: ClientFor, drafter: User, deed: str) -> None:
    draft = DraftFactory.create()
    answer = client_for(drafter).post(f"/drafts/{draft.pk}/{deed}/", shown(draft, preset="Not worth doing"))
    assert answer.status_code == 403
    assert "Ask an approver" in answer.text
    assert fresh(draft).state == State.PROPOSED


@pytest.mark.parametrize("deed", ["reject", "undo"])
def test_a_get_never_decides(client_for: ClientFor, owner: User, deed: str) -> None:
    draft = DraftFactory.create()
    assert client_for(owner).get(f"/drafts/{draft.pk}/{deed}/").status_code == 405
    assert fresh(draft).state == State.PROPOSED


def test_a_visit_to_the_address_of_approving_shows_the_card_and_decides_nothing(
    client_for: ClientFor, owner: User
) -> None:
    draft = DraftFactory.create()
    answer = client_for(owner).get(f"/drafts/{draft.pk}/approve/?version=1&digest={draft.digest}")
    assert (answer.status_code, answer["Location"]) == (302, f"/alerts/{draft.alert_id}/?draft={draft.pk}")
    draft.refresh_from_db()
    assert draft.state == State.PROPOSED
    assert not Approval.objects.exists()


def test_undo_takes_an_approval_back_while_it_is_held(client_for: ClientFor, approver: User) -> None:
    draft = DraftFactory.create()
    client = client_for(approver)
    client.post(f"/drafts/{draft.pk}/approve/", shown(draft))
    page = client.post(f"/drafts/{draft.pk}/undo/", headers=HTMX).text
    assert "Refund: ready" in page
    assert fresh(draft).state == State.PROPOSED


def test_a_rejection_needs_a_reason_and_keeps_it(client_for: ClientFor, approver: User) -> None:
    draft = DraftFactory.create()
    client = client_for(approver)
    refused = client.post(f"/drafts/{draft.pk}/reject/", shown(draft), headers=HTMX)
    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert fresh(draft).state == State.PROPOSED
    client.post(f"/drafts/{draft.pk}/reject/", shown(draft, preset="The amount is wrong", text="half was agreed"))
    assert (fresh(draft).state, fresh(draft).reason) == (State.REJECTED, "The amount is wrong: half was agreed")


def test_a_snooze_past_the_deadline_asks_again_and_names_the_loss(client_for: ClientFor, approver: User) -> None:
    alert = AlertFactory.create(deadline=timezone.now() + timedelta(minutes=30))
    client = client_for(approver)
    asked = client.post(f"/alerts/{alert.pk}/snooze/", {"nap": "4h"}, headers=HTMX)
    assert asked.status_code == 409
    assert "gives up 240.00 USD" in asked.text
    assert Alert.objects.get().state == Alert.State.OPEN
    client.post(f"/alerts/{alert.pk}/snooze/", {"nap": "4h", "accept_loss": "on"}, headers=HTMX)
    assert Alert.objects.get().state == Alert.State.SNOOZED


def test_a_snooze_within_the_deadline_hides_the_alert(client_for: ClientFor, approver: User) -> None:
    alert = AlertFactory.create(deadline=timezone.now() + timedelta(days=30))
    answer = client_for(approver).post(f"/alerts/{alert.pk}/snooze/", {"nap": "tomorrow"})
    assert answer.headers["Location"] == "/"
    assert Alert.objects.get().state == Alert.State.SNOOZED


def test_a_snooze_into_the_past_is_refused(client_for: ClientFor, approver: User) -> None:
    alert = AlertFactory.create()
    data = {"nap": "at", "at": "2020-01-01T09:00"}
    answer = client_for(approver).post(f"/alerts/{alert.pk}/snooze/", data, headers=HTMX)
    assert answer.status_code == 422
    assert Alert.objects.get().state == Alert.State.OPEN


class TestEditing:
    def data(self, draft: Draft, **changes: str) -> dict[str, Any]:
        return shown(draft, amount="10.00", reason="duplicate", note="agreed by phone") | changes

    def test_a_saved_edit_is_the_next_version_by_this_person(self, client_for: ClientFor, drafter: User) -> None:
        draft = DraftFactory.create()
        client_for(drafter).post(f"/drafts/{draft.pk}/edit/", self.data(draft))
        edited = fresh(draft)
        assert (edited.version, edited.amount, edited.edited_by) == (2, 10, drafter)
        assert edited.digest != draft.digest

    @pytest.mark.parametrize(
        ("changes", "words"),
        [({"amount": "NaN"}, "Enter a number"), ({"amount": "-1"}, "greater than 0"),
         ({"amount": "999"}, "is more than"), ({"reason": "because"}, "Select a valid choice"),
         ({"note": "x" * 300}, "at most 200")],
    )  # fmt: skip
    def test_what_is_wrong_stands_beside_the_field_and_nothing_typed_is_lost(
        self, client_for: ClientFor, drafter: User, changes: dict[str, str], words: str
    ) -> None:
        draft = DraftFactory.create()
        data = self.data(draft, **({"note": "agreed by phone"} | changes))
        answer = client_for(drafter).post(f"/drafts/{draft.pk}/edit/", data)
        assert answer.status_code == 422
        assert words in answer.text
        assert str(data["note"]) in answer.text
        assert fresh(draft).version == 1

    def test_recipient_and_currency_cannot_be_changed(self, client_for: ClientFor, drafter: User) -> None:
        draft = DraftFactory.create()
        data = self.data(draft, currency="USD", payment_ref="somebody-else")
        client_for(drafter).post(f"/drafts/{draft.pk}/edit/", data)
        assert '"currency":"SGD"' in fresh(draft).command
        assert "somebody-else" not in fresh(draft).command

    def test_an_edit_of_what_has_changed_meanwhile_keeps_the_words(self, client_for: ClientFor, drafter: User) -> None:
        draft = DraftFactory.create()
        client = client_for(drafter)
        client.post(f"/drafts/{draft.pk}/edit/", self.data(draft))
        answer = client.post(f"/drafts/{draft.pk}/edit/", self.data(draft, note="my own words"))
        assert answer.status_code == 409
        assert "my own words" in answer.text
        assert fresh(draft).version == 2

    def test_an_edited_letter_keeps_the_prepared_one_beside_it(self, client_for: ClientFor, drafter: User) -> None:
        draft = scene.reply(AlertFactory.create())
        client_for(drafter).post(f"/drafts/{draft.pk}/edit/", shown(draft, subject="Re: parcel", text="Short answer."))
        assert (fresh(draft).preview["text"], fresh(draft).prepared_text) == ("Short answer.", scene.LETTER)


class TestInDoubt:
    @pytest.mark.parametrize(("answer", "state"), [("happened", State.VERIFIED), ("not", State.FAILED)])
    def test_a_person_settles_it_with_what_they_saw(
        self, client_for: ClientFor, approver: User, answer: str, state: State
    ) -> None:
        draft = DraftFactory.create(state=State.NEEDS_HUMAN)
        client_for(approver).post(
            f"/drafts/{draft.pk}/settle/", {"answer": answer, "evidence": "seen in their dashboard"}
        )
        assert (fresh(draft).state, fresh(draft).reason) == (state, "seen in their dashboard")

    def test_an_answer_without_evidence_settles_nothing(self, client_for: ClientFor, approver: User) -> None:
        draft = DraftFactory.create(state=State.NEEDS_HUMAN)
        answer = client_for(approver).post(f"/drafts/{draft.pk}/settle/", {"answer": "happened", "evidence": " "})
        assert answer.status_code == 422
        assert fresh(draft).state == State.NEEDS_HUMAN

    def test_what_is_still_being_read_cannot_be_settled_by_hand(self, client_for: ClientFor, approver: User) -> None:
        draft = DraftFactory.create(state=State.UNKNOWN)
        data = {"answer": "not", "evidence": "I guess"}
        assert client_for(approver).post(f"/drafts/{draft.pk}/settle/", data).status_code == 409
        assert fresh(draft).state == State.UNKNOWN


class TestBatch:
    def items(self, *drafts: Draft) -> dict[str, Any]:
        return {"item": [f"{draft.pk}:{draft.version}:{draft.digest}" for draft in drafts], "seconds": "9"}

    def test_the_summary_shows_every_item_whole_and_those_that_do_not_fit_apart(
        self, client_for: ClientFor, approver: User
    ) -> None:
        first, second = scene.reply(AlertFactory.create(), text="One."), scene.reply(AlertFactory.create(), text="Two.")
        review = DraftFactory.create(tier=Tier.REVIEW, tier_reasons=["Large."])
        page = client_for(approver).get(f"/batch/?draft={first.pk}&draft={second.pk}&draft={review.pk}").text
        assert "2 drafts to approve together" in page
        assert "One." in page
        assert "Two." in page
        assert "review: Large." in page

    def test_one_that_fails_drops_no_other(self, client_for: ClientFor, approver: User) -> None:
        good, stale = scene.reply(AlertFactory.create()), scene.reply(AlertFactory.create())
        data = self.items(good, stale)
        data["item"][1] = f"{stale.pk}:7:{stale.digest}"
        answer = client_for(approver).post("/batch/", data, follow=True)
        assert "1 approved, 1 not" in answer.text
        assert (fresh(good).state, fresh(stale).state) == (State.HELD, State.PROPOSED)

    def test_a_draft_of_a_stricter_tier_cannot_be_slipped_in(self, client_for: ClientFor, approver: User) -> None:
        strict = DraftFactory.create(tier=Tier.SECOND_PERSON)
        answer = client_for(approver).post("/batch/", self.items(strict), follow=True)
        assert "0 approved, 1 not" in answer.text
        assert fresh(strict).state == State.PROPOSED

    def test_an_empty_batch_approves_nothing(self, client_for: ClientFor, approver: User) -> None:
        assert client_for(approver).post("/batch/", {}).status_code == 422
        assert not Approval.objects.exists()


def further(drafter: User) -> tuple[Draft, dict[str, str]]:
    """A refund that stands on an alert where a note would help as well."""
    draft = DraftFactory.create()
    assert draft.alert is not None
    Alert.objects.filter(pk=draft.alert.pk).update(drafts=["refund", "escalation_note"])
    return draft, {"kind": "escalation_note", "choice": ""}


def test_another_way_is_prepared_by_one_click_on_the_card(client_for: ClientFor, drafter: User) -> None:
    draft, posted = further(drafter)
    client, address = client_for(drafter), f"/alerts/{draft.alert_id}/prepare/"
    page = client.get(f"/alerts/{draft.alert_id}/").text
    assert f'action="{address}"' in page
    assert "Prepare: " in page

    answer = client.post(address, posted, headers={"HX-Request": "true", "HX-Target": "pane"})
    made = Draft.objects.get(kind="escalation_note")
    assert answer.status_code == 200
    assert (made.alert_id, made.proposed_by_id) == (draft.alert_id, drafter.pk)
    assert f"?draft={draft.pk}" in answer.text
    assert "Prepare: " not in answer.text
    draft.refresh_from_db()
    assert draft.state == State.PROPOSED


def test_a_way_prepared_twice_says_so_and_makes_one(client_for: ClientFor, drafter: User) -> None:
    draft, posted = further(drafter)
    client, address = client_for(drafter), f"/alerts/{draft.alert_id}/prepare/"
    assert client.post(address, posted).status_code == 302
    again = client.post(address, posted)
    assert again.status_code == 409
    assert "Nothing was prepared" in again.text
    assert Draft.objects.filter(kind="escalation_note").count() == 1


def test_a_viewer_is_offered_no_further_way(client_for: ClientFor, viewer: User, drafter: User) -> None:
    draft, posted = further(drafter)
    client, address = client_for(viewer), f"/alerts/{draft.alert_id}/prepare/"
    assert "Prepare: " not in client.get(f"/alerts/{draft.alert_id}/").text
    assert client.post(address, posted).status_code == 403
    assert Draft.objects.count() == 1
