"""A pytest plugin: the tests of the loops call them through a guard, `-p tests.fuzz.kernels.plugin`.

How often each was called is written to the file that `KERNEL_CALLS` names.
"""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from pathlib import Path

from tests.fuzz.kernels.guarding import Guard

_guard = Guard()
_held = ExitStack()


def pytest_collection_modifyitems() -> None:
    """Before any test runs, and not before pytest rewrites the assertions of what is imported here."""
    from tests.fuzz.kernels.child import require_sanitized

    require_sanitized()
    _held.enter_context(_guard.between())


def pytest_unconfigure() -> None:
    """After the last."""
    _held.close()
    Path(os.environ["KERNEL_CALLS"]).write_text(json.dumps(_guard.calls), "utf-8")
