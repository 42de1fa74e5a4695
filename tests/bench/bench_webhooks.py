"""Pushes verified, stored and answered by the web server as it is deployed; the load comes from the same cores."""

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

import httpx
from django.conf import settings
from django.db import connection

from connectors.models import Shop, WebhookEvent
from opsroom.management.commands.run import free_port
from tests.bench.row import Row
from tests.factories import ShopFactory

SECRET = "a secret of the benchmark"
CLIENTS = 32
FLOOD, STREAM, STREAM_RATE = 10_000, 3_000, 200
LEAST_RATE, MOST_P99_MS = 1_000, 50


def run() -> Iterable[Row]:
    shop = ShopFactory.create(kind="shopify", credentials={"client_secret": SECRET})
    with web_server() as port:
        fire(port, shop, 1_000_000, 500, 0)  # warm
        flood = fire(port, shop, 2_000_000, FLOOD, 0)
        stream = fire(port, shop, 3_000_000, STREAM, STREAM_RATE)
    stored = WebhookEvent.objects.filter(event_id__gte="load-2").count()
    yield Row("webhooks verified, stored, answered", flood["per_second"], LEAST_RATE, "per second", floor=1)
    yield Row(f"webhooks at {STREAM_RATE}/s: p99", stream["p99"], MOST_P99_MS, "ms", ceiling=1)
    yield Row("webhooks answered that are stored", stored, FLOOD + STREAM, "pushes", floor=1, ceiling=1)


def fire(port: int, shop: Shop, first: int, count: int, rate: int) -> dict[str, float]:
    """What the load saw. Raises RuntimeError where an answer was not 200."""
    command = [sys.executable, "-m", "tests.bench.load", str(port), f"/webhooks/{shop.pk}/", SECRET]
    command += [str(number) for number in (first, count, CLIENTS, rate)]
    done = subprocess.run(command, cwd=settings.BASE_DIR, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, float] = json.loads(done.stdout)
    if told["refused"]:
        raise RuntimeError(f"{told['refused']} of {count} pushes were not taken")
    return told


@contextmanager
def web_server() -> Iterator[int]:
    """The deployed web server over this benchmark's database, on a free port."""
    port = free_port(8900, 8999)
    environment = {**settings_environment(), "OPSROOM_LOG_LEVEL": "WARNING"}
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--max-requests", "0"]
    command += ["--bind", f"127.0.0.1:{port}", "opsroom.wsgi:application"]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def settings_environment() -> dict[str, str]:
    from opsroom.scratch import Scratch  # noqa: PLC0415  # needs Django's settings, which the benchmark set up

    return Scratch(str(connection.settings_dict["NAME"])).environment()


def wait_for(port: int) -> None:
    with closing(httpx.Client()) as client:
        for _ in range(200):
            try:
                client.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
    raise RuntimeError("the web server did not start")
