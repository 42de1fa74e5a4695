"""Connect every account of the twin market, so that the whole product can be seen without a key.

Our apps at the twin's systems are registered with it, so that its consent pages can be walked through as well.
"""

from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from connectors.base import ConnectorError
from connectors.consent import Installs
from connectors.install import keys_of
from connectors.intake import onboarding
from connectors.models import App, Shop
from connectors.registry import connector_class
from connectors.twin.client import TwinClient
from drafts.knowledge.shelf import enter_document

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Command(BaseCommand):
    help = "Connect the shops of a running twin market, and enter what its founder knows by heart."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default=settings.TWIN_URL, help="where the twin listens (OPSROOM_TWIN_URL)")
        parser.add_argument("--apps-only", action="store_true", help="connect nothing; a person does, by its pages")

    def handle(self, url: str, *, apps_only: bool = False, **_: object) -> None:
        if not url:
            raise CommandError("Say where the twin listens: --url http://127.0.0.1:PORT, or OPSROOM_TWIN_URL.")
        twin = TwinClient(url)
        try:
            accounts = twin.shops()
            register_apps(accounts)
            twin.return_to(return_addresses(accounts))
            shops = [] if apps_only else [onboarding.connect(account) for account in once(accounts)]
            twin.push_to(push_addresses(shops))
            entered = twin.onboarding()
        except ConnectorError as error:
            raise CommandError(str(error)) from error
        finally:
            twin.close()
        onboarding.enter_books(entered, datetime.now(UTC))
        for document in entered.get("documents", ()):
            enter_document(document["name"], document["text"], language=document["language"])
        self.stderr.write(f"{len(shops)} twin accounts are connected: {', '.join(shop.name for shop in shops)}")


def once(accounts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One door to each address: letters that come through Gmail are not read a second time as a plain mailbox."""
    rows = list(accounts)
    by_gmail = {row["external_id"] for row in rows if row["kind"] == "gmail"}
    return [row for row in rows if row["kind"] != "mailbox" or row["external_id"] not in by_gmail]


def register_apps(accounts: Iterable[Mapping[str, Any]]) -> None:
    """Our app at each system of the market, whose API and consent pages are both at its address."""
    for account in accounts:
        made: Any = connector_class(account["kind"])
        names = made.app_credentials if isinstance(made, Installs) else ()
        host = account["base_url"]
        if (names or keys_of(made) is not None) and not is_real(account["kind"]):
            App.objects.update_or_create(
                kind=account["kind"],
                defaults={
                    "credentials": {name: account["credentials"].get(name, "") for name in names},
                    "base_url": host,
                    "consent_url": host,
                },
            )


def return_addresses(accounts: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """By kind, where people come back to after consent."""
    kinds = (account["kind"] for account in accounts)
    return {kind: settings.PUBLIC_URL + reverse("connect_back", args=[kind]) for kind in kinds}


def push_addresses(shops: Iterable[Shop]) -> dict[str, str]:
    """By kind, where the systems push whose pushes are all there is; of the others a pull tells as much."""
    return {
        shop.kind: settings.PUBLIC_URL + reverse("connectors:webhook", args=[shop.pk])
        for shop in shops
        if connector_class(shop.kind).pushes_are_the_record
    }


def is_real(kind: str) -> bool:
    """Whether an owner has registered an app with the platform itself; a practice market never takes its place."""
    held = App.objects.filter(kind=kind).first()
    return held is not None and bool(held.credentials) and urlsplit(held.base_url).hostname not in LOOPBACK
