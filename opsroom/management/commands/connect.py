"""Connect one account from a JSON file, or from standard input so that no secret lies on the disk."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors.base import ConnectorError, Refused
from connectors.intake import onboarding
from connectors.opening import open_shop
from connectors.registry import connector_class

NEEDED = ("kind", "name", "external_id", "credentials")
KNOWN = (*NEEDED, "base_url", "country", "currency", "time_zone", "settings")


class Command(BaseCommand):
    help = "Connect a shop, or give it new credentials: a JSON object with kind, name, external_id, credentials …"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="left out: standard input")

    def handle(self, file: Path | None, **_: object) -> None:
        account = read(file)
        try:
            shop = onboarding.connect(account)
            seen = open_shop(shop).check()
        except Refused as error:
            raise CommandError(str(error)) from error
        except ConnectorError as error:
            self.stderr.write(f"{account['name']} is stored, but could not be read: {error}")
            return
        self.stdout.write(f"{shop.name} is connected: {seen}. Reading begins with the next tick.")


def read(file: Path | None) -> dict[str, Any]:
    """The account as entered. Raises CommandError in words for what is missing or unknown."""
    try:
        account = json.loads(file.read_text() if file else sys.stdin.read())
    except (OSError, ValueError) as error:
        raise CommandError(f"the account cannot be read: {error}") from error
    if not isinstance(account, dict):
        raise CommandError("give one JSON object")
    missing = [name for name in NEEDED if not account.get(name)]
    unknown = sorted(account.keys() - set(KNOWN))
    if missing or unknown:
        raise CommandError(f"missing: {', '.join(missing) or 'nothing'}; unknown: {', '.join(unknown) or 'nothing'}")
    try:
        needed = connector_class(account["kind"]).credentials
    except Refused as error:
        raise CommandError(str(error)) from error
    if lacking := [name for name in needed if not account["credentials"].get(name)]:
        raise CommandError(f"the credentials lack {', '.join(lacking)}")
    return account
