"""Writes in doubt and a spent model budget become alerts, and leave with their cause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from alerts.detect import detect_due
from alerts.models import Alert
from connectors.base import CannotDo, Unknown
from connectors.models import CallHealth, FxRate, ModelBudget, ModelCall, Shop
from drafts.execute import run_due
from drafts.models import Draft, Execution
from drafts.pages.feeds import outlook
from drafts.states import State
from drafts.watch import watch
from tests.factories import AlertFactory, FeedFactory, ShopFactory
from tests.fakes.channel import Outside

pytestmark = pytest.mark.django_db
Decide = Callable[[], Execution]
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _rate() -> None:
    day = timezone.now().date() - timedelta(days=30)
    FxRate.objects.create(currency="SGD", base="USD", day=day, rate=Decimal("0.75"), source="a statement")


def found(detector: str) -> list[tuple[str, str]]:
    return list(Alert.objects.filter(detector=detector).order_by("pk").values_list("subject_ref", "state"))


def test_a_write_in_doubt_is_an_alert_until_it_is_settled(approved: Decide, proposed: Draft, outside: Outside) -> None:
    approved()
    outside.answers.append(Unknown("reset"))
    run_due()
    watch(timezone.now() + MINUTE)
    assert found("write_unknown") == []
    watch(timezone.now() + 6 * MINUTE)
    alert = Alert.objects.get(detector="write_unknown")
    assert (alert.subject_kind, alert.subject_ref, alert.state) == ("draft", str(proposed.pk), "open")
    assert alert.cash_likely is not None
    assert Decimal(7) < alert.cash_likely < Decimal(9)  # half of 23.90 SGD at 0.75, less a moment of a person
    Draft.objects.filter(pk=proposed.pk).update(state=State.VERIFIED)
    watch(timezone.now() + 7 * MINUTE)
    assert found("write_unknown") == [(str(proposed.pk), "resolved")]


def test_what_a_channel_cannot_do_is_a_task_and_no_doubt(approved: Decide, proposed: Draft, outside: Outside) -> None:
    approved()
    outside.answers.append(CannotDo("there is no such call"))
    run_due()
    Draft.objects.filter(pk=proposed.pk).update(by_hand="https://seller.example")
    watch(timezone.now() + 6 * MINUTE)
    assert found("write_unknown") == []


def spend(dollars: str, task: str = "reply", outcome: str = "used") -> None:
    ModelCall.objects.create(
        at=timezone.now(), task=task, model="claude-haiku-5-5", cost_usd=Decimal(dollars), outcome=outcome
    )


def test_a_spent_model_budget_is_an_alert_and_a_larger_one_closes_it() -> None:
    AlertFactory.create(cash_likely=Decimal(100))
    ModelBudget.objects.all().delete()
    spend("4.00", "dispute_evidence")
    spend("1.50", outcome="malformed")
    watch()
    assert found("model_budget") == []  # no limit is set
    ModelBudget.objects.create(effective_from=timezone.now().date(), day_limit_usd=Decimal(5))
    watch()
    alert = Alert.objects.get(detector="model_budget")
    assert alert.title == "Today's model budget of $5.00 is spent"
    assert alert.cash_likely == Decimal("0.50") + 100 * Decimal("0.02")
    assert "dispute_evidence took $4.00" in alert.why
    ModelBudget.objects.update(day_limit_usd=Decimal(500))
    watch()
    assert Alert.objects.get(detector="model_budget").state == "resolved"


def test_a_platform_that_is_down_is_one_alert_for_its_shops_and_closes_when_it_answers() -> None:
    now = timezone.now()
    for _ in range(2):
        CallHealth.objects.create(
            shop=ShopFactory.create(), operation="orders.list", hour=now.replace(minute=0, second=0, microsecond=0),
            calls=9, failing=9, failures={"down": 9}, last_error="down", last_failed_at=now,
            last_good_at=now - 20 * MINUTE,
        )  # fmt: skip
    detect_due(now)
    assert found("connection_fault") == [("shopee", "open")]
    CallHealth.objects.update(failing=0, last_good_at=now)
    detect_due(now)
    assert found("connection_fault") == [("shopee", "resolved")]


def test_a_lost_permission_is_one_alert_of_its_shop_and_not_one_of_each_feed() -> None:
    shop = ShopFactory.create(state=Shop.State.NEEDS_RECONNECT, state_reason="revoked")
    for name in ("orders", "returns"):
        FeedFactory.create(shop=shop, name=name, last_good_at=timezone.now() - 300 * MINUTE, error_class="reconnect")
    detect_due()
    assert (found("connection_fault"), found("feed_stale")) == ([(str(shop.pk), "open")], [])
    alert = Alert.objects.get()
    assert alert.cash_likely is not None
    assert outlook(timezone.now()).hidden == alert.cash_likely


def test_what_a_platform_hides_is_counted_once_for_all_its_shops() -> None:
    for _ in range(2):
        shop = ShopFactory.create(state=Shop.State.NEEDS_RECONNECT)
        FeedFactory.create(shop=shop, last_good_at=timezone.now() - 300 * MINUTE)
    detect_due()
    assert found("connection_fault") == [("shopee", "open")]
    assert outlook(timezone.now()).hidden == Alert.objects.get().cash_likely
