"""One query a batch gives the detectors what they look at: rows in, `alerts.looks` out. Never one query a row.

Each function takes what to look at (`refs`, or None for everything that could be a cause now) and gives its looks.
"""
