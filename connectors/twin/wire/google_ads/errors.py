"""Errors of the Google Ads API in their envelope."""

from typing import Any

from connectors.twin.wire.web import Reply, json_reply

VERSION = "v25"
FAILURE = f"type.googleapis.com/google.ads.googleads.{VERSION}.errors.GoogleAdsFailure"
STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
          429: "RESOURCE_EXHAUSTED"}  # fmt: skip
GRPC = {"INVALID_ARGUMENT": 3, "PERMISSION_DENIED": 7, "NOT_FOUND": 5}


class AdsError(Exception):
    """One GoogleAdsError: its kind (a field of ErrorCode) and word."""

    def __init__(self, kind: str, word: str, message: str, status: int = 400, **details: Any) -> None:
        super().__init__(message)
        self.kind, self.word, self.status, self.details = kind, word, status, details

    def told(self, place: int | None = None) -> dict[str, Any]:
        """The google.rpc.Status, but for its code; `place` is the operation that failed."""
        error: dict[str, Any] = {"errorCode": {self.kind: self.word}, "message": str(self)}
        if place is not None:
            error["location"] = {"fieldPathElements": [{"fieldName": "operations", "index": place}]}
        if self.details:
            error["details"] = self.details
        return {
            "message": str(self),
            "details": [{"@type": FAILURE, "errors": [error], "requestId": "twin-request"}],
        }

    def reply(self, *, is_stream: bool = False) -> Reply:
        told = {"error": {"code": self.status, "status": STATUS[self.status], **self.told()}}
        return json_reply([told] if is_stream else told, self.status)


def exhausted(word: str, rate: str, seconds: float) -> AdsError:
    details = {"rateName": rate, "rateScope": "DEVELOPER", "retryDelay": f"{seconds:g}s"}
    message = f"Too many requests. Retry in {seconds:g} seconds."
    return AdsError("quotaError", word, message, 429, quotaErrorDetails=details)
