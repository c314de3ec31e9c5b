"""The other process: loads glass files, asks the models for all outputs, and dumps them again."""

from __future__ import annotations

import json
import pickle
import sys
import warnings
from pathlib import Path

import vitrify
from tests.support.estimators import output_calls


def main(folder: Path, n: int) -> None:
    """Answer for `n` files in a folder."""
    report: dict[int, str] = {}
    for number in range(n):
        data = (folder / f"{number}.glass").read_bytes()
        model = vitrify.load(folder / f"{number}.glass")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", vitrify.errors.NotRestoredWarning)
            report[number] = "same bytes" if vitrify.dumps(model) == data else "other bytes"
        with open(folder / f"{number}.input", "rb") as stream:
            X, y = pickle.load(stream)
        with open(folder / f"{number}.output", "wb") as stream:
            pickle.dump(output_calls(model, X, y), stream)
    (folder / "report.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
