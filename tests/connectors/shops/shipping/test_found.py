"""What only a courier knows reaches the desk: from the market through two connectors, the database and the detector."""

import pytest
from django.db import connection

from alerts.detect import detect_due
from alerts.models import Alert
from connectors.intake.onboarding import connect
from connectors.models import Shipment, Shop
from connectors.pull import make_feeds, pull
from connectors.twin.server import serve


@pytest.mark.django_db
def test_a_parcel_that_could_not_be_handed_over_is_found_through_the_tracker_on_the_sellers_own_parcel() -> None:
    with serve("company", seed=5, has_limits=False) as server:
        for row in server.accounts():
            if row["kind"] in ("shopify", "aftership"):
                for feed in make_feeds(connect(row)):
                    if feed.name in ("orders", "trackings"):
                        pull(feed.pk)
        planted = {
            ref for one in server.market.truth.of("parcel_stuck") if one.shop == "shopify" for ref in one.refs if ref
        }
        troubled = Shipment.objects.filter(shop__kind="aftership", status="exception", tracking_number__in=planted)
        numbers = set(troubled.values_list("tracking_number", flat=True))
    assert numbers
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # a first load has just filled the tables
    detect_due()
    found = Alert.objects.filter(detector="parcel_stuck", state="open", title__contains="the courier reports a problem")
    own = Shipment.objects.filter(shop__kind="shopify", tracking_number__in=numbers)
    assert set(found.values_list("subject_ref", flat=True)) == set(own.values_list("external_id", flat=True))
    assert set(found.values_list("shop__kind", flat=True)) == {"shopify"}
    trackers = set(Shop.objects.filter(kind="aftership").values_list("pk", flat=True))
    told = {row["shop"] for alert in found for row in alert.evidence if row["field"] == "status"}
    assert told == trackers
