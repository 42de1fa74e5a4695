"""What is decided and done can be looked at in the admin, and only rules can be set there."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from drafts.approve import approve
from drafts.ledger.seal import seal
from drafts.models import Draft

pytestmark = pytest.mark.django_db
PAGES = [
    "policy", "requirement", "cap", "quiethours", "canary", "policytrial", "backtest", "pause", "draft", "approval",
    "execution", "ledgerline", "ledgerseal",
]  # fmt: skip


@pytest.fixture
def page(client_for: Callable[[Any], Client], owner: Any, proposed: Draft) -> Callable[[str], Any]:
    approve(proposed, by=owner, version=1, digest=proposed.digest)
    seal()
    client = client_for(owner)
    return lambda path: client.get(f"/admin/drafts/{path}")


@pytest.mark.parametrize("name", PAGES)
def test_every_list_opens_and_searches(page: Callable[[str], Any], name: str) -> None:
    assert page(f"{name}/").status_code == 200
    assert page(f"{name}/?q=1").status_code == 200


@pytest.mark.parametrize("name", ["pause", "draft", "approval", "execution", "ledgerline", "ledgerseal"])
def test_nothing_decided_can_be_added_by_hand(page: Callable[[str], Any], name: str) -> None:
    assert page(f"{name}/add/").status_code == 403


def test_a_run_is_shown_with_its_attempts(page: Callable[[str], Any], proposed: Draft) -> None:
    answer = page(f"execution/{proposed.execution.pk}/change/")
    assert answer.status_code == 200
    assert str(proposed.execution.key) in answer.content.decode()
