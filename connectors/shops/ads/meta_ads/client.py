"""Calls to the Graph API: signed reads with cursors, writes as forms."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from connectors.base import Permit, Refused, Retry, Transport, Unknown
from connectors.shops.ads.meta_ads.signing import appsecret_proof
from connectors.shops.reading import Row
from connectors.transport.redaction import Redactor
from connectors.types import Receipt

HOST = "https://graph.facebook.com"
VERSION = "v26.0"
LIST_PAGE = 100


class Client:
    """`currency` is the ad account's, where it is known."""

    def __init__(
        self, base_url: str, credentials: Mapping[str, str], transport: Transport, currency: str = ""
    ) -> None:  # fmt: skip
        self.base_url, self.credentials, self.transport, self._currency = base_url, credentials, transport, currency

    @property
    def currency(self) -> str:
        """Budgets do not name theirs: it is the account's, asked for where the shop does not know it."""
        if not self._currency:
            row = self.get(self.account, {"fields": "currency"}, operation="account")
            if not isinstance(row.get("currency"), str):
                raise Retry("Meta does not tell the account's currency; its shape may have changed", code="drift")
            self._currency = row["currency"]
        return self._currency

    @property
    def account(self) -> str:
        """The ad account as paths name it."""
        return f"act_{self.credentials['account_id'].removeprefix('act_')}"

    def url(self, path: str) -> str:
        return f"{self.base_url.rstrip('/')}/{VERSION}/{path}"

    @property
    def headers(self) -> dict[str, str]:
        """The token in a header: addresses are written to logs on the way."""
        return {"Authorization": f"Bearer {self.credentials['access_token']}"}

    @property
    def proof(self) -> dict[str, str]:
        mine = self.credentials
        return {"appsecret_proof": appsecret_proof(mine["app_secret"], mine["access_token"])}

    def get(self, path: str, query: Mapping[str, str], *, operation: str) -> Row:
        answer = self.transport.read(
            "GET", self.url(path), operation=operation, params={**query, **self.proof}, headers=self.headers
        )
        body: Any = answer.json()
        if not isinstance(body, dict):
            raise Retry("Meta's answer is no object; its shape may have changed", code="drift")
        return body

    def pages(
        self, path: str, query: Mapping[str, str], *, operation: str, limit: int = LIST_PAGE
    ) -> Iterator[tuple[list[Any], bool]]:
        """(rows, whether they are the last). `next` says that there is more; the cursor, not its address, is followed,
        since that address would carry our token to wherever the reply points."""
        after = ""
        while True:
            asked = {**query, "limit": str(limit), **({"after": after} if after else {})}
            body = self.get(path, asked, operation=operation)
            rows, paging = body.get("data"), body.get("paging") or {}
            if not isinstance(rows, list) or not isinstance(paging, dict):
                raise Retry("Meta's answer holds no `data`; its shape may have changed", code="drift")
            following = str((paging.get("cursors") or {}).get("after") or "") if paging.get("next") else ""
            if paging.get("next") and following in ("", after):
                raise Retry("the list says there is more, but does not move on", code="short_read")
            yield rows, not following
            if not following:
                return
            after = following

    def change(self, ref: str, form: Mapping[str, str], permit: Permit) -> Receipt:
        """Set fields of one object."""
        answer = self.transport.write(
            "POST", self.url(ref), operation="campaign:update", permit=permit,
            headers={**self.headers, "Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode({**form, **self.proof}).encode(),
        )  # fmt: skip
        body: Any = answer.json()
        done = body.get("success") if isinstance(body, dict) else None
        if done is False:
            raise Refused("Meta says that nothing was changed", code="success_false")
        if done is not True:
            raise Unknown("Meta's answer does not say whether the change was made")
        redacted = Redactor(self.credentials.values()).body(answer.body)
        return Receipt(ref, redacted, answer.headers.get("x-fb-trace-id", ""))
