"""How the market's rows answer Shopify's fields: one table of resolvers for each type.

One row may stand for several types (an order is also its one fulfillment and its one fulfillment order).
"""

from connectors.twin.wire.shopify.execute import Resolver
from connectors.twin.wire.shopify.shapes.baskets import CHECKOUT, DRAFT
from connectors.twin.wire.shopify.shapes.fulfilment import FULFILLMENT, FULFILLMENT_ORDER, FULFILLMENT_ORDER_LINE
from connectors.twin.wire.shopify.shapes.goods import ITEM, LEVEL, PRODUCT, VARIANT
from connectors.twin.wire.shopify.shapes.lines import LINE_ITEM
from connectors.twin.wire.shopify.shapes.orders import ORDER
from connectors.twin.wire.shopify.shapes.payments import REFUND, REFUND_LINE, TRANSACTION
from connectors.twin.wire.shopify.shapes.people import ACCOUNT, ADDRESS, CREDIT, CUSTOMER
from connectors.twin.wire.shopify.shapes.returns import RETURN, RETURN_LINE
from connectors.twin.wire.shopify.shapes.scalars import MONEY_BAG

RESOLVERS: dict[str, dict[str, Resolver]] = {
    "MoneyBag": MONEY_BAG,
    "Order": ORDER, "LineItem": LINE_ITEM,
    "OrderTransaction": TRANSACTION, "Refund": REFUND, "RefundLineItem": REFUND_LINE,
    "Fulfillment": FULFILLMENT, "FulfillmentOrder": FULFILLMENT_ORDER,
    "FulfillmentOrderLineItem": FULFILLMENT_ORDER_LINE,
    "Return": RETURN, "ReturnLineItem": RETURN_LINE,
    "Product": PRODUCT, "ProductVariant": VARIANT, "InventoryItem": ITEM, "InventoryLevel": LEVEL,
    "Customer": CUSTOMER, "MailingAddress": ADDRESS,
    "StoreCreditAccount": ACCOUNT, "StoreCreditAccountTransaction": CREDIT,
    "StoreCreditAccountCreditTransaction": CREDIT,
    "DraftOrder": DRAFT, "AbandonedCheckout": CHECKOUT,
}  # fmt: skip
