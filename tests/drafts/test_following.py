"""The next step is prepared once the first is proved, once, and only while the matter is open."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from alerts.models import Alert
from connectors.types import SupplierOrder, SupplierOrderLine
from drafts.following import draft_following
from drafts.kinds.stock.create_purchase_order import CreatePurchaseOrderCommand
from drafts.models import Draft
from drafts.preparing import facts
from drafts.states import State, Tier
from tests.drafts.conftest import matter
from tests.factories import AlertFactory, DraftFactory, ShopFactory

pytestmark = pytest.mark.django_db
NUMBER = "PO-261121-7"
ORDER = SupplierOrder(
    external_id=NUMBER, status="draft", supplier_ref="sup1", supplier_name="Kiln Co", currency="USD",
    lines=(SupplierOrderLine("MUG", 120, Decimal("2.50")),),
)  # fmt: skip


FACTS = {
    "supplier": "Kiln Co", "title": "Mug", "on_hand": 4, "inbound": 0, "unit_cost": "2.5", "cost_currency": "USD",
    "supplies": True, "minimum": 100,
}  # fmt: skip


class Books:
    """The books as they are read: one order, or none."""

    def __init__(self, order: SupplierOrder | None) -> None:
        self.order = order

    def fetch(self, record: type[Any], external_id: str) -> Any:
        return self.order if record is SupplierOrder else None


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    made = Books(ORDER)
    monkeypatch.setattr(facts, "open_shop", lambda shop: made)
    return made


def first(state: State = State.VERIFIED) -> Draft:
    """An order that was to be written into the books."""
    command = CreatePurchaseOrderCommand(
        supplier_ref="sup1", number=NUMBER, sku="MUG", quantity=120, unit_cost=Decimal("2.50"), currency="USD"
    )
    return DraftFactory.create(
        alert=AlertFactory.create(state=Alert.State.DECIDED), kind="create_purchase_order", written=command,
        facts=FACTS, shop=ShopFactory.create(kind="zoho"), state=state,
    )  # fmt: skip


@pytest.fixture
def proved(db: None) -> Draft:
    return first()


def steps(draft: Draft) -> list[str]:
    return list(Draft.objects.filter(alert=draft.alert).order_by("pk").values_list("kind", flat=True))


def test_what_was_written_into_the_books_is_proposed_to_be_issued(proved: Draft, books: Books) -> None:
    assert draft_following() == 1

    following = Draft.objects.get(alert=proved.alert, kind="issue_purchase_order")
    assert (following.state, following.shop_id) == (State.PROPOSED, proved.shop_id)
    assert (following.amount, following.currency) == (Decimal("300.00"), "USD")
    assert following.tier != Tier.CLICK
    matter(proved).refresh_from_db()
    assert matter(proved).state == Alert.State.OPEN, "it waits for a decision again"
    assert draft_following() == 0
    assert steps(proved) == ["create_purchase_order", "issue_purchase_order"]


def test_a_step_that_a_person_rejected_is_not_prepared_again(proved: Draft, books: Books) -> None:
    draft_following()
    Draft.objects.filter(kind="issue_purchase_order").update(state=State.REJECTED)

    assert draft_following() == 0


@pytest.mark.parametrize("state", [State.SENT, State.FAILED, State.PROPOSED])
def test_nothing_follows_what_is_not_proved(books: Books, state: State) -> None:
    draft = first(state)

    assert draft_following() == 0
    assert steps(draft) == ["create_purchase_order"]


def test_a_matter_that_is_over_is_left_alone(proved: Draft, books: Books) -> None:
    Alert.objects.filter(pk=matter(proved).pk).update(resolved_at=timezone.now())

    assert draft_following() == 0


def test_an_order_that_the_books_do_not_show_yet_is_looked_for_again_for_an_hour(proved: Draft, books: Books) -> None:
    books.order = None
    assert draft_following() == 0

    books.order = ORDER
    assert draft_following(now=timezone.now() + timedelta(hours=2)) == 0
    assert draft_following() == 1
