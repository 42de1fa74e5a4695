"""What the documents say can be drafted is what the code says."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from alerts.detectors import DETECTORS
from connectors.registry import CONNECTORS
from drafts.kinds import KINDS

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "kinds.py"), run_name="kinds")


def test_the_committed_page_is_what_the_code_says(made: dict[str, Any]) -> None:
    stored = (DOCS / "kinds.md").read_text(encoding="utf-8")

    assert stored == made["page"](), "run `python docs/kinds.py` and commit docs/kinds.md"


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)
def test_every_move_that_an_exception_names_is_a_kind(detector: Any) -> None:
    assert detector.drafts
    assert [name for name in detector.drafts if name not in KINDS] == []


def test_every_kind_is_done_somewhere_or_is_our_own(made: dict[str, Any]) -> None:
    nowhere = [
        name
        for name, kind in KINDS.items()
        if not kind.is_internal and all(made["way"](kind, one) == made["NEVER"] for one in CONNECTORS.values())
    ]
    assert nowhere == []


def test_every_call_that_a_system_offers_is_asked_for_by_a_kind(made: dict[str, Any]) -> None:
    asked = {operation for kind in KINDS.values() for operation in made["operations_of"](kind)}
    offered = {operation for one in CONNECTORS.values() for operation in one.writes}

    assert {operation.__name__ for operation in offered - asked} == set()


@pytest.mark.parametrize(
    ("kind", "system", "way"),
    [
        ("purchase_order", "mailbox", "call"),
        ("purchase_order", "lazada", "–"),
        ("create_purchase_order", "zoho", "call"),
        ("send_template", "shopee", "–"),
        ("reship", "shopify", "call"),
        ("reship", "amazon", "by hand"),
        ("dispute_evidence", "shopify", "by hand"),
        ("escalation_note", "shopify", "–"),
        ("hand_over", "helpdesk", "call"),
    ],
)
def test_a_way_is_worked_out_from_what_the_connectors_offer(
    made: dict[str, Any], kind: str, system: str, way: str
) -> None:
    assert made["way"](KINDS[kind], CONNECTORS[system]) == way
