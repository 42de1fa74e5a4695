from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.money import Money
from drafts.limits import Most
from drafts.policy import Ask, Flag, Operator, Requirement, Rule
from drafts.replay import Bound, Past, Rules, is_stricter, replay, replay_cap

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CLICK = Rule("click", kind="refund")


def past(number: int, amount: str, at: datetime = NOON, *, terms: Any = None, flags: Any = (), **changes: Any) -> Past:
    money = Money(Decimal(amount), "USD")
    ask = Ask("refund", 1, money, money.amount, flags=frozenset(flags), terms=terms or {})
    return Past(number, f"Refund {number}", ask, at, **({"was_approved": True} | changes))


def test_moves_are_counted_with_dollars_reversals_and_named_examples() -> None:
    history = [past(1, "40"), past(2, "60", was_reversed=True), past(3, "70", was_edited=True), past(4, "10")]
    after = Rules([CLICK, Rule("second_factor", kind="refund", amount_from=Decimal(50))])

    moves = replay(history, Rules([CLICK]), after)

    assert moves == [
        {
            "before": "click", "after": "second_factor", "drafts": 2, "dollars": "130.00", "approved": 2, "edited": 1,
            "reversed": 1, "examples": [{"draft": 2, "what": "Refund 2"}, {"draft": 3, "what": "Refund 3"}],
        }
    ]  # fmt: skip
    assert is_stricter(moves[0])
    assert not is_stricter(replay(history, after, Rules([CLICK]))[0])


def test_a_floor_moves_with_no_rule() -> None:
    angry = [past(1, "5", flags=[Flag.HIGH_EMOTION])]
    assert replay(angry, Rules([Rule("review", kind="refund")]), Rules([CLICK])) == []


def test_a_requirement_refuses_what_it_would_have_met() -> None:
    late = Requirement("days_since_delivery", Operator.AT_MOST, (Decimal(30),), kind="refund")
    history = [
        past(1, "5", terms={"days_since_delivery": 31}),
        past(2, "5", terms={"days_since_delivery": 30}),
        past(3, "5"),
    ]

    moves = replay(history, Rules([CLICK]), Rules([CLICK], [late]))

    assert [(move["after"], [each["draft"] for each in move["examples"]]) for move in moves] == [("refuse", [1])]


def test_a_cap_stops_what_came_last_and_leaves_its_room_to_the_next() -> None:
    history = [past(1, "60"), past(2, "50", NOON + timedelta(hours=1)), past(3, "40", NOON + timedelta(hours=2))]

    moves = replay_cap(history, None, Bound(Most(None, Decimal(100))))

    assert [(move["before"], move["after"], move["dollars"]) for move in moves] == [("allowed", "stopped", "50.00")]
    assert replay_cap(history, Bound(Most(None, Decimal(100))), None)[0]["after"] == "allowed"


def test_a_cap_for_each_customer_knows_days_and_months() -> None:
    days = [NOON, NOON + timedelta(days=1), NOON + timedelta(days=40)]
    history = [past(number, "5", day, customer_ref="mei") for number, day in enumerate(days)]
    stranger = past(9, "5", customer_ref="")

    month = replay_cap([*history, stranger], None, Bound(Most(1, None), is_each_customer=True, is_month=True))
    day = replay_cap([*history, stranger], None, Bound(Most(1, None), is_each_customer=True))

    assert [each["draft"] for each in month[0]["examples"]] == [1]
    assert day == []


def test_what_nobody_approved_is_stopped_by_no_cap() -> None:
    assert replay_cap([past(1, "60", was_approved=False)], None, Bound(Most(0, None))) == []
