"""The documents of Shopify's further writes and of the reads that prove them, checked like `queries`."""

VARIANT_NOW = """query VariantNow($id: ID!) {
  productVariant(id: $id) {
    id price
    product { id title descriptionHtml status vendor productType handle seo { title description } }
    inventoryItem {
      id tracked
      inventoryLevels(first: 20) {
        nodes { id location { id name } quantities(names: ["available"]) { name quantity } }
      }
    }
  }
}"""

SET_STOCK = """mutation SetStock($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { field message code }
  }
}"""

SET_PRICE = """mutation SetPrice($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $product, variants: $variants) {
    productVariants { id price }
    userErrors { field message code }
  }
}"""

FIX_LISTING = """mutation FixListing($product: ProductUpdateInput!) {
  productUpdate(product: $product) { product { id } userErrors { field message } }
}"""

CODE_DISCOUNT = """query CodeDiscount($id: ID!) {
  codeDiscountNode(id: $id) {
    id
    codeDiscount {
      ... on DiscountCodeBasic { status endsAt }
      ... on DiscountCodeBxgy { status endsAt }
      ... on DiscountCodeFreeShipping { status endsAt }
      ... on DiscountCodeApp { status endsAt }
    }
  }
}"""

AUTOMATIC_DISCOUNT = """query AutomaticDiscount($id: ID!) {
  automaticDiscountNode(id: $id) {
    id
    automaticDiscount {
      ... on DiscountAutomaticBasic { status endsAt }
      ... on DiscountAutomaticBxgy { status endsAt }
      ... on DiscountAutomaticFreeShipping { status endsAt }
      ... on DiscountAutomaticApp { status endsAt }
    }
  }
}"""

END_CODE = """mutation EndCode($id: ID!) {
  discountCodeDeactivate(id: $id) { codeDiscountNode { id } userErrors { field message code } }
}"""

END_AUTOMATIC = """mutation EndAutomatic($id: ID!) {
  discountAutomaticDeactivate(id: $id) { automaticDiscountNode { id } userErrors { field message code } }
}"""

HOLDS = """query Holds($id: ID!) {
  order(id: $id) {
    displayFulfillmentStatus
    fulfillmentOrders(first: 20) {
      nodes { id status fulfillmentHolds { id handle reason displayReason heldByRequestingApp } }
    }
  }
}"""

HOLD = """mutation Hold($id: ID!, $hold: FulfillmentOrderHoldInput!) {
  fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) {
    fulfillmentHold { id }
    userErrors { field message code }
  }
}"""

RELEASE = """mutation Release($id: ID!, $holds: [ID!]) {
  fulfillmentOrderReleaseHold(id: $id, holdIds: $holds) {
    fulfillmentOrder { id status }
    userErrors { field message code }
  }
}"""

ADDRESS_FIELDS = """fragment AddressFields on MailingAddress {
  name firstName lastName address1 address2 city province provinceCode zip countryCodeV2 phone
}"""

GOES_TO = f"""query GoesTo($id: ID!) {{
  order(id: $id) {{ id displayFulfillmentStatus cancelledAt shippingAddress {{ ...AddressFields }} }}
}}
{ADDRESS_FIELDS}"""

CHANGE_ADDRESS = """mutation ChangeAddress($input: OrderInput!) {
  orderUpdate(input: $input) { order { id } userErrors { field message } }
}"""

ITEMS = """query Items($id: ID!, $after: String) {
  order(id: $id) {
    id
    lineItems(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { id currentQuantity variant { id } }
    }
  }
}"""

EDIT_BEGIN = """mutation EditBegin($id: ID!) {
  orderEditBegin(id: $id) {
    calculatedOrder { id lineItems(first: 100) { nodes { id quantity editableQuantity } } }
    userErrors { field message }
  }
}"""

EDIT_QUANTITY = """mutation EditQuantity($id: ID!, $line: ID!, $quantity: Int!) {
  orderEditSetQuantity(id: $id, lineItemId: $line, quantity: $quantity, restock: true) {
    calculatedLineItem { id quantity }
    userErrors { field message }
  }
}"""

EDIT_ADD = """mutation EditAdd($id: ID!, $variant: ID!, $quantity: Int!) {
  orderEditAddVariant(id: $id, variantId: $variant, quantity: $quantity, allowDuplicates: false) {
    calculatedLineItem { id quantity }
    userErrors { field message }
  }
}"""

EDIT_COMMIT = """mutation EditCommit($id: ID!, $notify: Boolean!, $note: String) {
  orderEditCommit(id: $id, notifyCustomer: $notify, staffNote: $note) {
    order { id }
    userErrors { field message }
  }
}"""

OUTSTANDING = """query Outstanding($id: ID!) {
  order(id: $id) { id name cancelledAt totalOutstandingSet { shopMoney { amount currencyCode } } }
}"""

INVOICE_SEND = """mutation InvoiceSend($id: ID!, $email: EmailInput) {
  orderInvoiceSend(id: $id, email: $email) { order { id } userErrors { field message code } }
}"""

CREDITS = """query Credits($id: ID!) {
  customer(id: $id) {
    id
    storeCreditAccounts(first: 10) {
      nodes {
        id
        transactions(first: 50, sortKey: CREATED_AT, reverse: true) {
          nodes {
            createdAt amount { amount currencyCode }
            ... on StoreCreditAccountCreditTransaction { id expiresAt }
          }
        }
      }
    }
  }
}"""

GIVE_CREDIT = """mutation GiveCredit($id: ID!, $input: StoreCreditAccountCreditInput!) {
  storeCreditAccountCredit(id: $id, creditInput: $input) {
    storeCreditAccountTransaction { id amount { amount currencyCode } }
    userErrors { field message code }
  }
}"""

RESHIPPED = f"""query Reshipped($id: ID!) {{
  order(id: $id) {{
    id name email customer {{ id }} shippingAddress {{ ...AddressFields }}
    lineItems(first: 100) {{ nodes {{ id quantity variant {{ id }} }} }}
  }}
}}
{ADDRESS_FIELDS}"""

DRAFTS = """query Drafts($query: String!) {
  draftOrders(first: 10, query: $query) { nodes { id status tags order { id name } } }
}"""

DRAFT_CREATE = """mutation DraftCreate($input: DraftOrderInput!) {
  draftOrderCreate(input: $input) {
    draftOrder { id status totalPriceSet { shopMoney { amount currencyCode } } }
    userErrors { field message }
  }
}"""

DRAFT_COMPLETE = """mutation DraftComplete($id: ID!) {
  draftOrderComplete(id: $id) { draftOrder { id order { id name } } userErrors { field message } }
}"""

RETURNABLE = """query Returnable($id: ID!) {
  returnableFulfillments(orderId: $id, first: 20) {
    nodes {
      returnableFulfillmentLineItems(first: 50) {
        nodes { quantity fulfillmentLineItem { id lineItem { id } } }
      }
    }
  }
}"""

EXCHANGES = """query Exchanges($id: ID!) {
  order(id: $id) {
    id
    returns(first: 50) {
      nodes { id name status returnLineItems(first: 20) { nodes { id returnReasonNote } } }
    }
  }
}"""

RETURN_CREATE = """mutation ReturnCreate($input: ReturnInput!) {
  returnCreate(returnInput: $input) { return { id name status } userErrors { field message code } }
}"""
