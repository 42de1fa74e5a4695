"""A rule that decides is saved by the second click alone: the first shows what it would have done to the past."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from drafts.backtest import run, twin
from drafts.backtest.past import from_line, our_past, to_line
from drafts.models import BackTest, Canary, Cap, Draft, LedgerEntry, Policy, QuietHours, Requirement
from drafts.states import State
from tests.drafts.conftest import a_refund
from tests.fakes.channel import Outside

pytestmark = pytest.mark.django_db
POLICY = {"kind": "refund", "amount_from": "20", "items_from": "0", "tier": "second_factor", "is_active": "on"}


@pytest.fixture
def history(proposed: Draft, outside: Outside) -> list[Draft]:
    """Thirty refunds: half of 30, half of 10 in the base currency, the first one approved."""
    drafts = [proposed, *(a_refund(outside, like=proposed) for _ in range(29))]
    for number, draft in enumerate(drafts):
        Draft.objects.filter(pk=draft.pk).update(base_amount=Decimal(10 + 20 * (number % 2)))
    Draft.objects.filter(pk=drafts[1].pk).update(state=State.APPROVED)
    Policy.objects.all().delete()
    Policy.objects.create(kind="refund", tier="review")
    return drafts


@pytest.fixture
def client(client_for: Callable[[Any], Client], owner: Any) -> Client:
    return client_for(owner)


def test_the_first_click_shows_the_past_and_saves_nothing(client: Client, history: list[Draft]) -> None:
    page = client.post("/admin/drafts/policy/add/", POLICY)

    assert page.status_code == 200
    assert not Policy.objects.filter(amount_from=20).exists()
    test = BackTest.objects.get()
    assert (test.source, test.drafts, test.report["stricter"]) == ("history", 30, 15)
    move = test.report["moves"][0]
    assert (move["before"], move["after"], move["dollars"], move["approved"]) == (
        "review",
        "second_factor",
        "450.00",
        1,
    )
    html = page.content.decode()
    assert "Tried on 30 drafts: our own drafts" in html
    assert f'href="/drafts/{move["examples"][0]["draft"]}/"' in html
    assert "save again to keep it" in html


def test_the_second_click_saves_exactly_what_was_tried_and_the_ledger_says_so(
    client: Client, history: list[Draft], owner: Any
) -> None:
    client.post("/admin/drafts/policy/add/", POLICY)
    assert client.post("/admin/drafts/policy/add/", POLICY | {"tier": "refuse"}).status_code == 200

    assert client.post("/admin/drafts/policy/add/", POLICY | {"tier": "refuse"}).status_code == 302

    assert Policy.objects.get(amount_from=20).tier == "refuse"
    assert BackTest.objects.count() == 2
    entry = LedgerEntry.objects.get(action="policy_changed")
    assert entry.actor_id == owner.pk
    assert b"any kind" not in bytes(entry.body)
    assert b'"rule":"Policy"' in bytes(entry.body)


def test_a_back_test_counts_for_the_person_who_saw_it_and_not_for_ever(
    client: Client, client_for: Callable[[Any], Client], history: list[Draft], owner: Any
) -> None:
    client.post("/admin/drafts/policy/add/", POLICY)
    rule = Policy(kind="refund", amount_from=Decimal(20), tier="second_factor")
    assert run.fresh(rule, owner) is not None
    assert run.fresh(Policy(kind="refund", amount_from=Decimal(21), tier="second_factor"), owner) is None
    BackTest.objects.update(at=history[0].created_at - 2 * run.HOLDS_FOR)
    assert run.fresh(rule, owner) is None


def test_another_rule_changed_since_asks_for_a_new_back_test(client: Client, history: list[Draft], owner: Any) -> None:
    client.post("/admin/drafts/policy/add/", POLICY)
    Policy.objects.create(kind="refund", amount_from=100, tier="second_person")
    assert client.post("/admin/drafts/policy/add/", POLICY).status_code == 200


def test_a_change_of_a_rule_is_told_value_by_value(client: Client, history: list[Draft]) -> None:
    row = Policy.objects.get()
    values = {"kind": "refund", "amount_from": "0", "items_from": "0", "tier": "click", "is_active": "on"}

    client.post(f"/admin/drafts/policy/{row.pk}/change/", values)

    test = BackTest.objects.get()
    assert test.report["changes"] == ["tier: review → click"]
    assert test.report["looser"] == 30


def test_a_cap_is_tried_on_what_was_approved(client: Client, history: list[Draft]) -> None:
    cap = {"kind": "refund", "per": "day", "most_amount": "20", "is_active": "on"}

    page = client.post("/admin/drafts/cap/add/", cap)

    assert page.status_code == 200
    assert [move["after"] for move in BackTest.objects.get().report["moves"]] == ["stopped"]
    assert client.post("/admin/drafts/cap/add/", cap).status_code == 302
    assert Cap.objects.get().most_amount == 20
    assert client.get("/admin/drafts/cap/").status_code == 200


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"operator": "one_of"}, "is a matter of at most or at least"),
        ({"value": "soon"}, "Soon is no number"),
        ({"value": "1; 2"}, "name one value"),
        ({"term": "__class__"}, "Select a valid choice"),
        ({"kind": "drop_table"}, "Select a valid choice"),
    ],
)
def test_a_requirement_is_of_closed_lists_and_typed_values(client: Client, changes: dict[str, str], says: str) -> None:
    row = {
        "kind": "refund", "term": "days_since_delivery", "operator": "at_most", "value": "30", "tier": "refuse",
        "is_active": "on",
    }  # fmt: skip
    page = client.post("/admin/drafts/requirement/add/", row | changes)

    assert page.status_code == 200
    assert says in page.content.decode()
    assert not Requirement.objects.exists()
    assert not BackTest.objects.exists()


def test_with_too_little_past_the_twin_is_taken_and_says_so(
    client: Client, proposed: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = to_line(our_past()[0])
    monkeypatch.setattr(run, "twin_past", lambda: [from_line(line)] * 40)

    page = client.post("/admin/drafts/policy/add/", POLICY)

    assert (BackTest.objects.get().source, BackTest.objects.get().drafts) == ("twin", 40)
    assert "There are fewer than 30 drafts of your own" in page.content.decode()


def test_where_even_the_twin_fails_nothing_is_saved(
    client: Client, proposed: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise twin.NoTwin("it broke")

    monkeypatch.setattr(run, "twin_past", broken)
    page = client.post("/admin/drafts/policy/add/", POLICY)

    assert "it could not be tried on the past, since it broke" in page.content.decode()
    assert not Policy.objects.filter(amount_from=20).exists()


def test_a_past_draft_reads_back_from_its_line(proposed: Draft) -> None:
    (one,) = our_past(["order_status", "times_done"])
    again = from_line(to_line(one))
    assert (again.ask.kind, again.ask.amount, again.number) == (one.ask.kind, one.ask.amount, one.number)
    assert again.ask.terms == one.ask.terms


def test_rules_that_only_make_a_write_wait_are_saved_at_once_into_the_ledger(client: Client) -> None:
    hours = {"begins": "22:00", "ends": "08:00", "time_zone": "Asia/Singapore", "is_active": "on"}
    assert client.post("/admin/drafts/quiethours/add/", hours | {"time_zone": "Mars"}).status_code == 200
    assert client.post("/admin/drafts/quiethours/add/", hours).status_code == 302
    canary = {"dimension": "country", "value": "NO", "percent": "6"}
    assert client.post("/admin/drafts/canary/add/", canary).status_code == 200
    assert client.post("/admin/drafts/canary/add/", canary | {"percent": "5"}).status_code == 302

    assert QuietHours.objects.get().time_zone == "Asia/Singapore"
    assert Canary.objects.get().ended_at is None
    assert LedgerEntry.objects.filter(action="policy_changed").count() == 2


def test_no_rule_is_deleted(client: Client) -> None:
    row = Policy.objects.first()
    assert row is not None
    assert client.post(f"/admin/drafts/policy/{row.pk}/delete/", {"post": "yes"}).status_code == 403
