"""Shopify by its introspection schemas: our documents in four versions, and the twin's answers field by field."""

import gzip
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_client_schema,
    get_variable_values,
    parse,
    validate,
)

from connectors.money import Money
from connectors.operations import ArrangeShipment, CancelOrder, DecideReturn, Operation, RefundPayment
from connectors.proof.shared import Shared
from connectors.proof.stand import Stand
from connectors.proof.tally import Tally
from connectors.shops.marketplaces.shopify import queries
from connectors.types import Order, OrderStatus, Return, ReturnStatus

VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
TRACKING = "1Z999AA10123456784"
LEAVES: dict[str, tuple[type, ...]] = {"Int": (int,), "Float": (int, float), "Boolean": (bool,)}


def documents() -> dict[str, str]:
    """Every query and mutation that the connector has."""
    named = {name: text for name, text in vars(queries).items() if name.isupper() and isinstance(text, str)}
    return {name: text for name, text in named.items() if text.startswith(("query ", "mutation "))}


@lru_cache(maxsize=4)
def schema(path: Path) -> GraphQLSchema:
    with gzip.open(path) as text:
        return build_client_schema(orjson.loads(text.read())["data"], assume_valid=True)


def prove(stand: Stand, shared: Shared, tally: Tally) -> None:
    ours = {name: parse(text) for name, text in documents().items()}
    for version in VERSIONS:
        published = schema(shared.contract(f"shopify/admin_{version}.json.gz"))
        found = {name: validate(published, document) for name, document in ours.items()}
        faults = [f"{name} in {version}: {error.message}" for name, errors in found.items() for error in errors]
        tally.judged(len(ours), 0, faults)
    shop = stand.shops["shopify"]
    for feed in shop.feeds:
        list(shop.pull(feed.name, ""))
    for operation in writes(stand):
        stand.do("shopify", operation)
    published = schema(shared.contract(f"shopify/admin_{queries.VERSION}.json.gz"))
    for request, response in stand.exchanges("shopify"):
        if request.url.path.endswith("graphql.json"):
            asked, told = orjson.loads(request.content), response.json()
            tally.judged(1, 1, [*request_faults(published, asked), *reply_faults(published, asked, told)])


def writes(stand: Stand) -> Iterator[Operation]:
    found = sorted(stand.read("shopify", "orders", Order), key=lambda row: row.ordered_at, reverse=True)
    waiting = [row.external_id for row in found if row.platform_status == "PAID/UNFULFILLED"]
    gone = [row.external_id for row in found if row.status is OrderStatus.SHIPPED]
    yield RefundPayment(order_ref=gone[0], amount=Money(Decimal("1.00"), "USD"), note="late")
    yield CancelOrder(order_ref=waiting[0], reason="customer_request", should_refund=False)
    yield ArrangeShipment(order_ref=waiting[1], method="own_courier", carrier="UPS", tracking_number=TRACKING)
    asked = [row for row in stand.read("shopify", "returns", Return) if row.status is ReturnStatus.ASKED]
    for row in asked[:1]:
        yield DecideReturn(return_ref=row.external_id, decision="accept")


def request_faults(published: GraphQLSchema, asked: dict[str, Any]) -> list[str]:
    """An unknown field or argument in the document, a variable of another type."""
    document = document_of(asked["query"])
    operation = operation_of(document)
    given = get_variable_values(published, operation.variable_definitions or (), asked.get("variables") or {})
    errors = given if isinstance(given, list) else []
    return [f"{name_of(operation)}: {error.message}" for error in [*validate(published, document), *errors]]


def reply_faults(published: GraphQLSchema, asked: dict[str, Any], told: dict[str, Any]) -> list[str]:
    """What in the answer is not of the published type; an answer without data holds errors alone."""
    document = document_of(asked["query"])
    operation = operation_of(document)
    name = name_of(operation)
    if told.get("data") is None:
        return [] if told.get("errors") else [f"{name}: an answer with neither data nor errors"]
    root = published.mutation_type if operation.operation.value == "mutation" else published.query_type
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    judge = Shape(published, fragments)
    return [f"{name}{fault}" for fault in judge.faults(root, operation.selection_set, told["data"], "")]


@lru_cache(maxsize=64)
def document_of(text: str) -> DocumentNode:
    return parse(text)


def operation_of(document: DocumentNode) -> OperationDefinitionNode:
    return next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))


def name_of(operation: OperationDefinitionNode) -> str:
    return operation.name.value if operation.name else operation.operation.value


class Shape:
    """Holds an answer against the types of the fields that were asked for."""

    def __init__(self, published: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self.published, self.fragments = published, fragments

    def faults(self, kind: Any, chosen: SelectionSetNode | None, value: Any, place: str) -> Iterator[str]:
        if isinstance(kind, GraphQLNonNull):
            if value is None:
                yield f"{place}: null where {kind} is published"
                return
            kind = kind.of_type
        if value is None:
            return
        if isinstance(kind, GraphQLList):
            if not isinstance(value, list):
                yield f"{place}: no list where {kind} is published"
                return
            for number, one in enumerate(value):
                yield from self.faults(kind.of_type, chosen, one, f"{place}/{number}")
        elif isinstance(kind, GraphQLEnumType):
            if value not in kind.values:
                yield f"{place}: {value!r} is no {kind.name}"
        elif chosen is None:
            if not isinstance(value, LEAVES.get(kind.name, (str,))) or (kind.name != "Boolean" and value is True):
                yield f"{place}: {value!r} is no {kind.name}"
        elif not isinstance(value, dict):
            yield f"{place}: no object where {kind} is published"
        else:
            yield from self._object(kind, chosen, value, place)

    def _object(self, kind: Any, chosen: SelectionSetNode, value: dict[str, Any], place: str) -> Iterator[str]:
        if not isinstance(kind, GraphQLObjectType):
            yield from min(
                (list(self._object(one, chosen, value, place)) for one in self._candidates(kind, value)), key=len
            )
            return
        asked = {node.alias.value if node.alias else node.name.value: node for node in self._fields(chosen, kind)}
        for extra in value.keys() - asked.keys():
            yield f"{place}/{extra}: was not asked for"
        for key, node in asked.items():
            if node.name.value == "__typename":
                continue
            definition = getattr(kind, "fields", {}).get(node.name.value)
            if definition is None:
                yield f"{place}/{key}: {kind} has no such field"
            elif key not in value:
                yield f"{place}/{key}: was asked for and is lacking"
            else:
                yield from self.faults(definition.type, node.selection_set, value[key], f"{place}/{key}")

    def _fields(self, chosen: SelectionSetNode, kind: Any) -> Iterator[FieldNode]:
        for node in chosen.selections:
            if isinstance(node, FieldNode):
                yield node
                continue
            inner = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            if not isinstance(inner, FragmentDefinitionNode | InlineFragmentNode):
                continue
            wanted = inner.type_condition.name.value if inner.type_condition else kind.name
            if wanted == kind.name or kind in self._possible(wanted):
                yield from self._fields(inner.selection_set, kind)

    def _candidates(self, kind: Any, value: dict[str, Any]) -> list[Any]:
        """What an answer for an interface or union can be: the type that it names, or any of them."""
        named = self.published.type_map.get(value.get("__typename", ""))
        return [named] if named else list(self.published.get_possible_types(kind))

    def _possible(self, name: str) -> list[Any]:
        found: Any = self.published.type_map.get(name)
        is_open = found is not None and not isinstance(found, GraphQLObjectType)
        return list(self.published.get_possible_types(found)) if is_open else []
