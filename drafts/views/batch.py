"""Several drafts at once: every item shown whole, then one decision on exactly those, then what became of each."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from drafts.approve import Shown, approve_batch, batch_digest
from drafts.deciding.errors import DecisionError, ProofNeeded
from drafts.models import Draft
from drafts.pages import card as pages
from drafts.pages.inbox import STANDING, kind_label
from drafts.pages.wording import money
from drafts.states import State, Tier
from drafts.views import proof
from drafts.views.access import allowed, person
from drafts.views.decide import CONFLICT, UNFIT

LIMIT = 100
SESSION_KEY = "batch"


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("approve")
def batch(request: HttpRequest) -> HttpResponseBase:
    if request.method != "POST":
        return _summary(request, [int(pk) for pk in request.GET.getlist("draft") if pk.isdecimal()][:LIMIT])
    rows = _shown(request)
    if not rows:
        return _summary(request, [], status=UNFIT, error="Nothing was selected, so nothing was approved.")
    digest = batch_digest(rows)
    try:
        seconds = float(request.POST.get("seconds") or 0) or None
        given = proof.read(request, digest)
        decisions = approve_batch(rows, by=person(request), proof=given, seconds_on_card=seconds)
    except (ProofNeeded, proof.BadProof) as error:
        asked = proof.offer(request, digest) | {"digest": digest, "needs_proof": True}
        return _summary(request, [row.draft for row in rows], status=UNFIT, error=str(error), **asked)
    except DecisionError as error:
        return _summary(request, [row.draft for row in rows], status=CONFLICT, error=str(error))
    request.session[SESSION_KEY] = [[decision.draft, decision.error] for decision in decisions]
    return redirect("batch-outcome")


@require_safe
@allowed("view")
def outcome(request: HttpRequest) -> HttpResponseBase:
    """Row by row, as it stands now; a row that failed stopped no other."""
    errors: dict[int, str] = dict(request.session.get(SESSION_KEY, []))
    drafts = Draft.objects.filter(pk__in=errors).select_related("shop").order_by("pk")
    rows = [
        {
            "draft": draft,
            "label": kind_label(draft.kind),
            "standing": STANDING[State(draft.state)],
            "amount": money(draft.amount, draft.currency) if draft.amount is not None else "",
            "error": errors[draft.pk],
        }
        for draft in drafts
    ]
    approved = sum(not row["error"] for row in rows)
    return render(
        request, "drafts/batch_outcome.html", {"rows": rows, "approved": approved, "failed": len(rows) - approved}
    )


def _summary(
    request: HttpRequest, drafts: list[int], *, status: int = 200, error: str = "", **extra: Any
) -> HttpResponse:
    """Each selected draft whole. Those that need a look of their own are listed apart, with the reason."""
    now = timezone.now()
    found = Draft.objects.filter(pk__in=drafts).select_related("alert", "shop", "model_call", "edited_by")
    items = [pages.draft_context(draft, person(request), now) for draft in found.order_by("pk")]
    fit = [item for item in items if item["draft"].state == State.PROPOSED and item["draft"].tier == Tier.CLICK]
    apart = [item for item in items if item not in fit]
    sums: dict[str, Any] = {}
    for item in fit:
        if item["draft"].amount is not None:
            currency = item["draft"].currency
            sums[currency] = sums.get(currency, 0) + item["draft"].amount
    totals = [money(amount, currency) for currency, amount in sums.items()]
    context = {"items": fit, "apart": apart, "totals": totals, "error": error} | extra
    return render(request, "drafts/batch.html", context, status=status)


def _shown(request: HttpRequest) -> list[Shown]:
    """`item` values are `id:version:digest`, as the summary showed each."""
    rows = []
    for value in request.POST.getlist("item")[:LIMIT]:
        number, _, rest = value.partition(":")
        version, _, digest = rest.partition(":")
        if number.isdecimal() and version.isdecimal():
            rows.append(Shown(int(number), int(version), digest))
    return rows
