"""Writes that a customer asked for: who asked, and how a difference in money is settled.

Both stay as prepared. What a shop makes of them is its policy's business (`drafts.terms`), not the kind's.
"""

from drafts.kinds.base import Command, OptionalRef


class Asked(Command):
    """`asked_by_ref` is the customer at whose request this is done; empty where it is our own decision."""

    asked_by_ref: OptionalRef = ""


class Settled(Asked):
    """`method_ref` is the customer's saved payment method that pays a difference or gets it back."""

    method_ref: OptionalRef = ""
