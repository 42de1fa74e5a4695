"""An installation whose apps are registered with a running market."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.consent import Installs
from connectors.models import App
from connectors.registry import CONNECTORS
from connectors.twin.server import TwinServer, serve


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinServer]:
    with serve("week", seed=7, has_limits=False) as server:
        yield server


def register(twin: TwinServer) -> dict[str, dict[str, Any]]:
    """Our app at each of the market's systems; returns the accounts by kind."""
    accounts = {row["kind"]: row for row in twin.accounts()}
    for kind, row in accounts.items():
        made: Any = CONNECTORS[kind]
        names = made.app_credentials if isinstance(made, Installs) else ()
        credentials = {name: row["credentials"][name] for name in names}
        App.objects.create(kind=kind, credentials=credentials, base_url=row["base_url"], consent_url=row["base_url"])
    return accounts


@pytest.fixture
def accounts(db: None, twin: TwinServer, settings: Any) -> dict[str, dict[str, Any]]:
    settings.PUBLIC_URL = "http://testserver"
    return register(twin)
