"""Which fields hold personal data of buyers, suppliers and visitors, what for, and how long.

Erasing, exporting and the retention clocks all read this list, so a field that is in it is handled by all three.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from opsroom.privacy.models import Clock


@dataclass(frozen=True, slots=True)
class Held:
    """Personal fields of one model. `dated` is the field from which the clock runs; with `is_dropped` the whole row
    goes at its end, else the fields are blanked. `kept` fields go on request only: they name a record, not a person.
    """

    model: str
    fields: tuple[str, ...]
    purpose: str
    clock: Clock.Name
    dated: str
    is_dropped: bool = False
    kept: tuple[str, ...] = ()

    @property
    def model_class(self) -> Any:
        return apps.get_model(self.model)

    @property
    def blank(self) -> dict[str, Any]:
        """The empty value of each field that is blanked."""
        return {name: empty(self.model_class._meta.get_field(name)) for name in self.fields}

    @property
    def holds(self) -> Q:
        """Rows in which anything is left to blank."""
        anything = Q()
        for name, value in self.blank.items():
            anything |= Q(**{f"{name}__isnull": False}) if value is None else ~Q(**{name: value})
        return anything


def empty(field: models.Field[Any, Any]) -> Any:
    if field.null:
        return None
    if isinstance(field, ArrayField):
        return []
    if isinstance(field, models.JSONField):
        return field.default() if callable(field.default) else {}
    return b"" if isinstance(field, models.BinaryField) else ""


N = Clock.Name
INVENTORY: tuple[Held, ...] = (
    Held("connectors.Customer", ("name", "email", "phone"), "who a case is about", N.CUSTOMERS, "changed_at"),
    Held("connectors.Order", ("customer_name", "customer_email", "region", "cancel_reason"),
         "to match mails to orders, fraud signals", N.CUSTOMERS, "ordered_at", kept=("customer_ref",)),
    Held("connectors.Checkout", ("customer_email", "recovery_url"), "to win back a left cart, where that is allowed",
         N.CUSTOMERS, "started_at", kept=("customer_ref",)),
    Held("connectors.Return", ("text", "photos"), "to judge a return", N.MESSAGES, "asked_at"),
    Held("connectors.Review", ("text",), "to answer a review", N.MESSAGES, "created_at"),
    Held("connectors.Conversation", ("subject", "customer_name", "address"), "to answer", N.MESSAGES,
         "last_message_at", kept=("customer_ref",)),
    Held("connectors.Message", ("author", "subject", "text", "message_id", "in_reply_to", "attachments"), "to answer",
         N.MESSAGES, "sent_at"),
    Held("connectors.Payment", ("method_fingerprint",), "to see one card charged twice", N.CUSTOMERS, "created_at",
         kept=("customer_ref",)),
    Held("connectors.RawPayload", ("body",), "to show and read again what a platform sent", N.PAYLOADS, "received_at",
         is_dropped=True),
    Held("connectors.WebhookEvent", ("body",), "to act on a push once, and to replay it", N.PUSHES, "received_at",
         is_dropped=True),
    Held("connectors.QuarantinedRow", ("raw",), "to read a row once a parser can", N.PAYLOADS, "last_seen_at",
         is_dropped=True),
    Held("connectors.ModelCall", ("detail",), "why a model's answer was not used", N.PAYLOADS, "at"),
    Held("connectors.ConsentVisit", ("given",), "one visit to a consent page", N.PUSHES, "began_at", is_dropped=True),
    Held("alerts.Alert", ("subject_label", "why", "tradeoff", "evidence", "arguments", "members"),
         "what is to be decided, and on which facts", N.DECISIONS, "last_seen_at", kept=("customer_ref", "title")),
    Held("alerts.Ticket", ("subject", "text", "diagnosis", "reading"), "one matter of one customer", N.MESSAGES,
         "last_message_at", kept=("customer_ref",)),
    Held("drafts.Draft", ("command", "facts", "preview", "prepared_text", "drift", "citations", "reason", "by_hand"),
         "what was proposed and decided", N.DECISIONS, "changed_at", kept=("customer_ref",)),
    Held("drafts.Attempt", ("receipt", "error"), "proof that a write happened", N.DECISIONS, "started_at"),
    Held("drafts.LedgerText", ("text", "salt"), "words of a ledger entry: reasons, answers, facts that moved",
         N.DECISIONS, "at", is_dropped=True),
)  # fmt: skip

# Texts that are about goods, rules, settings and our own people, or names of records: nobody outside is named there.
IMPERSONAL_MODELS = frozenset({
    "connectors.Campaign", "connectors.AdSpend", "connectors.Dispute", "connectors.Shop", "connectors.Feed",
    "connectors.CallHealth", "connectors.FeedHealth", "connectors.AccountMetric", "connectors.WebhookKey",
    "connectors.WebhookRefusal", "connectors.Change", "connectors.App", "connectors.Payout", "connectors.FxRate",
    "connectors.SettlementLine", "connectors.OrderLine", "connectors.Shipment", "connectors.ModelRoute",
    "connectors.ModelBudget", "connectors.Product", "connectors.Listing", "connectors.StockLevel",
    "connectors.PurchaseOrder", "connectors.Supplier", "connectors.SupplierOffer", "connectors.SupplierPromise",
    "connectors.DollarInput", "alerts.Wave", "alerts.TicketConversation", "alerts.DetectorSetting",
    "alerts.RankWeight", "drafts.Execution", "drafts.Approval", "drafts.LedgerEntry", "drafts.LedgerSeal",
    "drafts.Passage", "drafts.DigestMail", "drafts.Presence", "drafts.Policy", "drafts.Requirement", "drafts.Cap",
    "drafts.QuietHours", "drafts.Canary", "drafts.PolicyTrial", "drafts.BackTest", "drafts.Pause", "people.User",
    "people.ApiToken", "people.ApiPace", "privacy.Clock", "privacy.Request", "privacy.Erased",
})  # fmt: skip
# Of the models above, columns that name a record, a platform's word or one of our own people.
IMPERSONAL_FIELDS: Mapping[str, frozenset[str]] = {
    "connectors.Order": frozenset({"number", "platform_status", "shipping_method", "payment_method", "risk"}),
    "connectors.Checkout": frozenset({"skus"}),
    "connectors.Return": frozenset({"order_ref", "platform_status", "reason", "sku"}),
    "connectors.Review": frozenset({"order_ref", "sku"}),
    "connectors.Conversation": frozenset({"channel", "order_ref"}),
    "connectors.Message": frozenset({"conversation_ref"}),
    "connectors.Payment": frozenset({"order_ref", "order_number", "parent_ref", "gateway", "action_key", "paid_for"}),
    "connectors.RawPayload": frozenset({"kind"}),
    "connectors.WebhookEvent": frozenset({"event_id", "topic"}),
    "connectors.QuarantinedRow": frozenset({"feed", "kind", "place", "reason"}),
    "connectors.ModelCall": frozenset({"task", "model", "prompt_version", "stop_reason", "outcome", "request_id"}),
    "connectors.ConsentVisit": frozenset(
        {"kind", "state_digest", "secrets", "scopes", "redirect_uri", "next_page"}
    ),
    "alerts.Alert": frozenset(
        {"fingerprint", "detector", "subject_kind", "subject_ref", "state_digest", "waiting", "missing", "assumed",
         "arithmetic", "drafts"}
    ),
    "alerts.Ticket": frozenset({"order_ref", "intent", "language", "emotion"}),
    "drafts.Draft": frozenset(
        {"kind", "missing", "order_ref", "sku_group", "side", "tier_reasons", "undo_label", "written_by"}
    ),
    "drafts.Attempt": frozenset({"worker", "reference", "request_id"}),
}  # fmt: skip
BY_MODEL: Mapping[str, Held] = {held.model: held for held in INVENTORY}


def as_markdown() -> str:
    """The inventory for docs/privacy.md: one line a field."""
    lines = ["| table | field | what for | kept for | at the end |", "|---|---|---|---|---|"]
    for held in INVENTORY:
        days = f"{Clock.DEFAULT_DAYS[held.clock]} days from `{held.dated}`"
        end = "the row goes" if held.is_dropped else "blanked"
        lines += [f"| {held.model} | `{name}` | {held.purpose} | {days} | {end} |" for name in held.fields]
        lines += [f"| {held.model} | `{name}` | {held.purpose} | as the record | on request |" for name in held.kept]
    return "\n".join(lines) + "\n"
