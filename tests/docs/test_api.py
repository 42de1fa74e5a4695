"""The examples of docs/api.md are run as they stand, one after the other, over real HTTP."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from drafts.models import Approval, Draft
from drafts.tools import TOOLS
from opsroom.people.models import User
from opsroom.people.tokens import make_token
from tests.factories import AlertFactory, PaymentFactory, ShopFactory
from tests.opsroom.test_mcp import served

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
PATHS = re.compile(r"`(?:GET|POST) ([\w/{}]+)`")

__all__ = ["served"]


@pytest.fixture
def addresses(live_server: Any, served: str, drafter: User) -> dict[str, object]:
    payment = PaymentFactory.create(
        shop=ShopFactory.create(kind="stripe"), external_id="pi_1", amount=Decimal("47.80"), refunded=Decimal(0)
    )
    AlertFactory.create(shop=payment.shop, subject_ref="pi_1")
    _, text = make_token(drafter, "docs", ["read", "propose"], now=timezone.now(), lasts=timedelta(days=1))
    return {"__name__": "api", "ADDRESS": live_server.url, "MCP_ADDRESS": served, "TOKEN": text}


@pytest.mark.django_db(transaction=True)
def test_the_examples_run_and_their_assertions_hold(addresses: dict[str, object]) -> None:
    blocks = BLOCK.findall(GUIDE.read_text(encoding="utf-8"))
    assert len(blocks) == 2
    assert sum(block.count("assert ") for block in blocks) == 11
    for block in blocks:
        exec(compile(block, "api.md", "exec", dont_inherit=True), addresses)
    assert Draft.objects.count() == 1
    assert not Approval.objects.exists()


def test_the_guide_names_every_path() -> None:
    assert set(PATHS.findall(GUIDE.read_text(encoding="utf-8"))) == {tool.path for tool in TOOLS.values()}
