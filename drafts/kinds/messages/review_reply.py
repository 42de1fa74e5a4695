"""Our public answer under a review."""

from connectors.llm.offline import language_of, phrases
from connectors.operations import Operation, ReplyReview
from connectors.types import Review
from drafts.kinds.base import (
    Command,
    Facts,
    Kind,
    Matter,
    OneLine,
    Preview,
    Proposal,
    Prose,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    named,
    record_or_raise,
)

SATISFIED = 4  # stars from which a review names no trouble


class ReviewReplyCommand(Command):
    review_ref: Ref
    language: OneLine = "en"
    text: Prose


class ReviewReplyKind(Kind[ReviewReplyCommand]):
    name = "review_reply"
    label = "Answer a review"
    command = ReviewReplyCommand
    undo = Undo("until it is sent; most channels take one answer and let nobody change it")
    text_field = "text"

    def propose(self, matter: Matter, saved: Saved) -> Proposal[ReviewReplyCommand]:
        review, mine = named(matter, saved, Review, "review_ref")
        language = language_of(matter.argument("language"))
        command = ReviewReplyCommand(review_ref=review.external_id, language=language, text="")
        told = {"rating": f"{review.rating} of 5 stars", "shop": matter.company, "situation": matter.detector}
        told["is_content"] = "yes" if review.rating >= SATISFIED else ""
        return Proposal(command, mine.shop_id, told, (("review", review.text),) if review.text else ())

    def write(self, proposal: Proposal[ReviewReplyCommand], rules: tuple[tuple[str, str], ...]) -> str:
        words = phrases()[proposal.command.language]
        names = ["review_thanks"] if proposal.told["is_content"] else ["review_thanks", "sorry", "review_write"]
        return self.frame(proposal, " ".join(words[name] for name in names))

    def frame(self, proposal: Proposal[ReviewReplyCommand], body: str) -> str:
        """Signed with the shop alone: everybody reads it."""
        return f"{body.strip()}\n{proposal.told['shop']}"

    def read_facts(self, command: ReviewReplyCommand, reader: Reader) -> Facts:
        review: Review = record_or_raise(reader, Review, command.review_ref)
        return {
            "rating": review.rating,
            "review": review.text[:500],
            "sku": review.sku,
            "is_answered": review.answered_at is not None,
        }

    def refusals(self, command: ReviewReplyCommand, facts: Facts) -> list[str]:
        if facts["is_answered"]:
            return ["this review has been answered already"]
        if not command.text:
            return ["the answer is empty"]
        if "@" in command.text or "://" in command.text:
            return ["a public answer names no address and no link; channels take such answers down"]
        return []

    def preview(self, command: ReviewReplyCommand, facts: Facts) -> Preview:
        rows = [Row("Answer", "none", "public, under the review"), Row("Rating", *(f"{facts['rating']} of 5",) * 2)]
        if facts["review"]:
            rows.append(Row("The buyer's words", facts["review"], facts["review"]))
        warnings = ("Every buyer can read it. Name no order, no amount and no person.",)
        about = f" of {facts['sku']}" if facts["sku"] else ""
        summary = f"Answer a review{about} with {facts['rating']} of 5 stars"
        return Preview(summary, tuple(rows), text=command.text, warnings=warnings)

    def operation(self, command: ReviewReplyCommand, facts: Facts, key: str) -> Operation:
        return ReplyReview(review_ref=command.review_ref, text=command.text)
