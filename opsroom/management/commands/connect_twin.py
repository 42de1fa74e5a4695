"""Connect every account of the twin market, so that the whole product can be seen without a key."""

from argparse import ArgumentParser
from datetime import UTC, datetime

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from connectors.base import ConnectorError
from connectors.intake import onboarding
from connectors.twin.client import TwinClient
from drafts.knowledge.shelf import enter_document


class Command(BaseCommand):
    help = "Connect the shops of a running twin market, and enter what its founder knows by heart."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default=settings.TWIN_URL, help="where the twin listens (OPSROOM_TWIN_URL)")

    def handle(self, url: str, **_: object) -> None:
        if not url:
            raise CommandError("Say where the twin listens: --url http://127.0.0.1:PORT, or OPSROOM_TWIN_URL.")
        twin = TwinClient(url)
        try:
            shops = [onboarding.connect(account) for account in twin.shops()]
            entered = twin.onboarding()
        except ConnectorError as error:
            raise CommandError(str(error)) from error
        finally:
            twin.close()
        onboarding.enter_books(entered, datetime.now(UTC))
        for document in entered.get("documents", ()):
            enter_document(document["name"], document["text"], language=document["language"])
        self.stderr.write(f"{len(shops)} twin accounts are connected: {', '.join(shop.name for shop in shops)}")
