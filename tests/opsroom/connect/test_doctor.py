"""The doctor names what is wrong with a connection and what to do, and is green where nothing is."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from connectors.intake import onboarding
from connectors.models import Feed, Shop, WebhookRefusal
from connectors.pull import pull
from connectors.twin.server import TwinServer

pytestmark = pytest.mark.django_db


def doctor() -> tuple[int, dict[str, dict[str, Any]]]:
    """(exit code, checks by name)."""
    out, code = StringIO(), 0
    try:
        call_command("doctor", "--json", stdout=out)
    except SystemExit as end:
        code = int(str(end.code))
    told = json.loads(out.getvalue())
    assert told["ok"] is (code == 0)
    return code, {check["name"]: check for check in told["checks"]}


@pytest.fixture
def shop(db: None, twin: TwinServer) -> Shop:
    row = next(account for account in twin.accounts() if account["kind"] == "stripe")
    made = onboarding.connect(row | {"name": "Our Stripe"})
    Feed.objects.filter(shop=made).exclude(name="disputes").delete()
    pull(made.feeds.get().pk)
    return made


def test_a_well_shop_is_green(shop: Shop) -> None:
    code, checks = doctor()
    assert code == 0
    assert list(checks) == [
        "Our Stripe: one harmless read", "Our Stripe: permission", "Our Stripe: scopes", "Our Stripe: pushes",
        "Our Stripe: feed disputes",
    ]  # fmt: skip
    assert "/webhooks/" in checks["Our Stripe: pushes"]["advice"]


def test_a_dead_key_is_bad_and_the_way_back_is_named(shop: Shop) -> None:
    shop.credentials = {"api_key": "rk_revoked"}
    shop.save()
    code, checks = doctor()
    assert code == 1
    bad = checks["Our Stripe: one harmless read"]
    assert not bad["ok"]
    assert bad["advice"].endswith(f"/connections/new/stripe/?shop={shop.pk}")
    assert "rk_revoked" not in json.dumps(checks)


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ({"renewable_until": timedelta(days=6)}, "permission", "ends"),
        ({"renewable_until": timedelta(days=-1)}, "permission", "ended"),
        ({"renewal_began_at": timedelta(minutes=-11)}, "permission", "was cut off"),
        ({"credentials_expire_at": timedelta(minutes=-1)}, "permission", "ended"),
        ({"scopes": []}, "scopes", "not granted: read_only"),
    ],
)
def test_each_way_to_lose_a_permission_is_told_ahead(change: dict[str, Any], name: str, words: str, shop: Shop) -> None:
    now = timezone.now()
    Shop.objects.update(
        **{key: now + value if isinstance(value, timedelta) else value for key, value in change.items()}
    )
    code, checks = doctor()
    assert code == 1
    assert words in checks[f"Our Stripe: {name}"]["seen"]
    assert "Connect it again" in checks[f"Our Stripe: {name}"]["advice"]


def test_an_end_further_ahead_than_a_week_is_no_fault(shop: Shop) -> None:
    Shop.objects.update(renewable_until=timezone.now() + timedelta(days=8))
    assert doctor()[0] == 0


def test_a_silent_feed_and_forged_pushes_are_bad(shop: Shop) -> None:
    Feed.objects.update(last_good_at=timezone.now() - timedelta(hours=5))
    WebhookRefusal.objects.create(shop=shop, hour=timezone.now(), count=3)
    code, checks = doctor()
    assert code == 1
    assert not checks["Our Stripe: feed disputes"]["ok"]
    assert checks["Our Stripe: pushes"]["seen"].startswith("3 with a signature that does not hold")


def test_a_shop_that_a_person_stopped_is_left_alone(shop: Shop) -> None:
    Shop.objects.update(state=Shop.State.PAUSED)
    code, checks = doctor()
    assert (code, list(checks)) == (0, ["Our Stripe: state"])


def test_credentials_that_no_key_opens_sink_no_other_shop(shop: Shop, settings: Any) -> None:
    from_before = settings.FIELD_KEYS
    Shop.objects.create(name="Another", kind="report_file", state=Shop.State.FILES_ONLY)
    settings.FIELD_KEYS = ["A" * 43 + "="]
    code, checks = doctor()
    settings.FIELD_KEYS = from_before
    assert code == 1
    assert checks["Our Stripe: credentials"]["advice"] == "Set OPSROOM_OLD_FIELD_KEYS."
    assert checks["Another: state"]["ok"]


def test_without_a_shop_it_says_where_to_connect_one(db: None) -> None:
    code, checks = doctor()
    assert code == 1
    assert checks["shops"]["advice"].endswith("/connections/new/")


def test_people_read_the_same_in_words(shop: Shop) -> None:
    out = StringIO()
    call_command("doctor", stdout=out)
    assert "5 checks, 0 bad" in out.getvalue()
