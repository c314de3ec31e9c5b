"""The list of refusals and differences that are right, each with its reason."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "expected.json"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the list.

    Attributes:
        kind: `refused`, `difference`, `warning`, `defect`, or `fails` for a test with another outcome.
        match: A regular expression that is found in what was noted (`subject: text`), or in the name of the test.
        tests: A regular expression for the tests in which it is right; empty for all.
        reason: Why it is right.
    """

    kind: str
    match: str
    reason: str
    tests: str = ""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """All lines."""

    entries: tuple[Entry, ...]

    @classmethod
    def read(cls, file: Path = FILE) -> Expected:
        """The list as it stands in the repository."""
        return cls(entries=tuple(Entry(**entry) for entry in json.loads(file.read_text("utf-8"))))

    def reason(self, kind: str, text: str, test: str) -> str | None:
        """Why this is right, or None if nothing says so."""
        for entry in self.entries:
            if entry.kind == kind and re.search(entry.match, text) and re.search(entry.tests, test):
                return entry.reason
        return None
