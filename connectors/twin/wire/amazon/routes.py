"""The operations of the Selling Partner API that the market speaks, with Amazon's default usage plans."""

from typing import Any

from connectors.twin.market import Market
from connectors.twin.wire.amazon import feeds, finance, listings, messages, notices, older, orders, reports
from connectors.twin.wire.amazon.api import Amazon, Call, Route
from connectors.twin.wire.amazon.words import MARKETPLACE


def participations(api: Amazon, call: Call) -> dict[str, Any]:
    return {
        "payload": [
            {
                "marketplace": {
                    "id": MARKETPLACE, "name": "Amazon.com", "countryCode": "US", "defaultCurrencyCode": "USD",
                    "defaultLanguageCode": "en_US", "domainName": "www.amazon.com",
                },
                "participation": {"isParticipating": True, "hasSuspendedListings": False},
                "storeName": "Lumen & Loft",
            }
        ]
    }  # fmt: skip


ORDERS, FEEDS, REPORTS = "/orders/2026-01-01/orders", "/feeds/2021-06-30", "/reports/2021-06-30"
LISTINGS, MESSAGING, ASKING = "/listings/2021-08-01/items", "/messaging/v1/orders", "/solicitations/v1/orders"
NOTICES, FINANCES = "/notifications/v1", "/finances"
ROUTES = (
    Route("GET", "/sellers/v1/marketplaceParticipations", "getMarketplaceParticipations", 15, 0.016, participations),
    Route("GET", ORDERS, "searchOrders", 20, 0.0056, orders.search),
    Route("GET", f"{ORDERS}/{{id}}", "getOrder", 30, 0.5, orders.one),
    Route("GET", "/orders/v0/orders", "getOrders", 20, 0.0167, older.search),
    Route("GET", "/orders/v0/orders/{id}", "getOrderV0", 30, 0.5, older.one),
    Route("POST", "/orders/v0/orders/{id}/shipmentConfirmation", "confirmShipment", 10, 2, orders.confirm_shipment),
    Route("GET", f"{FINANCES}/2024-06-19/transactions", "listTransactions", 10, 0.5, finance.list_transactions),
    Route("GET", f"{FINANCES}/transfers/2024-06-01/payouts", "listPayouts", 10, 0.5, finance.list_payouts),
    Route("GET", f"{FINANCES}/transfers/2024-06-01/payouts/expected", "listExpectedPayouts", 10, 0.5,
          finance.list_expected),
    Route("POST", f"{FEEDS}/documents", "createFeedDocument", 15, 0.5, feeds.create_document, 201),
    Route("GET", f"{FEEDS}/documents/{{id}}", "getFeedDocument", 10, 0.0222, feeds.get_document),
    Route("POST", f"{FEEDS}/feeds", "createFeed", 15, 0.0083, feeds.create_feed, 202),
    Route("GET", f"{FEEDS}/feeds", "getFeeds", 10, 0.0222, feeds.get_feeds),
    Route("GET", f"{FEEDS}/feeds/{{id}}", "getFeed", 15, 2, feeds.get_feed),
    Route("DELETE", f"{FEEDS}/feeds/{{id}}", "cancelFeed", 15, 2, feeds.cancel_feed),
    Route("POST", f"{REPORTS}/reports", "createReport", 15, 0.0167, reports.create, 202),
    Route("GET", f"{REPORTS}/reports", "getReports", 10, 0.0222, reports.listed),
    Route("GET", f"{REPORTS}/reports/{{id}}", "getReport", 15, 2, reports.one),
    Route("DELETE", f"{REPORTS}/reports/{{id}}", "cancelReport", 15, 2, reports.cancel),
    Route("GET", f"{REPORTS}/documents/{{id}}", "getReportDocument", 15, 0.0167, reports.document),
    Route("GET", f"{LISTINGS}/{{seller}}", "searchListingsItems", 5, 5, listings.search),
    Route("GET", f"{LISTINGS}/{{seller}}/{{sku}}", "getListingsItem", 10, 5, listings.one),
    Route("PATCH", f"{LISTINGS}/{{seller}}/{{sku}}", "patchListingsItem", 5, 5, listings.patch),
    Route("GET", "/fba/inventory/v1/summaries", "getInventorySummaries", 2, 2, listings.fba_summaries),
    Route("GET", f"{MESSAGING}/{{id}}", "getMessagingActionsForOrder", 5, 1, messages.actions),
    Route("POST", f"{MESSAGING}/{{id}}/messages/{{kind}}", "sendMessage", 5, 1, messages.send, 201),
    Route("GET", f"{ASKING}/{{id}}", "getSolicitationActionsForOrder", 5, 1, messages.solicitations),
    Route("POST", f"{ASKING}/{{id}}/solicitations/{messages.REVIEW}",
          "createProductReviewAndSellerFeedbackSolicitation", 5, 1, messages.ask_review, 201),
    Route("POST", f"{NOTICES}/destinations", "createDestination", 5, 1, notices.make_destination, is_grantless=True),
    Route("GET", f"{NOTICES}/destinations", "getDestinations", 5, 1, notices.list_destinations, is_grantless=True),
    Route("POST", f"{NOTICES}/subscriptions/{{kind}}", "createSubscription", 5, 1, notices.make_subscription),
    Route("GET", f"{NOTICES}/subscriptions/{{kind}}", "getSubscription", 5, 1, notices.one_subscription),
)  # fmt: skip


def make_amazon(market: Market, *, has_limits: bool) -> Amazon:
    return Amazon(market, ROUTES, notices.push, has_limits=has_limits)
