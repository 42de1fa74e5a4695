"""What a session of calls says, counted."""

from collections.abc import Iterator

from connectors.proof.tally import Tally

Step = tuple[str, bool]


def count(name: str, session: Iterator[Step], tally: Tally) -> None:
    """Run a session; one that breaks off has failed in the call after the last one that it told of."""
    last = "its start"
    try:
        for last, is_right in session:
            if is_right:
                tally.sdk_calls += 1
            else:
                tally.failures.append(f"{name}: {last} did not come out as it must")
    except Exception as error:
        tally.failures.append(f"{name}: after {last}: {type(error).__name__}: {error}")
