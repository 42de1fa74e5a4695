"""The twin's own door from the outside: what a rehearsal, a trial or `connect_twin` asks of it, as plain JSON."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from connectors.base import Retry

TIMEOUT_SECONDS = 60


class TwinClient:
    """One running twin. Raises Retry where it does not answer."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(timeout=TIMEOUT_SECONDS)

    def _ask(self, method: str, name: str, body: object = None) -> Any:
        try:
            answer = self._http.request(method, f"{self.url}/_twin/{name}", json=body)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise Retry(f"the twin market at {self.url} does not answer {name}: {error}") from error
        return answer.json()

    def shops(self) -> list[dict[str, Any]]:
        """Accounts to connect, with their credentials."""
        return self._ask("GET", "shops")  # type: ignore[no-any-return]  # JSON

    def onboarding(self) -> dict[str, list[dict[str, Any]]]:
        """What a founder enters by hand: suppliers, purchase orders, rates, dollar inputs."""
        return self._ask("GET", "onboarding")  # type: ignore[no-any-return]  # JSON

    def return_to(self, addresses: Mapping[str, str]) -> None:
        """Enter at each platform's console where people come back to after consent, by kind."""
        self._ask("POST", "returns", dict(addresses))

    def push_to(self, addresses: Mapping[str, str]) -> None:
        """Where each system pushes to, by kind: what a founder enters at the platform."""
        for kind, url in addresses.items():
            self._ask("POST", "webhooks", {"kind": kind, "url": url})

    def effects(self, since: int = 0) -> list[dict[str, Any]]:
        """Every effect that really took place, apart from what the wire said."""
        return self._ask("GET", f"effects?since={since}")  # type: ignore[no-any-return]  # JSON

    def truth(self) -> list[dict[str, Any]]:
        """Planted exceptions with what they cost, for scoring alone."""
        return self._ask("GET", "truth")  # type: ignore[no-any-return]  # JSON

    def advance(self, seconds: float) -> None:
        """Let simulated time pass."""
        self._ask("POST", "clock", {"advance_seconds": seconds})

    def set_faults(self, rules: Sequence[dict[str, Any]]) -> None:
        """Switch faults on, next to those that are on."""
        self._ask("POST", "faults", list(rules))

    def faults(self) -> list[dict[str, Any]]:
        """The rules that are on; `remaining` counts down each time one fires."""
        return self._ask("GET", "faults")  # type: ignore[no-any-return]  # JSON

    def clear_faults(self) -> None:
        """Switch every fault off."""
        self._ask("DELETE", "faults")

    def close(self) -> None:
        self._http.close()


@contextmanager
def running_twin(scenario: str, seed: int, orders: int | None = None) -> Iterator[TwinClient]:
    """A twin in a process of its own on a free port, ended with the block."""
    command = [
        sys.executable,
        "-m",
        "connectors.twin.server",
        "--scenario",
        scenario,
        "--seed",
        str(seed),
        "--port",
        "0",
    ]
    command += ["--orders", str(orders)] if orders else []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise Retry(f"the twin market ended at its start with status {process.wait()}")
        client = TwinClient(json.loads(line)["url"])
        try:
            yield client
        finally:
            client.close()
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
