"""Who may do what. Pure: a role is a set of rights, and each role holds all that the one below it holds."""

from enum import StrEnum


class Right(StrEnum):
    VIEW = "view"
    DRAFT = "draft"
    APPROVE = "approve"
    ADMINISTER = "administer"


class Role(StrEnum):
    VIEWER = "viewer"
    DRAFTER = "drafter"
    APPROVER = "approver"
    OWNER = "owner"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.VIEW}),
    Role.DRAFTER: frozenset({Right.VIEW, Right.DRAFT}),
    Role.APPROVER: frozenset({Right.VIEW, Right.DRAFT, Right.APPROVE}),
    Role.OWNER: frozenset(Right),
}

WORDING = {
    Right.VIEW: "look at this",
    Right.DRAFT: "prepare or change a draft",
    Right.APPROVE: "approve a write",
    Right.ADMINISTER: "change settings, shops and people",
}


def may(role: str, right: Right) -> bool:
    """An unknown role may do nothing."""
    return role in RIGHTS and right in RIGHTS[Role(role)]


def roles_with(right: Right) -> list[Role]:
    return [role for role in Role if may(role, right)]


def refusal(role: str, right: Right) -> str:
    """What the page says when a role is not enough."""
    able = " or ".join(roles_with(right))
    return f"Your role is {role}, which may not {WORDING[right]}. Ask somebody who is {able}."
