"""What a person may have us fetch: the public web, and nothing inside our own network."""

import pytest

from connectors.base import Refused, Retry
from connectors.transport.addresses import Resolve, refuse_private

PUBLIC = "93.184.216.34"


def resolving(*addresses: str) -> Resolve:
    return lambda host, port: list(addresses)


@pytest.mark.parametrize(
    "url", ["https://files.supplier.example/list.csv", "https://files.supplier.example:8443/x?a=b"]
)
def test_a_public_host_is_fetched(url: str) -> None:
    refuse_private(url, resolve=resolving(PUBLIC, "2606:2800:220:1:248:1893:25c8:1946"))


@pytest.mark.parametrize(
    "url",
    [
        "http://files.supplier.example/list.csv", "ftp://files.supplier.example/list.csv", "file:///etc/passwd",
        "https://user:word@files.supplier.example/", "https:///list.csv", "https://files.supplier.example:x/",
        "//files.supplier.example/list.csv", "list.csv",
    ],
)  # fmt: skip
def test_anything_but_plain_https_is_refused(url: str) -> None:
    with pytest.raises(Refused) as caught:
        refuse_private(url, resolve=resolving(PUBLIC))
    assert caught.value.code == "address"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.9", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1",
     "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"],
)  # fmt: skip
def test_a_name_that_leads_inside_is_refused_even_beside_a_public_address(address: str) -> None:
    with pytest.raises(Refused, match="no public host"):
        refuse_private("https://rebound.example/x", resolve=resolving(PUBLIC, address))


def test_a_name_without_an_address_is_not_fetched() -> None:
    def fails(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(Refused):
        refuse_private("https://nowhere.example/x", resolve=resolving())
    with pytest.raises(Retry):
        refuse_private("https://nowhere.example/x", resolve=fails)


def test_only_the_test_market_itself_is_allowed_on_this_machine() -> None:
    market = "http://127.0.0.1:4010/warehouse"
    refuse_private("http://127.0.0.1:4010/warehouse/stock.json", test_market=market, resolve=resolving("127.0.0.1"))
    for url in ("http://127.0.0.1:5432/", "http://localhost:4010/", "https://127.0.0.1:4010/", "http://10.0.0.1:4010/"):
        with pytest.raises(Refused):
            refuse_private(url, test_market=market, resolve=resolving("127.0.0.1"))
    with pytest.raises(Refused):  # a market that is not on this machine opens nothing
        refuse_private("http://10.0.0.1/x", test_market="http://10.0.0.1", resolve=resolving("10.0.0.1"))
