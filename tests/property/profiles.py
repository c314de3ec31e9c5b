"""How hypothesis runs: the same examples every time, unless `HYPOTHESIS_PROFILE=search` asks for new and many."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile(
    "fixed", max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=_QUIET
)
settings.register_profile("search", max_examples=2000, deadline=None, database=None, suppress_health_check=_QUIET)


def load() -> None:
    """Choose one."""
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))
