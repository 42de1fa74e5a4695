"""Contest a decision of a platform: a violation, a suspended listing, a penalty."""

from connectors.llm.offline import written
from connectors.operations import Appeal, Operation
from connectors.types import AccountMetric, Listing
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Facts,
    Kind,
    Matter,
    OneLine,
    OptionalRef,
    Preview,
    Proposal,
    Prose,
    Reader,
    Row,
    Saved,
    Undo,
)


class AppealCommand(Command):
    """About a listing, or about a figure by which the channel judges the account."""

    listing_ref: OptionalRef = ""
    metric_ref: OptionalRef = ""
    subject: OneLine
    text: Prose


class AppealKind(Kind[AppealCommand]):
    name = "appeal"
    label = "Appeal"
    command = AppealCommand
    undo = Undo("until it is decided, by withdrawing the appeal")
    text_field = "text"

    def propose(self, matter: Matter, saved: Saved) -> Proposal[AppealCommand]:
        if not matter.evidence:
            raise CannotPropose("nothing is recorded that speaks against the decision")
        subject = matter.headline
        command = AppealCommand(
            listing_ref=matter.argument("listing_ref"),
            metric_ref=matter.argument("metric_ref"),
            subject=subject,
            text="",
        )
        measures = matter.argument("measures")
        told = {
            "subject": subject,
            "evidence": matter.proof(),
            "measures": measures,
            "shop": matter.company,
        }
        return Proposal(command, matter.number("shop_id") or matter.shop_id, told)

    def write(self, proposal: Proposal[AppealCommand], rules: tuple[tuple[str, str], ...]) -> str:
        told = proposal.told
        changed = f"\n\nWhat we have changed since: {told['measures']}." if told["measures"] else ""
        return self.frame(proposal, f"What our records show: {told['evidence']}.{changed}")

    def frame(self, proposal: Proposal[AppealCommand], body: str) -> str:
        return written("appeal", {**proposal.told, "body": body.strip()})

    def read_facts(self, command: AppealCommand, reader: Reader) -> Facts:
        listing: Listing | None = reader.fetch(Listing, command.listing_ref)
        metric: AccountMetric | None = reader.fetch(AccountMetric, command.metric_ref)
        return {
            "listing": f"{listing.status} {listing.issue}".strip() if listing else "",
            "points": metric.points if metric else None,
        }

    def refusals(self, command: AppealCommand, facts: Facts) -> list[str]:
        if facts["listing"] == "live":
            return ["the listing is live again; there is nothing left to contest"]
        return [] if command.text else ["the appeal has no text"]

    def preview(self, command: AppealCommand, facts: Facts) -> Preview:
        rows = [Row("About", command.subject, "contested")]
        if facts["listing"]:
            rows.append(Row("Listing", facts["listing"], "as the channel decides"))
        if facts["points"] is not None:
            rows.append(Row("Penalty points", str(facts["points"]), "as the channel decides"))
        warnings = ("Most channels look at one appeal a case: say everything in this one.",)
        return Preview(f"Appeal: {command.subject}", tuple(rows), text=command.text, warnings=warnings)

    def operation(self, command: AppealCommand, facts: Facts, key: str) -> Operation:
        subject_ref = command.listing_ref or command.metric_ref or command.subject
        return Appeal(subject_ref=subject_ref, text=command.text)
