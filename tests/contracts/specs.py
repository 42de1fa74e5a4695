"""The published specifications, for tests: skipped with a reason where they are not beside this checkout."""

from pathlib import Path

import pytest
from django.conf import settings

from connectors.proof import specs
from connectors.proof.specs import Discovery, OpenApi, Recorder, faults_of

__all__ = ["Discovery", "Recorder", "contract", "faults_of", "open_api"]

CONTRACTS = Path(settings.BASE_DIR).parent / "shared" / "contracts"


def contract(name: str) -> Path:
    """A specification file; the test is skipped where the specifications are not beside this checkout."""
    path = CONTRACTS / name
    if not path.exists():
        pytest.skip(f"the published specification is not here ({path.name})")
    return path


def open_api(name: str, base: str = "", *, closes: bool = True) -> OpenApi:
    """A document of the contracts, read once."""
    return specs.open_api(contract(name), base, closes=closes)
