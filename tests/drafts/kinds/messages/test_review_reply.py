"""A public answer: one a review, in the buyer's language, without anything that belongs to one person."""

from dataclasses import replace
from typing import Any

import pytest

from connectors.operations import ReplyReview
from connectors.types import Review
from drafts.kinds.base import CannotPropose
from drafts.kinds.messages.review_reply import ReviewReplyCommand, ReviewReplyKind
from tests.drafts.kinds.desk import DAY, NOW, Memory, matter

KIND = ReviewReplyKind()
REVIEW = Review(external_id="rv1", sku="MUG", rating=2, text="Came broken", created_at=NOW - DAY)


def refusals(text: str = "Thank you.", **changes: Any) -> list[str]:
    command = ReviewReplyCommand(review_ref="rv1", text=text)
    return KIND.refusals(command, KIND.read_facts(command, Memory(replace(REVIEW, **changes))))


@pytest.mark.parametrize(
    ("rating", "language", "words"),
    [
        (
            2,
            "en",
            "Thank you for your review. We are sorry for the trouble. Please send us a message through your order",
        ),
        (5, "en", "Thank you for your review.\nMug House"),
        (1, "vi", "Cảm ơn bạn đã đánh giá."),
    ],
)
def test_without_a_model_the_answer_thanks_and_asks_the_unhappy_to_write(
    rating: int, language: str, words: str
) -> None:
    proposal = KIND.propose(matter(review_ref="rv1", language=language), Memory(replace(REVIEW, rating=rating)))

    assert KIND.write(proposal, ()).startswith(words)
    assert proposal.outside == (("review", "Came broken"),)
    assert KIND.frame(proposal, "A model's words.") == "A model's words.\nMug House"


def test_the_answer_is_sent_as_it_was_shown() -> None:
    command = ReviewReplyCommand(review_ref="rv1", text="Thank you.")
    shown = KIND.preview(command, KIND.read_facts(command, Memory(REVIEW)))

    assert (shown.summary, shown.text) == ("Answer a review of MUG with 2 of 5 stars", "Thank you.")
    assert shown.rows[2].before == "Came broken"
    assert KIND.operation(command, {}, "k") == ReplyReview(review_ref="rv1", text="Thank you.")


def test_an_answer_stands_once_and_names_no_way_around_the_channel() -> None:
    assert refusals() == []
    assert refusals(answered_at=NOW) == ["this review has been answered already"]
    assert refusals("") == ["the answer is empty"]
    no_contact = ["a public answer names no address and no link; channels take such answers down"]
    assert refusals("Mail us: a@example.com") == refusals("See https://x.example") == no_contact


def test_a_review_that_nobody_saved_is_not_answered() -> None:
    with pytest.raises(CannotPropose, match="review rv9 is not among the saved records"):
        KIND.propose(matter(review_ref="rv9"), Memory(REVIEW))
