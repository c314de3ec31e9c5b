"""Comparing the versions that wrote a file with those that read it."""

from __future__ import annotations

from collections.abc import Sequence

from vitrify.record import Record


def check_versions(record: Record, type_ids: Sequence[str], shown_file: str, policy: str) -> None:
    """Nothing yet."""
