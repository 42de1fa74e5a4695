"""A second factor for one digest: a fresh code, or a passkey whose challenge is made from that digest.

allauth's own step-up runs a suspended request by itself and takes a password for a second factor, so it is not used.
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any

from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from fido2.webauthn import UserVerificationRequirement

from drafts.approve import Proof
from drafts.deciding.binding import canonical
from drafts.models import Approval
from drafts.views.access import person

SESSION_KEY = "proof"
LASTS = timedelta(seconds=120)


class BadProof(Exception):
    """The code or passkey was not accepted. The message is for the person."""


def offer(request: HttpRequest, digest: str) -> dict[str, Any]:
    """What the confirm page needs: which factors the person has, and the passkey's challenge for this digest."""
    types = set(Authenticator.objects.filter(user=person(request).pk).values_list("type", flat=True))
    context: dict[str, Any] = {"has_code": Authenticator.Type.TOTP in types}
    if Authenticator.Type.WEBAUTHN in types:
        context["passkey_options"] = _challenge(request, digest)
    return context


def read(request: HttpRequest, digest: str) -> Proof | None:
    """The proof that came with this request, None where none did. Raises BadProof."""
    if request.POST.get("credential"):
        method = _passkey(request, digest)
    elif request.POST.get("code"):
        method = _code(request)
    else:
        return None
    return Proof(by=person(request).pk, method=method, at=timezone.now(), digest=digest)


def _challenge(request: HttpRequest, digest: str) -> dict[str, Any]:
    expires = (timezone.now() + LASTS).isoformat()
    bound = canonical([digest, person(request).pk, expires, secrets.token_hex(16)])
    options, state = webauthn.get_server().authenticate_begin(
        credentials=webauthn.get_credentials(person(request)),
        user_verification=UserVerificationRequirement.REQUIRED,
        challenge=sha256(bound.encode()).digest(),
    )
    request.session[SESSION_KEY] = {"state": state, "digest": digest, "expires": expires}
    return dict(options)


def _passkey(request: HttpRequest, digest: str) -> Approval.Method:
    kept = request.session.pop(SESSION_KEY, None)
    expires = parse_datetime(kept["expires"]) if kept else None
    if not kept or kept["digest"] != digest or expires is None or expires <= timezone.now():
        raise BadProof("The passkey was asked for something else, or too long ago. Try again.")
    try:
        credential = json.loads(request.POST["credential"])
        webauthn.parse_authentication_response(credential)
        webauthn.get_server().authenticate_complete(
            kept["state"], webauthn.get_credentials(person(request)), credential
        )
    except (ValueError, ValidationError) as error:
        raise BadProof("This passkey was not accepted. Try again, or use a code.") from error
    return Approval.Method.WEBAUTHN


def _code(request: HttpRequest) -> Approval.Method:
    try:
        clear_limit = check_rate_limit(person(request))
    except ValidationError as error:
        raise BadProof("Too many tries. Wait a minute, then use a new code.") from error
    for authenticator in Authenticator.objects.filter(user=person(request).pk, type=Authenticator.Type.TOTP):
        if authenticator.wrap().validate_code(request.POST["code"].strip()):
            clear_limit()
            return Approval.Method.TOTP
    raise BadProof("This code is wrong or was used already. Wait for the next one.")
