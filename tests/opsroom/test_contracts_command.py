"""`manage.py contracts`: the last line is one JSON object, and the exit status says whether all that ran held."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

KEYS = {"requests", "replies", "vectors", "payloads_parsed", "payloads_quarantined", "sdk_calls", "failures"}


def told(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("contracts", "--json", *arguments, stdout=out, stderr=StringIO())
    found: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return found


def test_each_system_tells_its_counts_and_what_could_not_run(tmp_path: Path) -> None:
    rows = told("--only", "ups", "mailbox", "--shared", str(tmp_path))
    assert set(rows) == {"mailbox", "ups"}
    assert all(set(row) >= KEYS for row in rows.values())
    assert (rows["mailbox"]["sdk_calls"], rows["mailbox"]["vectors"], rows["mailbox"]["failures"]) == (7, 1, 0)
    assert (rows["ups"]["requests"], rows["ups"]["vectors"]) == (0, 4)
    assert "DeliveryIntercept.yaml" in rows["ups"]["not_run"][0]


def test_a_proof_that_does_not_hold_ends_with_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("connectors.proof.vectors.check_digit", lambda body: "x")
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("contracts", "--only", "ups", "--shared", str(tmp_path), stdout=out, stderr=StringIO())
    assert ended.value.code == 1
    assert "ups: known answer of check digit" in out.getvalue()


def test_an_unknown_system_is_refused_by_name() -> None:
    with pytest.raises(CommandError, match="no such system: nowhere"):
        call_command("contracts", "--only", "nowhere")
