"""Google Ads' writes: the state of a campaign and the amount of its budget, both set and never added to."""

from decimal import Decimal

from connectors.base import CannotDo, Permit, Refused
from connectors.operations import SetCampaign, SetCampaignBudget
from connectors.shops.ads.google_ads.client import Client
from connectors.shops.ads.google_ads.reads import one_campaign
from connectors.shops.campaigns import changeable, refuse_unfit_amount, see_cap, see_status, wanted_status
from connectors.types import Campaign, Receipt, Sighting

MILLION = Decimal(1_000_000)


def set_campaign(client: Client, operation: SetCampaign, permit: Permit) -> Receipt:
    """A campaign that stands so already is left alone, which is told as a replay."""
    found = changeable(one_campaign(client, operation.campaign_ref), operation.campaign_ref)
    wanted = wanted_status(operation)
    resource = f"customers/{client.customer}/campaigns/{found.external_id}"
    if found.status is wanted:
        return Receipt(resource, f"the campaign is {wanted} already".encode(), is_replay=True)
    status = "ENABLED" if operation.is_active else "PAUSED"
    return client.mutate("campaigns", {"resourceName": resource, "status": status}, "status", permit)


def see_campaign(client: Client, operation: SetCampaign) -> Sighting:
    return see_status(one_campaign(client, operation.campaign_ref), operation)


def set_budget(client: Client, operation: SetCampaignBudget, permit: Permit) -> Receipt:
    """The amount belongs to the budget, so it is set for every campaign that spends from it."""
    found = changeable(one_campaign(client, operation.campaign_ref), operation.campaign_ref)
    refuse_unfit_budget(found, operation)
    if found.daily_budget == operation.daily.amount:
        return Receipt(found.budget_ref, b"the budget is set so already", is_replay=True)
    update = {"resourceName": found.budget_ref, "amountMicros": str(int(operation.daily.amount * MILLION))}
    return client.mutate("campaignBudgets", update, "amountMicros", permit)


def refuse_unfit_budget(found: Campaign, operation: SetCampaignBudget) -> None:
    if found.daily_budget is None or not found.budget_ref:
        raise CannotDo(f"{found.name} has no daily budget: it has one sum for all its days; change it by hand")
    refuse_unfit_amount(operation.daily, found)
    sharing = found.budget_shared_by or 1
    if sharing > operation.sharing:
        raise Refused(
            f"{sharing} campaigns spend from this budget and {operation.sharing} were known when it was approved; "
            "approve the cap for all of them", code="shared_budget",
        )  # fmt: skip


def see_budget(client: Client, operation: SetCampaignBudget) -> Sighting:
    return see_cap(one_campaign(client, operation.campaign_ref), operation)
