"""What Shopee's own envelope says: success is an empty `error`, whatever the HTTP status."""

from connectors.base import Answer, ConnectorError, Reconnect, Refused, Retry, Unknown

EMPTY = ("", "-")  # the documentation's samples write a dash
GRANT_IS_GONE = frozenset(
    {
        "error_auth", "invalid_acceess_token", "invalid_access_token", "shop_no_linked", "partner_shop_no_link",
        "shop_banned", "error_kyc_auth", "error_partner_key_expired", "source_ip_undeclared", "api_suspended",
    }
)  # fmt: skip  # "acceess" is Shopee's own spelling
BUSY = frozenset({"error_rate_limit"})  # turned away before the call ran
DAILY = frozenset({"error_limit"})
ITS_FAULT = frozenset(
    {"error_server", "error_inner", "error_system_busy", "error_unknown", "unknown_error", "error_network"}
)
QUOTA_REST_SECONDS = 1800.0  # the daily quota is renewed at 00:00 UTC+8; a look every half hour costs little


def error_code(answer: Answer) -> str:
    body = answer.json()
    code = str(body.get("error") or "").strip() if isinstance(body, dict) else ""
    return "" if code in EMPTY else code


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    if answer.status >= 500 and not answer.body.lstrip().startswith(b"{"):
        return None
    code = error_code(answer)
    if not code:
        return None
    body = answer.json()
    said = f"{code}: {body.get('message') or ''}" if isinstance(body, dict) else code
    word = code.rsplit(".", 1)[-1]
    if word in GRANT_IS_GONE:
        return Reconnect(said, code=code)
    if word in BUSY:
        return Retry(said, code=code)
    if word in DAILY:
        return Retry(said, code=code, after_seconds=QUOTA_REST_SECONDS)
    if word in ITS_FAULT or answer.status >= 500:
        return Unknown(said, code=code) if is_write else Retry(said, code=code)
    return Refused(said, code=code)
