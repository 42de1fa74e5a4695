"""Every proof that can run here, system by system."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from inspect import signature

from connectors.proof import recorded, vectors
from connectors.proof.clients import told
from connectors.proof.shared import Absent, Shared
from connectors.proof.stand import Stand
from connectors.proof.systems import amazon, google, messages, published, shipping, shopify, stripe
from connectors.proof.tally import Tally
from connectors.registry import CONNECTORS
from connectors.twin.server import serve

Prove = Callable[[Stand, Shared, Tally], None]
Say = Callable[[str], None]
ORDERS_A_DAY, SEED = 40, 11
WIRES: Mapping[str, Prove] = {
    "shopee": published.SHOPEE.prove,
    "lazada": published.LAZADA.prove,
    "tiktok_shop": published.TIKTOK_SHOP.prove,
    "amazon": amazon.prove,
    "shopify": shopify.prove,
    "stripe": stripe.prove,
    "gmail": google.gmail,
    "google_ads": google.google_ads,
    "klaviyo": messages.klaviyo,
    "whatsapp": messages.whatsapp,
    "ups": shipping.ups,
}
# System → (the package's name, the session of calls with it).
CLIENTS: Mapping[str, tuple[str, str]] = {
    "amazon": ("python-amazon-sp-api", "amazon_client"),
    "shopify": ("ShopifyAPI", "shopify_client"),
    "stripe": ("stripe", "stripe_client"),
    "gmail": ("google-api-python-client", "gmail_client"),
    "easypost": ("easypost", "easypost_client"),
    "mailbox": ("imaplib and smtplib", "mail_client"),
}
# Files of our own layout: nobody else has written down what they must look like.
OURS = frozenset({"supplier_feed", "warehouse", "catalogue"})


def prove(shared: Shared, only: tuple[str, ...] = (), say: Say = lambda line: None) -> dict[str, Tally]:
    """System → what was checked. Nothing is raised: what cannot run is `absent`, what does not hold is a failure."""
    kinds = [kind for kind in CONNECTORS if kind not in OURS and (not only or kind in only)]
    tallies = {kind: Tally() for kind in kinds}
    known = vectors.vectors(shared)
    with serve("company", seed=SEED, orders=ORDERS_A_DAY, has_limits=False) as server:
        stand = Stand(server)
        try:
            for kind in kinds:
                say(kind)
                tally = tallies[kind]
                attempt("wire", tally, lambda: wire(kind, stand, shared, tally))  # noqa: B023 - called at once
                attempt("known answers", tally, lambda: vectors.check(known.get(kind, {}), tally))  # noqa: B023
                attempt("recorded payloads", tally, lambda: payloads(kind, shared, tally))  # noqa: B023
                attempt("client", tally, lambda: client(kind, stand, shared, tally))  # noqa: B023
        finally:
            stand.close()
    return tallies


def attempt(name: str, tally: Tally, proof: Callable[[], None]) -> None:
    """One proof; whatever it raises is told, and the others still run."""
    try:
        proof()
    except Absent as error:
        tally.absent.append(str(error))
    except Exception as error:
        tally.failures.append(f"{name}: {type(error).__name__}: {error}")


def wire(kind: str, stand: Stand, shared: Shared, tally: Tally) -> None:
    if kind not in WIRES:
        raise Absent(f"no specification of {CONNECTORS[kind].label} is published among the contracts")
    WIRES[kind](stand, shared, tally)


def payloads(kind: str, shared: Shared, tally: Tally) -> None:
    if kind in recorded.PLATFORMS:
        recorded.check(recorded.PLATFORMS[kind], shared, tally)


def client(kind: str, stand: Stand, shared: Shared, tally: Tally) -> None:
    if kind not in CLIENTS:
        return
    package, module = CLIENTS[kind]
    try:
        session = import_module(f"connectors.proof.clients.{module}").session
    except ModuleNotFoundError as error:
        raise Absent(f"the client {package} is not installed ({error.name})") from error
    needs_documents = len(signature(session).parameters) == 2
    with locally():
        told.count(package, session(stand, shared) if needs_documents else session(stand), tally)


@contextmanager
def locally() -> Iterator[None]:
    """Foreign clients read the environment for a proxy, which does not know this machine, and some print."""
    before = os.environ.get("NO_PROXY")
    os.environ["NO_PROXY"] = "127.0.0.1"
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if before is None:
            del os.environ["NO_PROXY"]
        else:
            os.environ["NO_PROXY"] = before
