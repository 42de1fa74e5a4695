"""Zoho's data centres: each account lives in one, with hosts of its own for consent, API and pages."""

from dataclasses import dataclass

from connectors.base import Refused
from connectors.consent import App
from connectors.types import Account

INVENTORY, BOOKS = "/inventory/v1", "/books/v3"


@dataclass(frozen=True, slots=True)
class Centre:
    """`name` is the word that Zoho's callback sends as `location`."""

    name: str
    accounts: str
    api: str
    pages: str


def _centre(name: str, ending: str, brand: str = "zoho") -> Centre:
    return Centre(
        name, f"https://accounts.{brand}.{ending}", f"https://www.zohoapis.{ending}",
        f"https://inventory.{brand}.{ending}",
    )  # fmt: skip


CENTRES = {
    centre.name: centre
    for centre in (
        _centre("us", "com"), _centre("eu", "eu"), _centre("in", "in"), _centre("au", "com.au"), _centre("jp", "jp"),
        _centre("ca", "ca", brand="zohocloud"), _centre("cn", "com.cn"), _centre("sa", "sa"),
    )
}  # fmt: skip


def asked_of(location: str) -> Centre:
    """The centre a person chose; the United States where nothing was chosen: Zoho sends each one home from there."""
    return CENTRES.get(location, CENTRES["us"])


def accounts_server(app: App, named: str, location: str) -> str:
    """Where this callback's code is traded. The callback comes through a browser, so a host that is not Zoho's would
    be handed our secret. Raises Refused.
    """
    if app.base_url:
        return app.base_url.rstrip("/")
    if not named:
        return asked_of(location).accounts
    if named.rstrip("/") not in {centre.accounts for centre in CENTRES.values()}:
        raise Refused(f"the callback names {named!r}, which is no accounts server of Zoho; start again", code="forged")
    return named.rstrip("/")


def api_domain(app: App, told: object, accounts: str) -> str:
    """The API's host as the token's reply tells it. Raises Refused for a host that is not Zoho's."""
    if app.base_url:
        return app.base_url.rstrip("/")
    home = next((centre.api for centre in CENTRES.values() if centre.accounts == accounts), "")
    host = str(told or home).rstrip("/")
    if host not in {centre.api for centre in CENTRES.values()}:
        raise Refused(f"Zoho's answer names {host!r}, which is none of its API hosts", code="api_domain")
    return host


def of_account(account: Account) -> Centre | None:
    """The centre that an account's API host belongs to; None for a host that is not Zoho's own."""
    return next((centre for centre in CENTRES.values() if centre.api == account.base_url.rstrip("/")), None)


def token_url(account: Account) -> str:
    centre = of_account(account)
    return f"{centre.accounts if centre else account.base_url.rstrip('/')}/oauth/v2/token"


def page_of(account: Account, place: str) -> str:
    """A page of the web application, inside the account's organisation."""
    centre = of_account(account) or CENTRES["us"]
    return f"{centre.pages}/app/{account.external_id}#/{place}"
