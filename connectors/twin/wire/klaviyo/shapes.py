"""Klaviyo's JSON:API objects."""

from typing import Any

from connectors.twin.wire.klaviyo.book import Book, Event, Flow, Json, iso, profile_id, who
from connectors.twin.world.baskets import may_be_mailed

ACCOUNT = "TwLoFt"


def linked(kind: str, id: str, base: str, **attributes: Any) -> Json:
    return {"type": kind, "id": id, "attributes": attributes, "links": {"self": f"{base}/api/{kind}s/{id}/"}}


def account(base: str) -> Json:
    address = {"address1": None, "address2": None, "city": None, "region": None, "country": "SG", "zip": None}
    contact = {
        "default_sender_name": "Lumen & Loft", "default_sender_email": "hello@lumenandloft.example",
        "website_url": "https://lumenandloft.example", "organization_name": "Lumen & Loft", "street_address": address,
    }  # fmt: skip
    return linked(
        "account", ACCOUNT, base, test_account=False, contact_information=contact, industry="Home",
        timezone="Asia/Singapore", preferred_currency="USD", public_api_key=ACCOUNT, locale="en-US",
    )  # fmt: skip


def profile(buyer: int, updated: int, base: str, additional: set[str]) -> Json:
    one = who(buyer)
    told: Json = {
        "email": one.email, "phone_number": "+" + "".join(filter(str.isdigit, one.phone)), "external_id": str(buyer),
        "first_name": one.first, "last_name": one.last, "organization": None, "locale": "en-US", "title": None,
        "image": None, "created": iso(updated), "updated": iso(updated), "last_event_date": iso(updated),
        "location": {"city": one.city, "country": one.country, "region": one.state, "zip": one.postcode},
        "properties": {},
    }  # fmt: skip
    if "subscriptions" in additional:
        is_allowed = may_be_mailed(buyer)
        marketing = {
            "can_receive_email_marketing": is_allowed, "consent": "SUBSCRIBED" if is_allowed else "NEVER_SUBSCRIBED",
            "consent_timestamp": iso(updated) if is_allowed else None,
        }  # fmt: skip
        told["subscriptions"] = {"email": {"marketing": marketing}}
    if "predictive_analytics" in additional:
        told["predictive_analytics"] = {
            "historic_clv": one.spent_minor / 100, "historic_number_of_orders": one.orders_count,
        }  # fmt: skip
    return linked("profile", profile_id(buyer), base, **told)


def event(row: Event, book: Book, base: str) -> Json:
    links = {
        "profile": {"data": {"type": "profile", "id": profile_id(row.buyer)}},
        "metric": {"data": {"type": "metric", "id": book.metric_id(row.metric)}},
    }
    shown = linked(
        "event", row.id, base, timestamp=row.at, datetime=iso(row.at), uuid=f"{row.at:08x}-{row.id}",
        event_properties=row.properties,
    )  # fmt: skip
    return shown | {"relationships": links}


def metric(name: str, book: Book, base: str) -> Json:
    began = iso(book.market.began)
    source = {"object": "integration", "id": "0eMvjm", "name": "API", "category": "API"}
    return linked("metric", book.metric_id(name), base, name=name, created=began, updated=began, integration=source)


def flow(row: Flow, book: Book, base: str) -> Json:
    began = iso(book.market.began)
    return linked(
        "flow", row.id, base, name=row.name, status=row.status, archived=False, created=began, updated=began,
        trigger_type="Metric",
    )  # fmt: skip
