"""Every GraphQL document sent to Shopify, checked by a test against the published schemas.

Nested lists are short because Shopify prices a query by what it might return; what is cut off is read separately.
"""

VERSION = "2026-10"
MONEY = "{ shopMoney { amount currencyCode } }"

LINE_FIELDS = f"""fragment LineFields on LineItem {{
  id sku title variantTitle quantity currentQuantity refundableQuantity unfulfilledQuantity
  discountedUnitPriceAfterAllDiscountsSet {MONEY}
  variant {{ id }}
}}"""

SHIPMENT_FIELDS = """fragment ShipmentFields on Fulfillment {
  id status displayStatus createdAt updatedAt inTransitAt deliveredAt estimatedDeliveryAt
  trackingInfo(first: 1) { company number }
  events(first: 1, sortKey: HAPPENED_AT, reverse: true) { nodes { happenedAt status } }
}"""

TRANSACTION_FIELDS = f"""fragment TransactionFields on OrderTransaction {{
  id kind status createdAt gateway amountSet {MONEY} parentTransaction {{ id }}
}}"""

ORDER_FIELDS = f"""fragment OrderFields on Order {{
  id name createdAt updatedAt processedAt closedAt cancelledAt cancelReason email
  displayFinancialStatus displayFulfillmentStatus returnStatus currencyCode paymentGatewayNames
  totalPriceSet {MONEY} currentTotalPriceSet {MONEY} totalRefundedSet {MONEY}
  shippingAddress {{ countryCodeV2 }}
  risk {{ recommendation assessments {{ riskLevel }} }}
  customer {{
    id displayName numberOfOrders amountSpent {{ amount currencyCode }} tags
    defaultEmailAddress {{ emailAddress }} defaultPhoneNumber {{ phoneNumber }}
  }}
  lineItems(first: 20) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ ...LineFields }} }}
  transactions(first: 10) {{ ...TransactionFields }}
  refunds(first: 5) {{ id note transactions(first: 3) {{ nodes {{ id }} }} }}
  fulfillments(first: 5) {{ ...ShipmentFields }}
  fulfillmentOrders(first: 3) {{ nodes {{ status fulfillBy }} }}
}}
{LINE_FIELDS}
{TRANSACTION_FIELDS}
{SHIPMENT_FIELDS}"""

ORDERS = f"""query Orders($first: Int!, $after: String, $query: String!) {{
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{ ...OrderFields }}
  }}
}}
{ORDER_FIELDS}"""

ORDERS_COUNT = """query OrdersCount($query: String!) {
  ordersCount(query: $query, limit: null) { count precision }
}"""

ORDER = f"""query Order($id: ID!) {{ order(id: $id) {{ ...OrderFields }} }}
{ORDER_FIELDS}"""

ORDER_LINES = f"""query OrderLines($id: ID!, $after: String) {{
  order(id: $id) {{
    lineItems(first: 100, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ ...LineFields }} }}
  }}
}}
{LINE_FIELDS}"""

RETURN_FIELDS = f"""fragment ReturnFields on Return {{
  id name status createdAt totalQuantity
  order {{ id updatedAt currencyCode }}
  returnLineItems(first: 10) {{
    nodes {{
      id quantity customerNote returnReasonNote returnReasonDefinition {{ handle name }}
      ... on ReturnLineItem {{
        withCodeDiscountedTotalPriceSet {MONEY}
        fulfillmentLineItem {{ lineItem {{ sku }} }}
      }}
    }}
  }}
}}"""

RETURNS = f"""query Returns($first: Int!, $after: String, $query: String!) {{
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{ id returns(first: 5) {{ nodes {{ ...ReturnFields }} }} }}
  }}
}}
{RETURN_FIELDS}"""

RETURN = f"""query Return($id: ID!) {{ return(id: $id) {{ ...ReturnFields }} }}
{RETURN_FIELDS}"""

LEVEL_FIELDS = """fragment LevelFields on InventoryLevel {
  id updatedAt location { id name }
  quantities(names: ["available", "on_hand", "committed"]) { name quantity }
}"""

VARIANT_FIELDS = f"""fragment VariantFields on ProductVariant {{
  id sku title price updatedAt
  product {{ id title status description }}
  inventoryItem {{
    id tracked unitCost {{ amount currencyCode }}
    inventoryLevels(first: 5) {{ nodes {{ ...LevelFields }} }}
  }}
}}
{LEVEL_FIELDS}"""

GOODS = f"""query Goods($first: Int!, $after: String) {{
  productVariants(first: $first, after: $after) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{ ...VariantFields }}
  }}
}}
{VARIANT_FIELDS}"""

VARIANT = f"""query Variant($id: ID!) {{ productVariant(id: $id) {{ ...VariantFields }} }}
{VARIANT_FIELDS}"""

LEVEL = f"""query Level($id: ID!) {{
  inventoryLevel(id: $id) {{ ...LevelFields item {{ id sku variants(first: 1) {{ nodes {{ id }} }} }} }}
}}
{LEVEL_FIELDS}"""

SHIPMENT = f"""query Shipment($id: ID!) {{ fulfillment(id: $id) {{ ...ShipmentFields order {{ id }} }} }}
{SHIPMENT_FIELDS}"""

TRANSACTION = f"""query Transaction($id: ID!) {{
  node(id: $id) {{ ... on OrderTransaction {{ ...TransactionFields order {{ id name }} }} }}
}}
{TRANSACTION_FIELDS}"""

DISPUTE_FIELDS = """fragment DisputeFields on ShopifyPaymentsDispute {
  id status type initiatedAt evidenceDueBy evidenceSentOn finalizedOn
  amount { amount currencyCode } reasonDetails { reason } order { id }
}"""

DISPUTES = f"""query Disputes($first: Int!, $after: String) {{
  disputes(first: $first, after: $after, reverse: true) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{ ...DisputeFields }}
  }}
}}
{DISPUTE_FIELDS}"""

DISPUTE = f"""query Dispute($id: ID!) {{ dispute(id: $id) {{ ...DisputeFields }} }}
{DISPUTE_FIELDS}"""

SHOP = "query Shop { shop { name currencyCode ianaTimezone shopAddress { countryCodeV2 } } }"

BOTH = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"

SUGGESTED_REFUND = f"""query SuggestedRefund($id: ID!) {{
  order(id: $id) {{
    currencyCode presentmentCurrencyCode
    suggestedRefund(suggestFullRefund: true) {{
      suggestedTransactions {{ gateway kind amountSet {BOTH} maximumRefundableSet {BOTH} parentTransaction {{ id }} }}
    }}
  }}
}}"""

REFUNDS = """query Refunds($id: ID!) {
  order(id: $id) { refunds(first: 50) { id note createdAt transactions(first: 5) { nodes { id status } } } }
}"""

REFUND_CREATE = """mutation RefundCreate($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
    refund { id transactions(first: 10) { nodes { id status } } }
    userErrors { field message }
  }
}"""

ORDER_CANCEL = """mutation OrderCancel(
  $id: ID!, $reason: OrderCancelReason!, $restock: Boolean!, $refund: Boolean!, $notify: Boolean!, $note: String
) {
  orderCancel(
    orderId: $id, reason: $reason, restock: $restock, notifyCustomer: $notify, staffNote: $note,
    refundMethod: { originalPaymentMethodsRefund: $refund }
  ) {
    job { id done }
    orderCancelUserErrors { field message code }
  }
}"""

ORDER_STATE = """query OrderState($id: ID!) {
  order(id: $id) {
    cancelledAt displayFulfillmentStatus
    fulfillments(first: 10) { id status trackingInfo(first: 3) { number } }
  }
}"""

RETURN_APPROVE = """mutation ReturnApprove($input: ReturnApproveRequestInput!) {
  returnApproveRequest(input: $input) { return { id status } userErrors { field message code } }
}"""

RETURN_DECLINE = """mutation ReturnDecline($input: ReturnDeclineRequestInput!) {
  returnDeclineRequest(input: $input) { return { id status } userErrors { field message code } }
}"""

FULFILLMENT_ORDERS = """query FulfillmentOrders($id: ID!) {
  order(id: $id) { fulfillmentOrders(first: 20) { nodes { id status } } }
}"""

FULFILLMENT_CREATE = """mutation FulfillmentCreate($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id status } userErrors { field message } }
}"""

CHECKOUTS = """query Checkouts($first: Int!, $after: String, $query: String!) {
  abandonedCheckouts(first: $first, after: $after, query: $query, sortKey: ID) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id abandonedCheckoutUrl createdAt updatedAt completedAt
      totalPriceSet { shopMoney { amount currencyCode } }
      customer { id defaultEmailAddress { emailAddress marketingState } }
      lineItems(first: 10) { nodes { sku } }
    }
  }
}"""
