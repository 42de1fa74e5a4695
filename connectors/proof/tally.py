"""What was held against the outside's own words for one system, and what came of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """`failures` are said in words. `absent` names the proofs that could not run and why; they count as nothing."""

    requests: int = 0
    replies: int = 0
    vectors: int = 0
    payloads_parsed: int = 0
    payloads_quarantined: int = 0
    sdk_calls: int = 0
    failures: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)  # why payloads were quarantined
    operations: set[str] = field(default_factory=set)  # what was asked for, without ids

    def judged(self, requests: int, replies: int, faults: list[str]) -> None:
        """So many were held against a specification, which found these faults."""
        self.requests += requests
        self.replies += replies
        self.failures += faults

    def as_row(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "replies": self.replies,
            "vectors": self.vectors,
            "payloads_parsed": self.payloads_parsed,
            "payloads_quarantined": self.payloads_quarantined,
            "sdk_calls": self.sdk_calls,
            "failures": len(self.failures),
            "failed": self.failures[:50],
            "not_run": self.absent,
            "quarantine_reasons": dict(self.reasons.most_common(12)),
        }
