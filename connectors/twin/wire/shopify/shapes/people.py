"""A buyer as Shopify tells them: customer and address in one."""

from connectors.twin.wire.shopify.execute import Resolver
from connectors.twin.wire.shopify.shapes.scalars import FIRST, gid, money
from connectors.twin.world.people import Person


def _country(person: Person) -> str:
    return {"US": "United States", "SG": "Singapore"}[person.country]


CUSTOMER: dict[str, Resolver] = {
    "id": lambda p, a, c: gid("Customer", p.index),
    "legacyResourceId": lambda p, a, c: str(FIRST["Customer"] + p.index),
    "displayName": lambda p, a, c: p.name,
    "firstName": lambda p, a, c: p.first,
    "lastName": lambda p, a, c: p.last,
    "numberOfOrders": lambda p, a, c: str(p.orders_count),
    "amountSpent": lambda p, a, c: money(p.spent_minor),
    "tags": lambda p, a, c: ["VIP"] if p.is_vip else [],
    "defaultEmailAddress": lambda p, a, c: {"emailAddress": p.email},
    "defaultPhoneNumber": lambda p, a, c: {"phoneNumber": p.phone},
    "defaultAddress": lambda p, a, c: p,
}
ADDRESS: dict[str, Resolver] = {
    "id": lambda p, a, c: gid("MailingAddress", p.index),
    "name": lambda p, a, c: p.name,
    "firstName": lambda p, a, c: p.first,
    "lastName": lambda p, a, c: p.last,
    "address1": lambda p, a, c: p.street,
    "address2": lambda p, a, c: None,
    "city": lambda p, a, c: p.city,
    "company": lambda p, a, c: None,
    "country": lambda p, a, c: _country(p),
    "countryCodeV2": lambda p, a, c: p.country,
    "phone": lambda p, a, c: p.phone,
    "province": lambda p, a, c: p.state or None,
    "provinceCode": lambda p, a, c: p.state or None,
    "zip": lambda p, a, c: p.postcode,
}
