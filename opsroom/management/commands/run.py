import os
import shutil
import socket
import sys
from argparse import ArgumentParser
from contextlib import closing

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from connectors.pull import pull_due
from opsroom import embedded
from opsroom.people.owner import first_owner
from opsroom.supervise import Child, Supervisor

FIRST_PORT, LAST_PORT = 8000, 8099
OWNER_EMAIL = "owner@example.com"
THINKING_THREADS = 8
PULLING_THREADS = 8  # they wait for shops most of the time; no shop holds more than connectors.pull.AT_ONCE
START_SECONDS = 90


class Command(BaseCommand):
    help = "Set up and run everything on this machine: servers, twin market, web, workers, beat. Ctrl-C stops it all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, help="default: 8000, or the next free one")
        parser.add_argument("--without-twin", action="store_true", help="do not offer the simulated market")

    def handle(self, port: int | None, without_twin: bool, **_: object) -> None:
        embedded.ensure()
        call_command("migrate", verbosity=0, interactive=False)
        port = port or free_port(FIRST_PORT, LAST_PORT)
        url = os.environ.setdefault("OPSROOM_URL", f"http://localhost:{port}")
        with Supervisor() as supervisor:
            if not without_twin:
                self.start_twin(supervisor, free_port(port + 1, LAST_PORT + 1))
            supervisor.add(web(port), *workers(), beat())
            pull_due.delay()  # beat rings for the first time only when its first interval is over
            supervisor.wait_for_port(port, START_SECONDS)
            self.welcome(url)
            supervisor.run()

    def start_twin(self, supervisor: Supervisor, port: int) -> None:
        os.environ.setdefault("OPSROOM_TWIN_URL", f"http://127.0.0.1:{port}")
        supervisor.add(twin(port))
        supervisor.wait_for_port(port, START_SECONDS)
        call_command("connect_twin", url=os.environ["OPSROOM_TWIN_URL"])

    def welcome(self, url: str) -> None:
        made = first_owner(OWNER_EMAIL)
        self.stdout.write(f"\n  Ops Room runs at  {url}")
        if made is None:
            self.stdout.write("  Sign in with your account (a lost password: manage.py changepassword E-MAIL)")
        else:
            self.stdout.write(f"  Sign in as        {made[0].email}")
            self.stdout.write(f"  with the password {made[1]}   (shown this once; change it under Account)")
        self.stdout.write("  Stop with         Ctrl-C\n")
        self.stdout.flush()


def twin(port: int) -> Child:
    command = [sys.executable, "-m", "connectors.twin.server", "--scenario", "company", "--port", str(port)]
    return Child("twin market", command)


def web(port: int) -> Child:
    command = [sys.executable, "-m", "gunicorn", "--config", str(settings.BASE_DIR / "deploy" / "gunicorn.conf.py")]
    return Child("web", [*command, "--bind", f"127.0.0.1:{port}", "opsroom.wsgi:application"])


def celery(name: str, *arguments: str) -> Child:
    # At SIGQUIT Celery lets a task finish; and in a container its warning about root is of no use.
    environment = {"REMAP_SIGTERM": "SIGQUIT", "PYTHONWARNINGS": "ignore:::celery.platforms"}
    command = [sys.executable, "-m", "celery", "--quiet", "--app", "opsroom.celery"]
    return Child(name, [*command, *arguments, "--loglevel", "WARNING"], environment)


def worker(lanes: str, pool: str, concurrency: int) -> Child:
    name = lanes.replace(",", "-")
    limits = ["--pool", pool, "--concurrency", str(concurrency), "--without-gossip", "--without-mingle"]
    return celery(f"worker {name}", "worker", "--queues", lanes, "--hostname", f"{name}@%h", *limits)


def workers() -> list[Child]:
    """A surge in one lane never delays another; `think` waits for a model, so it has many threads."""
    return [
        worker("pull", "threads", PULLING_THREADS),
        worker("execute", "prefork", 1),
        worker("webhooks,mail", "threads", 4),
        worker("think", "threads", THINKING_THREADS),
    ]


def beat() -> Child:
    folder = settings.VAR_DIR / "beat"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return celery("beat", "beat", "--schedule", str(folder / "schedule"), "--pidfile=")


def free_port(first: int, last: int) -> int:
    for port in range(first, last + 1):
        with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise CommandError(f"No port from {first} to {last} is free. Give one with --port.")
