"""What the database itself refuses, whoever asks: edges no draft may take, changed bytes, a rewritten ledger.

`install` is run by a migration; a change of `states.EDGES` needs a new migration that runs it again (a test compares).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drafts.states import EDGES, State

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

# A version grows by one, only together with what is written, and only into `proposed`: nobody has decided on it yet.
DRAFTS = """
CREATE OR REPLACE FUNCTION drafts_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY ({edges}) THEN
        RAISE EXCEPTION 'draft % cannot go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'draft_edge';
    END IF;
    IF (NEW.kind, NEW.shop_id) IS DISTINCT FROM (OLD.kind, OLD.shop_id) THEN
        RAISE EXCEPTION 'draft % keeps its kind and its shop; propose another one instead', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'draft_identity';
    END IF;
    IF NEW.version = OLD.version THEN
        -- Erasing takes all of a finished draft's content and leaves its digest: nothing empty can be executed.
        IF (NEW.command, NEW.digest, NEW.facts) IS DISTINCT FROM (OLD.command, OLD.digest, OLD.facts)
            AND NOT (NEW.command = '' AND NEW.facts = '{{}}'::jsonb AND NEW.digest = OLD.digest
                AND NEW.state = OLD.state AND NEW.state = ANY ({finished})) THEN
            RAISE EXCEPTION 'draft % changed its content without a new version', OLD.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'draft_version';
        END IF;
    ELSIF NEW.version <> OLD.version + 1 OR NEW.state <> 'proposed' OR NEW.digest = OLD.digest THEN
        RAISE EXCEPTION 'draft % may go from version % to the next one only, as proposed and with a new digest',
            OLD.id, OLD.version USING ERRCODE = 'check_violation', CONSTRAINT = 'draft_version';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION drafts_void_approvals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE drafts_approval SET voided_at = clock_timestamp() WHERE draft_id = NEW.id AND voided_at IS NULL;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER drafts_guard BEFORE UPDATE ON drafts_draft
    FOR EACH ROW EXECUTE FUNCTION drafts_guard();
CREATE OR REPLACE TRIGGER drafts_void_approvals AFTER UPDATE OF version ON drafts_draft
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION drafts_void_approvals();
"""

# A decision is never rewritten; it can only be voided, once.
APPROVALS = """
CREATE OR REPLACE FUNCTION drafts_approval_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.voided_at IS NOT NULL OR (NEW.draft_id, NEW.version, NEW.digest, NEW.by_id, NEW.method, NEW.decided_at)
        IS DISTINCT FROM (OLD.draft_id, OLD.version, OLD.digest, OLD.by_id, OLD.method, OLD.decided_at) THEN
        RAISE EXCEPTION 'approval % is a decision: it can be voided, not changed', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approval_final';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER drafts_approval_guard BEFORE UPDATE ON drafts_approval
    FOR EACH ROW EXECUTE FUNCTION drafts_approval_guard();
"""

# Row triggers of a partitioned table pass on to its partitions; those on TRUNCATE do not, so each partition has its own
# (`connectors.saving.partitions` gives a new month what its parent has).
LEDGER = """
CREATE OR REPLACE FUNCTION drafts_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is refused: % only grows', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_only_grows';
END $$;
CREATE OR REPLACE TRIGGER ledger_rows BEFORE UPDATE OR DELETE ON drafts_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION drafts_only_grows();
CREATE OR REPLACE TRIGGER ledger_table BEFORE TRUNCATE ON drafts_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION drafts_only_grows();
CREATE OR REPLACE TRIGGER ledger_table BEFORE TRUNCATE ON drafts_ledgerentry_default
    FOR EACH STATEMENT EXECUTE FUNCTION drafts_only_grows();
CREATE OR REPLACE TRIGGER seal_rows BEFORE UPDATE OR DELETE ON drafts_ledgerseal
    FOR EACH ROW EXECUTE FUNCTION drafts_only_grows();
CREATE OR REPLACE TRIGGER seal_table BEFORE TRUNCATE ON drafts_ledgerseal
    FOR EACH STATEMENT EXECUTE FUNCTION drafts_only_grows();
"""


FINISHED = (State.VERIFIED, State.FAILED, State.REJECTED, State.EXPIRED, State.SUPERSEDED)


def edges() -> set[tuple[State, State]]:
    return {(before, after) for before, afters in EDGES.items() for after in afters}


def install(cursor: CursorWrapper) -> None:
    """Create or replace every trigger. Safe to run again."""
    pairs = ", ".join(sorted(f"'{before.value}>{after.value}'" for before, after in edges()))
    finished = ", ".join(f"'{state.value}'" for state in FINISHED)
    cursor.execute(DRAFTS.format(edges=f"ARRAY[{pairs}]", finished=f"ARRAY[{finished}]"))
    cursor.execute(APPROVALS)
    cursor.execute(LEDGER)
