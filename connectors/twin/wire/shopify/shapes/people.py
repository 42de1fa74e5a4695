"""A buyer as Shopify tells them: customer and address in one."""

from typing import Any

from connectors.twin.wire.shopify.execute import Resolver
from connectors.twin.wire.shopify.shapes.paging import slice_of
from connectors.twin.wire.shopify.shapes.scalars import FIRST, gid, iso, money
from connectors.twin.world.baskets import may_be_mailed
from connectors.twin.world.changes import Credit
from connectors.twin.world.people import Person

COUNTRIES = {"US": "United States", "SG": "Singapore", "MY": "Malaysia", "PH": "Philippines"}


def _country(person: Person) -> str:
    return COUNTRIES.get(person.country, person.country)


CUSTOMER: dict[str, Resolver] = {
    "id": lambda p, a, c: gid("Customer", p.index),
    "legacyResourceId": lambda p, a, c: str(FIRST["Customer"] + p.index),
    "displayName": lambda p, a, c: p.name,
    "firstName": lambda p, a, c: p.first,
    "lastName": lambda p, a, c: p.last,
    "numberOfOrders": lambda p, a, c: str(p.orders_count),
    "amountSpent": lambda p, a, c: money(p.spent_minor),
    "tags": lambda p, a, c: ["VIP"] if p.is_vip else [],
    "defaultEmailAddress": lambda p, a, c: {
        "emailAddress": p.email, "marketingState": "SUBSCRIBED" if may_be_mailed(p.index) else "NOT_SUBSCRIBED",
    },
    "defaultPhoneNumber": lambda p, a, c: {"phoneNumber": p.phone},
    "defaultAddress": lambda p, a, c: p,
    "storeCreditAccounts": lambda p, a, c: slice_of(accounts_of(p, c), a),
}  # fmt: skip
ADDRESS: dict[str, Resolver] = {
    "id": lambda p, a, c: gid("MailingAddress", p.index),
    "name": lambda p, a, c: p.name,
    "firstName": lambda p, a, c: p.first,
    "lastName": lambda p, a, c: p.last,
    "address1": lambda p, a, c: p.street,
    "address2": lambda p, a, c: p.street2 or None,
    "city": lambda p, a, c: p.city,
    "company": lambda p, a, c: None,
    "country": lambda p, a, c: _country(p),
    "countryCodeV2": lambda p, a, c: p.country,
    "phone": lambda p, a, c: p.phone,
    "province": lambda p, a, c: p.state or None,
    "provinceCode": lambda p, a, c: p.state or None,
    "zip": lambda p, a, c: p.postcode,
}


def credits_of(person: Person, api: Any) -> list[Credit]:
    return [row for row in api.market.changes.credits if (row.channel, row.buyer) == ("shopify", person.index)]


def accounts_of(person: Person, api: Any) -> list[Person]:
    """A buyer's one account, which begins with the first credit."""
    return [person] if credits_of(person, api) else []


def _newest_first(person: Person, a: Any, api: Any) -> Any:
    rows = credits_of(person, api)
    return slice_of(rows[::-1] if a.get("reverse") else rows, {**a, "reverse": False})


ACCOUNT: dict[str, Resolver] = {
    "id": lambda p, a, c: gid("StoreCreditAccount", p.index),
    "balance": lambda p, a, c: money(sum(row.amount for row in credits_of(p, c))),
    "transactions": _newest_first,
}
CREDIT: dict[str, Resolver] = {
    "id": lambda r, a, c: gid("StoreCreditAccountCreditTransaction", r.index),
    "amount": lambda r, a, c: money(r.amount),
    "createdAt": lambda r, a, c: iso(r.at),
    "expiresAt": lambda r, a, c: iso(r.expires),
}
