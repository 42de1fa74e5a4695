"""Who the seller is, and how Amazon writes times, money and refusals."""

from datetime import UTC, datetime
from typing import Any

SELLER, MARKETPLACE = "A2LUMENLOFTTWN", "ATVPDKIKX0DER"
APPLICATION_ID = "amzn1.sp.solution.7c1f3a52-ops-room"


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def money(minor: int) -> dict[str, str]:
    """Orders and listings write money as text."""
    return {"amount": f"{minor / 100:.2f}", "currencyCode": "USD"}


def figure(minor: int) -> dict[str, Any]:
    """Finances write money as numbers."""
    return {"currencyAmount": minor / 100, "currencyCode": "USD"}


class AmazonError(Exception):
    """An error in Amazon's envelope."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.details = status, code, details


def invalid(message: str) -> AmazonError:
    return AmazonError(400, "InvalidInput", message)


def missing(what: str) -> AmazonError:
    return AmazonError(404, "NotFound", f"The requested resource {what} could not be found.")


def denied(details: str = "") -> AmazonError:
    return AmazonError(403, "Unauthorized", "Access to requested resource is denied.", details)
