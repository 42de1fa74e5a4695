from typing import Any

import pytest

from connectors import registry
from connectors.models import Feed, Shop
from tests.connectors.fakes import FakeShop
from tests.factories import FeedFactory, ShopFactory


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> type[FakeShop]:
    """The fake channel stands among the real ones, without memory of an earlier test."""
    monkeypatch.setitem(registry.CONNECTORS, FakeShop.kind, FakeShop)
    FakeShop.script, FakeShop.calls, FakeShop.renewals = {}, [], []
    return FakeShop


@pytest.fixture
def fake_shop(db: None, channel: Any) -> Shop:
    return ShopFactory.create(kind="fake", credentials={"webhook_secret": "s3cret"})


@pytest.fixture
def feed(fake_shop: Shop) -> Feed:
    return FeedFactory.create(shop=fake_shop, every_seconds=60)
