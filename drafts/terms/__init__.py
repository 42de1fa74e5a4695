"""The table of terms that a shop's rules may speak of."""

from collections.abc import Iterable, Mapping

from connectors.base import ConnectorError
from drafts.kinds.base import Command, Reader
from drafts.policy import Value
from drafts.terms import orders, payment
from drafts.terms.base import OPERATORS, Absent, Case, Term, Type

TERMS: Mapping[str, Term] = {term.name: term for term in (*orders.TERMS, *payment.TERMS)}

__all__ = ["OPERATORS", "TERMS", "Term", "Type", "values_of"]


def values_of(names: Iterable[str], kind: str, command: Command, reader: Reader) -> dict[str, Value]:
    """The named terms of one write; those that do not speak of it are left out, those that cannot be read are None."""
    case = Case(kind, command, reader)
    read = {name: _read(TERMS[name], case) for name in sorted(set(names))}
    return {name: value for name, value in read.items() if not isinstance(value, Absent)}


def _read(term: Term, case: Case) -> Value | Absent:
    try:
        return term.read(case)
    except ConnectorError:  # the channel does not answer now, so nothing is known
        return None
