"""Is this the data that a record is about?"""

from __future__ import annotations

from typing import Any

from vitrify.errors import UnsupportedError
from vitrify.record.data.fingerprint import fingerprint
from vitrify.record.data.statistics import target_fingerprint
from vitrify.record.data.tables import read_table
from vitrify.record.summary import Summary


def is_same_data_as(summary: Summary, X: Any, y: Any = None) -> bool:
    """Whether these are the very rows and targets of the record; data that is no table is not."""
    if summary.data is None or (summary.target is None) != (y is None):
        return False
    try:
        if fingerprint(read_table(X)) != summary.data.fingerprint:
            return False
        return summary.target is None or target_fingerprint(read_table(y, "y")) == summary.target.fingerprint
    except UnsupportedError:
        return False
