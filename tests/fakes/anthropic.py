"""The Messages API on loopback, strict as the real one of 2026-10-21: what it would refuse is refused here with 400."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KNOWN = {
    "model", "max_tokens", "messages", "system", "stop_sequences", "stream", "metadata", "service_tier", "speed",
    "inference_geo", "thinking", "output_config", "cache_control", "tools", "tool_choice",
}  # fmt: skip
USAGE = {"input_tokens": 1000, "output_tokens": 200, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}

Reply = dict[str, Any]
Answer = Callable[[dict[str, Any]], "Reply | Failure"]


@dataclass
class Failure:
    """An HTTP error, told with the provider's envelope. `hangs`: no answer at all until the server is closed."""

    status: int = 500
    type: str = "api_error"
    hangs: bool = False


@dataclass
class FakeAnthropic:
    url: str
    answer: Answer
    requests: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def sent(self) -> str:
        """Every byte of data that reached the model, as one text."""
        return json.dumps([request["messages"] for request in self.requests], ensure_ascii=False)


def says(value: Any, **changes: Any) -> Reply:
    """A reply whose text is `value` (JSON unless it is a text already)."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn", **changes}


def blocks_of(request: dict[str, Any]) -> dict[str, str]:
    """The data blocks of a request: id → text."""
    return {
        data["id"]: data["text"] for data in (json.loads(block["text"]) for block in request["messages"][0]["content"])
    }


def complaint(request: dict[str, Any], headers: Any) -> str:
    """Why the real API would answer 400; empty where it would not."""
    if headers.get("anthropic-version") is None or not headers.get("authorization", headers.get("x-api-key")):
        return "anthropic-version and a key are required"
    unknown = request.keys() - KNOWN
    if unknown:
        return f"{min(unknown)}: Extra inputs are not permitted"
    if not isinstance(request.get("max_tokens"), int) or not request.get("model") or not request.get("messages"):
        return "model, max_tokens and messages are required"
    if request["messages"][-1]["role"] != "user":
        return "prefilling the assistant's turn is not supported"
    return _schema_complaint((request.get("output_config") or {}).get("format"))


def _schema_complaint(shape: dict[str, Any] | None) -> str:
    if shape is None:
        return ""
    if shape.get("type") != "json_schema":
        return "output_config.format.type: only json_schema"
    for place in _objects(shape["schema"]):
        if place.get("additionalProperties") is not False:
            return "output_config.format.schema: additionalProperties must be false on every object"
        if {"minimum", "maximum", "maxLength", "pattern", "oneOf"} & place.keys():
            return "output_config.format.schema: unsupported keyword"
    return ""


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from _objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _objects(value)


@contextmanager
def serve(answer: Answer) -> Iterator[FakeAnthropic]:
    """A running server on a free port; closed, with its threads, at the end."""
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path != "/v1/messages":
                return self.reply(404, _error("not_found_error", self.path))
            wrong = complaint(request, self.headers)
            if wrong:
                fake.refused.append(wrong)
                return self.reply(400, _error("invalid_request_error", wrong))
            fake.requests.append(request)
            result = fake.answer(request)
            if isinstance(result, Failure):
                if result.hangs:
                    closing.wait(5)
                    return None
                return self.reply(result.status, _error(result.type, "told to fail"))
            frame = {"id": "msg_1", "type": "message", "role": "assistant", "model": request["model"]}
            return self.reply(200, {**frame, "stop_sequence": None, "usage": USAGE, **result})

        def reply(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.send_header("request-id", "req_1")
            self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake = FakeAnthropic(f"http://127.0.0.1:{server.server_address[1]}", answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
