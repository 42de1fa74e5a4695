"""Stock and price of one variant, both absolute. The call that adds to stock is not used: repeated, it adds twice."""

from datetime import datetime
from xml.sax.saxutils import escape

from connectors.base import CannotDo, Permit, Refused
from connectors.operations import SetPrice, SetStock
from connectors.shops.marketplaces.lazada.client import Client
from connectors.shops.marketplaces.lazada.parse import price
from connectors.shops.marketplaces.lazada.reads.goods import (
    has_special,
    sellable,
    selling_price,
    sku_of,
    warehouses,
)
from connectors.shops.reading import Row
from connectors.types import Receipt, Sight, Sighting


def _found(client: Client, listing_ref: str) -> tuple[Row, Row]:
    found = sku_of(client, listing_ref)
    if found is None:
        raise Refused(f"Lazada knows no variant {listing_ref}", code="listing")
    return found


def _payload(product: Row, sku: Row, inner: str) -> str:
    """The XML document that travels as one signed field."""
    return (
        f"<Request><Product><Skus><Sku><ItemId>{product['item_id']}</ItemId><SkuId>{sku['SkuId']}</SkuId>"
        f"<SellerSku>{escape(str(sku['SellerSku']))}</SellerSku>{inner}</Sku></Skus></Product></Request>"
    )


def set_stock(client: Client, operation: SetStock, permit: Permit) -> Receipt:
    product, sku = _found(client, operation.listing_ref)
    inner = f"<SellableQuantity>{operation.quantity}</SellableQuantity>"
    places = warehouses(sku)
    if operation.location:
        if operation.location not in places:
            raise Refused(f"this variant stands in {places}, not in {operation.location!r}", code="warehouse")
        inner = (
            "<MultiWarehouseInventories><MultiWarehouseInventory>"
            f"<WarehouseCode>{escape(operation.location)}</WarehouseCode>{inner}"
            "</MultiWarehouseInventory></MultiWarehouseInventories>"
        )
    elif len(places) > 1:
        raise Refused(f"this variant stands in several warehouses ({places}); say which", code="warehouse")
    params = {"payload": _payload(product, sku, inner)}
    answer = client.write("POST", "/product/stock/sellable/update", params, permit)
    return client.receipt(answer, operation.listing_ref)


def see_stock(client: Client, operation: SetStock, since: datetime | None) -> Sighting:
    left = sellable(_found(client, operation.listing_ref)[1], operation.location)
    detail = f"{left} units can be bought now"
    return Sighting(Sight.SEEN if left == operation.quantity else Sight.ABSENT, operation.listing_ref, detail)


def set_price(client: Client, operation: SetPrice, permit: Permit) -> Receipt:
    """What buyers pay: the special price while one runs, else the price."""
    if operation.price.currency != client.currency:
        raise Refused(f"this venture sells in {client.currency}, not in {operation.price.currency}", code="currency")
    product, sku = _found(client, operation.listing_ref)
    wanted = operation.price.amount
    if has_special(sku, home=client.home, now=client.clock()):
        if wanted >= price(sku["price"]):
            raise CannotDo(
                f"a special price runs below {sku['price']}; end it in the Seller Center before a higher one"
            )
        inner = f"<SalePrice>{wanted}</SalePrice>"
        times = (("SaleStartDate", "special_from_time"), ("SaleEndDate", "special_to_time"))
        inner += "".join(f"<{tag}>{str(sku[name])[:10]}</{tag}>" for tag, name in times if sku.get(name))
    else:
        inner = f"<Price>{wanted}</Price>"
    params = {"payload": _payload(product, sku, inner)}
    answer = client.write("POST", "/product/price_quantity/update", params, permit)
    return client.receipt(answer, operation.listing_ref)


def see_price(client: Client, operation: SetPrice, since: datetime | None) -> Sighting:
    sku = _found(client, operation.listing_ref)[1]
    asked = selling_price(sku, home=client.home, now=client.clock())
    sight = Sight.SEEN if asked == operation.price.amount else Sight.ABSENT
    return Sighting(sight, operation.listing_ref, f"a buyer pays {asked} now")
