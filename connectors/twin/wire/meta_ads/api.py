"""The Graph API v26.0: tokens with their proof, edges with cursors, insights, updates, meters in headers."""

import base64
import re
from collections.abc import Iterable
from datetime import date
from time import time
from typing import Any
from urllib.parse import parse_qs, urlencode

import orjson

from connectors.twin.deeds import Refusal
from connectors.twin.deeds.ads import set_ad_budget, set_campaign
from connectors.twin.market import Market
from connectors.twin.wire.consent import Pair
from connectors.twin.wire.meta_ads import shapes
from connectors.twin.wire.meta_ads.sign_in import APP_ID, APP_SECRET, MANAGE, READ, GraphError, SignIn, push_headers
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace
from connectors.twin.world.ads import AdCampaign, campaign_index, campaign_ref

VERSION = "v26.0"
HOUR = 3_600
MOST_ROWS = 20_000  # of one insights question, before its days and products are too many
CHANGES_AN_HOUR = 4  # of a budget
DIALOG = f"/{VERSION}/dialog/oauth"
CAMPAIGN = re.compile(rf"/{VERSION}/(\d+)(/insights)?")
EDGE = re.compile(rf"/{VERSION}/act_(\d+)(?:/(campaigns|insights|ads))?")


class MetaAds:
    """One ad account and one person who may see it."""

    kind = "meta_ads"

    def __init__(self, market: Market, *, has_limits: bool = True, most_rows: int = MOST_ROWS) -> None:
        self.market, self.most_rows = market, most_rows
        self.sign_in = SignIn(market)
        self.points = Bucket(300, 300 / HOUR * 4) if has_limits else None
        self.budget_changes: dict[str, list[float]] = {}

    def account(self) -> dict[str, Any]:
        """Connected by a system user, whose token has no end."""
        token = self.sign_in.system.give(shapes.NAME, (READ, MANAGE)).access
        return {
            "kind": "meta_ads", "name": f"{shapes.NAME} (Meta Ads)", "external_id": shapes.ACCOUNT, "country": "SG",
            "currency": "USD", "time_zone": "Asia/Singapore",
            "settings": pace(self.points is not None),
            "credentials": {
                "app_id": APP_ID, "app_secret": APP_SECRET, "access_token": token, "account_id": shapes.ACCOUNT,
                "webhook_secret": APP_SECRET,
            },
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        """`GET insights`, `POST campaign` …"""
        edge, one = EDGE.fullmatch(request.path), CAMPAIGN.fullmatch(request.path)
        if edge:
            return f"{request.method} {edge[2] or 'account'}"
        return f"{request.method} {'insights' if one and one[2] else 'campaign' if one else request.path}"

    def handle(self, request: Request) -> Reply:
        if request.path == DIALOG:
            return self.sign_in.dialog(request)
        try:
            if request.path == f"/{VERSION}/oauth/access_token":
                return self.sign_in.token(request.params())
            reply = self._answer(request)
        except GraphError as error:
            reply = error.reply()
        except Refusal as error:
            reply = GraphError(100, str(error), 1885183 if error.code == "bad_amount" else 1487001).reply()
        reply.headers |= self._meters()
        return reply

    # -- reads and updates --------------------------------------------------------------------------------------------

    def _answer(self, request: Request) -> Reply:
        given = request.params()
        if request.method == "POST":
            given |= {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
        pair = self.sign_in.person(request, given)
        self._charge()
        if request.path == f"/{VERSION}/me/permissions":
            rows = [{"permission": scope, "status": "granted"} for scope in pair.scopes]
            return json_reply({"data": rows})
        if not {READ, MANAGE} & set(pair.scopes):
            raise GraphError(200, "(#200) Ad account owner has NOT granted ads_management or ads_read permission")
        if request.path == f"/{VERSION}/me/adaccounts":
            return self._listed([shapes.account(self.market)], given, request)
        edge, one = EDGE.fullmatch(request.path), CAMPAIGN.fullmatch(request.path)
        if edge and edge[1] == shapes.ACCOUNT and request.method == "GET":
            return self._edge(edge[2] or "", given, request)
        found = self._campaign(one[1]) if one else None
        if one is None or found is None:
            raise GraphError(100, "Unsupported request. Object does not exist or lacks permission.", 33)
        if request.method == "POST":
            return self._update(found, given, pair)
        if one[2]:
            return self._insights([found], given, request)
        return json_reply(chosen(shapes.campaign(self.market, found), given))

    def _edge(self, edge: str, given: dict[str, str], request: Request) -> Reply:
        campaigns = self.market.ads.of("meta_ads")
        if edge == "insights":
            return self._insights(campaigns, given, request)
        if edge == "campaigns":
            return self._listed([shapes.campaign(self.market, one) for one in campaigns], given, request)
        if edge == "ads":
            return self._listed(list(shapes.ads(self.market)), given, request)
        return json_reply(chosen(shapes.account(self.market), given))

    def _insights(self, campaigns: list[AdCampaign], given: dict[str, str], request: Request) -> Reply:
        if given.get("level") != "campaign" or given.get("time_increment") != "1":
            raise GraphError(100, "(#100) Only daily rows of campaigns are served here.")
        try:
            span = orjson.loads(given.get("time_range", ""))
            first, last = date.fromisoformat(span["since"]), date.fromisoformat(span["until"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise GraphError(100, "(#100) Must specify a valid time_range.") from error
        by_product = given.get("breakdowns") == "product_id"
        if by_product and "action" in given.get("fields", ""):
            raise GraphError(100, "(#100) Actions cannot be broken down by product_id here.")
        rows = [
            row
            for one in campaigns
            for row in shapes.insights(self.market, one, first, last, by_product=by_product)
        ]  # fmt: skip
        if len(rows) > self.most_rows:
            text = "Please reduce the amount of data you're asking for, then retry your request"
            raise GraphError(1, text, status=500)
        always = ["date_start", "date_stop", *(["product_id"] if by_product else [])]
        return self._listed(rows, given, request, always=always)

    def _listed(
        self, rows: list[dict[str, Any]], given: dict[str, str], request: Request, *, always: Iterable[str] = ("id",)
    ) -> Reply:
        """One page of an edge, filtered by effective status where it is asked for."""
        if "effective_status" in given:
            wanted = set(orjson.loads(given["effective_status"]))
            rows = [row for row in rows if row["effective_status"] in wanted]
        limit = min(int(given.get("limit") or 25), 500)
        start = _place(given["after"]) if given.get("after") else 0
        page = [chosen(row, given, always) for row in rows[start : start + limit]]
        told: dict[str, Any] = {"data": page}
        if page:
            told["paging"] = {"cursors": {"before": _cursor(start), "after": _cursor(start + len(page))}}
            if start + limit < len(rows):
                query = {name: value for name, value in given.items() if name != "appsecret_proof"}
                after = urlencode({**query, "after": _cursor(start + limit)})
                told["paging"]["next"] = f"https://graph.facebook.example{request.path}?{after}"
        return json_reply(told)

    def _update(self, found: AdCampaign, given: dict[str, str], pair: Pair) -> Reply:
        if MANAGE not in pair.scopes:
            raise GraphError(200, "(#200) Requires ads_management permission to manage the object")
        is_rehearsal = "validate_only" in given.get("execution_options", "")
        status, units = given.get("status"), given.get("daily_budget")
        if status is not None and status not in ("ACTIVE", "PAUSED"):
            raise GraphError(100, "(#100) Param status must be one of {ACTIVE, PAUSED, DELETED, ARCHIVED}")
        if units is not None and (found.is_capped_by_set or not units.isdigit()):
            raise GraphError(100, "(#100) The campaign has no budget of its own.", 1885621)
        if is_rehearsal:
            return json_reply({"success": True})
        if units is not None:
            self._count_change(campaign_ref(found))
            set_ad_budget(self.market, found, found.budget, int(units))
        if status is not None:
            set_campaign(self.market, found, is_running=status == "ACTIVE")
        return json_reply({"success": True})

    def _count_change(self, ref: str) -> None:
        recent = [at for at in self.budget_changes.get(ref, []) if at > self.market.now - HOUR]
        if len(recent) >= CHANGES_AN_HOUR:
            raise GraphError(613, "(#613) The budget was changed too often in the last hour.", 1487632)
        self.budget_changes[ref] = [*recent, float(self.market.now)]

    def _campaign(self, ref: str) -> AdCampaign | None:
        index = campaign_index(ref, "meta_ads")
        return next((one for one in self.market.ads.of("meta_ads") if one.index == index), None)

    # -- limits and pushes ------------------------------------------------------------------------------------------

    def _charge(self) -> None:
        if self.points is not None and not self.points.take(1, time()):
            raise _throttled()

    def _meters(self) -> dict[str, str]:
        """Percentages of the hour's allowance."""
        if self.points is None:
            return {}
        used = round(100 * (1 - self.points.refill(time()) / self.points.size))
        meter = {
            "type": "ads_management", "call_count": used, "total_cputime": used // 2, "total_time": used // 2,
            "estimated_time_to_regain_access": 1 if used >= 100 else 0, "ads_api_access_tier": "development_access",
        }  # fmt: skip
        return {"x-business-use-case-usage": orjson.dumps({shapes.ACCOUNT: [meter]}).decode()}

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        reply = _throttled().reply()
        minutes = max(1, round((seconds or 60) / 60))
        meter = {"type": "ads_management", "call_count": 100, "estimated_time_to_regain_access": minutes}
        reply.headers["x-business-use-case-usage"] = orjson.dumps({shapes.ACCOUNT: [meter]}).decode()
        return reply

    def expired(self, request: Request) -> Reply:
        return GraphError(190, "Error validating access token: Session has expired.", 463).reply()

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        """`with_issues_ad_objects`, when a campaign is changed that has held-back ads; else `in_process_ad_objects`."""
        if topic != "campaign":
            return None
        field = "with_issues_ad_objects" if thing.disapproved else "in_process_ad_objects"
        value = {"id": campaign_ref(thing), "level": "CAMPAIGN", "status_name": "In process"}
        entry = {"id": shapes.ACCOUNT, "time": self.market.now, "changes": [{"field": field, "value": value}]}
        body = orjson.dumps({"object": "ad_account", "entry": [entry]})
        return body, push_headers(body)


def _throttled() -> GraphError:
    text = "There have been too many calls to this ad-account. Wait a bit and try again."
    return GraphError(80_004, text, 2446079, is_transient=True)


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"c{place}".encode()).decode()


def _place(cursor: str) -> int:
    text = base64.urlsafe_b64decode(cursor.encode() + b"==").decode("latin-1")
    if not text[1:].isdigit():
        raise GraphError(100, "(#100) Invalid cursor")
    return int(text[1:])


def chosen(row: dict[str, Any], given: dict[str, str], always: Iterable[str] = ("id",)) -> dict[str, Any]:
    """The asked fields (those of a nested object in braces are told whole)."""
    names = {name.strip() for name in re.sub(r"\{[^}]*\}", "", given.get("fields", "")).split(",")}
    return {name: value for name, value in row.items() if name in names or name in always}
