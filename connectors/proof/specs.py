"""Published specifications as judges of what is sent and answered: OpenAPI 2 and 3, and Google's discovery documents.

A judge names every fault as "POST /path request: /pointer: what is wrong"; an empty list is a fit. `Recorder` keeps
what went over the wire, so that a test can drive a connector against the twin and have every exchange judged.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import yaml
from jsonschema import Draft202012Validator

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one, where it was built, is ten times as fast
Json = dict[str, Any]
Exchange = tuple[httpx.Request, httpx.Response]


class Recorder(httpx.HTTPTransport):
    """A real transport that keeps every exchange."""

    def __init__(self) -> None:
        super().__init__()
        self.exchanges: list[Exchange] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        response.read()
        self.exchanges.append((request, response))
        return response


def strict(schema: Any, *, closes: bool) -> Any:
    """The schema as JSON Schema 2020-12 reads it: `nullable` becomes a type, and with `closes` an object that lists its
    properties takes no other."""
    if isinstance(schema, list):
        return [strict(one, closes=closes) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        name: value if name in ("enum", "example", "default", "const") else strict(value, closes=closes)
        for name, value in schema.items()
    }
    kind = made.get("type")
    if made.pop("nullable", False):
        if not isinstance(kind, str):
            return {"anyOf": [made, {"type": "null"}]}
        made["type"] = [kind, "null"]
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
    is_joined = {"allOf", "anyOf", "oneOf"} & made.keys()
    if closes and kind == "object" and isinstance(made.get("properties"), dict) and not is_joined:
        made.setdefault("additionalProperties", False)
    # A part that takes no other properties than its own could never be joined to another: the documents mean the whole.
    for part in made.get("allOf", ()):
        if isinstance(part, dict) and part.get("additionalProperties") is False:
            del part["additionalProperties"]
    if isinstance(made.get("required"), bool):  # OpenAPI 2 and discovery put it on the property
        del made["required"]
    return made


def faults_of(root: Json, schema: Any, value: Any, where: str) -> list[str]:
    """What is wrong with a value; `root` holds what the schema points to."""
    judge = Draft202012Validator({**root, "allOf": [schema]})
    return [
        f"{where}: /{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        for error in sorted(judge.iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    ]


class OpenApi:
    """One OpenAPI document, version 2 or 3, as JSON or YAML. `base` is what stands before its paths."""

    def __init__(self, path: Path, *, base: str = "", closes: bool = True) -> None:
        text = path.read_text(encoding="utf-8")
        document: Json = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=LOADER)  # noqa: S506
        self.document = strict(document, closes=closes)
        self.base = base or str(document.get("basePath") or "").rstrip("/")
        self.root = {name: self.document[name] for name in ("components", "definitions") if name in self.document}
        # The most words of its own first: /orders/search stands before /orders/{id}.
        paths = sorted(document["paths"], key=lambda one: (one.count("{"), -len(one)))
        self.shapes = [(re.compile(re.sub(r"\\{[^/]+?\\}", "[^/]+", re.escape(one))), one) for one in paths]

    def operation(self, method: str, path: str) -> tuple[str, Json] | None:
        """(path as the document writes it, its operation)."""
        path = path.removeprefix(self.base)
        for shape, name in self.shapes:
            found = self.document["paths"][name].get(method.lower())
            if found is not None and shape.fullmatch(path):
                shared = self.document["paths"][name].get("parameters", [])
                return name, {**found, "parameters": [*shared, *found.get("parameters", [])]}
        return None

    def request(self, method: str, url: str, body: bytes = b"") -> list[str]:
        """Faults of one request: an unknown path or query parameter, one that is lacking, a body that does not fit."""
        parts = urlsplit(url)
        found = self.operation(method, unquote(parts.path))
        where = f"{method} {parts.path} request"
        if found is None:
            return [f"{where}: the document has no such operation"]
        parameters = [self.pointed(one) for one in found[1]["parameters"]]
        given = parse_qsl(parts.query, keep_blank_values=True)
        known = {one["name"] for one in parameters if one["in"] == "query"}
        needed = {one["name"] for one in parameters if one["in"] == "query" and one.get("required")}
        faults = [f"{where}: unknown query parameter {name!r}" for name, _ in given if name not in known]
        faults += [f"{where}: query parameter {name!r} is lacking" for name in needed - {name for name, _ in given}]
        schema = self.body_schema(found[1], parameters)
        if schema is not None and body:
            faults += faults_of(self.root, schema, json.loads(body), where)
        elif schema is None and body:
            faults.append(f"{where}: the operation takes no body")
        return faults

    def body_schema(self, operation: Json, parameters: list[Json]) -> Any:
        old = next((one["schema"] for one in parameters if one["in"] == "body"), None)
        content = self.pointed(operation.get("requestBody", {})).get("content", {})
        return old or next((one.get("schema") for name, one in content.items() if "json" in name), None)

    def reply(self, method: str, url: str, status: int, body: bytes) -> list[str]:
        """Faults of one reply: a status that the document does not know, a body that does not fit."""
        path = unquote(urlsplit(url).path)
        found = self.operation(method, path)
        where = f"{method} {path} reply {status}"
        if found is None:
            return [f"{where}: the document has no such operation"]
        answers = found[1]["responses"]
        answer = self.pointed(answers.get(str(status)) or answers.get(f"{status // 100}XX") or answers.get("default"))
        if answer is None:
            return [f"{where}: the document knows no such status"]
        content = answer.get("content", {})
        schema = answer.get("schema") or next((one.get("schema") for one in content.values()), None)
        return faults_of(self.root, schema, json.loads(body), where) if schema is not None and body else []

    def pointed(self, value: Any) -> Any:
        """What a `$ref` of the document stands for."""
        while isinstance(value, dict) and "$ref" in value:
            target: Any = self.document
            for step in value["$ref"].removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            value = target
        return value

    def judge(self, exchanges: list[Exchange], mount: str = "") -> list[str]:
        """Faults of recorded exchanges. `mount` is the path under which the twin serves this system."""
        faults = []
        for request, response in exchanges:
            url = f"{request.url.raw_path.decode().removeprefix(mount)}"
            faults += self.request(request.method, url, request.content)
            faults += self.reply(request.method, url, response.status_code, response.content)
        return faults


class Discovery:
    """A discovery document of Google's: methods by path, schemas by name."""

    def __init__(self, path: Path) -> None:
        self.document: Json = json.loads(path.read_text(encoding="utf-8"))
        schemas = json.loads(
            re.sub(r'"\$ref": *"(\w+)"', r'"$ref": "#/schemas/\1"', json.dumps(self.document["schemas"]))
        )
        self.root = {"schemas": strict(schemas, closes=True)}
        self.methods = list(self._methods(self.document))

    def _methods(self, resource: Json) -> Iterator[tuple[re.Pattern[str], Json]]:
        for method in resource.get("methods", {}).values():
            shape = re.sub(r"\\{.+?\\}", "[^/]+", re.escape(f"/{method.get('flatPath') or method['path']}"))
            yield re.compile(shape), method
        for inner in resource.get("resources", {}).values():
            yield from self._methods(inner)

    def method(self, verb: str, path: str) -> Json | None:
        fitting = [one for shape, one in self.methods if one["httpMethod"] == verb and shape.fullmatch(path)]
        return max(fitting, key=lambda one: -str(one.get("flatPath") or one["path"]).count("{"), default=None)

    def judge(self, exchanges: list[Exchange], mount: str = "") -> list[str]:
        """Faults of recorded exchanges; replies that are errors are Google's common envelope and not judged here."""
        faults = []
        for request, response in exchanges:
            path = request.url.path.removeprefix(mount)
            method, where = self.method(request.method, path), f"{request.method} {path}"
            if method is None:
                faults.append(f"{where}: the document has no such method")
                continue
            known = {**self.document["parameters"], **method.get("parameters", {})}
            faults += [f"{where}: unknown parameter {name!r}" for name in request.url.params if name not in known]
            if request.content:
                schema = {"$ref": f"#/schemas/{method['request']['$ref']}"}
                faults += faults_of(self.root, schema, json.loads(request.content), f"{where} request")
            if response.is_success and "response" in method:
                schema = {"$ref": f"#/schemas/{method['response']['$ref']}"}
                faults += faults_of(self.root, schema, json.loads(response.content), f"{where} reply")
        return faults


@lru_cache(maxsize=16)
def open_api(path: Path, base: str = "", *, closes: bool = True) -> OpenApi:
    """A document, read once."""
    return OpenApi(path, base=base, closes=closes)
