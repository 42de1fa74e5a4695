"""Whatever a program sends: no fault of ours, no status or answer that the description does not name, nothing approved.

Calls are made by schemathesis from the published description, good ones and broken ones.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
import schemathesis
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from drafts.kinds import KINDS
from drafts.models import Approval, Attempt, Draft, Execution, Policy
from opsroom.openapi import document
from opsroom.people.models import ApiToken, User
from opsroom.people.tokens import make_token
from tests.factories import (
    AlertFactory,
    ConversationFactory,
    FeedFactory,
    MessageFactory,
    OrderFactory,
    PaymentFactory,
    ReturnFactory,
    ShopFactory,
)

pytestmark = pytest.mark.django_db
REFS = ["X1", "P1", "C1", "R1", "", "nobody"]
ANY_SPEED = list(HealthCheck)
PHASES = [Phase.explicit, Phase.generate]  # a failing call is short enough to be read as it is


def quick(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, phases=PHASES,
        suppress_health_check=ANY_SPEED,
    )  # fmt: skip


@pytest.fixture
def bearer(drafter: User, settings: Any) -> dict[str, str]:
    """A program that may do all that a program may, at any pace, among a few records."""
    settings.API_READS_A_MINUTE = settings.API_PROPOSALS_A_MINUTE = 10**6
    shop = ShopFactory.create(kind="stripe")
    FeedFactory.create(shop=shop)
    OrderFactory.create(shop=shop, external_id="X1", refunded=Decimal(0))
    PaymentFactory.create(shop=shop, external_id="P1", refunded=Decimal(0))
    ConversationFactory.create(shop=shop, external_id="C1")
    MessageFactory.create(shop=shop)
    ReturnFactory.create(shop=shop, external_id="R1", order_ref="X1")
    AlertFactory.create(shop=shop)
    scopes = (ApiToken.Scope.READ, ApiToken.Scope.PROPOSE)
    _, text = make_token(drafter, "fuzz", scopes, now=timezone.now(), lasts=timedelta(days=1))
    return {"Authorization": f"Bearer {text}"}


def nothing_was_decided() -> bool:
    return not (Approval.objects.exists() or Execution.objects.exists() or Attempt.objects.exists())


def called(case: Any, headers: dict[str, str]) -> Any:
    """As the address and body would reach the server."""
    sent = requests.Request(**case.as_transport_kwargs(base_url="http://testserver", headers=headers)).prepare()
    content_type = sent.headers.get("Content-Type", "")
    body: Any = sent.body or b""
    return Client(headers=headers).generic(str(sent.method), sent.path_url, body, str(content_type))


def operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(document())
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(found) == 12
    return found


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "broken"])
@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_every_answer_is_one_that_the_description_names(
    bearer: dict[str, str], operation: Any, mode: GenerationMode
) -> None:
    statuses = {int(status) for status in operation.definition.raw["responses"]}

    @quick(8)
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        answer = called(case, bearer)
        assert answer.status_code in statuses | {405}, answer.content
        if answer.status_code != 405:
            said = operation.definition.raw["responses"][str(answer.status_code)]["content"]
            schema = said[answer["Content-Type"]]["schema"] | {"components": document()["components"]}
            Draft202012Validator(schema).validate(answer.json())

    run()
    assert nothing_was_decided()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_command_of_any_kind_breaks_it_or_passes_unseen(bearer: dict[str, str], kind: str) -> None:
    """Commands that fit the kind's schema and name records that are there, in every mixture."""
    schema = KINDS[kind].command.model_json_schema()
    client = Client(headers={"authorization": bearer["Authorization"]})
    policies = list(Policy.objects.values())

    @quick(6)
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        command = {name: data.draw(values(spec, schema), label=name) for name, spec in schema["properties"].items()}
        body = {"kind": kind, "because": "fuzz", "command": command}
        answer = client.post("/api/v1/drafts", body, content_type="application/json")
        assert answer.status_code in (201, 200, 409, 422), answer.content

    run()
    assert set(Draft.objects.values_list("state", "proposed_by__name")) <= {("proposed", "Drafter")}
    assert list(Policy.objects.values()) == policies
    assert nothing_was_decided()


def values(spec: dict[str, Any], whole: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a property, mostly such as fit: what does not is for the test above."""
    if "$ref" in spec:
        return values(whole["$defs"][spec["$ref"].rpartition("/")[2]], whole)
    if "anyOf" in spec:
        return st.one_of(*(values(option, whole) for option in spec["anyOf"]))
    if "const" in spec or "enum" in spec:
        return st.sampled_from(spec.get("enum") or [spec["const"]])
    match spec.get("type"):
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer" | "number":
            return st.integers(spec.get("minimum", 1), 50)
        case "array":
            return st.lists(values(spec.get("items", {}), whole), max_size=2)
        case "object":
            return st.fixed_dictionaries(
                {name: values(part, whole) for name, part in spec.get("properties", {}).items()}
            )
    if spec.get("format") == "date":
        return st.sampled_from(["2026-11-30", "2020-01-01"])
    if spec.get("pattern") == "^[A-Z]{3}$":
        return st.sampled_from(["SGD", "USD"])
    return st.sampled_from([*REFS, "1.00", "5", "GB", "mei@example.com", "Order X1 is on its way."])
