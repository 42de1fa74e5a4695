"""Meta's writes: the state of a campaign and its daily budget. Both are set, not added, and can be read."""

from connectors.base import CannotDo, Permit, Refused
from connectors.operations import SetCampaign, SetCampaignBudget
from connectors.shops.ads.meta_ads.client import Client
from connectors.shops.ads.meta_ads.parse import minor_units
from connectors.shops.ads.meta_ads.reads import one_campaign
from connectors.shops.campaigns import changeable, refuse_unfit_amount, see_cap, see_status, wanted_status
from connectors.types import Receipt, Sighting


def set_campaign(client: Client, operation: SetCampaign, permit: Permit) -> Receipt:
    """A campaign that stands so already is left alone, which is told as a replay."""
    found = changeable(one_campaign(client, operation.campaign_ref), operation.campaign_ref)
    wanted = wanted_status(operation)
    if found.status is wanted:
        return Receipt(found.external_id, f"the campaign is {wanted} already".encode(), is_replay=True)
    status = "ACTIVE" if operation.is_active else "PAUSED"
    return client.change(found.external_id, {"status": status}, permit)


def see_campaign(client: Client, operation: SetCampaign) -> Sighting:
    return see_status(one_campaign(client, operation.campaign_ref), operation)


def set_budget(client: Client, operation: SetCampaignBudget, permit: Permit) -> Receipt:
    found = changeable(one_campaign(client, operation.campaign_ref), operation.campaign_ref)
    if found.daily_budget is None:
        raise CannotDo(f"{found.name} has no daily budget of its own: its ad sets have, or it has one for its lifetime")
    refuse_unfit_amount(operation.daily, found)
    units = operation.daily.amount * minor_units(found.currency)
    if units != units.to_integral_value():
        raise Refused(f"Meta counts {found.currency} in whole units", code="amount")
    if found.daily_budget == operation.daily.amount:
        return Receipt(found.external_id, b"the budget is set so already", is_replay=True)
    return client.change(found.external_id, {"daily_budget": str(int(units))}, permit)


def see_budget(client: Client, operation: SetCampaignBudget) -> Sighting:
    return see_cap(one_campaign(client, operation.campaign_ref), operation)
