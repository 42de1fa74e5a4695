"""Claims on parcels that EasyPost insured. A claim carries the intent's key as its reference, by which it is found."""

from datetime import datetime, timedelta

from connectors.base import CannotDo, Permit, Refused
from connectors.operations import FileClaim
from connectors.shops.parcels import compact
from connectors.shops.shipping.easypost.client import Client
from connectors.shops.shipping.easypost.labels import LOOK_BACK, with_reference
from connectors.types import Account, Receipt, Sight, Sighting

CAUSES = {"lost": "loss", "damaged": "damage"}
DOCUMENT = "data:"  # documents travel inside the request, as data URLs


def file(client: Client, operation: FileClaim, permit: Permit, now: datetime) -> Receipt:
    """Insured amounts are US dollars. EasyPost takes one claim a policy, 15 to 60 days after it was insured."""
    if operation.cause not in CAUSES:
        raise CannotDo(f"EasyPost insures loss and damage; {operation.cause!r} is claimed at the courier")
    body = claim(client, operation, permit.key)
    standing = find(client, permit.key, now - LOOK_BACK)
    if standing:
        return Receipt(standing, is_replay=True, is_final=False)
    made, receipt = client.write("/claims", body, permit, "claims.create")
    return Receipt(str(made["id"]), receipt.body, receipt.request_id, is_final=False)


def can_be_filed(operation: FileClaim, account: Account) -> bool:
    """Whether EasyPost would look at such a claim: loss or damage, in US dollars, and an address for its answer."""
    return (
        operation.cause in CAUSES
        and bool(operation.tracking_number)
        and operation.amount.currency == "USD"
        and bool(account.settings.get("claims_email"))
        and (operation.cause != "damaged" or bool(operation.documents))
    )


def claim(client: Client, operation: FileClaim, key: str) -> dict[str, object]:
    """The request. Raises Refused for what EasyPost would turn away, before anything is sent."""
    email = client.account.settings.get("claims_email")
    if not email:
        raise Refused("EasyPost asks for an e-mail address with a claim; set `claims_email` in the shop's settings")
    if not operation.tracking_number:
        raise Refused("a claim needs the parcel's tracking number", code="tracking_number")
    if operation.amount.currency != "USD":
        raise Refused(f"EasyPost insures in US dollars, not in {operation.amount.currency}", code="currency")
    if not operation.text.strip():
        raise Refused("a claim needs a description of what happened", code="description")
    if any(not document.startswith(DOCUMENT) for document in operation.documents):
        raise Refused("documents of a claim are sent along as files (data URLs), not as links", code="documents")
    if operation.cause == "damaged" and not operation.documents:
        raise Refused("a claim of damage needs at least one photo or document", code="documents")
    return {
        "tracking_code": compact(operation.tracking_number),
        "type": CAUSES[operation.cause],
        "amount": f"{operation.amount.amount:.2f}",
        "description": operation.text,
        "contact_email": str(email),
        "reference": key,
        "supporting_documentation_attachments": list(operation.documents),
    }


def find(client: Client, key: str, since: datetime) -> str:
    """The id of our claim; empty where none carries our reference."""
    row = with_reference(client, "claims", {"start_datetime": since.isoformat()}, key)
    return str(row.get("id") or "") if row else ""


def see_claim(client: Client, operation: FileClaim, key: str, since: datetime) -> Sighting:
    found = find(client, key, since - timedelta(minutes=10))
    if found:
        return Sighting(Sight.SEEN, found, "the claim is on file")
    return Sighting(Sight.ABSENT, "", "no claim carries our reference")
