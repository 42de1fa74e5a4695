"""Changes to campaigns and budgets: the field mask decides what is changed, all or nothing unless asked otherwise."""

from collections.abc import Callable
from typing import Any

from connectors.twin.deeds.ads import set_ad_budget, set_campaign
from connectors.twin.market import Market
from connectors.twin.wire.google_ads.errors import GRPC, STATUS, AdsError
from connectors.twin.wire.google_ads.rows import CUSTOMER, FIRST_BUDGET, budget_name, camel, of_campaign
from connectors.twin.wire.web import Reply, json_reply
from connectors.twin.world.ads import AdCampaign, campaign_index

SETTABLE = {"campaigns": {"status"}, "campaignBudgets": {"amountMicros", "amount_micros"}}


class Mutates:
    def __init__(self, market: Market) -> None:
        self.market = market

    def mutate(self, service: str, body: dict[str, Any]) -> Reply:
        """All or nothing, unless a partial failure is asked for."""
        operations = body.get("operations") or []
        if not operations:
            raise AdsError("requestError", "REQUIRED_FIELD_MISSING", "Operations are required.")
        acts: list[Callable[[], None]] = []
        results: list[dict[str, Any]] = []
        failed: tuple[int, AdsError] | None = None
        for place, operation in enumerate(operations):
            try:
                act, name = self._checked(service, operation)
            except AdsError as error:
                if not body.get("partialFailure"):
                    raise
                failed = failed or (place, error)
                results.append({})
                continue
            acts.append(act)
            results.append({"resourceName": name})
        if body.get("validateOnly"):
            return json_reply({}, request_id="twin-request")
        for act in acts:
            act()
        if body.get("responseContentType") == "MUTABLE_RESOURCE":
            results = [self._with_resource(service, row) for row in results]
        told: dict[str, Any] = {"results": results}
        if failed:
            place, reason = failed
            told["partialFailureError"] = {"code": GRPC[STATUS[reason.status]], **reason.told(place)}
        return json_reply(told, request_id="twin-request")

    def _checked(self, service: str, operation: dict[str, Any]) -> tuple[Callable[[], None], str]:
        """What an operation would do, after all its checks, and the resource it does it to. Raises AdsError."""
        update, fields = operation.get("update"), str(operation.get("updateMask") or "")
        if not isinstance(update, dict):
            raise AdsError("mutateError", "MUTATE_NOT_ALLOWED", "Only updates are served here.")
        if not fields:
            raise AdsError("fieldMaskError", "FIELD_MASK_MISSING", "The field mask must be provided for updates.")
        if set(fields.split(",")) - SETTABLE[service]:
            raise AdsError("fieldMaskError", "FIELD_NOT_FOUND", f"The field mask names {fields}.")
        name = str(update.get("resourceName") or "")
        campaign = self._campaign(name) if service == "campaigns" else self._spender(name)
        if campaign is None:
            raise AdsError("mutateError", "RESOURCE_NOT_FOUND", f"Resource was not found: '{name}'.")
        if campaign.is_removed:
            word = "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE"
            raise AdsError("contextError", word, "The operation is not allowed for removed resources.")
        if service == "campaigns":
            return self._status_act(campaign, update), name
        return self._budget_act(campaign, update), name

    def _status_act(self, campaign: AdCampaign, update: dict[str, Any]) -> Callable[[], None]:
        status = update.get("status")
        if status not in ("ENABLED", "PAUSED"):
            raise AdsError("requestError", "INVALID_ENUM_VALUE", f"'{status}' cannot be set.")
        return lambda: set_campaign(self.market, campaign, is_running=status == "ENABLED")

    def _budget_act(self, campaign: AdCampaign, update: dict[str, Any]) -> Callable[[], None]:
        amount = str(update.get("amountMicros") or "")
        if not amount.isdigit() or int(amount) < 1_000_000:
            raise AdsError("campaignBudgetError", "MONEY_AMOUNT_TOO_SMALL", "A money amount is too small.")
        if int(amount) % 10_000:
            raise AdsError("campaignBudgetError", "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT", "Not a whole cent.")
        return lambda: set_ad_budget(self.market, campaign, campaign.budget, int(amount) // 10_000)

    def _campaign(self, name: str) -> AdCampaign | None:
        index = campaign_index(name.removeprefix(f"customers/{CUSTOMER}/campaigns/"), "google_ads")
        return next((one for one in self.market.ads.of("google_ads") if one.index == index), None)

    def _spender(self, name: str) -> AdCampaign | None:
        """A campaign that spends from the budget of that name, a standing one where there is any."""
        place = name.removeprefix(f"customers/{CUSTOMER}/campaignBudgets/")
        index = int(place) - FIRST_BUDGET if place.isdigit() else -1
        found = [one for one in self.market.ads.of("google_ads") if one.budget.index == index]
        return next(iter(sorted(found, key=lambda one: one.is_removed)), None)

    def _with_resource(self, service: str, row: dict[str, Any]) -> dict[str, Any]:
        """The fields of the changed resource that can be changed."""
        if not row:
            return row
        found = self._campaign(row["resourceName"]) if service == "campaigns" else self._spender(row["resourceName"])
        if found is None:
            return row
        whole = of_campaign(self.market, found)
        if service == "campaigns":
            names = ("resource_name", "name", "status", "campaign_budget")
            return row | {"campaign": {camel(name): whole[f"campaign.{name}"] for name in names}}
        told = {
            "resourceName": budget_name(found.budget.index),
            "amountMicros": str(whole["campaign_budget.amount_micros"]),
        }
        return row | {"campaignBudget": told}
