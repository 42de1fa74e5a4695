"""Webhooks: what changed goes to the URL that was registered, signed as each platform signs."""

import asyncio
import urllib.request
from collections import deque
from collections.abc import Mapping
from itertools import count
from typing import Any
from urllib.error import URLError

import orjson

from connectors.twin.faults import Faults
from connectors.twin.wire.shopee.api import Shopee
from connectors.twin.wire.web import Wire

LIMIT = 20_000
Push = tuple[str, str, bytes, dict[str, str]]  # kind, url, body, headers


class Pusher:
    """Bodies are rendered when the change happens, and sent in order of arrival unless a fault says otherwise."""

    def __init__(self, wires: Mapping[str, Wire], faults: Faults, urls: Mapping[str, str]) -> None:
        self.wires, self.faults, self.urls = wires, faults, urls
        self.queue: deque[Push] = deque(maxlen=LIMIT)
        self._serial = count(1)

    def note(self, channel: str, topic: str, thing: Any) -> None:
        """A change: queue its push where somebody listens."""
        url, wire = self.urls.get(channel), self.wires.get(channel)
        if not url or wire is None:
            return
        made = wire.push(topic, thing, url)
        if made is None:
            return
        rule = self.faults.pick(channel, "webhook") if self.faults.rules else None
        push: Push = (channel, url, *made)
        self.queue.append(push)
        if rule is not None and rule.kind == "duplicated_webhook":
            self.queue.append(push)
        elif rule is not None and rule.kind == "reordered_webhook" and len(self.queue) > 1:
            self.queue.insert(self.faults.rng.randrange(len(self.queue) - 1), self.queue.pop())

    async def run(self) -> None:
        """Send for ever."""
        while True:
            while self.queue:
                kind, url, body, headers = self.queue.popleft()
                if not await asyncio.to_thread(deliver, url, body, headers):
                    self._lost(kind, body)
            await asyncio.sleep(0.05)

    def _lost(self, kind: str, body: bytes) -> None:
        """Shopee keeps what the callback did not take; the others expect the company to poll."""
        wire = self.wires[kind]
        if isinstance(wire, Shopee):
            wire.lost_pushes.append((next(self._serial), orjson.loads(body)))


def deliver(url: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """One POST; True for a 2xx answer."""
    request = urllib.request.Request(url, body, dict(headers), method="POST")  # noqa: S310 - the twin's operator chose the URL
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return bool(200 <= answer.status < 300)
    except (URLError, OSError):
        return False
