"""Google Ads: what our connector sends and what the twin answers, judged by the published v25 .proto files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.proof import protos
from connectors.shops.ads.google_ads.answers import NO_ACCESS, THROTTLED
from connectors.twin.server import TwinServer, serve
from tests.contracts.specs import contract


@pytest.fixture(scope="module")
def spec() -> protos.Protos:
    return protos.read(Path(contract("google-ads/v25")))


@pytest.fixture(scope="module")
def server() -> Iterator[TwinServer]:
    with serve("company", seed=7, orders=40, has_limits=False) as server:
        yield server


def test_the_judge_finds_what_is_wrong(spec: protos.Protos) -> None:
    bad: dict[str, Any] = {
        "results": [
            {"campaign": {"id": 7, "status": "ASLEEP", "colour": "red"}, "metrics": {"costMicros": "12", "clicks": 3}},
            {"segments": []},
        ],
        "totalResultsCount": 2,
    }  # fmt: skip
    assert list(spec.faults("SearchGoogleAdsResponse", bad)) == [
        "/results/0/campaign/id: an int64 is written as text, not 7",
        "/results/0/campaign/status: 'ASLEEP' is no CampaignStatus",
        "/results/0/campaign/colour: google.ads.googleads.v25.resources.Campaign has no such field",
        "/results/0/metrics/clicks: an int64 is written as text, not 3",
        "/results/1/segments: not an object",
        "/totalResultsCount: an int64 is written as text, not 2",
    ]


def test_the_words_that_are_told_apart_are_googles(spec: protos.Protos) -> None:
    assert set(THROTTLED) <= spec.enums["QuotaError"]
    assert spec.enums["AuthorizationError"] >= NO_ACCESS
    kinds = {"quotaError", "authorizationError", "authenticationError", "requestError", "internalError", "mutateError",
             "databaseError", "contextError", "fieldMaskError", "queryError", "campaignBudgetError"}  # fmt: skip
    assert kinds <= set(spec.messages["ErrorCode"].fields)


def test_the_twins_failures_are_the_published_messages(spec: protos.Protos, server: TwinServer) -> None:
    row = next(row for row in server.accounts() if row["kind"] == "google_ads")
    headers = {
        "authorization": f"Bearer {row['credentials']['access_token']}",
        "login-customer-id": row["credentials"]["login_customer_id"],
    }
    url = f"{row['base_url']}/v25/customers/{row['external_id']}"
    bodies = [
        ("googleAds:search", {"query": "SELECT campaign.colour FROM campaign"}),
        ("googleAds:search", {"query": "SELECT campaign.id FROM campaign", "pageSize": 10}),
        ("campaigns:mutate", {"operations": [{"update": {"resourceName": "customers/1/campaigns/2"}}]}),
    ]
    for service, body in bodies:
        told = httpx.post(f"{url}/{service}", json=body, headers=headers, trust_env=False).json()["error"]
        (detail,) = told["details"]
        assert detail.pop("@type").endswith("v25.errors.GoogleAdsFailure")
        assert list(spec.faults("GoogleAdsFailure", detail)) == []
