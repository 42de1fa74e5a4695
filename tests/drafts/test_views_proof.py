"""A second factor is given for one digest, on a page that names it, by the person who decides."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from drafts.models import Approval, Draft
from drafts.states import State, Tier
from opsroom.people.models import User
from tests.factories import AlertFactory
from tests.journeys import scene

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache")]
SECRET = "JBSWY3DPEHPK3PXP"
ClientFor = Callable[[User], Client]


def code() -> str:
    return str(format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time())))))


@pytest.fixture
def large(db: None) -> Draft:
    return scene.refund(AlertFactory.create(), "480.00", tier=Tier.SECOND_FACTOR)


@pytest.fixture
def keyed(approver: User) -> User:
    TOTP.activate(approver, SECRET)
    return approver


def shown(draft: Draft, **more: Any) -> dict[str, Any]:
    return {"version": draft.version, "digest": draft.digest, **more}


def test_the_card_leads_to_a_page_that_names_the_digest(client_for: ClientFor, keyed: User, large: Draft) -> None:
    client = client_for(keyed)
    assert f'href="/drafts/{large.pk}/confirm/"' in client.get(f"/alerts/{large.alert_id}/").text
    page = client.get(f"/drafts/{large.pk}/confirm/").text
    assert large.digest in page
    assert 'name="code"' in page


def test_an_approval_without_proof_is_led_there_and_nothing_is_kept_of_it(
    client_for: ClientFor, keyed: User, large: Draft
) -> None:
    client = client_for(keyed)
    answer = client.post(f"/drafts/{large.pk}/approve/", shown(large))
    assert answer.headers["Location"] == f"/drafts/{large.pk}/confirm/"
    client.get(f"/drafts/{large.pk}/confirm/")
    assert Draft.objects.get(pk=large.pk).state == State.PROPOSED


def test_a_fresh_code_approves_and_is_recorded_as_the_method(client_for: ClientFor, keyed: User, large: Draft) -> None:
    client_for(keyed).post(f"/drafts/{large.pk}/approve/", shown(large, code=code()))
    assert Draft.objects.get(pk=large.pk).state == State.HELD
    assert Approval.objects.get().method == Approval.Method.TOTP


def test_a_code_counts_once(client_for: ClientFor, keyed: User, large: Draft) -> None:
    other = scene.refund(AlertFactory.create(), "480.00", tier=Tier.SECOND_FACTOR)
    client, same = client_for(keyed), code()
    client.post(f"/drafts/{large.pk}/approve/", shown(large, code=same))
    answer = client.post(f"/drafts/{other.pk}/approve/", shown(other, code=same))
    assert answer.status_code == 422
    assert "was used already" in answer.text
    assert Draft.objects.get(pk=other.pk).state == State.PROPOSED


@pytest.mark.parametrize("wrong", ["000000", "abc", "１２３４５６"])
def test_a_wrong_code_approves_nothing(client_for: ClientFor, keyed: User, large: Draft, wrong: str) -> None:
    answer = client_for(keyed).post(f"/drafts/{large.pk}/approve/", shown(large, code=wrong))
    assert answer.status_code == 422
    assert not Approval.objects.exists()


def test_a_recovery_code_signs_in_but_never_approves(client_for: ClientFor, keyed: User, large: Draft) -> None:
    spare = RecoveryCodes.activate(keyed).get_unused_codes()[0]
    answer = client_for(keyed).post(f"/drafts/{large.pk}/approve/", shown(large, code=spare))
    assert answer.status_code == 422
    assert not Approval.objects.exists()


def test_a_passkey_that_nobody_asked_for_is_refused(client_for: ClientFor, keyed: User, large: Draft) -> None:
    answer = client_for(keyed).post(f"/drafts/{large.pk}/approve/", shown(large, credential='{"id": "x"}'))
    assert answer.status_code == 422
    assert not Approval.objects.exists()


def test_whoever_has_no_second_factor_is_told_how_to_get_one(
    client_for: ClientFor, approver: User, large: Draft
) -> None:
    assert "Set up a passkey or an app" in client_for(approver).get(f"/drafts/{large.pk}/confirm/").text


def test_eleven_at_once_take_a_second_factor_on_exactly_those(client_for: ClientFor, keyed: User) -> None:
    drafts = [scene.reply(AlertFactory.create()) for _ in range(11)]
    data: dict[str, Any] = {"item": [f"{draft.pk}:1:{draft.digest}" for draft in drafts]}
    client = client_for(keyed)
    asked = client.post("/batch/", data)
    assert asked.status_code == 422
    assert not Approval.objects.exists()
    client.post("/batch/", data | {"code": code()})
    assert Approval.objects.count() == 11
