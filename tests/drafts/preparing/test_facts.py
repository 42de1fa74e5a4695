"""Which shop a record is read from, and which one does an operation."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import CannotDo, Reconnect, Retry
from connectors.models import Shop
from connectors.money import Money
from connectors.operations import BuyReturnLabel, CreditNote, FileClaim, HoldOrder, RedirectParcel
from connectors.types import DeliveryAddress, Order, OrderStatus, Payment
from drafts.preparing import facts
from drafts.preparing.facts import LiveReader, SavedReader
from tests.factories import OrderFactory, PaymentFactory, ShipmentFactory, ShopFactory

pytestmark = pytest.mark.django_db
UPS_NUMBER = "1Z8A60V50312345671"


class Channel:
    """A shop's connector that answers with what it is given, and notes what it was asked."""

    def __init__(self, shop: Shop, answer: Callable[[], Any]) -> None:
        self.account, self.answer = shop, answer
        self.account.shop_id = shop.pk  # type: ignore[attr-defined]  # an account, as far as the reader looks
        self.asked: list[str] = []

    def clock(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC)

    def fetch(self, record: type[Any], external_id: str) -> Any:
        self.asked.append(external_id)
        return self.answer()


def raising(error: Exception) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


@pytest.fixture
def store() -> Shop:
    return ShopFactory.create(kind="shopify", name="Store", currency="USD")


def redirect(number: str) -> RedirectParcel:
    return RedirectParcel(tracking_number=number, carrier="UPS", way="return")


def claim(number: str = "9400", currency: str = "USD") -> FileClaim:
    money = Money(Decimal(40), currency)
    return FileClaim(order_ref="o1", tracking_number=number, cause="lost", amount=money, text="gone")


class TestWhoDoesIt:
    def test_a_shop_that_can_does_it_itself(self, store: Shop) -> None:
        ShopFactory.create(kind="shopify")

        assert SavedReader(store.pk).performer(HoldOrder) == store.pk

    def test_else_the_only_other_that_can(self, store: Shop) -> None:
        books = ShopFactory.create(kind="zoho")

        assert SavedReader(store.pk).performer(CreditNote) == books.pk

    def test_of_two_that_could_none_is_chosen(self, store: Shop) -> None:
        ShopFactory.create_batch(2, kind="zoho")

        assert SavedReader(store.pk).performer(CreditNote) == store.pk

    def test_a_shop_that_is_not_connected_does_nothing(self, store: Shop) -> None:
        ShopFactory.create(kind="easypost", state=Shop.State.NEEDS_RECONNECT)

        assert SavedReader(store.pk).performer(BuyReturnLabel) == store.pk

    def test_a_courier_moves_its_own_parcels_alone(self, store: Shop) -> None:
        ups = ShopFactory.create(kind="ups")

        assert SavedReader(store.pk).performer(redirect(UPS_NUMBER)) == ups.pk
        assert SavedReader(store.pk).performer(redirect("9400111899560000000000")) == store.pk

    def test_whoever_keeps_a_list_of_parcels_must_have_this_one_on_it(self, store: Shop) -> None:
        insurer = ShopFactory.create(kind="easypost", settings={"claims_email": "us@example.com"})
        assert SavedReader(store.pk).performer(claim()) == store.pk

        ShipmentFactory.create(shop=insurer, external_id="trk_1", tracking_number="9400", order_ref="")
        assert SavedReader(store.pk).performer(claim()) == insurer.pk
        assert SavedReader(store.pk).performer(claim(currency="SGD")) == store.pk, "it insures in US dollars"


class TestWhoHoldsIt:
    def test_its_own_record_comes_first_then_the_only_other(self, store: Shop) -> None:
        other = ShopFactory.create(kind="shopee")
        OrderFactory.create(shop=store, external_id="o1")
        OrderFactory.create(shop=other, external_id="o2")

        assert [SavedReader(store.pk).holder(Order, ref) for ref in ("o1", "o2", "o3")] == [store.pk, other.pk, None]

    def test_where_two_others_use_an_id_neither_is_taken(self, store: Shop) -> None:
        for shop in ShopFactory.create_batch(2, kind="shopee"):
            OrderFactory.create(shop=shop, external_id="o1")

        assert SavedReader(store.pk).holder(Order, "o1") is None
        assert SavedReader(store.pk).fetch(Order, "o1") is None

    def test_one_record_elsewhere_is_found_by_its_fields_and_its_shop(self, store: Shop) -> None:
        processor = ShopFactory.create(kind="stripe")
        PaymentFactory.create(shop=processor, external_id="ch_1", order_number="#1042")
        PaymentFactory.create(shop=store, external_id="t_1", order_number="#1042")

        found = SavedReader(store.pk).elsewhere(Payment, order_number="#1042")
        assert found is not None
        assert (found[0].external_id, found[1]) == ("ch_1", processor.pk)
        PaymentFactory.create(shop=processor, external_id="ch_2", order_number="#1042")
        assert SavedReader(store.pk).elsewhere(Payment, order_number="#1042") is None


class TestReadingLive:
    @pytest.fixture
    def opened(self, store: Shop, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], Channel]:
        """The order's own shop, which another shop's draft reads."""
        OrderFactory.create(shop=store, external_id="o1", status=OrderStatus.SHIPPED)

        def make(answer: Callable[[], Any]) -> Channel:
            source = Channel(store, answer)
            monkeypatch.setattr(facts, "open_shop", lambda shop, **_: source)
            return source

        return make

    def reader(self) -> tuple[LiveReader, Channel]:
        seller = Channel(ShopFactory.create(kind="easypost"), raising(CannotDo("no such read")))
        return LiveReader(seller), seller  # type: ignore[arg-type]  # a connector, as far as the reader looks

    def test_an_order_is_read_from_the_shop_that_has_it(self, opened: Callable[..., Channel]) -> None:
        source, (reader, seller) = opened(lambda: "as it stands now"), self.reader()

        assert reader.fetch(Order, "o1") == "as it stands now"
        assert reader.fetch(DeliveryAddress, "o1") == "as it stands now"
        assert (source.asked, seller.asked) == (["o1", "o1"], [])

    def test_a_shop_without_such_a_read_leaves_what_was_saved_or_nothing(self, opened: Callable[..., Channel]) -> None:
        opened(raising(CannotDo("no such read")))
        reader, _ = self.reader()

        saved = reader.fetch(Order, "o1")
        assert saved is not None
        assert saved.status == OrderStatus.SHIPPED
        assert reader.fetch(DeliveryAddress, "o1") is None

    def test_the_lost_permission_of_another_shop_is_waited_for(
        self, store: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lost(shop: Shop, **_: Any) -> Channel:
            raise Reconnect("revoked")

        OrderFactory.create(shop=store, external_id="o1")
        monkeypatch.setattr(facts, "open_shop", lost)

        with pytest.raises(Retry, match="Store has to be connected again: revoked"):
            self.reader()[0].fetch(Order, "o1")
