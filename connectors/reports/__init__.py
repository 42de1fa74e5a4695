"""Any marketplace report as a file: read, mapped, typed. `connectors.intake.importing` saves what this gives."""

from connectors.reports.mapping import Column, Defaults, Mapped, Price, from_json, guess
from connectors.reports.reading import BadReport, Table, open_table, tree_table
from connectors.reports.records import Read, Reader

KIND = "report_file"

__all__ = [
    "KIND", "BadReport", "Column", "Defaults", "Mapped", "Price", "Read", "Reader", "Table", "from_json", "guess",
    "open_table", "tree_table",
]  # fmt: skip
