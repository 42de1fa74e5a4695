"""What is past its clock is gone, what is not stays."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from connectors.models import Message, Order, RawPayload, Shop
from connectors.saving.partitions import make_months
from drafts.models import Draft
from drafts.states import State
from opsroom.privacy.clocks import forget
from opsroom.privacy.models import Clock
from tests.factories import NOW, DraftFactory, MessageFactory, OrderFactory, ShopFactory

PAYLOAD = """
    INSERT INTO connectors_rawpayload (received_at, shop_id, kind, external_id, body) VALUES (%s, %s, 'order', %s, 'x')
"""


def keep_payload(shop: Shop, at: datetime, external_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(PAYLOAD, [at, shop.pk, external_id])


@pytest.fixture
def shop(db: None) -> Shop:
    return ShopFactory.create()


def test_months_of_payloads_go_as_a_whole(shop: Shop) -> None:
    long_ago = datetime(2031, 1, 10, tzinfo=UTC)
    make_months(long_ago)
    keep_payload(shop, long_ago, "old")
    keep_payload(shop, datetime(2031, 3, 20, tzinfo=UTC), "young")
    done = forget(datetime(2031, 5, 15, tzinfo=UTC))
    assert done["connectors.RawPayload months"] >= 1
    assert list(RawPayload.objects.filter(shop=shop).values_list("external_id", flat=True)) == ["young"]


def test_a_payload_whose_month_was_never_made_goes_by_its_day(shop: Shop) -> None:
    keep_payload(shop, datetime(2019, 1, 10, tzinfo=UTC), "stray")
    assert forget(NOW)["connectors.RawPayload"] == 1
    assert not RawPayload.objects.filter(external_id="stray").exists()


def test_words_and_names_are_blanked_past_their_clock_and_amounts_stay(shop: Shop) -> None:
    old = MessageFactory.create(shop=shop, sent_at=NOW - timedelta(days=731), text="Mei Tan")
    young = MessageFactory.create(shop=shop, sent_at=NOW - timedelta(days=729), text="Li Wei")
    sold = OrderFactory.create(shop=shop, ordered_at=NOW - timedelta(days=731), customer_name="Mei Tan")
    forget(NOW)
    assert [Message.objects.get(pk=row.pk).text for row in (old, young)] == ["", "Li Wei"]
    assert (Order.objects.get(pk=sold.pk).customer_name, Order.objects.get(pk=sold.pk).total) == ("", sold.total)
    assert forget(NOW) == {}


def test_a_clock_of_the_admin_replaces_the_default(shop: Shop) -> None:
    Clock.objects.create(name=Clock.Name.MESSAGES, days=30)
    row = MessageFactory.create(shop=shop, sent_at=NOW - timedelta(days=31))
    assert forget(NOW) == {"connectors.Message": 1}
    assert Message.objects.get(pk=row.pk).text == ""


def test_a_clock_shorter_than_a_week_is_refused(db: None) -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 7"):
        Clock(name=Clock.Name.MESSAGES, days=6).full_clean()


def test_an_old_draft_loses_its_words_only_when_it_has_ended(shop: Shop) -> None:
    ended = DraftFactory.create(state=State.VERIFIED)
    doubtful = DraftFactory.create(state=State.UNKNOWN)
    Draft.objects.update(changed_at=NOW - timedelta(days=1096))
    forget(NOW)
    assert Draft.objects.get(pk=ended.pk).command == ""
    assert Draft.objects.get(pk=doubtful.pk).command == doubtful.command
