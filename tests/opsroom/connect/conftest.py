"""An installation whose apps are registered with a running market."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.twin.server import TwinServer, serve
from opsroom.management.commands.connect_twin import register_apps


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinServer]:
    with serve("week", seed=7, has_limits=False) as server:
        yield server


@pytest.fixture
def accounts(db: None, twin: TwinServer, settings: Any) -> dict[str, dict[str, Any]]:
    settings.PUBLIC_URL = "http://testserver"
    register_apps(twin.accounts())
    return {row["kind"]: row for row in twin.accounts()}
