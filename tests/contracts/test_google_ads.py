"""Google Ads: what our connector sends and what the twin answers, judged by the published v25 .proto files."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import Connector, Permit
from connectors.money import Money
from connectors.operations import SetCampaign, SetCampaignBudget
from connectors.proof import protos
from connectors.registry import open_connector
from connectors.shops.ads.google_ads.answers import NO_ACCESS, THROTTLED
from connectors.twin.server import TwinServer, serve
from connectors.types import Account
from tests.connectors.shops.stand import allow
from tests.contracts.specs import Recorder, contract


@pytest.fixture(scope="module")
def spec() -> protos.Protos:
    return protos.read(Path(contract("google-ads/v25")))


@pytest.fixture(scope="module")
def server() -> Iterator[TwinServer]:
    with serve("company", seed=7, orders=40, has_limits=False) as server:
        yield server


@pytest.fixture(scope="module")
def exchanges(server: TwinServer) -> list[tuple[httpx.Request, httpx.Response]]:
    """Every feed read and both writes made, over real HTTP."""
    recorder = Recorder()
    row = next(row for row in server.accounts() if row["kind"] == "google_ads")
    account = Account(
        row["kind"], 1, row["name"], row["external_id"], row["base_url"], row["currency"], row["country"],
        row["settings"], row["credentials"], row["time_zone"],
    )  # fmt: skip
    with httpx.Client(transport=recorder, timeout=10) as client:
        connector = open_connector(account, clock=lambda: datetime.now(UTC), gate=allow, client=client)
        for feed in connector.feeds:
            list(connector.pull(feed.name, ""))
        write(connector)
    return [one for one in recorder.exchanges if "/customers/" in one[0].url.path]


def write(connector: Connector) -> None:
    refs = [row.external_id for page in connector.pull("campaigns", "") for row in page.records]
    until = datetime.now(UTC) + timedelta(minutes=1)
    connector.perform(SetCampaign(campaign_ref=refs[1], is_active=False), Permit(1, 1, "d", "k1", 1, until))
    cap = SetCampaignBudget(campaign_ref=refs[4], daily=Money(Decimal(12), "USD"))
    connector.perform(cap, Permit(2, 2, "d", "k2", 1, until))


def call_of(spec: protos.Protos, request: httpx.Request) -> tuple[str, str] | None:
    service = request.url.path.rpartition("/")[2]
    return next((kinds for path, kinds in spec.calls.items() if path.endswith(f"/{service}")), None)


def test_requests_and_replies_are_the_published_messages(
    spec: protos.Protos, exchanges: list[tuple[httpx.Request, httpx.Response]]
) -> None:
    judged, faults = 0, list[str]()
    for request, response in exchanges:
        kinds = call_of(spec, request)
        if kinds is None:
            assert request.url.path.endswith("/campaignBudgets:mutate")  # its file is not among the published part
            continue
        judged += 1
        faults += spec.faults(kinds[0], orjson.loads(request.content))
        faults += spec.faults(kinds[1], orjson.loads(response.content))
    assert faults == []
    assert judged >= 12


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
