import json
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from opsroom import embedded


class Command(BaseCommand):
    help = "Start (and keep), stop or show the embedded PostgreSQL and Redis."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["start", "stop", "status"])
        parser.add_argument("--json", action="store_true", help="status as one JSON object")

    def handle(self, what: str, json: bool, **_: object) -> None:
        if what == "start":
            embedded.keep_running()
        if what == "stop":
            embedded.stop()
        self.show(as_json=json)

    def show(self, *, as_json: bool) -> None:
        state = {server.name: server.answers() for server in embedded.servers()}
        if as_json:
            self.stdout.write(json.dumps(state))
            return
        for name, answers in state.items():
            self.stdout.write(f"{name}: {'running' if answers else 'stopped'}")
        if not state:
            self.stdout.write("DATABASE_URL and REDIS_URL are set, so there is nothing embedded here.")
