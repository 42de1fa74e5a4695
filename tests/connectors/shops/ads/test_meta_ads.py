"""Meta Ads: proofs, cursors, insights by day and product, updates, codes sorted, meters, drift."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from connectors.base import Budget, CannotDo, Connector, NotApproved, Reconnect, Refused, Retry, Unknown, closed_gate
from connectors.consent import App, Asking
from connectors.http import Reply
from connectors.money import Money
from connectors.operations import EndPromotion, SetCampaign, SetCampaignBudget
from connectors.shops.ads.meta_ads import MetaAds, answers
from connectors.shops.ads.meta_ads.parse import minor_units
from connectors.shops.ads.meta_ads.signing import appsecret_proof, push_signature
from connectors.types import AccountMetric, AdSpend, BadRow, Campaign, CampaignStatus, Record, Sight
from tests.connectors.shops.ads.drift import bent
from tests.connectors.shops.stand import NOW, open_with, permit, reply

KEYS = {"app_id": "app-1", "app_secret": "app_secret", "access_token": "token", "account_id": "1048576001"}
PROOF = "059a4ea9403818b051f7309a311095ac009e10fdbaeafbc3ea4d066fab212e18"
PAUSE = SetCampaign(campaign_ref="120210", is_active=False)
SUCCESS = reply({"success": True})
ACTIONS = [
    {"action_type": "link_click", "value": "31"}, {"action_type": "purchase", "value": "3"},
    {"action_type": "omni_purchase", "value": "3"},
    {"action_type": "offsite_conversion.fb_pixel_purchase", "value": "2"},
]  # fmt: skip


def cap(amount: str = "35", currency: str = "USD") -> SetCampaignBudget:
    return SetCampaignBudget(campaign_ref="120210", daily=Money(Decimal(amount), currency))


def campaign(**changed: Any) -> dict[str, Any]:
    whole = {
        "id": "120210", "account_id": "1048576001", "name": "Catalogue", "status": "ACTIVE",
        "effective_status": "ACTIVE", "objective": "OUTCOME_SALES", "daily_budget": "5000",
        "updated_time": "2026-11-20T08:00:00+0000", **changed,
    }  # fmt: skip
    return {name: value for name, value in whole.items() if value is not None}


def insight(day: str = "2026-11-20", **changed: Any) -> dict[str, Any]:
    return {
        "campaign_id": "120210", "campaign_name": "Catalogue", "spend": "12.34", "impressions": "1200", "clicks": "40",
        "account_currency": "USD", "date_start": day, "date_stop": day, **changed,
    }  # fmt: skip


def error(code: int, subcode: int = 0, status: int = 400, message: str = "no", **more: Any) -> httpx.Response:
    told = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "x", **more}
    return reply({"error": told | ({"error_subcode": subcode} if subcode else {})}, status)


class Meta:
    """Answers lists and objects with `rows`, updates with `updated`; keeps what it was asked."""

    def __init__(self, *rows: Any, updated: httpx.Response = SUCCESS, page: int = 1000) -> None:
        self.rows, self.updated, self.page = list(rows), updated, page
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.method == "POST":
            return self.updated
        path = request.url.path.removeprefix("/v26.0/")
        if "/" not in path:
            return reply(self.rows[0]) if self.rows else error(100, 33)
        start = int(request.url.params.get("after") or 0)
        end = start + self.page
        paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(end)}}
        if end < len(self.rows):
            paging["next"] = f"https://elsewhere.example/{path}?access_token=token&after={end}"
        return reply({"data": self.rows[start:end], "paging": paging})

    @property
    def updates(self) -> list[tuple[str, dict[str, list[str]]]]:
        found = [one for one in self.asked if one.method == "POST"]
        return [(one.url.path, parse_qs(one.content.decode())) for one in found]


def meta(answer: Callable[[httpx.Request], httpx.Response], **more: Any) -> Connector:
    return open_with(answer, "meta_ads", KEYS, **{"currency": "USD"} | more)


def rows_of(connector: Connector, feed: str) -> list[Record | BadRow]:
    cursor = "2026-11-21" if feed in ("spend", "product_spend") else ""
    return [row for page in connector.pull(feed, cursor) for row in page.records]


# -- signatures -------------------------------------------------------------------------------------------------------


def test_the_proof_is_the_known_one() -> None:
    assert appsecret_proof("app_secret", "token") == PROOF


def test_every_call_carries_the_proof_and_keeps_the_token_out_of_the_address() -> None:
    outside = Meta(campaign())
    connector = meta(outside)
    rows_of(connector, "campaigns")
    connector.perform(PAUSE, permit())
    assert [one.url.params.get("appsecret_proof") for one in outside.asked[:2]] == [PROOF, PROOF]
    assert outside.updates[0][1]["appsecret_proof"] == [PROOF]
    assert {one.headers["authorization"] for one in outside.asked} == {"Bearer token"}
    assert not any("access_token" in str(one.url) for one in outside.asked)


def test_a_push_is_believed_by_its_signature_alone() -> None:
    body = b'{"object":"ad_account","entry":[]}'
    headers = {"x-hub-signature-256": push_signature("app_secret", body)}
    assert MetaAds.verify(body, headers, "", ("other", "app_secret"), NOW)
    assert not MetaAds.verify(body + b" ", headers, "", ("app_secret",), NOW)
    assert not MetaAds.verify(body, {}, "", ("app_secret",), NOW)
    assert MetaAds.touched(body, headers) == ("campaigns", "account")
    assert MetaAds.touched(b'{"object":"page"}', headers) == ()
    assert MetaAds.event_id(body, headers) == MetaAds.event_id(body, {})


# -- reads ------------------------------------------------------------------------------------------------------------


def test_a_campaign_is_read_with_its_budget_in_the_major_unit() -> None:
    (found,) = rows_of(meta(Meta(campaign())), "campaigns")
    assert isinstance(found, Campaign)
    assert (found.external_id, found.name, found.status, found.platform_status, found.kind) == (
        "120210", "Catalogue", CampaignStatus.ACTIVE, "ACTIVE/ACTIVE", "OUTCOME_SALES",
    )  # fmt: skip
    assert (found.daily_budget, found.total_budget, found.budget_ref, found.budget_shared_by) == (
        Decimal(50), None, "120210", 1,
    )  # fmt: skip
    assert found.updated_at == datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.mark.parametrize(("currency", "units"), [("USD", 100), ("JPY", 1), ("IDR", 1), ("TWD", 1), ("BHD", 100)])
def test_budgets_are_counted_as_meta_counts_a_currency(currency: str, units: int) -> None:
    assert minor_units(currency) == units


def test_a_campaign_whose_ad_sets_hold_the_budgets_has_none() -> None:
    (found,) = rows_of(meta(Meta(campaign(daily_budget=None))), "campaigns")
    assert isinstance(found, Campaign)
    assert (found.daily_budget, found.budget_ref) == (None, "")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ""),
        ({"effective_status": "WITH_ISSUES"}, "WITH_ISSUES"),
        ({"issues_info": [{"error_summary": "Ad rejected"}, {"error_summary": "Ad rejected"}]}, "Ad rejected"),
    ],
)
def test_an_issue_is_told_in_metas_words(changed: dict[str, Any], expected: str) -> None:
    (found,) = rows_of(meta(Meta(campaign(**changed))), "campaigns")
    assert isinstance(found, Campaign)
    assert found.issue == expected


def test_the_accounts_currency_is_asked_for_where_the_shop_does_not_know_it() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/campaigns"):
            return reply({"data": [campaign(daily_budget="500")]})
        return reply({"id": "act_1048576001", "currency": "JPY"})

    (found,) = rows_of(meta(answer, currency=""), "campaigns")
    assert isinstance(found, Campaign)
    assert (found.currency, found.daily_budget) == ("JPY", Decimal(500))


def test_a_purchase_that_is_told_under_several_names_counts_once() -> None:
    values = [{"action_type": "purchase", "value": "99.50"}, {"action_type": "omni_purchase", "value": "101.50"}]
    row = insight(actions=ACTIONS, action_values=values)
    (found,) = rows_of(meta(Meta(row)), "spend")
    assert found == AdSpend(
        external_id="120210/2026-11-20", raw=orjson.dumps(row), campaign="Catalogue", campaign_ref="120210",
        day=date(2026, 11, 20), cost=Decimal("12.34"), currency="USD", clicks=40, impressions=1200,
        conversions=Decimal(3), conversions_value=Decimal("101.50"),
    )  # fmt: skip


def test_a_day_without_any_action_has_no_purchase() -> None:
    (found,) = rows_of(meta(Meta(insight())), "spend")
    assert isinstance(found, AdSpend)
    assert (found.conversions, found.conversions_value) == (Decimal(0), Decimal(0))


def test_a_products_part_names_its_retailer_id_and_claims_no_conversions() -> None:
    (found,) = rows_of(meta(Meta(insight(product_id="LAMP-1, Desk Lamp, Oak"))), "product_spend")
    assert isinstance(found, AdSpend)
    assert (found.external_id, found.sku, found.conversions) == ("120210/2026-11-20/LAMP-1", "LAMP-1", None)


def test_insights_ask_for_days_of_campaigns_and_products_without_actions() -> None:
    outside = Meta()
    connector = meta(outside)
    rows_of(connector, "spend")
    rows_of(connector, "product_spend")
    whole, parts = (dict(one.url.params) for one in outside.asked)
    assert orjson.loads(whole["time_range"]) == {"since": "2026-11-18", "until": "2026-11-21"}
    assert (whole["level"], whole["time_increment"], whole["limit"]) == ("campaign", "1", "500")
    assert "actions" in whole["fields"]
    assert parts["breakdowns"] == "product_id"
    assert "action" not in parts["fields"]


def test_the_cursor_is_followed_and_never_the_address_that_a_reply_names() -> None:
    outside = Meta(*(insight(f"2026-11-{day}") for day in range(18, 22)), page=3)
    pages = list(meta(outside).pull("spend", "2026-11-21"))
    assert [(page.seen, page.is_last, page.cursor) for page in pages] == [
        (3, False, "2026-11-18"), (1, True, "2026-11-21"),
    ]  # fmt: skip
    assert {one.url.host for one in outside.asked} == {"meta_ads.example"}


def test_a_question_that_is_too_large_is_asked_in_halves() -> None:
    asked: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        span = orjson.loads(request.url.params["time_range"])
        asked.append((span["since"][-2:], span["until"][-2:]))
        if span["since"] < span["until"]:
            return error(1, message="Please reduce the amount of data you're asking for, then retry", status=500)
        return reply({"data": [insight(span["since"])]})

    pages = list(meta(answer).pull("spend", "2026-11-21"))
    assert asked == [("18", "21"), ("18", "19"), ("18", "18"), ("19", "19"), ("20", "21"), ("20", "20"), ("21", "21")]
    assert [page.is_last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert pages[-1].cursor == "2026-11-21"
    assert [row.external_id[-2:] for page in pages for row in page.records] == ["18", "19", "20", "21"]


def test_a_day_that_is_too_large_is_asked_campaign_by_campaign() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v26.0/")
        if path.endswith("/campaigns"):
            return reply({"data": [{"id": "1"}, {"id": "2"}]})
        if path.startswith("act_"):
            return error(1, message="Please reduce the amount of data you're asking for", status=500)
        return reply({"data": [insight(campaign_id=path.partition("/")[0])]})

    pages = list(meta(answer).pull("spend", "2026-11-21"))
    assert len([row for page in pages for row in page.records]) == 2 * 4
    assert [page.is_last for page in pages] == [False] * (len(pages) - 1) + [True]


def test_one_campaigns_day_that_is_too_large_is_refused_in_words() -> None:
    connector = meta(lambda request: error(100, 1504018))
    with pytest.raises(Refused) as caught:
        connector.fetch(AdSpend, "120210/2026-11-20")
    assert caught.value.code == "too_much_data"


def test_restated_days_reach_back_over_the_longest_attribution() -> None:
    outside = Meta()
    pages = list(meta(outside).pull("restated_spend", ""))
    assert [page.is_last for page in pages] == [False, True]
    spans = [orjson.loads(one.url.params["time_range"]) for one in outside.asked]
    assert spans == [{"since": "2026-10-24", "until": "2026-11-21"}] * 2


def test_the_account_feed_tells_standing_cap_and_held_back_ads() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/ads"):
            assert orjson.loads(request.url.params["effective_status"]) == ["DISAPPROVED"]
            return reply({"data": [{"id": "1", "campaign": {"id": "120210", "name": "Catalogue"}}]})
        told = {"account_id": "1048576001", "account_status": 3, "currency": "USD", "spend_cap": "20000"}
        return reply(told | {"amount_spent": "5000"})

    found = {row.external_id: row for row in rows_of(meta(answer), "account") if isinstance(row, AccountMetric)}
    assert {name: row.value for name, row in found.items()} == {
        "account_status": 0, "spend_cap_used": Decimal("25.00"), "disapproved_ads": 1,
    }  # fmt: skip
    assert found["account_status"].detail == {"status": "UNSETTLED", "disable_reason": 0}


def test_another_accounts_campaign_is_none_of_ours() -> None:
    assert meta(Meta(campaign(account_id="9"))).fetch(Campaign, "120210") is None
    assert meta(Meta()).fetch(Campaign, "120210") is None
    assert meta(Meta(campaign())).fetch(Campaign, "me/adaccounts") is None
    with pytest.raises(CannotDo):
        meta(Meta()).fetch(AccountMetric, "account_status")


def test_one_day_is_read_by_its_id() -> None:
    outside = Meta(insight(product_id="LAMP-1, Lamp"), insight(product_id="MUG-1, Mug"))
    found = meta(outside).fetch(AdSpend, "120210/2026-11-20/MUG-1")
    assert found is not None
    assert found.sku == "MUG-1"
    assert outside.asked[0].url.path == "/v26.0/120210/insights"
    assert meta(outside).fetch(AdSpend, "120210/yesterday") is None


# -- writes -----------------------------------------------------------------------------------------------------------


def test_a_pause_sets_the_status_alone() -> None:
    outside = Meta(campaign())
    receipt = meta(outside).perform(PAUSE, permit())
    assert outside.updates == [("/v26.0/120210", {"status": ["PAUSED"], "appsecret_proof": [PROOF]})]
    assert (receipt.reference, receipt.is_replay) == ("120210", False)


def test_a_cap_is_sent_in_metas_units() -> None:
    outside = Meta(campaign())
    meta(outside).perform(cap("35.50"), permit())
    assert outside.updates[0][1]["daily_budget"] == ["3550"]


@pytest.mark.parametrize("operation", [SetCampaign(campaign_ref="120210", is_active=True), cap("50.00")])
def test_what_stands_so_already_is_left_alone(operation: Any) -> None:
    outside = Meta(campaign())
    assert meta(outside).perform(operation, permit()).is_replay
    assert outside.updates == []


@pytest.mark.parametrize(
    ("rows", "operation", "code"),
    [
        ([], PAUSE, "not_found"),
        ([campaign(account_id="9")], PAUSE, "not_found"),
        ([campaign(status="ARCHIVED")], PAUSE, "removed"),
        ([campaign()], cap("35", "EUR"), "currency"),
        ([campaign()], cap("-1"), "amount"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(rows: list[Any], operation: Any, code: str) -> None:
    outside = Meta(*rows)
    with pytest.raises(Refused) as caught:
        meta(outside).perform(operation, permit())
    assert caught.value.code == code
    assert outside.updates == []


def test_a_currency_that_meta_counts_whole_takes_no_fraction() -> None:
    outside = Meta(campaign(daily_budget="50000"))
    with pytest.raises(Refused, match="whole units"):
        meta(outside, currency="TWD").perform(cap("350.50", "TWD"), permit())
    assert outside.updates == []


def test_budgets_of_ad_sets_are_capped_by_hand() -> None:
    connector = meta(Meta(campaign(daily_budget=None)), settings={})
    with pytest.raises(CannotDo):
        connector.perform(cap(), permit())
    link = MetaAds.by_hand(cap(), connector.account)
    assert link == "https://adsmanager.facebook.com/adsmanager/manage/campaigns?act=1&selected_campaign_ids=120210"
    with pytest.raises(CannotDo):
        connector.perform(EndPromotion(promotion_ref="1"), permit())


def test_without_an_approval_nothing_leaves() -> None:
    outside = Meta(campaign())
    with pytest.raises(NotApproved):
        meta(outside, gate=closed_gate).perform(PAUSE, permit())
    assert outside.updates == []


@pytest.mark.parametrize(
    ("body", "ending"), [({"success": False}, Refused), ({}, Unknown), ([], Unknown), ({"success": "true"}, Unknown)]
)
def test_an_answer_without_success_is_no_success(body: Any, ending: type[Exception]) -> None:
    with pytest.raises(ending):
        meta(Meta(campaign(), updated=reply(body))).perform(PAUSE, permit())


@pytest.mark.parametrize(
    ("rows", "operation", "sight"),
    [
        ([campaign(status="PAUSED", effective_status="IN_PROCESS")], PAUSE, Sight.SEEN),
        ([campaign()], PAUSE, Sight.ABSENT),
        ([], PAUSE, Sight.UNCLEAR),
        ([campaign(daily_budget="3500")], cap(), Sight.SEEN),
        ([campaign()], cap(), Sight.ABSENT),
        ([campaign(daily_budget=None)], cap(), Sight.UNCLEAR),
    ],
)
def test_a_read_shows_whether_a_write_took_effect(rows: list[Any], operation: Any, sight: Sight) -> None:
    seen = meta(Meta(*rows)).probe(operation, "key", NOW)
    assert (seen.sight, seen.read_at) == (sight, NOW)


# -- failures and meters ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "on_read", "on_write"),
    [
        (error(4, 1504022), Retry, Retry),
        (error(17, 2446079), Retry, Retry),
        (error(32), Retry, Retry),
        (error(613, 1487742), Retry, Retry),
        (error(80000), Retry, Retry),
        (error(80004, 2446079), Retry, Retry),
        (error(190, 463), Reconnect, Reconnect),
        (error(190, 467), Reconnect, Reconnect),
        (error(102), Reconnect, Reconnect),
        (error(10), Reconnect, Refused),
        (error(200), Reconnect, Refused),
        (error(294), Reconnect, Refused),
        (error(2, status=500), Retry, Unknown),
        (error(1, status=500), Retry, Unknown),
        (error(100, is_transient=True), Retry, Unknown),
        (error(100), Refused, Refused),
        (error(2635), Refused, Refused),
        (error(368), Refused, Refused),
        (httpx.Response(502, content=b"<html>502</html>"), Retry, Unknown),
    ],
)
def test_failures_are_sorted_by_code_and_not_by_status(
    response: httpx.Response, on_read: type[Exception], on_write: type[Exception]
) -> None:
    with pytest.raises(on_read):
        rows_of(meta(lambda request: response), "campaigns")
    outside = Meta(campaign(), updated=response)
    with pytest.raises(on_write):
        meta(outside).perform(PAUSE, permit())
    assert len(outside.updates) == 1


def test_a_throttled_account_rests_as_long_as_its_meter_says() -> None:
    meters = orjson.dumps({"1048576001": [{"type": "ads_management", "estimated_time_to_regain_access": 7}]})
    response = error(80004)
    response.headers["x-business-use-case-usage"] = meters.decode()
    with pytest.raises(Retry) as caught:
        rows_of(meta(lambda request: response), "campaigns")
    assert caught.value.after_seconds == 420


def test_a_budget_that_was_changed_too_often_rests_a_quarter_of_an_hour() -> None:
    with pytest.raises(Retry) as caught:
        meta(Meta(campaign(), updated=error(613, 1487632))).perform(cap(), permit())
    assert caught.value.after_seconds == 900


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"x-app-usage": "not json"}, None),
        ({"x-app-usage": '{"call_count":50,"total_time":20}'}, Budget(10, 10, 5)),
        ({"x-ad-account-usage": '{"acc_id_util_pct":87.5}'}, Budget(5, 10, 2.5)),
        ({"x-business-use-case-usage": '{"1":[{"call_count":10,"total_cputime":100}]}'}, Budget(1, 10, 0.02)),
        ({"x-fb-ads-insights-throttle": '{"app_id_util_pct":100,"acc_id_util_pct":10}'}, Budget(1, 10, 0.02)),
    ],
)
def test_the_fullest_meter_sets_the_pace(headers: dict[str, str], expected: Budget | None) -> None:
    assert answers.budget(Reply(200, headers, b"{}")) == expected


# -- drift ------------------------------------------------------------------------------------------------------------

FEEDS = {
    "campaigns": campaign(issues_info=[{"error_summary": "Ad rejected"}]),
    "spend": insight(actions=ACTIONS, action_values=ACTIONS),
    "product_spend": insight(product_id="LAMP-1, Lamp"),
}


@pytest.mark.parametrize(
    ("feed", "row"),
    [pytest.param(feed, changed, id=f"{feed} {name}") for feed, row in FEEDS.items() for name, changed in bent(row)],
)
def test_a_changed_field_loses_no_row_and_stops_no_other(feed: str, row: dict[str, Any]) -> None:
    found = rows_of(meta(Meta(row, FEEDS[feed])), feed)
    assert len(found) == 2
    assert not isinstance(found[1], BadRow)


@pytest.mark.parametrize("name", ["spend", "clicks", "impressions", "actions"])
@pytest.mark.parametrize("how", ["renamed", "retyped", "new word"])
def test_a_figure_under_another_name_is_never_read_as_zero(name: str, how: str) -> None:
    (found,) = rows_of(meta(Meta(dict(bent(FEEDS["spend"]))[f"{how} {name}"])), "spend")
    assert isinstance(found, BadRow)
    assert (found.kind, found.external_id) == ("ad_spend", "120210/2026-11-20")


@pytest.mark.parametrize("how", ["renamed", "retyped", "new word"])
def test_a_budget_under_another_name_is_not_read_as_none(how: str) -> None:
    (found,) = rows_of(meta(Meta(dict(bent(FEEDS["campaigns"]))[f"{how} daily_budget"])), "campaigns")
    assert isinstance(found, BadRow)
    assert (found.kind, found.external_id) == ("campaign", "120210")


@pytest.mark.parametrize(
    "body", [[], {}, {"data": {}}, {"data": [], "paging": {"next": "x"}}, {"data": [], "paging": 1}]
)
def test_an_answer_of_another_shape_is_no_empty_account(body: Any) -> None:
    with pytest.raises(Retry) as caught:
        rows_of(meta(lambda request: reply(body)), "campaigns")
    assert caught.value.code in ("drift", "short_read")


# -- connecting -------------------------------------------------------------------------------------------------------

APP = App("meta_ads", {"app_id": "app-1", "app_secret": "app_secret"})
ASKING = Asking("state-1", "https://ops.example/back/", MetaAds.read_scopes)


def test_reading_is_asked_for_first() -> None:
    url = urlsplit(MetaAds.consent(APP, ASKING))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (url.netloc, url.path) == ("www.facebook.com", "/v26.0/dialog/oauth")
    assert query == {
        "client_id": "app-1", "redirect_uri": "https://ops.example/back/", "state": "state-1", "response_type": "code",
        "scope": "ads_read",
    }  # fmt: skip
    assert MetaAds.write_scopes["SetCampaign"] == ("ads_management",)


def installing(request: httpx.Request) -> httpx.Response:
    """A person who ticked reading alone, with an open account and a closed one."""
    path, asked = request.url.path, request.url.params
    if path.endswith("/oauth/access_token"):
        is_long = asked.get("grant_type") == "fb_exchange_token"
        return reply(
            {"access_token": "long-token" if is_long else "short-token", "expires_in": 5184000 if is_long else 3600}
        )
    if path.endswith("/me/permissions"):
        told = [("ads_read", "granted"), ("ads_management", "declined")]
        return reply({"data": [{"permission": name, "status": status} for name, status in told]})
    rows = [
        {"account_id": "1", "name": "Open", "currency": "USD", "timezone_name": "Asia/Singapore", "account_status": 1},
        {"account_id": "2", "name": "Closed", "currency": "USD", "account_status": 101},
    ]
    return reply({"data": rows})


def test_a_code_becomes_a_token_of_sixty_days_for_each_open_account() -> None:
    transport = meta(installing).transport
    (grant,) = MetaAds.grant(APP, ASKING, {"code": "c"}, transport, lambda: NOW)
    assert (grant.external_id, grant.name, grant.time_zone, grant.scopes) == (
        "1",
        "Open",
        "Asia/Singapore",
        ("ads_read",),
    )
    assert grant.expires_at == grant.renewable_until == NOW + timedelta(days=60)
    assert grant.credentials == {
        "app_id": "app-1", "app_secret": "app_secret", "webhook_secret": "app_secret", "access_token": "long-token",
        "account_id": "1",
    }  # fmt: skip


def test_a_person_without_an_open_account_is_told_so() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return reply({"data": []}) if request.url.path.endswith("/adaccounts") else installing(request)

    with pytest.raises(Refused, match="no open ad account"):
        MetaAds.grant(APP, ASKING, {"code": "c"}, meta(answer).transport, lambda: NOW)


def test_a_living_token_is_lengthened_and_a_dead_one_asks_for_a_person() -> None:
    alive, dead = meta(installing), meta(lambda request: error(190, 463))
    assert isinstance(alive, MetaAds)
    assert isinstance(dead, MetaAds)
    renewed = alive.refresh()
    assert renewed.credentials == KEYS | {"access_token": "long-token"}
    assert renewed.expires_at == NOW + timedelta(days=60)
    with pytest.raises(Reconnect):
        dead.refresh()


def test_keys_tell_whose_account_they_open() -> None:
    told = {"account_id": "1048576001", "name": "Lumen", "currency": "USD", "timezone_name": "Asia/Singapore"}
    connector = meta(lambda request: reply(told))
    assert isinstance(connector, MetaAds)
    who = connector.identify()
    assert (who.external_id, who.name, who.currency, who.time_zone) == tuple(told.values())
    assert connector.check() == "ad account Lumen"
