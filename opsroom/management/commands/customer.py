"""`manage.py customer export|erase REF --shop NAME`: what is kept about one customer, or that it is kept no more."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from connectors.models import Shop
from opsroom.privacy.erase import InFlight, erase, export
from opsroom.privacy.subject import Subject


class Command(BaseCommand):
    help = "Export everything kept about one customer as JSON, or erase it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["export", "erase"])
        parser.add_argument("ref", help="the customer's id at the shop, or the mail address of one who only wrote")
        parser.add_argument("--shop", required=True, help="the shop's name under Connections")

    def handle(self, action: str, ref: str, shop: str, **_: Any) -> None:
        found = Shop.objects.filter(name=shop).first()
        if found is None:
            raise CommandError(f"There is no shop called {shop!r}. Its name stands under Connections.")
        subject = Subject.of(found, ref)
        if not subject.is_known:
            raise CommandError(f"{shop} has no customer {ref!r}. Give the id that the customer's record page shows.")
        try:
            said = export(subject) if action == "export" else {"erased": self.erased(subject)}
        except InFlight as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(said, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1))

    def erased(self, subject: Subject) -> dict[str, int]:
        return erase(subject, by=None, now=timezone.now(), why="command")
