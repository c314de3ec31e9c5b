"""Searches: what must be there for their grids to be looked at; `graph/parameters.py` says what these may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vitrify.graph.converter import AttrsRule

GRIDS: Final = {
    "sklearn.model_selection._search.GridSearchCV": "param_grid",
    "sklearn.model_selection._search.RandomizedSearchCV": "param_distributions",
    "sklearn.model_selection._search_successive_halving.HalvingGridSearchCV": "param_grid",
    "sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV": "param_distributions",
}
"""Class → the parameter that is its grid."""

RULES: Final[Mapping[str, AttrsRule]] = {name: AttrsRule(requires=(grid,)) for name, grid in GRIDS.items()}
