"""Grids of searches: whatever they are made of, they may not set a cache folder."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import Bunch

import vitrify
from tests.support.lying_writer import Lie
from vitrify.errors import StateError, UnsupportedError

X = np.random.default_rng(0).normal(size=(30, 3))
PIPELINE = make_pipeline(PCA(2), Ridge())
FOLDER = {"memory": ["/tmp/cache"]}
SHARED = [1.0]
SHARED_PART = {"ridge__alpha": SHARED}
ENDLESS: list[Any] = [{"memorx": [1]}]
ENDLESS.append(ENDLESS)


@pytest.mark.parametrize("grid", [FOLDER, [{"ridge__alpha": [1.0]}, FOLDER], ({"inner__memory": [None]},)], ids=repr)
def test_dump_refuses_a_grid_with_a_folder(grid: Any) -> None:
    """With its path and the way out."""
    with pytest.raises(
        UnsupportedError, match=r"param_grid sets (inner__)?memory, which is never in a file.* Take it out of the grid"
    ):
        vitrify.dumps(GridSearchCV(PIPELINE, grid))


@pytest.mark.parametrize(
    "grid",
    [
        {"memorx": [1]},
        {"pca__memorx": [1]},
        [{"ridge__alpha": [1.0]}, {"memorx": [1]}],
        OrderedDict(memorx=[1]),
        Bunch(memorx=[1]),
        np.array([{"memorx": [1]}], object),
        [{"ridge__alpha": SHARED}, {"ridge__alpha": SHARED, "memorx": SHARED}],
        [SHARED_PART, SHARED_PART, {"memorx": [1]}],
        ENDLESS,
    ],
    ids=repr,
)
@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV])
def test_load_refuses_a_grid_with_a_folder(search: Any, grid: Any) -> None:
    """The file is made with another key of the same length."""
    data = vitrify.dumps(search(PIPELINE, grid))
    lie = Lie(data)
    _rename(lie)
    with pytest.raises(
        StateError, match=r"param_(grid|distributions) sets (pca__)?memory, which is never in a file - at \$"
    ):
        vitrify.loads(lie.file())
    assert type(vitrify.loads(data)) is search


def _rename(lie: Lie) -> None:
    """`memorx` becomes `memory`, wherever it stands."""
    changed = 0
    for table in lie.graph["tables"]:
        for column in table["columns"].values():
            chunks = [column, *column.get("parts", ())]
            for chunk in (chunk for part in chunks for chunk in part.get("cells", ())):
                changed += chunk.data.count(b"memorx")
                chunk.data[:] = chunk.data.replace(b"memorx", b"memory")
            for part in chunks:
                if isinstance(part.get("value"), str) and "memorx" in part["value"]:
                    part["value"] = part["value"].replace("memorx", "memory")
                    changed += 1
    assert changed


def test_a_memory_of_ones_own_beside_a_search_is_no_folder() -> None:
    """Only grids are looked at."""
    bundle = {"model": GridSearchCV(PIPELINE, {"ridge__alpha": [1.0]}), "memory": "16 GB"}
    assert vitrify.loads(vitrify.dumps(bundle))["memory"] == "16 GB"
