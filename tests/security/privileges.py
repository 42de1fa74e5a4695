"""What each address answers to whom: the table that the privilege matrix is held against. A new address needs a row.

Every row is three answers, to GET, POST (an empty form) and DELETE; each answer is five statuses: a stranger's, a
viewer's, a drafter's, an approver's, an owner's. 404 and 422 stand behind the guard: there is no such record, and
the form is empty.
"""

from opsroom.people.roles import Right, Role, may

METHODS = ("get", "post", "delete")
SIGN_IN, FORBIDDEN, MISSING, NO_METHOD, UNFIT = 302, 403, 404, 405, 422
Statuses = tuple[int, ...]
Row = tuple[Statuses, Statuses, Statuses]
VIEW, DRAFT, APPROVE, ADMINISTER = Right


def everybody(status: int) -> Statuses:
    return (status,) * (1 + len(Role))


def signed_in(status: int, stranger: int = SIGN_IN) -> Statuses:
    """An account's own pages, whatever its role."""
    return (stranger, *[status] * len(Role))


def needs(right: Right, status: int) -> Statuses:
    return (SIGN_IN, *(status if may(role, right) else FORBIDDEN for role in Role))


def read(right: Right, status: int) -> Row:
    return needs(right, status), everybody(NO_METHOD), everybody(NO_METHOD)


def write(right: Right, status: int) -> Row:
    return everybody(NO_METHOD), needs(right, status), everybody(NO_METHOD)


def form(right: Right, status: int, posted: int) -> Row:
    return needs(right, status), needs(right, posted), everybody(NO_METHOD)


def public(status: int, posted: int = NO_METHOD, deleted: int = NO_METHOD) -> Row:
    return everybody(status), everybody(posted), everybody(deleted)


def own(status: int, posted: int = NO_METHOD, deleted: int = NO_METHOD) -> Row:
    return signed_in(status), signed_in(posted), signed_in(deleted)


PAGES: dict[str, Row] = {
    "inbox": read(VIEW, 200),
    "fresh": read(VIEW, 200),
    "card": read(VIEW, MISSING),
    "live": read(VIEW, MISSING),
    "prepare": write(DRAFT, MISSING),
    "snooze": write(DRAFT, MISSING),
    "draft": read(VIEW, MISSING),
    "approve": form(APPROVE, MISSING, MISSING),
    "confirm": read(APPROVE, MISSING),
    "edit": form(DRAFT, MISSING, MISSING),
    "reject": write(APPROVE, MISSING),
    "undo": write(APPROVE, MISSING),
    "settle": form(APPROVE, MISSING, MISSING),
    "pause": form(APPROVE, 200, UNFIT),
    "batch": form(APPROVE, 200, UNFIT),
    "batch-outcome": read(VIEW, 200),
    "history": read(VIEW, 200),
    "history-file": read(VIEW, 200),
    "record": read(VIEW, MISSING),
    "connections": read(VIEW, 200),
    "connect_choose": read(ADMINISTER, 200),
    "connect_system": read(ADMINISTER, MISSING),
    "connect_app": write(ADMINISTER, MISSING),
    "connect_start": write(ADMINISTER, MISSING),
    "connect_keys": write(ADMINISTER, MISSING),
    "connect_visit": read(ADMINISTER, MISSING),
    "connect_go": read(ADMINISTER, MISSING),
    "connect_back": read(ADMINISTER, MISSING),
    "shop_pause": write(ADMINISTER, MISSING),
    "shop_resume": write(ADMINISTER, MISSING),
    "shop_disconnect": write(ADMINISTER, MISSING),
    "privacy-customer": form(ADMINISTER, MISSING, MISSING),
    "privacy-file": read(ADMINISTER, MISSING),
    "profile": form(VIEW, 200, 200),
    "theme": write(VIEW, 302),
    "api_tokens": read(VIEW, 200),
    "api_token_make": write(VIEW, 302),
    "api_token_revoke": write(VIEW, MISSING),
    "report_new": form(ADMINISTER, 200, UNFIT),
    "report": form(ADMINISTER, MISSING, MISSING),
    "report_discard": write(ADMINISTER, MISSING),
    "health": read(APPROVE, 200),
    "stability": read(APPROVE, 200),
    # Behind tokens and signatures of their own; a browser's session opens none of them.
    "metrics": public(MISSING),
    "connectors:webhook": public(MISSING, MISSING),
    "api_description": public(200),
    "api_nothing": public(MISSING, MISSING, MISSING),
}

# Ways in, and each person's own account. allauth leads whoever is signed in away from the ways in.
ACCOUNT: dict[str, Row] = {
    "account_login": (signed_in(302, 200), signed_in(302, 200), signed_in(302, 405)),
    "account_logout": (signed_in(200, 302), signed_in(302, 302), everybody(NO_METHOD)),
    "account_inactive": public(200),
    "account_signup": (signed_in(302, 200), signed_in(302, 200), signed_in(302, 200)),
    "account_reauthenticate": own(200, 200),
    "account_email": own(200, 302),
    "account_email_verification_sent": public(200),
    "account_change_password": own(200, 200),
    "account_set_password": own(302, 302, 302),
    "account_reset_password": public(200, 200),
    "account_confirm_login_code": own(302, 302, 302),
    "account_confirm_email": public(200, MISSING),
    "account_reset_password_from_key_done": public(200),
    "account_reset_password_from_key": public(200, 200, 200),
    "account_reset_password_done": public(200),
    "account_request_login_code": (signed_in(302, 200), signed_in(302, 200), signed_in(302, 405)),
    "mfa_index": own(200),
    "mfa_authenticate": own(302, 302, 302),
    "mfa_reauthenticate": own(302, 302, 302),
    "mfa_activate_totp": own(302, 302, 302),
    "mfa_deactivate_totp": own(MISSING, MISSING, MISSING),
    "mfa_view_recovery_codes": own(MISSING),
    "mfa_generate_recovery_codes": own(302, 302, 302),
    "mfa_download_recovery_codes": own(MISSING, MISSING, MISSING),
    "mfa_list_webauthn": own(200),
    "mfa_add_webauthn": own(302, 302, 302),
    "mfa_reauthenticate_webauthn": own(302, 302, 302),
    "mfa_remove_webauthn": own(302, 302, 302),
    "mfa_edit_webauthn": own(302, 302, 302),
    "mfa_login_webauthn": (signed_in(302), signed_in(302), signed_in(302, NO_METHOD)),
}

ALL = frozenset({"add", "change", "delete"})
# What an owner may do to the rows of a model besides looking; everybody else may not even look.
ADMIN: dict[str, frozenset[str]] = {
    "people.user": ALL,
    "connectors.fxrate": ALL,
    "connectors.dollarinput": ALL,
    "connectors.modelroute": ALL,
    "connectors.modelbudget": ALL,
    "connectors.modelcall": frozenset(),
    "connectors.quarantinedrow": frozenset(),
    "connectors.shop": frozenset({"change"}),
    "connectors.feed": frozenset({"change"}),
    "connectors.feedhealth": frozenset(),
    "connectors.callhealth": frozenset(),
    "connectors.webhookrefusal": frozenset(),
    "drafts.passage": ALL,
    # A rule ends by being made inactive, so that what it was stays.
    "drafts.policy": frozenset({"add", "change"}),
    "drafts.requirement": frozenset({"add", "change"}),
    "drafts.cap": frozenset({"add", "change"}),
    "drafts.quiethours": frozenset({"add", "change"}),
    "drafts.canary": frozenset({"add", "change"}),
    "drafts.policytrial": frozenset({"add", "change"}),
    "drafts.backtest": frozenset(),
    "drafts.pause": frozenset(),
    "drafts.draft": frozenset(),
    "drafts.approval": frozenset(),
    "drafts.execution": frozenset(),
    "drafts.ledgerline": frozenset(),
    "drafts.ledgerseal": frozenset(),
    "alerts.detectorsetting": ALL,
    "alerts.rankweight": ALL,
    "privacy.clock": ALL,
    "privacy.request": frozenset(),
    "privacy.erased": frozenset(),
    "alerts.alert": frozenset(),
    "alerts.wave": frozenset(),
    "alerts.ticket": frozenset(),
    "account.emailaddress": ALL,
    "mfa.authenticator": frozenset({"delete"}),
}
# The admin's own pages: what an owner gets by GET and by POST.
ADMIN_PAGES: dict[str, tuple[int, int]] = {
    "admin:index": (200, 200),
    "admin:app_list": (MISSING, MISSING),
    "admin:autocomplete": (FORBIDDEN, NO_METHOD),
    "admin:jsi18n": (200, NO_METHOD),
    "admin:password_change": (200, 200),
    "admin:password_change_done": (200, NO_METHOD),
    "admin:view_on_site": (MISSING, MISSING),
    "admin:auth_user_password_change": (MISSING, MISSING),
    "admin:login": (302, 200),
    "admin:logout": (NO_METHOD, 200),
}
