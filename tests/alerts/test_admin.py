"""The owner's lists: thresholds and weights can be changed, what the pipeline wrote can be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from alerts.models import DetectorSetting
from opsroom.people.models import User

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]


@pytest.mark.parametrize("name", ["detectorsetting", "rankweight", "alert", "wave", "ticket"])
def test_every_list_opens_for_the_owner(name: str, owner: User, client_for: ClientFor) -> None:
    assert client_for(owner).get(reverse(f"admin:alerts_{name}_changelist"), {"q": "late"}).status_code == 200


@pytest.mark.parametrize("name", ["alert", "wave", "ticket"])
def test_what_the_pipeline_wrote_cannot_be_added_by_hand(name: str, owner: User, client_for: ClientFor) -> None:
    assert client_for(owner).get(reverse(f"admin:alerts_{name}_add")).status_code == 403


def test_a_threshold_is_changed_with_its_source(owner: User, client_for: ClientFor) -> None:
    row = DetectorSetting.objects.create(
        detector="late_shipment", name="warn_hours", channel="shopee", value=12, unit="hours", source="own default"
    )
    form = {
        "detector": row.detector, "name": row.name, "channel": "shopee", "country": "SG", "value": "24",
        "unit": "hours", "effective_from": "2026-11-01", "source": "The shop's own courier contract",
    }  # fmt: skip
    answer = client_for(owner).post(reverse("admin:alerts_detectorsetting_change", args=[row.pk]), form)
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.value == 24
    assert (row.country, row.source) == ("SG", "The shop's own courier contract")
