"""Where the shop's channel has no such call, the card holds the page and all that a person has to enter there."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.models import Shop
from connectors.shops.marketplaces.shopee import Shopee
from connectors.types import OrderStatus
from drafts.draft import draft_alert
from drafts.kinds import KINDS, read_command
from drafts.models import Draft
from drafts.preparing.wording import prompt
from drafts.revise import edit
from opsroom.people.models import User
from tests.factories import AlertFactory, OrderFactory, OrderLineFactory, ShipmentFactory, ShopFactory

pytestmark = pytest.mark.django_db
ADDRESS = {"line1": "9 New Road", "city": "Singapore", "postcode": "200002", "country": "SG"}


@pytest.fixture(autouse=True)
def _no_key(settings: Any) -> None:
    settings.MODEL_API_KEY = ""


@pytest.fixture
def shop() -> Shop:
    """A marketplace that lets its sellers do little by interface."""
    return ShopFactory.create(
        kind="shopee", name="Mugs SG", base_url="https://partner.shopeemobile.com",
        credentials=dict.fromkeys(Shopee.credentials, "1"),
    )  # fmt: skip


def order(shop: Shop, status: OrderStatus) -> str:
    row = OrderFactory.create(
        shop=shop, external_id="2611ABC", status=status, total=Decimal("40.00"), customer_ref="77", customer_name="Mei",
    )  # fmt: skip
    OrderLineFactory.create(
        shop=shop, order_ref=row.external_id, external_id="l1", sku="MUG", quantity=2, unit_price=20
    )
    ShipmentFactory.create(
        shop=shop, external_id="s1", order_ref=row.external_id, tracking_number="SG900", carrier="SPX"
    )
    return str(row.external_id)


def prepared(shop: Shop, kind: str, **arguments: Any) -> Draft:
    alert = AlertFactory.create(
        shop=shop, title="Parcel of order 2611ABC is stuck", drafts=[kind], arguments=arguments,
        evidence=[{"claim": "Last scan", "value": "2026-11-09"}],
    )  # fmt: skip
    draft = draft_alert(alert)
    assert draft is not None
    return draft


@pytest.mark.parametrize(
    ("kind", "status", "arguments", "texts"),
    [
        ("hold_order", OrderStatus.TO_SHIP, {}, ["Hold order 2611ABC. Reason: Parcel of order 2611ABC is stuck."]),
        (
            "change_address",
            OrderStatus.TO_SHIP,
            {f"address_{part}": text for part, text in ADDRESS.items()},
            ["Send order 2611ABC to Singapore, SG", "Mei\n9 New Road\n200002 Singapore\nSG"],
        ),
        ("change_items", OrderStatus.TO_SHIP, {"quantities": {"l1": 1}}, ["MUG: 2 → 1"]),
        ("ask_payment", OrderStatus.UNPAID, {}, ["Your order 2611ABC is not paid yet."]),
        ("reship", OrderStatus.DELIVERED, {}, ["Send again for order 2611ABC, without charge: 2 × MUG."]),
        ("store_credit", OrderStatus.DELIVERED, {}, ["Give the customer of order 2611ABC 6.00 SGD of store credit"]),
        ("credit_note", OrderStatus.DELIVERED, {"amount": "5"}, ["Credit note of 5.00 SGD for the buyer"]),
        (
            "redirect_parcel",
            OrderStatus.SHIPPED,
            {"shipment_ref": "s1"},
            ["Parcel SG900 comes back to us"],
        ),
        (
            "file_claim",
            OrderStatus.SHIPPED,
            {"cause": "lost"},
            ["we claim 40.00 SGD for a parcel of order 2611ABC (tracking number SG900", "Last scan: 2026-11-09"],
        ),
        ("appeal", OrderStatus.SHIPPED, {}, ["we ask you to look again at your decision", "Last scan: 2026-11-09"]),
    ],
)
def test_the_card_holds_the_page_and_the_whole_text(
    shop: Shop, kind: str, status: OrderStatus, arguments: dict[str, Any], texts: list[str]
) -> None:
    draft = prepared(shop, kind, order_ref=order(shop, status), **arguments)

    assert (draft.kind, draft.shop_id) == (kind, shop.pk)
    assert draft.by_hand.startswith("https://")
    assert "On Mugs SG: " in draft.by_hand
    for text in texts:
        assert text in draft.by_hand


def test_an_edit_is_what_is_to_be_entered_from_then_on(shop: Shop, owner: User) -> None:
    draft = prepared(shop, "store_credit", order_ref=order(shop, OrderStatus.DELIVERED))
    command = read_command(draft.kind, draft.command).model_copy(update={"amount": Decimal("3.00")})

    edit(draft, command, owner)

    assert "3.00 SGD of store credit" in draft.by_hand
    assert "6.00 SGD" not in draft.by_hand


@pytest.mark.parametrize("name", sorted(name for name, kind in KINDS.items() if kind.text_field))
def test_what_a_model_may_word_has_its_instructions(name: str) -> None:
    text, version = prompt(name)
    assert len(text) > 500
    assert len(version) == 12
