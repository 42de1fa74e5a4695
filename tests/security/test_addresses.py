"""Addresses that a person may set, used against our own network: not one connection leaves for any of them."""

import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.base import Connector, ConnectorError, Refused, Retry
from connectors.http import HttpTransport, Patience
from connectors.registry import open_connector
from connectors.shops.messages.helpdesk.connector import Helpdesk
from connectors.shops.supply.files.connector import Files
from connectors.transport.addresses import is_public, pinned, resolved
from connectors.transport.breaker import Breaker
from connectors.transport.throttle import LocalBucket
from connectors.types import Account
from tests.factories import NOW

PUBLIC = "93.184.216.34"
HOSTILE = [
    # This machine and its neighbours, written in every way that a resolver takes.
    "https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/",
    "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://017700000001/", "https://0/", "https://0.0.0.0/",
    "https://127.0.0.1.:443/", "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://10.0.0.1/",
    "https://10.1/", "https://172.16.0.1/", "https://172.31.255.255/", "https://192.168.0.1/", "https://3232235521/",
    "https://100.64.0.1/", "https://198.18.0.1/", "https://192.0.0.1/", "https://192.0.2.1/", "https://198.51.100.7/",
    "https://203.0.113.7/", "https://224.0.0.1/", "https://239.255.255.250/", "https://240.0.0.1/",
    "https://255.255.255.255/",
    # What clouds tell their own machines.
    "https://169.254.169.254/latest/meta-data/", "https://0xa9fea9fe/", "https://2852039166/", "https://169.254.43518/",
    "https://100.100.100.200/", "https://192.0.0.192/", "https://[fd00:ec2::254]/",
    # IPv6, also as the envelope of an IPv4 address.
    "https://[::]/", "https://[::1]/", "https://[0:0:0:0:0:0:0:1]/", "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/", "https://[::ffff:10.0.0.1]/", "https://[::127.0.0.1]/", "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::10.0.0.1]/", "https://[64:ff9b:1::10.0.0.1]/", "https://[2002:7f00:1::]/",
    "https://[2002:a00:1::1]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fc00::1]/",
    "https://[fd12:3456::1]/", "https://[ff02::1]/", "https://[2001:db8::1]/", "https://[2001:0:7f00:1::]/",
    # No web address, another scheme, a password before the host, or a host that only looks like another.
    "http://files.example/", "file:///etc/passwd", "file://localhost/etc/passwd", "gopher://files.example:6379/_INFO",
    "ftp://files.example/", "dict://files.example:11211/stat", "ldap://files.example/", "data:text/csv,a",
    "jar:https://files.example!/", "//files.example/", "https:///x", "https://", "https:files.example", "files.example",
    "https://files.example@127.0.0.1/", "https://user:word@files.example/", "https://@127.0.0.1/",
    "https://files.example:x/", "https://files.example:99999/", "https://[::1/", "https://[files.example]/",
    "https://127.0.0.1\t/", "https://127.0.0.1#@files.example/", "https://127.0.0.1\\@files.example/",
]  # fmt: skip


def opened(url: str, asked: list[str], answer: httpx.Response | None = None) -> Connector:
    """The supplier's files at `url`, over a wire that notes each call."""

    def noted(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return answer or httpx.Response(200, content=b"sku,stock\n")

    source = {"url": url, "format": "csv", "mapping": {"sku": "sku", "on_hand": "stock"}}
    account = Account("warehouse", 1, "Warehouse", "1", "", currency="USD", settings={"sources": {"stock": source}})
    return open_connector(
        account, clock=lambda: NOW, breaker=Breaker(lambda: NOW, outages=1000), patience=Patience(attempts=1),
        client=httpx.Client(transport=httpx.MockTransport(noted)), sleep=lambda seconds: None,
    )  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE)
def test_no_connection_leaves_for_a_hostile_address(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of files.example are public; whatever is an address in any spelling is resolved by the machine itself."""

    def resolve(host: str, port: int) -> list[str]:
        return [PUBLIC] if host == "files.example" else resolved(host, port)

    monkeypatch.setattr(Files, "resolve", staticmethod(resolve))
    asked: list[str] = []
    with pytest.raises(ConnectorError) as caught:
        list(opened(url, asked).pull("stock", ""))
    assert isinstance(caught.value, Refused | Retry)
    assert asked == []


def test_a_helpdesk_is_held_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Helpdesk, "resolve", staticmethod(resolved))
    asked: list[httpx.Request] = []
    client = httpx.Client(transport=httpx.MockTransport(lambda request: asked.append(request) or httpx.Response(200)))  # type: ignore[func-returns-value]  # notes, then answers
    for url in HOSTILE:
        if "files.example" in url:
            continue
        keys = {"endpoint": url, "signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
        account = Account("helpdesk", 1, "Desk", "1", "", credentials=keys)
        connector = open_connector(account, clock=lambda: NOW, breaker=Breaker(lambda: NOW), client=client)
        with pytest.raises((Refused, Retry)):
            connector.check()
    assert asked == []


def test_a_redirect_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Files, "resolve", staticmethod(lambda host, port: [PUBLIC]))
    asked: list[str] = []
    leads_inside = httpx.Response(302, headers={"location": "http://169.254.169.254/latest/meta-data/"})
    with pytest.raises(Refused, match="redirect"):
        list(opened("https://files.example/stock.csv", asked, leads_inside).pull("stock", ""))
    assert asked == [f"https://{PUBLIC}/stock.csv"]


def test_a_name_is_resolved_once_and_the_call_goes_to_what_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the first answer is public, every later one leads inside."""
    answers = iter([[PUBLIC]])
    monkeypatch.setattr(Files, "resolve", staticmethod(lambda host, port: next(answers, ["127.0.0.1"])))
    asked: list[str] = []
    connector = opened("https://rebound.example:8443/stock.csv?a=b#c", asked)
    list(connector.pull("stock", ""))
    assert asked == [f"https://{PUBLIC}:8443/stock.csv?a=b#c"]
    with pytest.raises(Refused, match="no public host"):
        list(connector.pull("stock", ""))
    assert len(asked) == 1


def test_an_ipv6_address_is_written_as_urls_write_it() -> None:
    target = pinned("https://files.example/x", resolve=lambda host, port: ["2606:2800:220:1:248:1893:25c8:1946"])
    assert target.url == "https://[2606:2800:220:1:248:1893:25c8:1946]/x"
    assert target.headers == {"Host": "files.example", "Connection": "close"}


@pytest.mark.parametrize("address", [PUBLIC, "2606:4700:4700::1111", "2002:808:808::1", "64:ff9b::808:808"])
def test_what_is_public_stays_so(address: str) -> None:
    assert is_public(address)


# -- a real TLS server, reached by its address and known by its name ----------------------------------------------


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.hosts.append(self.headers["Host"])  # type: ignore[attr-defined]  # set by the fixture
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, list[str], Path]]:
    """(port, Host headers that came in, certificate of files.example)."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=files.example", "-addext", "subjectAltName=DNS:files.example", "-keyout", str(key),
         "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    server.hosts = []  # type: ignore[attr-defined]  # read by Hello
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, server.hosts, certificate  # type: ignore[attr-defined]  # as above
    server.shutdown()
    server.server_close()


def transport(certificate: Path) -> HttpTransport:
    client = httpx.Client(verify=ssl.create_default_context(cafile=str(certificate)), trust_env=False)
    return HttpTransport(
        client, limiter=LocalBucket(Files.allowance), breaker=Breaker(lambda: NOW), clock=lambda: NOW,
        patience=Patience(attempts=1),
    )  # fmt: skip


def test_the_certificate_is_asked_for_by_name_at_the_judged_address(tls: tuple[int, list[str], Path]) -> None:
    port, hosts, certificate = tls
    url, wire = f"https://127.0.0.1:{port}/x", transport(certificate)
    headers = {"Host": f"files.example:{port}", "Connection": "close"}
    assert wire.read("GET", url, operation="file", headers=headers).body == b"ok"
    assert hosts == [f"files.example:{port}"]


def test_a_server_at_that_address_without_the_names_certificate_hears_nothing(
    tls: tuple[int, list[str], Path],
) -> None:
    port, hosts, certificate = tls
    heard = len(hosts)
    with pytest.raises(Retry, match="nothing was sent"):
        transport(certificate).read(
            "GET", f"https://127.0.0.1:{port}/x", operation="file", headers={"Host": "other.example"}
        )
    assert len(hosts) == heard
