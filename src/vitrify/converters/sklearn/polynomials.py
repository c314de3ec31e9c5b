"""PolynomialFeatures: how many columns it gives follows from its degrees and the input's width (attacks M21).

Compiled code computes the places of sparse results from the degrees, and the numbers overflow long before it is slow.
Source: `sklearn/preprocessing/_polynomial.py`, `_csr_polynomial_expansion.pyx`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import comb
from typing import Any, Final

from vitrify.errors import UnsupportedError
from vitrify.graph.converter import AttrsRule
from vitrify.graph.invariants import IntField, Relation, invariants
from vitrify.graph.rows import Rows

_MAX_DEGREE: Final = 255


def require_low_degree(model: Any) -> None:
    """Refuse to save what `check_polynomial` would not load.

    Raises:
        UnsupportedError: The degree is above 255.
    """
    degree = vars(model).get("_max_degree", 0)
    if isinstance(degree, int) and degree > _MAX_DEGREE:
        raise UnsupportedError(
            f"a PolynomialFeatures of degree {degree}", hint=f"A file may hold degrees up to {_MAX_DEGREE}"
        )


def _n_terms(n: int, low: int, high: int, *, is_interaction: bool) -> int:
    """The products of `low` to `high` of n features, without the empty one."""
    if is_interaction:
        return sum(comb(n, degree) for degree in range(max(1, low), min(high, n) + 1))
    return comb(n + high, high) - 1 - (comb(n + low - 1, low - 1) - 1 if low > 0 else 0)


def _columns_fit(env: Mapping[str, Any]) -> bool:
    if env["low"] > env["high"]:
        return False
    n, is_interaction, bias = env["n_features"], env["interaction_only"], int(env["include_bias"])
    given = _n_terms(n, env["low"], env["high"], is_interaction=is_interaction) + bias
    full = _n_terms(n, 0, env["high"], is_interaction=is_interaction) + bias
    return bool(given == env["n_out"] and full == env["n_full"])


def _flags(rows: Rows, row: int) -> dict[str, Any]:
    return {name: rows.plain(name)[row] is True for name in ("interaction_only", "include_bias")}


check_polynomial: Final = invariants(
    IntField(name="n_features_in_", low=1, size="n_features"),
    IntField(name="_min_degree", size="low"),
    IntField(name="_max_degree", high=_MAX_DEGREE, size="high"),
    IntField(name="n_output_features_", size="n_out"),
    IntField(name="_n_out_full", size="n_full"),
    Relation(message="n_output_features_ does not follow from the degrees and n_features_in_", holds=_columns_fit),
    bound=_flags,
)


RULES: Final[Mapping[str, AttrsRule]] = {
    "sklearn.preprocessing._polynomial.PolynomialFeatures": AttrsRule(
        check=check_polynomial, precheck=require_low_degree, requires=("n_output_features_", "_max_degree")
    ),
}
