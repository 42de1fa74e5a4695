"""Is everything that we are connected to well, and if not, what is to be done?"""

import json
from argparse import ArgumentParser
from dataclasses import asdict

from django.core.management.base import BaseCommand
from django.utils import timezone

from opsroom.connect.doctor import examine


class Command(BaseCommand):
    help = (
        "Check each shop with one harmless read, its permission, scopes, pushes and feeds. Exits with 1 if one is bad."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="one JSON object: checks[{name, ok, …}]"
        )

    def handle(self, *, as_json: bool, **_: object) -> None:
        checks = []
        for check in examine(timezone.now):
            checks.append(check)
            if not as_json:
                mark = self.style.SUCCESS("well") if check.ok else self.style.ERROR("BAD ")
                self.stdout.write(
                    f"{mark}  {check.name}: {check.seen}" + (f"\n      {check.advice}" if check.advice else "")
                )
        bad = sum(not check.ok for check in checks)
        if as_json:
            self.stdout.write(json.dumps({"ok": bad == 0, "checks": [asdict(check) for check in checks]}, indent=2))
        else:
            self.stdout.write(f"{len(checks)} checks, {bad} bad")
        if bad:
            raise SystemExit(1)
