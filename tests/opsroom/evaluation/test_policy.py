"""A store's written policy, entered as rows, judges writes by the product's own schemas, preflight and policy."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from drafts.deciding.judge import Judge
from drafts.models import Requirement
from opsroom.evaluation.policy import rulebook
from opsroom.evaluation.policy.run import evaluate, read, verdict
from opsroom.evaluation.policy.store import BadStore, Store, World

pytestmark = pytest.mark.django_db
HOME = {"address1": "1 Pier", "address2": "", "city": "Oslo", "state": "OS", "country": "USA", "zip": "10001"}
EXCHANGE, RETURN = "exchange_delivered_order_items", "return_delivered_order_items"
CANCEL, ITEMS = "cancel_pending_order", "modify_pending_order_items"
PAYMENT, ADDRESS = "modify_pending_order_payment", "modify_pending_order_address"
HAVING = {"item_ids": ["mug-s"], "new_item_ids": ["mug-l"], "payment_method_id": "gift"}


def order(ref: str, status: str, *items: str) -> dict[str, Any]:
    lines = [{"item_id": item, "product_id": item[:3], "price": 10.0} for item in items]
    paid = [{"transaction_type": "payment", "amount": 10.0 * len(items), "payment_method_id": "card"}]
    return {
        "order_id": ref, "user_id": "ann", "address": HOME, "items": lines, "status": status, "payment_history": paid,
    }  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Path:
    options = {"mug-s": (10.0, True), "mug-l": (15.0, True), "mug-x": (11.0, False), "cup-s": (9.0, True)}
    products = {
        name: {"name": name, "variants": {ref: {"price": price, "available": there}
               for ref, (price, there) in options.items() if ref.startswith(name)}}
        for name in ("mug", "cup")
    }  # fmt: skip
    people = {
        "ann": {"name": {"first_name": "Ann", "last_name": "Lee"}, "payment_methods": {
            "card": {"source": "credit_card", "id": "card"},
            "card2": {"source": "credit_card", "id": "card2"},
            "gift": {"source": "gift_card", "id": "gift", "balance": 5.0},
        }},
        "bob": {"name": {"first_name": "Bob", "last_name": "Oh"}, "payment_methods": {}},
    }  # fmt: skip
    orders = [order("open", "pending", "mug-s", "cup-s"), order("home", "delivered", "mug-s", "mug-s")]
    for name, content in (
        ("orders", {row["order_id"]: row for row in orders}),
        ("users", people),
        ("products", products),
    ):
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    return tmp_path


@pytest.fixture
def allows(store: Path) -> Callable[..., str]:
    rulebook.enter()
    judge, known = Judge(), Store(store)

    def ask(name: str, ref: str, *earlier: Any, by: str = "ann", **arguments: Any) -> str:
        """Empty where the write is allowed, else what refused it."""
        before = [{"name": what, "arguments": {"order_id": where, **given}} for what, where, given in earlier]
        said = verdict(by, before, {"name": name, "arguments": {"order_id": ref, **arguments}}, World(known), judge)
        return said.gate or ""

    return ask


def test_what_the_policy_allows_is_allowed(allows: Any) -> None:
    assert allows(CANCEL, "open", reason="no longer needed") == ""
    assert allows(ADDRESS, "open", **HOME | {"city": "Bergen"}) == ""
    assert allows(PAYMENT, "open", payment_method_id="card2") == ""
    assert allows(ITEMS, "open", **HAVING) == ""
    assert allows(RETURN, "home", item_ids=["mug-s", "mug-s"], payment_method_id="gift") == ""
    assert allows(EXCHANGE, "home", **HAVING | {"new_item_ids": ["mug-s"]}) == ""


@pytest.mark.parametrize(
    ("gate", "name", "ref", "arguments"),
    [
        ("policy", CANCEL, "open", {"reason": "too slow"}),
        ("policy", CANCEL, "open", {"reason": "no longer needed", "by": "bob"}),
        ("facts", CANCEL, "gone", {"reason": "no longer needed"}),
        ("facts", CANCEL, "home", {"reason": "no longer needed"}),
        ("facts", PAYMENT, "open", {"payment_method_id": "gift"}),
        ("facts", RETURN, "open", {"item_ids": ["mug-s"], "payment_method_id": "card"}),
        ("policy", RETURN, "home", {"item_ids": ["mug-s"], "payment_method_id": "card2"}),
        ("policy", RETURN, "home", {"item_ids": ["mug-s"], "payment_method_id": "stranger"}),
        ("facts", RETURN, "home", {"item_ids": ["mug-s"] * 3, "payment_method_id": "card"}),
        ("schema", RETURN, "home", {"item_ids": [], "payment_method_id": "card"}),
        ("policy", EXCHANGE, "home", HAVING | {"new_item_ids": ["mug-l", "mug-l"]}),
        ("policy", EXCHANGE, "home", HAVING | {"new_item_ids": ["cup-s"]}),
        ("facts", EXCHANGE, "home", HAVING | {"new_item_ids": ["mug-x"]}),
        ("facts", EXCHANGE, "home", HAVING | {"item_ids": ["mug-l"]}),
        ("policy", EXCHANGE, "home", HAVING | {"item_ids": ["mug-s"] * 2, "new_item_ids": ["mug-l"] * 2}),
        ("policy", ITEMS, "open", HAVING | {"new_item_ids": ["mug-s"]}),
        ("policy", ITEMS, "open", HAVING | {"item_ids": ["mug-s", "cup-s"], "new_item_ids": ["cup-s", "mug-l"]}),
    ],
)  # fmt: skip
def test_what_it_denies_is_refused_where_it_belongs(
    allows: Any, gate: str, name: str, ref: str, arguments: dict[str, Any]
) -> None:
    assert allows(name, ref, **arguments) == gate


def test_what_was_done_before_is_remembered(allows: Any) -> None:
    changed = (ITEMS, "open", HAVING)
    assert allows(ITEMS, "open", changed, **HAVING) == "facts"
    assert allows(ITEMS, "open", changed, **HAVING | {"item_ids": ["mug-l"], "new_item_ids": ["mug-s"]}) == "policy"
    assert allows(CANCEL, "open", changed, reason="no longer needed") == "policy"
    assert (
        allows(PAYMENT, "open", (PAYMENT, "open", {"payment_method_id": "card2"}), payment_method_id="card") == "policy"
    )
    assert allows(EXCHANGE, "home", changed, **HAVING) == "policy"  # the gift card is empty now
    assert allows(RETURN, "home", (EXCHANGE, "home", HAVING), item_ids=["mug-s"], payment_method_id="card") == "policy"


def test_an_earlier_write_that_is_refused_changes_nothing(allows: Any) -> None:
    assert allows(CANCEL, "open", (CANCEL, "open", {"reason": "too slow"}), reason="ordered by mistake") == ""


def test_a_verdict_that_is_not_the_expected_one_is_counted_by_its_rule(store: Path, tmp_path: Path) -> None:
    action = {"name": CANCEL, "arguments": {"order_id": "open", "reason": "no longer needed"}}
    row = {"actor_user_id": "ann", "prior_actions": [], "action": action}
    rows = tmp_path / "rows.jsonl"
    rows.write_text("\n".join(json.dumps(row | {"expect": said, "rule": "made_up"}) for said in ("allow", "deny")))

    score = evaluate(store, [rows])

    assert score.told()["deny"] == {"rows": 1, "allowed": 1}
    assert score.told()["rules"] == {"made_up": {"rows": 2, "wrong": 1}}
    assert not score.is_good


def test_every_row_of_the_rulebook_passes_the_form_of_the_admin() -> None:
    assert rulebook.enter() == len(rulebook.ROWS) == Requirement.objects.count()


def test_a_file_that_is_no_store_or_no_rows_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadStore, match=r"does not hold a store"):
        Store(tmp_path)
    (tmp_path / "bad.jsonl").write_text('{"expect": "allow"}')
    with pytest.raises(BadStore, match=r"bad\.jsonl, line 1 is no row"):
        list(read(tmp_path / "bad.jsonl"))


@pytest.mark.parametrize(("name", "step"), [("allow_dev", 5), ("deny_dev", 23)])
def test_rows_written_by_others_are_judged_as_they_expect(shared: Path, tmp_path: Path, name: str, step: int) -> None:
    rows = (shared / "data/policy" / f"{name}.jsonl").read_text().splitlines()[::step]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows))

    score = evaluate(shared / "data/policy", [tmp_path / "rows.jsonl"])

    assert score.examples == []
    assert sum(score.rows.values()) == len(rows) > 100


def test_the_command_says_what_it_needs() -> None:
    with pytest.raises(CommandError, match="--store"):
        call_command("evaluate", "policy")
