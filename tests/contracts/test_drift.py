"""A platform changes its format: for every connector, no run crashes and no row is lost without being set apart."""

import random
from collections.abc import Iterator
from contextlib import suppress

import orjson
import pytest

from connectors.base import ConnectorError
from connectors.proof.recorded import PLATFORMS, Unread, read
from connectors.proof.shared import Absent, Payload, Shared
from connectors.registry import CONNECTORS
from connectors.twin.server import TwinServer, serve
from connectors.types import BadRow, Record
from tests.connectors.shops.stand import SHARED
from tests.contracts.drift import Taken, bent, kinds_of_reply, lost, take, variants, ways

# A mailbox speaks IMAP: what can change there is a letter, and those are bent in the mailbox's own tests.
KINDS = [kind for kind, made in CONNECTORS.items() if made.feeds and kind != "mailbox"]
MOST = 7  # changes of one reply; the seed is fixed by the call's name, so that a failure comes back
LARGE = 400  # records of a feed that is pulled again only a few times
# Second looks at rows that another feed has read, and set apart where it had to.
SECOND_LOOKS = frozenset({"quiet_parcels", "restated_spend"})
# What no reader can tell from a true word of the platform, by the end of the changed place.
TOLD = {
    "error": "a refusal of a part that is read beside the rows",
    "data/conversations": "TikTok Shop leaves an empty list out; only a count beside it would tell",
    "spend_cap": "an ad account may have no cap",
    "paging/next": "the platform's own sign that a list has ended",
    "fulfillmentAvailability/0/quantity": "a listing may have no quantity: Amazon keeps the stock",
}


@pytest.fixture(scope="module")
def server() -> Iterator[TwinServer]:
    with serve("company", seed=11, has_limits=False) as server:
        server.faults.clear()
        yield server


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_format_crashes_nothing_and_loses_nothing(server: TwinServer, kind: str) -> None:
    tried = 0
    for taken in take(server, kind):
        whole = taken.again()
        assert isinstance(whole, list), (taken.feed, whole)
        assert len(whole) == len(taken.records), taken.feed
        assert [row for row in whole if isinstance(row, BadRow)] == []
        for what, found in changed(taken):
            tried += 1
            if isinstance(found, ConnectorError):
                assert str(found), what
                continue
            assert all(row.reason for row in found if isinstance(row, BadRow)), what
            is_told = any(what.rpartition(" ")[0].endswith(end) for end in TOLD)
            if taken.feed not in SECOND_LOOKS and not is_told:
                assert lost(taken.records, found) == {}, (taken.feed, what)
    assert tried >= 5


def changed(taken: Taken) -> Iterator[tuple[str, list[Record | BadRow] | ConnectorError]]:
    """(what was changed, what the pull then gave) for one reply of every call of a feed."""
    for call, numbers in kinds_of_reply(taken.exchanges).items():
        dice = random.Random(call)
        number = dice.choice(numbers)
        most = MOST if len(taken.records) < LARGE else 2
        for what, body in variants(taken.exchanges[number][1].content, dice, most):
            yield f"{call}: {what}", taken.again({number: body})


@pytest.mark.parametrize("kind", KINDS)
def test_the_markets_own_drift_ends_in_rows_quarantine_or_a_known_error(server: TwinServer, kind: str) -> None:
    """The twin's fault, on the first reply of each feed, over real HTTP."""
    for feed in CONNECTORS[kind].feeds:
        server.faults.add({"shop": kind, "kind": "drifted", "remaining": 1})
        with suppress(ConnectorError):
            [taken] = take(server, kind, feed.name)
            assert all(row.reason for row in taken.records if isinstance(row, BadRow))
        server.faults.clear()


def samples(platform: str) -> list[Payload]:
    """The recorded payloads that are read into records."""
    found = []
    try:
        for payload in Shared(SHARED).payloads(platform):
            try:
                rows = read(payload)
            except Unread:
                continue
            if rows:
                found.append(payload)
    except Absent as error:
        pytest.skip(str(error))
    return found


@pytest.mark.parametrize("platform", sorted(set(PLATFORMS.values()) - {"shopify"}))
def test_a_changed_recorded_payload_is_read_or_set_apart_with_a_reason(platform: str) -> None:
    """Shopify's recorded payloads are of another API and are never read into records."""
    tried = 0
    for payload in samples(platform):
        every = [one for one in ways(payload.body) if payload.text.lstrip().startswith("{")]
        for place, how in random.Random(payload.file).sample(every, min(60, len(every))):
            text = orjson.dumps(bent(payload.body, place, how)).decode()
            other = Payload(platform, payload.kind, payload.file, payload.method, payload.path, text)
            tried += 1
            with suppress(Unread):
                assert not [row for row in read(other) if isinstance(row, BadRow)]
    assert tried > 100
