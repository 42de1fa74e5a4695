"""Any marketplace report as a file: read, mapped, typed. `connectors.intake.importing` saves what this gives."""

from connectors.reports.mapping import Column, Mapped, from_json, guess
from connectors.reports.reading import BadReport, Table, open_table, tree_table
from connectors.reports.records import Defaults, Read, Reader

KIND = "report_file"

__all__ = [
    "KIND", "BadReport", "Column", "Defaults", "Mapped", "Read", "Reader", "Table", "from_json", "guess", "open_table",
    "tree_table",
]  # fmt: skip
