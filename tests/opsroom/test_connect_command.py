"""An account is connected from the command line, or refused in words."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from connectors.models import Feed, Shop
from connectors.twin.client import TwinClient
from connectors.twin.server import serve
from tests.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stripe() -> Iterator[dict[str, object]]:
    with serve("week", seed=7, has_limits=False) as twin:
        client = TwinClient(twin.url)
        yield next(account for account in client.shops() if account["kind"] == "stripe")
        client.close()


def test_an_account_is_connected_and_read_once_to_prove_it(tmp_path: Path, stripe: dict[str, object]) -> None:
    (tmp_path / "a.json").write_text(json.dumps(stripe))
    out = StringIO()
    call_command("connect", str(tmp_path / "a.json"), stdout=out)
    assert "is connected" in out.getvalue()
    assert Feed.objects.filter(shop__kind="stripe", name="charges").exists()
    assert "api_key" not in Shop.objects.values_list("settings", flat=True).get()


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ("[1]", "one JSON object"),
        ("{", "cannot be read"),
        ('{"kind":"stripe","name":"S","external_id":"x","credentials":{"key":"1"}}', "credentials lack api_key"),
        ('{"kind":"etsy","name":"S","external_id":"x","credentials":{"a":"1"}}', "no connector for 'etsy'"),
        ('{"kind":"stripe","colour":"red"}', "missing: name, external_id, credentials; unknown: colour"),
    ],
)
def test_what_cannot_be_an_account_is_refused_and_nothing_is_stored(tmp_path: Path, account: str, words: str) -> None:
    (tmp_path / "a.json").write_text(account)
    with pytest.raises(CommandError, match=words):
        call_command("connect", str(tmp_path / "a.json"))
    assert not Shop.objects.exists()


def test_new_credentials_forget_what_was_known_of_the_old_ones(tmp_path: Path, stripe: dict[str, object]) -> None:
    (tmp_path / "a.json").write_text(json.dumps(stripe))
    call_command("connect", str(tmp_path / "a.json"), stdout=StringIO())
    Shop.objects.update(credentials_expire_at=NOW, renewable_until=NOW, renewal_began_at=NOW, scopes=[])
    call_command("connect", str(tmp_path / "a.json"), stdout=StringIO())
    shop = Shop.objects.get()
    assert (shop.credentials_expire_at, shop.renewable_until, shop.renewal_began_at, shop.scopes) == (None,) * 4
