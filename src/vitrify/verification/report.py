"""What a verification found, one finding for each thing that was checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Status = Literal["pass", "warn", "fail"]
_RANK: Final[dict[str, int]] = {"pass": 0, "warn": 1, "fail": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check.

    Attributes:
        check: What was checked: integrity, content, versions, probes, data, schema, target, scores, holdout, or of
            these with a part behind a colon, such as `probes:predict`.
        status: How it went.
        expected: What the file says.
        found: What is here.
        message: A sentence that says what it means, and what to do.
    """

    check: str
    status: Status
    message: str
    expected: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All findings of a verification.

    Attributes:
        file: What was verified.
        findings: In the order of the checks.
    """

    file: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return self.worst != "fail"

    @property
    def worst(self) -> Status:
        """The worst status of all."""
        statuses: list[Status] = [finding.status for finding in self.findings]
        return max(statuses, key=_RANK.__getitem__, default="fail")
