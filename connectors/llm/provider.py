"""The provider's own SDK, and nothing of it beyond this file.

Reading it in takes longer than the rest of a process's start, so `Model` does it when there is a key to use.
"""

import anthropic
from anthropic.types import Message, MessageParam, TextBlockParam
from pydantic import BaseModel

from connectors.llm.access import Access
from connectors.llm.routing import Route


class ProviderError(Exception):
    """No reply. The message says what failed: never the provider's own words, which may repeat what was sent."""

    def __init__(self, detail: str, request_id: str) -> None:
        super().__init__(detail)
        self.request_id = request_id


class Provider:
    """One connection to the Messages API."""

    def __init__(self, access: Access) -> None:
        self._client = anthropic.Anthropic(
            api_key=access.api_key,
            base_url=access.base_url,
            timeout=access.timeout_seconds,
            max_retries=access.max_retries,
        )

    def ask(self, route: Route, system: str, texts: list[str], schema: type[BaseModel]) -> Message:
        """One message of these texts, answered in JSON of that schema. Raises ProviderError."""
        content: list[TextBlockParam] = [{"type": "text", "text": text} for text in texts]
        message: MessageParam = {"role": "user", "content": content}
        try:
            return self._client.messages.create(
                model=route.model,
                max_tokens=route.max_tokens,
                system=system,
                messages=[message],
                output_config={
                    "effort": route.effort,
                    "format": {"type": "json_schema", "schema": anthropic.transform_schema(schema)},
                },
            )
        except anthropic.APIStatusError as error:
            kind = error.type or type(error).__name__
            raise ProviderError(f"{error.status_code} {kind}", error.request_id or "") from error
        except anthropic.APITimeoutError as error:
            raise ProviderError("no answer in time", "") from error
        except anthropic.APIError as error:
            raise ProviderError(type(error).__name__, "") from error
