"""A failed call is counted by what is wrong outside, not by what the caller may do next."""

import pytest

from connectors.base import CannotDo, ConnectorError, Reconnect, Refused, Retry, Unknown
from connectors.transport.faults import fault_class


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (Retry("no connection"), "down"),
        (Retry("503", status=503), "down"),
        (Retry("api_error", status=500, code="api_error"), "down"),
        (Retry("408", status=408), "down"),
        (Retry("internal", status=200, code="INTERNAL_SERVER_ERROR"), "down"),
        (Retry("error_server", status=200, code="error_server"), "down"),
        (Retry("429", status=429, after_seconds=3), "throttled"),
        (Unknown("429 on a write", status=429), "throttled"),
        (Retry("THROTTLED", status=200, code="THROTTLED", after_seconds=2), "throttled"),
        (Retry("ApiCallLimit", status=200, code="ApiCallLimit"), "throttled"),
        (Retry("wait", status=200, code="20", after_seconds=60), "throttled"),
        (Retry("409: in flight", status=409, code="idempotency"), "retry"),
        (Retry("nothing was sent", code="permit_expired"), "retry"),
        (Unknown("reset"), "unknown"),
        (Unknown("502 on a write", status=502), "unknown"),
        (Reconnect("401", status=401), "reconnect"),
        (Refused("403", status=403), "refused"),
        (CannotDo("no such call"), "refused"),
    ],
)
def test_each_ending_has_its_class(error: ConnectorError, fault: str) -> None:
    assert fault_class(error) == fault
