"""Google Ads: queries and their pages, days and what is read again, mutates with a mask, failures sorted, drift."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from connectors.base import CannotDo, Connector, NotApproved, Reconnect, Refused, Retry, Unknown, closed_gate
from connectors.consent import App, Asking
from connectors.money import Money
from connectors.operations import EndPromotion, SetCampaign, SetCampaignBudget
from connectors.shops import ad_days as days
from connectors.shops.ads.google_ads import GoogleAds, reads
from connectors.shops.ads.google_ads.client import camel
from connectors.types import AccountMetric, AdSpend, BadRow, Campaign, CampaignStatus, Record, Sight
from tests.connectors.shops.ads.drift import bent
from tests.connectors.shops.stand import NOW, allow, open_with, permit, reply

KEYS = {
    "client_id": "app-1", "client_secret": "app-secret-1", "access_token": "ya29.token", "refresh_token": "1//refresh",
    "customer_id": "4012345678", "login_customer_id": "7000000001",
}  # fmt: skip
PAUSE = SetCampaign(campaign_ref="77", is_active=False)
BUDGET = "customers/4012345678/campaignBudgets/9"
FAILURE = "type.googleapis.com/google.ads.googleads.v25.errors.GoogleAdsFailure"


def cap(amount: str = "35", currency: str = "USD", sharing: int = 1) -> SetCampaignBudget:
    return SetCampaignBudget(campaign_ref="77", daily=Money(Decimal(amount), currency), sharing=sharing)


def campaign(**changed: Any) -> dict[str, Any]:
    budget = {"amountMicros": "50000000", "period": "DAILY", "explicitlyShared": False, "referenceCount": "1"}
    return {
        "customer": {"resourceName": "customers/4012345678", "currencyCode": "USD"},
        "campaign": {
            "resourceName": "customers/4012345678/campaigns/77", "id": "77", "name": "Shopping", "status": "ENABLED",
            "primaryStatus": "ELIGIBLE", "advertisingChannelType": "SHOPPING", "campaignBudget": BUDGET,
            **{name: value for name, value in changed.items() if name not in budget},
        },
        "campaignBudget": budget | {name: value for name, value in changed.items() if name in budget},
    }  # fmt: skip


def spent(day: str = "2026-11-20", item: str = "") -> dict[str, Any]:
    return {
        "customer": {"currencyCode": "USD"},
        "campaign": {"resourceName": "customers/4012345678/campaigns/77", "id": "77", "name": "Shopping"},
        "segments": {"date": day, **({"productItemId": item} if item else {})},
        "metrics": {
            "costMicros": "12345678", "clicks": "40", "impressions": "1200", "conversions": 1.5,
            "conversionsValue": 99.5,
        },
    }  # fmt: skip


def failure(kind: str, word: str, status: int = 400, **details: Any) -> httpx.Response:
    error = {"errorCode": {kind: word}, "message": "no", **({"details": details} if details else {})}
    told = {"code": status, "message": "no", "status": "X", "details": [{"@type": FAILURE, "errors": [error]}]}
    return reply({"error": told}, status)


class Google:
    """Answers queries from `rows`, mutates with `mutated`; keeps what it was asked."""

    def __init__(self, *rows: Any, mutated: httpx.Response | None = None, page: int = 1000) -> None:
        self.rows, self.mutated, self.page = list(rows), mutated, page
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path.endswith(":mutate"):
            name = orjson.loads(request.content)["operations"][0]["update"]["resourceName"]
            return self.mutated or reply({"results": [{"resourceName": name}]})
        body = orjson.loads(request.content)
        start = int(body.get("pageToken") or 0)
        end = start + self.page
        fields = body["query"].partition(" FROM ")[0].removeprefix("SELECT ").split(", ")
        told: dict[str, Any] = {
            "results": self.rows[start:end], "fieldMask": ",".join(camel(name) for name in fields),
            "totalResultsCount": str(len(self.rows)),
        }  # fmt: skip
        return reply(told | ({"nextPageToken": str(end)} if end < len(self.rows) else {}))

    @property
    def queries(self) -> list[str]:
        return [orjson.loads(one.content)["query"] for one in self.asked if one.url.path.endswith(":search")]

    @property
    def mutates(self) -> list[tuple[str, dict[str, Any]]]:
        found = [one for one in self.asked if one.url.path.endswith(":mutate")]
        return [(one.url.path, orjson.loads(one.content)) for one in found]


def google(answer: Callable[[httpx.Request], httpx.Response], **more: Any) -> Connector:
    return open_with(answer, "google_ads", KEYS, **more)


def rows_of(connector: Connector, feed: str) -> list[Record | BadRow]:
    cursor = "2026-11-21" if feed in ("spend", "product_spend") else ""
    return [row for page in connector.pull(feed, cursor) for row in page.records]


# -- reads ------------------------------------------------------------------------------------------------------------


def test_a_campaign_is_read_with_its_budget_and_standing() -> None:
    (found,) = rows_of(google(Google(campaign())), "campaigns")
    assert isinstance(found, Campaign)
    assert (found.external_id, found.name, found.status, found.platform_status, found.kind) == (
        "77", "Shopping", CampaignStatus.ACTIVE, "ENABLED/ELIGIBLE", "SHOPPING",
    )  # fmt: skip
    assert (found.daily_budget, found.total_budget, found.currency, found.budget_ref, found.budget_shared_by) == (
        Decimal(50), None, "USD", BUDGET, 1,
    )  # fmt: skip
    assert found.issue == ""


def test_a_shared_budget_tells_how_many_spend_from_it() -> None:
    (found,) = rows_of(google(Google(campaign(explicitlyShared=True, referenceCount="3"))), "campaigns")
    assert isinstance(found, Campaign)
    assert found.budget_shared_by == 3


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"primaryStatus": "LIMITED", "primaryStatusReasons": ["BUDGET_CONSTRAINED"]}, "BUDGET_CONSTRAINED"),
        ({"status": "PAUSED", "primaryStatus": "PAUSED", "primaryStatusReasons": ["CAMPAIGN_PAUSED"]}, ""),
    ],
)
def test_an_issue_is_what_hinders_a_campaign_that_is_enabled(changed: dict[str, Any], expected: str) -> None:
    (found,) = rows_of(google(Google(campaign(**changed))), "campaigns")
    assert isinstance(found, Campaign)
    assert found.issue == expected


def test_a_sum_for_all_days_is_no_daily_budget() -> None:
    row = campaign(period="CUSTOM_PERIOD")
    row["campaignBudget"]["totalAmountMicros"] = "900000000"
    (found,) = rows_of(google(Google(row)), "campaigns")
    assert isinstance(found, Campaign)
    assert (found.daily_budget, found.total_budget) == (None, Decimal(900))


def test_a_day_of_a_product_is_read_in_millionths_and_fractions() -> None:
    (found,) = rows_of(google(Google(spent(item="shopify_us_1_2"))), "product_spend")
    assert found == AdSpend(
        external_id="77/2026-11-20/shopify_us_1_2", raw=orjson.dumps(spent(item="shopify_us_1_2")), campaign="Shopping",
        campaign_ref="77", sku="shopify_us_1_2", day=date(2026, 11, 20), cost=Decimal("12.345678"), currency="USD",
        clicks=40, impressions=1200, conversions=Decimal("1.5"), conversions_value=Decimal("99.5"),
    )  # fmt: skip


def test_the_row_of_a_product_without_its_id_does_not_overwrite_the_campaigns_day() -> None:
    (found,) = rows_of(google(Google(spent())), "product_spend")
    assert isinstance(found, BadRow)
    assert (found.kind, found.external_id, found.reason) == (
        "ad_spend", "77/2026-11-20", "the row of a product names none",
    )  # fmt: skip


def test_the_first_pull_reads_ninety_days_in_stretches_and_the_next_some_days_again() -> None:
    outside = Google(spent())
    connector = google(outside, time_zone="Asia/Singapore")
    pages = list(connector.pull("spend", ""))
    assert [page.is_last for page in pages] == [False, False, True]
    assert pages[-1].cursor == "2026-11-21"
    assert "BETWEEN '2026-08-23' AND '2026-09-22'" in outside.queries[0]
    assert "BETWEEN '2026-09-23' AND '2026-10-23'" in outside.queries[1]
    assert "BETWEEN '2026-10-24' AND '2026-11-21'" in outside.queries[2]
    assert [page.is_last for page in connector.pull("spend", "2026-11-21")] == [True]
    assert "BETWEEN '2026-11-18' AND '2026-11-21'" in outside.queries[3]


def test_the_accounts_own_day_is_asked_for() -> None:
    outside = Google()
    west = google(outside, time_zone="America/Los_Angeles")  # where it is still the 21st, at midnight
    list(west.pull("spend", "2026-11-21"))
    list(google(outside, time_zone="Pacific/Auckland").pull("spend", "2026-11-21"))
    assert [query.partition(" ORDER")[0][-12:] for query in outside.queries] == ["'2026-11-21'", "'2026-11-21'"]
    assert days.today(west.account, NOW - timedelta(hours=1)) == date(2026, 11, 20)
    assert days.today(open_with(outside, "google_ads", KEYS, time_zone="Nowhere/Lost").account, NOW) == NOW.date()


def test_restated_days_reach_back_as_far_as_the_account_says() -> None:
    outside = Google()
    pages = list(google(outside, settings={"restated_days": 10}).pull("restated_spend", ""))
    assert [page.is_last for page in pages] == [False, True]
    assert [page.cursor for page in pages] == ["", ""]
    assert all("BETWEEN '2026-11-11' AND '2026-11-21'" in query for query in outside.queries)


def test_pages_are_followed_and_the_sources_count_goes_along() -> None:
    outside = Google(*(spent(f"2026-11-{day:02}") for day in range(18, 22)), page=3)
    pages = list(google(outside).pull("spend", "2026-11-21"))
    assert [(page.seen, page.is_last, page.count_at_source, page.cursor) for page in pages] == [
        (3, False, 4, "2026-11-18"), (1, True, 4, "2026-11-21"),
    ]  # fmt: skip
    assert not any("pageSize" in orjson.loads(one.content) for one in outside.asked)


def test_every_call_names_the_manager_and_the_token() -> None:
    outside = Google(campaign())
    rows_of(google(outside), "campaigns")
    headers = outside.asked[0].headers
    assert headers["authorization"] == "Bearer ya29.token"
    assert headers["login-customer-id"] == "7000000001"
    assert "developer-token" not in headers
    assert outside.asked[0].url.path == "/v25/customers/4012345678/googleAds:search"


def test_the_account_feed_tells_standing_held_back_ads_and_spending() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        query = orjson.loads(request.content)["query"]
        if "FROM ad_group_ad" in query:
            rows: list[Any] = [{"campaign": {"id": "7", "name": "Shop"}, "adGroupAd": {"ad": {"id": "1"}}}] * 2
        elif "FROM account_budget" in query:
            micros = {"adjustedSpendingLimitMicros": "8000000", "amountServedMicros": "2000000"}
            rows = [{"accountBudget": {"id": "5", **micros}}]
        else:
            rows = [{"customer": {"id": "4012345678", "status": "SUSPENDED"}}]
        return reply({"results": rows})

    found = {row.external_id: row for row in rows_of(google(answer), "account") if isinstance(row, AccountMetric)}
    assert {name: row.value for name, row in found.items()} == {
        "account_status": 0, "disapproved_ads": 2, "account_budget/5": Decimal("25.00"),
    }  # fmt: skip
    assert found["account_status"].detail == {"status": "SUSPENDED"}
    assert found["disapproved_ads"].detail == {"campaigns": {"Shop": 2}}


def test_one_campaign_and_one_day_are_read_by_their_ids() -> None:
    connector = google(Google(campaign()))
    assert (connector.fetch(Campaign, "77") or campaign).external_id == "77"  # type: ignore[union-attr]
    assert connector.fetch(Campaign, "77 OR 1=1") is None
    day = google(Google(spent()))
    found = day.fetch(AdSpend, "77/2026-11-20")
    assert found is not None
    assert found.cost == Decimal("12.345678")
    assert day.fetch(AdSpend, "77/2026-13-99") is None
    assert google(Google()).fetch(AdSpend, "77/2026-11-20") is None
    with pytest.raises(CannotDo):
        connector.fetch(AccountMetric, "account_status")


# -- writes -----------------------------------------------------------------------------------------------------------


def test_a_pause_changes_the_status_alone() -> None:
    outside = Google(campaign())
    receipt = google(outside).perform(PAUSE, permit())
    path, body = outside.mutates[0]
    assert path == "/v25/customers/4012345678/campaigns:mutate"
    assert body["operations"] == [
        {"update": {"resourceName": "customers/4012345678/campaigns/77", "status": "PAUSED"}, "updateMask": "status"}
    ]
    assert receipt.reference == "customers/4012345678/campaigns/77"
    assert not receipt.is_replay


def test_a_campaign_that_is_paused_already_is_left_alone() -> None:
    outside = Google(campaign(status="PAUSED"))
    assert google(outside).perform(PAUSE, permit()).is_replay
    assert outside.mutates == []


def test_a_cap_changes_the_budget_in_millionths() -> None:
    outside = Google(campaign())
    google(outside).perform(cap("35.5"), permit())
    path, body = outside.mutates[0]
    assert path.endswith("/campaignBudgets:mutate")
    assert body["operations"] == [
        {"update": {"resourceName": BUDGET, "amountMicros": "35500000"}, "updateMask": "amountMicros"}
    ]


@pytest.mark.parametrize(
    ("rows", "operation", "code"),
    [
        ([], PAUSE, "not_found"),
        ([campaign(status="REMOVED")], PAUSE, "removed"),
        ([campaign(explicitlyShared=True, referenceCount="3")], cap(), "shared_budget"),
        ([campaign()], cap("35", "EUR"), "currency"),
        ([campaign()], cap("0"), "amount"),
        ([campaign()], cap("35.555"), "amount"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(rows: list[Any], operation: Any, code: str) -> None:
    outside = Google(*rows)
    with pytest.raises(Refused) as caught:
        google(outside).perform(operation, permit())
    assert caught.value.code == code
    assert outside.mutates == []


def test_a_cap_that_was_approved_for_all_who_share_it_is_set() -> None:
    outside = Google(campaign(explicitlyShared=True, referenceCount="3"))
    google(outside).perform(cap(sharing=3), permit())
    assert len(outside.mutates) == 1


def test_a_campaign_with_one_sum_for_all_its_days_is_capped_by_hand() -> None:
    connector = google(Google(campaign(period="CUSTOM_PERIOD")))
    with pytest.raises(CannotDo):
        connector.perform(cap(), permit())
    assert GoogleAds.by_hand(cap(), connector.account) == "https://ads.google.com/aw/campaigns?campaignId=77"


def test_what_google_ads_has_no_call_for_is_done_by_hand() -> None:
    with pytest.raises(CannotDo):
        google(Google()).perform(EndPromotion(promotion_ref="1"), permit())


def test_without_an_approval_nothing_leaves() -> None:
    outside = Google(campaign())
    with pytest.raises(NotApproved):
        google(outside, gate=closed_gate).perform(PAUSE, permit())
    assert outside.mutates == []


@pytest.mark.parametrize(
    ("row", "operation", "sight"),
    [
        (campaign(status="PAUSED"), PAUSE, Sight.SEEN),
        (campaign(), PAUSE, Sight.ABSENT),
        (campaign(amountMicros="35000000"), cap(), Sight.SEEN),
        (campaign(), cap(), Sight.ABSENT),
        (campaign(period="CUSTOM_PERIOD"), cap(), Sight.UNCLEAR),
    ],
)
def test_a_read_shows_whether_a_write_took_effect(row: dict[str, Any], operation: Any, sight: Sight) -> None:
    seen = google(Google(row)).probe(operation, "key", NOW)
    assert (seen.sight, seen.read_at) == (sight, NOW)


def test_a_campaign_that_is_gone_is_unclear() -> None:
    assert google(Google()).probe(PAUSE, "key", NOW).sight is Sight.UNCLEAR


# -- failures ---------------------------------------------------------------------------------------------------------


def test_a_partial_failure_inside_a_good_answer_is_a_failure() -> None:
    error = {"errorCode": {"mutateError": "RESOURCE_NOT_FOUND"}, "message": "gone"}
    told = {"code": 5, "message": "gone", "details": [{"@type": FAILURE, "errors": [error]}]}
    outside = Google(campaign(), mutated=reply({"results": [{}], "partialFailureError": told}))
    with pytest.raises(Refused) as caught:
        google(outside).perform(PAUSE, permit())
    assert caught.value.code == "RESOURCE_NOT_FOUND"


@pytest.mark.parametrize("body", [{}, {"results": []}, {"results": [{"resourceName": "customers/1/campaigns/2"}]}, []])
def test_an_answer_that_does_not_name_the_campaign_is_unknown(body: Any) -> None:
    with pytest.raises(Unknown):
        google(Google(campaign(), mutated=reply(body))).perform(PAUSE, permit())


@pytest.mark.parametrize(
    ("response", "on_read", "on_write"),
    [
        (failure("quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED", 429), Retry, Retry),
        (failure("quotaError", "RESOURCE_EXHAUSTED", 429), Retry, Retry),
        (failure("quotaError", "EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION", 429), Retry, Retry),
        (failure("quotaError", "ACCESS_PROHIBITED", 403), Refused, Refused),
        (failure("databaseError", "CONCURRENT_MODIFICATION"), Retry, Retry),
        (failure("internalError", "INTERNAL_ERROR", 500), Retry, Unknown),
        (failure("internalError", "TRANSIENT_ERROR", 500), Retry, Unknown),
        (failure("authenticationError", "OAUTH_TOKEN_REVOKED", 401), Reconnect, Reconnect),
        (failure("authorizationError", "USER_PERMISSION_DENIED", 403), Reconnect, Reconnect),
        (failure("authorizationError", "CUSTOMER_NOT_ENABLED", 403), Refused, Refused),
        (failure("authorizationError", "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION", 403), Refused, Refused),
        (failure("requestError", "EXPIRED_PAGE_TOKEN"), Retry, Refused),
        (failure("contextError", "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE"), Refused, Refused),
        (reply({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, 401), Reconnect, Reconnect),
        (reply({"error": {"code": 503, "status": "UNAVAILABLE"}}, 503), Retry, Unknown),
        (reply({"error": {"code": 504, "status": "DEADLINE_EXCEEDED"}}, 504), Retry, Unknown),
        (reply({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}, 429), Retry, Retry),
        (httpx.Response(502, content=b"<html>502</html>"), Retry, Unknown),
        (reply([{"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "no"}}], 400), Refused, Refused),
    ],
)
def test_failures_are_sorted_by_googles_own_words(
    response: httpx.Response, on_read: type[Exception], on_write: type[Exception]
) -> None:
    with pytest.raises(on_read):
        rows_of(google(lambda request: response), "campaigns")
    outside = Google(campaign(), mutated=response)
    with pytest.raises(on_write):
        google(outside).perform(PAUSE, permit())
    assert len(outside.mutates) == 1


@pytest.mark.parametrize(
    ("word", "details", "seconds"),
    [
        ("RESOURCE_EXHAUSTED", {"quotaErrorDetails": {"retryDelay": "40591s"}}, 40591),
        ("RESOURCE_EXHAUSTED", {}, 3600),
        ("RESOURCE_TEMPORARILY_EXHAUSTED", {"quotaErrorDetails": {"retryDelay": "2.5s"}}, 2.5),
    ],
)
def test_the_wait_that_google_advises_is_heeded(word: str, details: dict[str, Any], seconds: float) -> None:
    with pytest.raises(Retry) as caught:
        rows_of(google(lambda request: failure("quotaError", word, 429, **details)), "campaigns")
    assert caught.value.after_seconds == seconds


def test_a_service_that_is_not_enabled_says_what_to_do() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}
    told = {"error": {"code": 403, "message": "no", "status": "PERMISSION_DENIED", "details": [info]}}
    with pytest.raises(Refused, match="enable the Google Ads API"):
        rows_of(google(lambda request: reply(told, 403)), "campaigns")


# -- drift ------------------------------------------------------------------------------------------------------------

FEEDS = [
    ("campaigns", campaign(explicitlyShared=True)),
    ("spend", spent()),
    ("product_spend", spent(item="shopify_us_1_2")),
]


@pytest.mark.parametrize(
    ("feed", "row"),
    [pytest.param(feed, changed, id=f"{feed} {name}") for feed, row in FEEDS for name, changed in bent(row)],
)
def test_a_changed_field_loses_no_row_and_stops_no_other(feed: str, row: dict[str, Any]) -> None:
    good = dict(FEEDS)[feed]
    pages = list(google(Google(row, good)).pull(feed, "2026-11-21"))
    found = [one for page in pages for one in page.records]
    assert len(found) == 2
    assert not isinstance(found[1], BadRow)


@pytest.mark.parametrize("name", ["costMicros", "clicks", "conversions"])
@pytest.mark.parametrize("how", ["renamed", "retyped", "new word"])
def test_a_figure_under_another_name_is_never_read_as_zero(name: str, how: str) -> None:
    row = dict(bent(spent()))[f"{how} metrics.{name}"]
    (found,) = rows_of(google(Google(row)), "spend")[:1]
    assert isinstance(found, BadRow)
    assert found.external_id == "77/2026-11-20"


@pytest.mark.parametrize("name", ["campaignBudget.amountMicros", "campaignBudget.explicitlyShared"])
@pytest.mark.parametrize("how", ["renamed", "retyped", "new word"])
def test_a_budget_under_another_name_is_not_read_as_none(name: str, how: str) -> None:
    (found,) = rows_of(google(Google(dict(bent(FEEDS[0][1]))[f"{how} {name}"])), "campaigns")
    assert isinstance(found, BadRow)
    assert (found.kind, found.external_id) == ("campaign", "77")


def test_a_field_that_is_no_longer_sent_stops_the_feed() -> None:
    told = {"results": [spent()], "fieldMask": "customer.currencyCode,campaign.id,campaign.name,segments.date"}
    with pytest.raises(Retry, match="metrics.cost_micros") as caught:
        rows_of(google(lambda request: reply(told)), "spend")
    assert caught.value.code == "drift"


@pytest.mark.parametrize("body", [[], {"results": {}}, {"results": [], "nextPageToken": "x"}])
def test_an_answer_of_another_shape_is_no_empty_account(body: Any) -> None:
    with pytest.raises(Retry) as caught:
        rows_of(google(lambda request: reply(body)), "campaigns")
    assert caught.value.code in ("drift", "short_read")


# -- connecting -------------------------------------------------------------------------------------------------------

APP = App("google_ads", {"client_id": "app-1", "client_secret": "app-secret-1"})
ASKING = Asking("state-1", "https://ops.example/back/", GoogleAds.read_scopes, "verifier-1")


def test_the_consent_page_asks_for_a_lasting_permission_with_pkce() -> None:
    url = urlsplit(GoogleAds.consent(APP, ASKING))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (url.netloc, url.path) == ("accounts.google.com", "/o/oauth2/v2/auth")
    assert query == {
        "client_id": "app-1", "redirect_uri": "https://ops.example/back/", "response_type": "code", "state": "state-1",
        "scope": "https://www.googleapis.com/auth/adwords", "access_type": "offline", "prompt": "consent",
        "include_granted_scopes": "true", "code_challenge": ASKING.challenge(), "code_challenge_method": "S256",
    }  # fmt: skip


def token(**told: Any) -> httpx.Response:
    return reply({"access_token": "ya29.next", "expires_in": 3599, "token_type": "Bearer", **told})


def test_a_renewed_token_keeps_the_refresh_token() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return token()

    connector = google(answer)
    assert isinstance(connector, GoogleAds)
    renewed = connector.refresh()
    assert renewed.credentials == KEYS | {"access_token": "ya29.next"}
    assert renewed.expires_at == NOW + timedelta(seconds=3599)
    assert parse_qs(asked[0].content.decode()) == {
        "grant_type": ["refresh_token"], "refresh_token": ["1//refresh"], "client_id": ["app-1"],
        "client_secret": ["app-secret-1"],
    }  # fmt: skip


def test_a_dead_refresh_token_asks_for_a_person() -> None:
    connector = google(lambda request: reply({"error": "invalid_grant", "error_description": "expired"}, 400))
    assert isinstance(connector, GoogleAds)
    with pytest.raises(Reconnect):
        connector.refresh()


def test_an_account_that_is_reached_by_itself_needs_no_manager() -> None:
    accounts = {
        "70": {"id": "70", "manager": True, "status": "ENABLED", "descriptiveName": "Group"},
        "40": {"id": "40", "status": "ENABLED", "descriptiveName": "Own", "currencyCode": "SGD",
               "timeZone": "Asia/Singapore"},
    }  # fmt: skip
    child = {"id": "41", "status": "ENABLED", "descriptiveName": "Client", "currencyCode": "USD"}

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/token"):
            return token(refresh_token="1//fresh", scope=" ".join(GoogleAds.read_scopes))
        if path.endswith(":listAccessibleCustomers"):
            return reply({"resourceNames": ["customers/70", "customers/40", "customers/99"]})
        ref = path.split("/")[3]
        if ref not in accounts:
            return failure("authorizationError", "CUSTOMER_NOT_ENABLED", 403)
        if "FROM customer_client" in orjson.loads(request.content)["query"]:
            return reply({"results": [{"customerClient": child}, {"customerClient": accounts["40"]}]})
        return reply({"results": [{"customer": accounts[ref]}]})

    transport = open_with(answer, "google_ads", KEYS, gate=allow).transport
    app = App("google_ads", APP.credentials, "https://google_ads.example")
    grants = GoogleAds.grant(app, ASKING, {"code": "c"}, transport, lambda: NOW)
    assert [(one.external_id, one.credentials.get("login_customer_id"), one.name) for one in grants] == [
        ("40", None, "Own"), ("41", "70", "Client"),
    ]  # fmt: skip
    assert (grants[0].currency, grants[0].time_zone) == ("SGD", "Asia/Singapore")


def test_an_unticked_scope_is_refused_in_words() -> None:
    transport = google(lambda request: token(refresh_token="1//fresh", scope="openid")).transport
    with pytest.raises(Refused, match="not ticked"):
        GoogleAds.grant(APP, ASKING, {"code": "c"}, transport, lambda: NOW)


def test_queries_ask_for_no_more_than_one_resource() -> None:
    for query in (reads.SPEND, reads.PRODUCTS, reads.CAMPAIGNS, reads.CUSTOMER, reads.DISAPPROVED):
        assert query.count(" FROM ") == 1
