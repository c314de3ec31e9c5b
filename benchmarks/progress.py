"""What runs now, and how many runs are left: one line on stderr for each process."""

from __future__ import annotations

import sys
from typing import TextIO


class Progress:
    """Counts the processes of one kind of measurement."""

    def __init__(self, kind: str, total: int, stream: TextIO | None = None) -> None:
        self._kind = kind
        self._total = total
        self._begun = 0
        self._stream = stream

    def run(self, what: str) -> None:
        """A process begins."""
        self._begun += 1
        self.note(f"{self._begun}/{self._total}, {self._total - self._begun} left: {what}")

    def skip(self, count: int = 1) -> None:
        """Processes that will not run after all."""
        self._total -= count

    def note(self, line: str) -> None:
        """A line between the processes."""
        print(f"{self._kind} {line}", file=self._stream or sys.stderr, flush=True)
