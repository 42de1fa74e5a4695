"""The ledger is sealed in order and proves itself; whatever is touched is found and named."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from drafts.ledger.export import export
from drafts.ledger.merkle import EMPTY, leaf, root
from drafts.ledger.seal import seal
from drafts.ledger.tamper import drill
from drafts.ledger.verify import verify
from drafts.models import LedgerEntry, LedgerSeal
from drafts.record import record


def test_the_tree_is_that_of_rfc_6962() -> None:
    """Leaves a, b, c: the third goes up alone and is joined with the node of the first two."""
    a, b, c = leaf(b"a"), leaf(b"b"), leaf(b"c")
    assert root([]) == EMPTY
    assert root([a]) == a
    assert root([a, b, c]) == root([root([a, b]), c])
    assert leaf(b"") != root([])


@pytest.mark.django_db(transaction=True)
def test_a_slow_transaction_holds_the_seal_back_and_slips_under_none() -> None:
    other = connections["default"].copy()
    try:
        other.ensure_connection()
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("INSERT INTO drafts_ledgerentry (action, body) VALUES ('slow', '')")
        record("quick")
        assert seal() is None
        other.commit()
        sealed = seal()
    finally:
        other.close()
    assert sealed is not None
    assert len(sealed.entry_ids) == 2
    assert sealed.entry_ids == sorted(sealed.entry_ids)
    assert verify().valid


@pytest.mark.django_db(transaction=True)
def test_every_tampering_is_found_and_located() -> None:
    result = drill()
    assert result.tampered > 800
    assert result.missed == ()
    assert result.found == result.located == result.tampered


@pytest.mark.django_db(transaction=True)
def test_a_head_noted_earlier_shows_a_ledger_that_was_cut_off() -> None:
    for _ in range(3):
        record("kept")
        seal()
    head = verify().head
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM drafts_ledgerseal WHERE number = 3")
        cursor.execute("DELETE FROM drafts_ledgerentry WHERE id = (SELECT max(id) FROM drafts_ledgerentry)")
    assert verify().valid
    report = verify(expect=head)
    assert not report.valid
    assert "cut off or rewritten" in report.why


@pytest.mark.django_db(transaction=True)
def test_many_entries_verify_with_one_command(capsys: pytest.CaptureFixture[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO drafts_ledgerentry (action, draft_id, body)"
            " SELECT 'approved', n, convert_to(repeat('x', 300), 'UTF8') FROM generate_series(1, 5000) n"
        )
    seal()
    call_command("ledger", "verify", "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["entries"], said["valid"], said["first_bad"]) == (5_000, True, None)


@pytest.mark.django_db(transaction=True)
def test_an_export_holds_every_entry_and_seal(tmp_path: Path) -> None:
    record("one", amount="1.00")
    record("two")
    seal()
    assert export(tmp_path / "ledger.jsonl") == 2
    lines = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    assert [line["entry"]["action"] for line in lines[:2]] == ["one", "two"]
    assert json.loads(lines[0]["body"]) == {"amount": "1.00"}
    made = LedgerSeal.objects.get()
    assert lines[2]["seal"]["chain"] == bytes(made.chain).hex()
    assert root([bytes.fromhex(line["leaf"]) for line in lines[:2]]) == bytes(made.root)
    assert LedgerEntry.objects.count() == 2
