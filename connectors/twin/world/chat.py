"""Talk with buyers outside of mail: chats of the marketplaces and messengers, and public reviews."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.twin.world.channels import encode


@dataclass(slots=True, eq=False)
class Line:
    """One message of a chat. `kind` is text, image, order …; `status` how far one of ours has come."""

    index: int
    at: int
    text: str
    is_buyer: bool
    kind: str = "text"
    status: str = "sent"

    @property
    def id(self) -> str:
        return f"{7_100_000_000_000_000_000 + self.index}"


@dataclass(slots=True, eq=False)
class Talk:
    """One chat with one buyer. `order` is the index of the order that it is about, -1 for none."""

    index: int
    channel: str
    buyer: int
    order: int = -1
    lines: list[Line] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"{7_000_000_000_000_000_000 + self.index}"

    @property
    def updated(self) -> int:
        return self.lines[-1].at if self.lines else 0


@dataclass(slots=True, eq=False)
class BuyerReview:
    """Stars and words under one line of an order."""

    index: int
    channel: str
    order: int
    line: int
    rating: int
    text: str
    created: int
    answer: str = ""
    answered_at: int = 0

    @property
    def id(self) -> str:
        return f"RV{encode(self.index)}"


class Chat:
    """All chats and reviews, in the order in which they began."""

    def __init__(self) -> None:
        self.talks: list[Talk] = []
        self.reviews: list[BuyerReview] = []
        self._lines = 0

    def open(self, channel: str, buyer: int, order: int = -1) -> Talk:
        """The buyer's chat on a channel; begun now if there is none."""
        for talk in self.talks:
            if talk.channel == channel and talk.buyer == buyer:
                return talk
        talk = Talk(len(self.talks), channel, buyer, order)
        self.talks.append(talk)
        return talk

    def add(self, talk: Talk, at: int, text: str, *, is_buyer: bool, kind: str = "text") -> Line:
        line = Line(self._lines, at, text, is_buyer, kind)
        self._lines += 1
        talk.lines.append(line)
        return line

    def on(self, channel: str) -> Iterator[Talk]:
        return (talk for talk in self.talks if talk.channel == channel)

    def find(self, talk_id: str) -> Talk | None:
        index = int(talk_id) - 7_000_000_000_000_000_000 if talk_id.isdigit() else -1
        return self.talks[index] if 0 <= index < len(self.talks) else None

    def review(self, row: BuyerReview) -> BuyerReview:
        row.index = len(self.reviews)
        self.reviews.append(row)
        return row

    def reviews_on(self, channel: str) -> Iterator[BuyerReview]:
        return (review for review in self.reviews if review.channel == channel)
