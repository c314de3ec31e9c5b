"""Stands in for MLflow where the tests run `docs/how-to/mlflow.md`: runs are folders, artifacts are copies.

Only what that page uses, with MLflow's names and arguments.
"""

from __future__ import annotations

import shutil
import types
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_RUNS = Path("mlruns").absolute()
_active: list[str] = []


@contextmanager
def start_run() -> Iterator[types.SimpleNamespace]:
    """A run with an id, active within the block."""
    run_id = uuid.uuid4().hex
    _active.append(run_id)
    yield types.SimpleNamespace(info=types.SimpleNamespace(run_id=run_id))
    _active.pop()


def log_metric(key: str, value: float) -> None:
    """Nothing: no page reads it back."""


def set_tag(key: str, value: str) -> None:
    """Nothing: no page reads it back."""


def log_artifact(local_path: str, artifact_path: str | None = None) -> None:
    """A copy of the file in the active run."""
    folder = _RUNS / _active[-1] / (artifact_path or "")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(local_path, folder)


def _download_artifacts(*, run_id: str, artifact_path: str) -> str:
    return str(_RUNS / run_id / artifact_path)


artifacts = types.SimpleNamespace(download_artifacts=_download_artifacts)
