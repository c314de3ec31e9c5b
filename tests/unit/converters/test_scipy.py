"""scipy's types through a glass file: what comes back is what was saved, and what cannot be right is refused."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import scipy
import scipy.interpolate as si
import scipy.optimize
import scipy.sparse as sp
import scipy.spatial
import scipy.special
import scipy.stats
from sklearn.preprocessing import SplineTransformer

import vitrify
from tests.support.equality import assert_same
from tests.support.forge import Forged, forge, forge_value
from vitrify.converters.scipy import FAMILIES, NAMES
from vitrify.converters.scipy.names import CONTINUOUS, DISCRETE
from vitrify.errors import LimitError, StateError, UnsupportedError

VERSION = tuple(int(part) for part in scipy.__version__.split(".")[:2])
FORMATS = ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
DENSE = np.array([[1.0, 0.0, 2.0, 0.0], [0.0, 0.0, 3.0, 0.0], [4.0, 5.0, 0.0, 0.0]])
X = np.linspace(0.0, 5.0, 12)
Y = np.sin(X)


def copy_of(obj: Any) -> Any:
    return vitrify.loads(vitrify.dumps(obj))


def refuse(type_id: str, says: str, /, **fields: Any) -> None:
    with pytest.raises(StateError) as caught:
        vitrify.loads(forge(type_id, fields))
    assert caught.value.message.startswith(f"<bytes>: {type_id}")
    assert says in caught.value.message
    assert caught.value.path == "$"


def ints(*values: int, dtype: Any = np.int32) -> Any:
    return np.array(values, dtype)


# Sparse matrices


def sparse_kinds() -> list[Any]:
    return [getattr(sp, f"{layout}_{kind}") for layout in FORMATS for kind in ("matrix", "array")]


@pytest.mark.parametrize("make", sparse_kinds(), ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int8, np.uint16, np.int64, np.bool_, np.complex64])
def test_every_sparse_format_comes_back(make: Any, dtype: Any) -> None:
    """Format, kind, dtype and entries are those of the original."""
    matrix = make(DENSE.astype(dtype))
    found = copy_of(matrix)
    assert_same(matrix, found)
    assert np.array_equal(found.toarray(), DENSE.astype(dtype))


@pytest.mark.parametrize("make", sparse_kinds(), ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (2, 3)])
def test_empty_sparse_matrices_come_back(make: Any, shape: tuple[int, int]) -> None:
    """No rows, no columns or no entries make no difference."""
    matrix = make(shape)
    assert_same(matrix, copy_of(matrix))


@pytest.mark.parametrize("layout", ["bsr", "coo", "csc", "csr", "dia"])
def test_the_dtype_of_indices_is_kept(layout: str) -> None:
    """64-bit indices stay so, though 32 bits would do."""
    matrix = getattr(sp, f"{layout}_matrix")(DENSE)
    if layout == "dia":
        matrix.offsets = matrix.offsets.astype(np.int64)
    elif layout == "coo":
        matrix = sp.coo_matrix((matrix.data, (matrix.row, matrix.col)), shape=matrix.shape)
        names = ("row", "col")
        if hasattr(matrix, "coords"):
            matrix.coords = tuple(coord.astype(np.int64) for coord in matrix.coords)
        else:
            matrix.row, matrix.col = (getattr(matrix, name).astype(np.int64) for name in names)
    else:
        matrix.indices, matrix.indptr = matrix.indices.astype(np.int64), matrix.indptr.astype(np.int64)
    found = copy_of(matrix)
    for name in ("indices", "indptr", "row", "col", "offsets"):
        if hasattr(matrix, name):
            assert getattr(found, name).dtype == np.int64
    assert_same(matrix, found)


def test_unsorted_and_repeated_entries_stay_as_they_are() -> None:
    """What is not canonical is not made so, and is not taken for canonical."""
    matrix = sp.csr_matrix((np.array([1.0, 2.0, 3.0]), ints(2, 0, 0), ints(0, 3)), shape=(1, 3))
    found = copy_of(matrix)
    assert found.indices.tolist() == [2, 0, 0]
    assert not found.has_sorted_indices
    assert not found.has_canonical_format
    assert found.toarray().tolist() == [[5.0, 0.0, 1.0]]


def test_a_claim_to_be_sorted_is_not_saved() -> None:
    """The flag that a program set wrongly is worked out again."""
    matrix = sp.csr_matrix((np.array([1.0, 2.0]), ints(2, 0), ints(0, 2)), shape=(1, 3))
    matrix.has_sorted_indices = True
    assert not copy_of(matrix).has_sorted_indices


def test_the_canonical_flag_of_coo_comes_back() -> None:
    """It is kept where it is right."""
    matrix = sp.coo_matrix((np.array([1.0, 2.0]), (ints(1, 0), ints(0, 2))), shape=(2, 3))
    assert copy_of(matrix).has_canonical_format is False
    matrix.sum_duplicates()
    assert copy_of(matrix).has_canonical_format is True


def test_a_false_canonical_flag_of_coo_is_not_saved() -> None:
    """A program may set it; repeated entries show that it is wrong."""
    matrix = sp.coo_matrix((np.array([1.0, 2.0]), (ints(0, 0), ints(0, 0))), shape=(2, 3))
    matrix.has_canonical_format = True
    assert copy_of(matrix).has_canonical_format is False


def test_indices_that_two_matrices_share_are_shared_again() -> None:
    """One array of indices is saved once."""
    one = sp.csr_matrix(DENSE)
    two = sp.csr_matrix((2 * one.data, one.indices, one.indptr), shape=one.shape)
    found = copy_of([one, two])
    assert found[0].indices is found[1].indices or np.shares_memory(found[0].indices, found[1].indices)
    assert_same([one, two], found)


def test_room_behind_the_entries_is_not_saved() -> None:
    """Arrays longer than the number of entries come back just long enough."""
    matrix = sp.csr_matrix(DENSE)
    matrix.data, matrix.indices = np.append(matrix.data, 9.0), np.append(matrix.indices, ints(9))
    found = copy_of(matrix)
    assert len(found.data) == len(found.indices) == 5
    assert np.array_equal(found.toarray(), DENSE)


def test_maxprint_comes_back() -> None:
    """A setting of printing is an attribute like others."""
    matrix = sp.csr_matrix(DENSE)
    matrix.maxprint = 7
    assert copy_of(matrix).maxprint == 7


def test_spilled_diagonals_come_back() -> None:
    """Data may be longer than the matrix is wide."""
    matrix = sp.dia_matrix((np.arange(14.0).reshape(2, 7), ints(0, -2)), shape=(4, 5))
    assert_same(matrix, copy_of(matrix))


def test_rectangular_blocks_come_back() -> None:
    """The block size is the shape of the data."""
    matrix = sp.bsr_matrix(np.arange(24.0).reshape(4, 6), blocksize=(2, 3))
    found = copy_of(matrix)
    assert found.blocksize == (2, 3)
    assert_same(matrix, found)


def test_values_of_lil_and_dok_keep_their_types() -> None:
    """A list may hold Python floats and numpy floats."""
    lists = sp.lil_matrix(DENSE)
    lists[0, 1] = 7
    pairs = sp.dok_matrix(DENSE)
    pairs[2, 3] = 1.5
    assert_same([lists, pairs], copy_of([lists, pairs]))
    assert list(copy_of(pairs).items()) == list(pairs.items())


@pytest.mark.skipif(VERSION < (1, 15), reason="scipy has no arrays of one or three dimensions before")
def test_sparse_arrays_of_other_dimensions_come_back() -> None:
    """One dimension in three formats and in a matrix, three in one."""
    for array in (
        sp.coo_array(np.array([0.0, 1.0, 2.0])),
        sp.csr_array(np.array([0.0, 1.0, 2.0])),
        sp.csr_matrix(sp.csr_array(np.array([0.0, 1.0, 2.0]))),
        sp.dok_array(np.array([0.0, 1.0, 2.0])),
        sp.coo_array(np.arange(24.0).reshape(2, 3, 4)),
    ):
        found = copy_of(array)
        assert_same(array, found)
        assert np.array_equal(array.toarray(), found.toarray())


@pytest.mark.skipif(VERSION >= (1, 13), reason="scipy has arrays of one dimension")
def test_a_format_that_this_scipy_does_not_have_is_unsupported() -> None:
    """The file is well-formed; it needs a newer scipy."""
    fields = {**ENTRIES, "shape": ints(3, dtype=np.int64), "data": np.ones(1), "coords": [ints(1)]}
    with pytest.raises(UnsupportedError, match="1 dimensions does not exist in the scipy"):
        vitrify.loads(forge("scipy.sparse.coo_array", fields))


def test_an_invalid_matrix_is_refused_when_it_is_saved() -> None:
    """A file that could not be read again is not written."""
    matrix = sp.csr_matrix(DENSE)
    matrix.indices[0] = 99
    with pytest.raises(UnsupportedError, match=r"csr_matrix that is not valid: indices reaches from 0 to 99|99"):
        vitrify.dumps({"m": matrix})


def test_foreign_byte_order_is_refused_when_it_is_saved() -> None:
    """Compiled code takes its own byte order only."""
    matrix = sp.csr_matrix(DENSE)
    matrix.data = matrix.data.astype(">f8")
    with pytest.raises(UnsupportedError, match="native byte order"):
        vitrify.dumps(matrix)


def csr_fields(**changes: Any) -> dict[str, Any]:
    fields = {
        "shape": ints(3, 4, dtype=np.int64),
        "data": np.arange(1.0, 6.0),
        "indices": ints(0, 2, 2, 0, 1),
        "indptr": ints(0, 2, 3, 5),
        "maxprint": 50,
    }
    return {**fields, **changes}


def test_the_fields_that_are_changed_below_are_right_as_they_are() -> None:
    """What is refused below is refused for the change."""
    found = vitrify.loads(forge("scipy.sparse.csr_matrix", csr_fields()))
    assert np.array_equal(found.toarray(), DENSE)


HUGE = 2**40
CSR_CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "index beyond the columns": ({"indices": ints(0, 2, 4, 0, 1)}, "indices reaches from 0 to 4, must lie in [0, 4)"),
    "negative index": ({"indices": ints(0, 2, -1, 0, 1)}, "indices reaches from -1 to 2, must lie in [0, 4)"),
    "huge index": (
        {"indices": ints(0, HUGE, 2, 0, 1, dtype=np.int64)},
        "indices reaches from 0 to 1099511627776, must lie in [0, 4)",
    ),
    "row pointers go back": ({"indptr": ints(0, 3, 2, 5)}, "indptr goes back"),
    "huge row pointer inside": ({"indptr": ints(0, 2**30, 3, 5)}, "indptr goes back"),
    "negative row pointer": ({"indptr": ints(0, -2, 3, 5)}, "indptr goes back"),
    "row pointers do not start at 0": (
        {"indptr": ints(1, 2, 3, 5)},
        "indptr goes from 1 to 5, with 5 indices and 5 items",
    ),
    "row pointers end early": ({"indptr": ints(0, 2, 3, 4)}, "indptr goes from 0 to 4, with 5 indices and 5 items"),
    "row pointers end late": ({"indptr": ints(0, 2, 3, 6)}, "indptr goes from 0 to 6, with 5 indices and 5 items"),
    "too few row pointers": ({"indptr": ints(0, 2, 5)}, "indptr has 3 entries, needs 4"),
    "no row pointers": ({"indptr": ints()}, "indptr has 0 entries, needs 4"),
    "fewer data": ({"data": np.arange(4.0)}, "indptr goes from 0 to 5, with 5 indices and 4 items"),
    "data of two dimensions": ({"data": np.ones((5, 1))}, "data must have one dimension"),
    "data of objects": ({"data": np.array([1, 2, 3, 4, None], object)}, "data must be a plain value or an array"),
    "data of text": ({"data": np.array(list("abcde"))}, "data has dtype <U1, needs numbers in native byte order"),
    "data in foreign byte order": (
        {"data": np.arange(5.0).astype(">f8")},
        "data has dtype >f8, needs numbers in native byte order",
    ),
    "data is a list": ({"data": [1.0] * 5}, "data must be a plain value or an array"),
    "data is None": ({"data": None}, "data must be an array"),
    "indices of floats": ({"indices": np.zeros(5)}, "indices has dtype float64, needs int32 or int64"),
    "indices of uint32": ({"indices": np.zeros(5, np.uint32)}, "indices has dtype uint32, needs int32 or int64"),
    "indices in foreign byte order": ({"indices": np.zeros(5, ">i4")}, "indices has dtype >i4, needs int32 or int64"),
    "indices of two dimensions": (
        {"indices": ints(0, 2, 2, 0, 1).reshape(5, 1)},
        "indices must be a one-dimensional array",
    ),
    "shape is negative": ({"shape": ints(3, -4, dtype=np.int64)}, "impossible shape"),
    "shape has one side": ({"shape": ints(3, dtype=np.int64)}, "indptr has 4 entries, needs 2"),
    "shape has three sides": ({"shape": ints(3, 4, 1, dtype=np.int64)}, "impossible shape (3, 4, 1)"),
    "shape is empty": ({"shape": ints(dtype=np.int64)}, "impossible shape"),
    "shape has more rows than indices can name": (
        {"shape": ints(HUGE, 4, dtype=np.int64)},
        "indices has dtype int32, too small for a shape of 1099511627776",
    ),
    "shape has many rows": (
        {
            "shape": ints(HUGE, 4, dtype=np.int64),
            "indices": ints(0, 2, 2, 0, 1, dtype=np.int64),
            "indptr": ints(0, 2, 3, 5, dtype=np.int64),
        },
        "indptr has 4 entries, needs 1099511627777",
    ),
    "shape has more columns than indices can name": (
        {"shape": ints(3, HUGE, dtype=np.int64)},
        "indices has dtype int32, too small for a shape of 1099511627776",
    ),
    "shape is a tuple": ({"shape": (3, 4)}, "shape must be a plain value or an array"),
    "maxprint is negative": ({"maxprint": -1}, "impossible maxprint"),
    "maxprint is text": ({"maxprint": "50"}, "maxprint must be an int"),
}


@pytest.mark.parametrize(("change", "says"), CSR_CHANGES.values(), ids=CSR_CHANGES)
def test_impossible_csr_matrices_are_refused(change: dict[str, Any], says: str) -> None:
    """Scipy would read or write foreign memory (attacks M17)."""
    refuse("scipy.sparse.csr_matrix", says, **csr_fields(**change))


def test_csc_bounds_are_those_of_columns() -> None:
    """The same arrays fit a csr matrix of 3 × 4 and a csc matrix of 4 × 3 only."""
    refuse("scipy.sparse.csc_matrix", "indptr has 4 entries, needs 5", **csr_fields())
    shape = ints(4, 3, dtype=np.int64)
    found = vitrify.loads(forge("scipy.sparse.csc_matrix", csr_fields(shape=shape)))
    assert np.array_equal(found.toarray(), DENSE.T)


BLOCKS = {
    "shape": ints(4, 6, dtype=np.int64),
    "data": np.ones((2, 2, 3)),
    "indices": ints(0, 1),
    "indptr": ints(0, 1, 2),
    "maxprint": 50,
}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"data": np.ones((2, 2, 4))}, "blocks of 2 × 4 do not fill a shape (4, 6)"),
        ({"data": np.ones((2, 0, 3))}, "blocks of 0 × 3 do not fill a shape (4, 6)"),
        ({"data": np.ones((2, 6))}, "data of 2 dimensions for a shape (4, 6)"),
        ({"indices": ints(0, 2)}, "indices reaches from 0 to 2, must lie in [0, 2)"),
        ({"indptr": ints(0, 1, 2, 2, 2)}, "indptr has 5 entries, needs 3"),
        ({"shape": ints(5, 6, dtype=np.int64)}, "blocks of 2 × 3 do not fill a shape (5, 6)"),
    ],
)
def test_impossible_bsr_matrices_are_refused(change: dict[str, Any], says: str) -> None:
    """Blocks must fill the shape, and lie in it."""
    assert vitrify.loads(forge("scipy.sparse.bsr_matrix", BLOCKS)).shape == (4, 6)
    refuse("scipy.sparse.bsr_matrix", says, **{**BLOCKS, **change})


ENTRIES = {
    "shape": ints(3, 4, dtype=np.int64),
    "data": np.ones(2),
    "coords": [ints(0, 2), ints(1, 3)],
    "has_canonical_format": True,
    "maxprint": 50,
}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"coords": [ints(0, 3), ints(1, 3)]}, "coords[0] reaches from 0 to 3, must lie in [0, 3)"),
        ({"coords": [ints(0, 2), ints(1, -1)]}, "coords[1] reaches from -1 to 1, must lie in [0, 4)"),
        ({"coords": [ints(0, 2)]}, "1 arrays of coordinates for 2 dimensions"),
        ({"coords": [ints(0, 2), ints(1)]}, "coords[1] has 1 entries, data has 2"),
        (
            {"coords": [ints(0, 2), ints(1, HUGE, dtype=np.int64)]},
            "coords[1] reaches from 1 to 1099511627776, must lie in [0, 4)",
        ),
        ({"coords": [ints(0, 2), [1, 3]]}, "coords[1] must be a one-dimensional array"),
        ({"coords": None}, "coords must be arrays"),
        ({"data": np.ones(3)}, "coords[0] has 2 entries, data has 3"),
        ({"coords": [ints(0, 2, 0), ints(1, 3, 0)], "data": np.ones(3)}, "the entries are not in canonical order"),
        ({"coords": [ints(2, 2), ints(1, 1)]}, "the entries are not in canonical order"),
        ({"has_canonical_format": 1}, "the entries are not in canonical order"),
        ({"data": np.ones((2, 1))}, "2 arrays of coordinates for 2 dimensions"),
    ],
)
def test_impossible_coo_matrices_are_refused(change: dict[str, Any], says: str) -> None:
    """Coordinates must lie in the shape, and the flag must be true."""
    assert vitrify.loads(forge("scipy.sparse.coo_matrix", ENTRIES)).nnz == 2
    refuse("scipy.sparse.coo_matrix", says, **{**ENTRIES, **change})


@pytest.mark.parametrize(
    ("data", "offsets", "says"),
    [
        (np.ones((2, 3)), ints(0), "1 offsets for data of shape (2, 3)"),
        (np.ones((2, 3)), ints(1, 1), "a diagonal comes twice"),
        (np.ones(3), ints(0, 1, 2), "3 offsets for data of shape (3,)"),
        (np.ones((1, 3)), ints(-(2**31)), "a diagonal lies 2147483648 beyond the main one"),
        (np.ones((1, 3)), ints(2**31 - 1), "a diagonal lies 2147483647 beyond the main one"),
        (np.ones((1, 3)), ints(-(2**63), dtype=np.int64), "a diagonal lies 9223372036854775808 beyond the main one"),
        (np.ones((1, 3)), np.zeros(1), "offsets has dtype float64, needs int32 or int64"),
    ],
)
def test_impossible_dia_matrices_are_refused(data: Any, offsets: Any, says: str) -> None:
    """A diagonal for each row of data, none twice, none where index arithmetic overflows."""
    refuse("scipy.sparse.dia_matrix", says, shape=ints(3, 3, dtype=np.int64), data=data, offsets=offsets, maxprint=50)


def of_lists(*lists: Any) -> Any:
    array = np.empty(len(lists), object)
    array[:] = lists
    return array


@pytest.mark.parametrize(
    ("rows", "data", "says"),
    [
        (of_lists([0, 4], []), of_lists([1.0, 2.0], []), "columns reaches from 0 to 4, must lie in [0, 4)"),
        (of_lists([-1], []), of_lists([1.0], []), "columns reaches from -1 to -1, must lie in [0, 4)"),
        (of_lists([2**70], []), of_lists([1.0], []), "a column is far out of range"),
        (of_lists([1, 0], []), of_lists([1.0, 2.0], []), "the columns of a row are out of order"),
        (of_lists([1, 1], []), of_lists([1.0, 2.0], []), "the columns of a row are out of order"),
        (of_lists([0], []), of_lists([1.0, 2.0], []), "a row needs a number for each of its columns"),
        (of_lists([0], []), of_lists(["1"], []), "a row holds what is no number"),
        (of_lists([True], []), of_lists([1.0], []), "a column is no int"),
        (of_lists((0,), []), of_lists([1.0], []), "each row must be a list"),
        (of_lists([0]), of_lists([1.0]), "needs an object array with a list for each row"),
        ([[0], []], [[1.0], []], "needs an object array with a list for each row"),
    ],
)
def test_impossible_lil_matrices_are_refused(rows: Any, data: Any, says: str) -> None:
    """Scipy writes such columns into a csr matrix without a look."""
    shape = ints(2, 4, dtype=np.int64)
    refuse("scipy.sparse.lil_matrix", says, shape=shape, rows=rows, data=data, dtype="<f8", maxprint=50)


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ({(0, 4): 1.0}, "a coordinate lies outside [0, 4)"),
        ({(-1, 0): 1.0}, "a coordinate lies outside [0, 2)"),
        ({(0,): 1.0}, "needs a number for a tuple of coordinates"),
        ({0: 1.0}, "needs a number for a tuple of coordinates"),
        ({(0, 0): "x"}, "needs a number for a tuple of coordinates"),
        ({(0, 0.5): 1.0}, "a coordinate lies outside [0, 4)"),
        ({(True, 0): 1.0}, "a coordinate lies outside [0, 2)"),
        ([1], "needs a dict of coordinates"),
    ],
)
def test_impossible_dok_matrices_are_refused(pairs: Any, says: str) -> None:
    """Keys must lie in the shape, values must be numbers."""
    refuse("scipy.sparse.dok_matrix", says, shape=ints(2, 4, dtype=np.int64), pairs=pairs, dtype="<f8", maxprint=50)


@pytest.mark.parametrize(
    ("dtype", "says"),
    [
        ("|O", "unknown dtype '|O'"),
        ("<U3", "a sparse matrix has no dtype <U3"),
        (">f8", "a sparse matrix has no dtype >f8"),
        ("<M8[s]", "a sparse matrix has no dtype datetime64[s]"),
        ("float64", "unknown dtype 'float64'"),
        (8, "dtype must be text"),
        ({"fields": []}, "dtype must be text"),
    ],
)
def test_only_dtypes_of_numbers_make_a_dok_matrix(dtype: Any, says: str) -> None:
    """The dtype goes through a grammar, not to numpy."""
    refuse("scipy.sparse.dok_matrix", says, shape=ints(2, 4, dtype=np.int64), pairs={}, dtype=dtype, maxprint=50)


# Distributions


@pytest.mark.parametrize("name", [*CONTINUOUS, *DISCRETE])
def test_every_distribution_of_scipy_is_itself_again(name: str) -> None:
    """A distribution as a value is the library's own object."""
    distribution = getattr(scipy.stats, name, None)
    if distribution is None:
        pytest.skip(f"this scipy has no {name}")
    assert copy_of(distribution) is distribution


def test_the_table_names_every_distribution_of_this_scipy() -> None:
    """A distribution that scipy adds is missed here first."""
    kinds = (scipy.stats.rv_continuous, scipy.stats.rv_discrete)
    found = {name for name, value in vars(scipy.stats).items() if isinstance(value, kinds)}
    assert found <= {*CONTINUOUS, *DISCRETE}


FROZEN = {
    "norm": lambda: scipy.stats.norm(1, 2),
    "uniform": lambda: scipy.stats.uniform(loc=0.5, scale=3),
    "loguniform": lambda: scipy.stats.loguniform(1e-3, 1e2),
    "randint": lambda: scipy.stats.randint(3, 30),
    "vonmises_line": lambda: scipy.stats.vonmises_line(2.0),
    "arrays": lambda: scipy.stats.gamma(np.array([1.0, 2.0]), scale=np.array([[1.0], [3.0]])),
    "lists": lambda: scipy.stats.expon([0, 1], 2),
    "numpy scalars": lambda: scipy.stats.beta(np.float32(2), np.int64(3)),
    "no arguments": lambda: scipy.stats.poisson(mu=3),
    "own values": lambda: scipy.stats.rv_discrete(values=([1, 5, 2], [0.2, 0.5, 0.3]), name="die")(loc=1),
    "own histogram": scipy.stats.rv_histogram(np.histogram([1, 1, 2, 5, 7.5], bins=4)),
}


@pytest.mark.parametrize("make", FROZEN.values(), ids=FROZEN)
def test_frozen_distributions_come_back(make: Any) -> None:
    """Arguments and what they give are the same."""
    frozen = make()
    found = copy_of(frozen)
    assert_same(frozen, found)
    assert np.array_equal(frozen.cdf(np.array([0.5])), found.cdf(np.array([0.5])))
    frozen.random_state, found.random_state = 3, 3
    if not any(np.size(value) > 1 for value in (*frozen.args, *frozen.kwds.values())):
        assert np.array_equal(frozen.rvs(5), found.rvs(5))


def test_a_distribution_of_values_comes_back() -> None:
    """Values, probabilities and name are those that were given."""
    die = scipy.stats.rv_discrete(values=([3, 1, 2], [0.5, 0.25, 0.25]), name="die")
    found = copy_of(die)
    assert_same(die, found)
    assert found.pmf(3) == 0.5
    assert found.name == "die"


@pytest.mark.parametrize("density", [True, False, None])
@pytest.mark.parametrize("edges", [[0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 5.0]])
def test_a_distribution_of_a_histogram_comes_back(density: bool | None, edges: list[float]) -> None:
    """Whatever was said about density, and without a second warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = scipy.stats.rv_histogram((np.array([1.0, 5.0, 2.0]), np.array(edges)), density=density)
    found = copy_of(made)
    assert_same(made, found)
    assert found.pdf(1.5) == made.pdf(1.5)


def test_numpys_global_generator_is_not_saved_with_a_distribution() -> None:
    """It is the global one again."""
    assert copy_of(scipy.stats.norm()).random_state is np.random.mtrand._rand


def test_a_distribution_of_the_users_own_is_refused() -> None:
    """Scipy executes a text of its own to make one."""

    class Own(scipy.stats.rv_continuous):
        def _pdf(self, x: Any) -> Any:
            return x

    for value, says in (
        (Own(), "the class test_a_distribution_of_the_users_own_is_refused.<locals>.Own"),
        (Own()(), "a frozen Distribution, a distribution that is not scipy.stats' own"),
        (scipy.stats.norm.__class__(a=-1)(), "a frozen Distribution, a distribution that is not scipy.stats' own"),
        (scipy.stats.norm().dist, "a norm_gen that is not scipy.stats' own instance"),
    ):
        with pytest.raises(UnsupportedError) as caught:
            vitrify.dumps([value])
        assert says in caught.value.message
        assert caught.value.path == "$[0]"


@pytest.mark.parametrize("name", ["nope", "rv_continuous", "norm_gen", "bootstrap", "__class__", "mstats", 3, None])
def test_only_names_of_the_table_are_distributions(name: Any) -> None:
    """No other attribute of scipy.stats is looked up."""
    refuse("scipy.stats.distribution", f"unknown distribution '{name}'", name=name)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"distribution": "norm"}, "not a distribution"),
        ({"distribution": scipy.special.expit}, "not a distribution"),
        ({"args": [1.0]}, "arguments must be numbers or arrays of them"),
        ({"args": ("1",)}, "arguments must be numbers or arrays of them"),
        ({"args": (1.0, 2.0, 3.0)}, "positional arguments"),
        ({"args": (np.array(["a"]),)}, "arguments must be numbers or arrays of them"),
        ({"args": (np.array([None], object),)}, "arguments must be numbers or arrays of them"),
        ({"kwds": {"nope": 1.0}}, "unexpected keyword argument 'nope'"),
        ({"kwds": {1: 1.0}}, "arguments must be numbers or arrays of them"),
        ({"kwds": {"loc": {}}}, "arguments must be numbers or arrays of them"),
        ({"kwds": None}, "arguments must be numbers or arrays of them"),
        ({"random_state": 3}, "not a random state"),
        ({"random_state": "x"}, "not a random state"),
    ],
)
def test_impossible_frozen_distributions_are_refused(change: dict[str, Any], says: str) -> None:
    """A distribution of the table, numbers, and a generator or none."""
    fields: dict[str, Any] = {"distribution": scipy.stats.norm, "args": (), "kwds": {}, "random_state": None}
    assert vitrify.loads(forge("scipy.stats.frozen", fields)).mean() == 0
    refuse("scipy.stats.frozen", says, **{**fields, **change})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"values": ([1, 2], [0.5, 0.6])}, "sum of provided pk is not 1"),
        ({"values": ([1, 2], [1.5, -0.5])}, "All elements of pk must be non-negative."),
        ({"values": ([1, 2], [1.0])}, "xk and pk must have the same shape."),
        ({"values": ([], [])}, "a distribution needs values"),
        ({"values": ("ab", [1.0])}, "values must be two rows of numbers"),
        ({"values": ([1], [1.0], [1.0])}, "values must be two rows of numbers"),
        ({"values": None}, "values must be two rows of numbers"),
        ({"name": "x" * 1000}, "impossible name or seed"),
        ({"name": "x\n', exec('1')"}, "impossible name or seed"),
        ({"longname": "%(x)s"}, "impossible name or seed"),
        ({"seed": "x"}, "impossible name or seed"),
    ],
)
def test_impossible_distributions_of_values_are_refused(change: dict[str, Any], says: str) -> None:
    """Probabilities sum to one, names are words."""
    fields: dict[str, Any] = {
        "values": ([1, 2], [0.5, 0.5]), "name": None, "longname": None, "seed": None, "random_state": None,
    }  # fmt: skip
    assert vitrify.loads(forge("scipy.stats.rv_sample", fields)).mean() == 1.5
    refuse("scipy.stats.rv_sample", says, **{**fields, **change})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"histogram": (np.ones(2), np.arange(2.0))}, "Number of elements in histogram content"),
        ({"histogram": (np.ones(0), np.arange(1.0))}, "a histogram is two rows of numbers"),
        ({"histogram": (np.ones(2), np.array([0.0, 2.0, 1.0]))}, "the edges of a histogram must increase"),
        ({"histogram": (np.ones((2, 2)), np.arange(3.0))}, "a histogram is two rows of numbers"),
        ({"histogram": "ab"}, "a histogram is two rows of numbers"),
        ({"density": "x"}, "density is True, False or None"),
        ({"density": 1}, "density is True, False or None"),
    ],
)
def test_impossible_distributions_of_histograms_are_refused(change: dict[str, Any], says: str) -> None:
    """Edges increase, and there is one more of them."""
    fields: dict[str, Any] = {
        "histogram": (np.ones(2), np.arange(3.0)), "density": True, "name": None, "longname": None, "seed": None,
        "random_state": None,
    }  # fmt: skip
    assert vitrify.loads(forge("scipy.stats.rv_histogram", fields)).mean() == 1.0
    refuse("scipy.stats.rv_histogram", says, **{**fields, **change})


# Splines


def splines() -> dict[str, Any]:
    table = np.stack([Y, Y**2, X], axis=1)
    knots = np.r_[[0.0] * 4, 1.5, 3.0, [5.0] * 4]
    return {
        "BSpline": si.make_interp_spline(X, Y),
        "BSpline of a table": si.make_interp_spline(X, table),
        "BSpline along an axis": si.BSpline(knots, np.arange(18.0).reshape(3, 6), 3, axis=1),
        "BSpline, complex": si.BSpline(knots, np.arange(6) * 1j, 3),
        "BSpline, periodic": si.make_interp_spline(X, np.r_[Y[:-1], Y[0]], bc_type="periodic"),
        "BSpline, not extrapolated": si.BSpline(knots, np.arange(6.0), 3, extrapolate=False),
        "BSpline with more coefficients": si.BSpline(knots, np.arange(10.0), 3),
        "BSpline of degree 0": si.BSpline(np.arange(5.0), np.arange(4.0), 0),
        "BSpline made fast": si.BSpline.construct_fast(knots, np.eye(6), np.int64(3), extrapolate=False),
        "PPoly": si.PPoly(np.arange(8.0).reshape(4, 2), np.array([0.0, 1.0, 3.0])),
        "PPoly, decreasing": si.PPoly(np.arange(8.0).reshape(4, 2), np.array([3.0, 1.0, 0.0])),
        "PPoly along an axis": si.PPoly(np.arange(24.0).reshape(3, 4, 2), np.array([0.0, 1.0, 3.0]), axis=1),
        "BPoly": si.BPoly(np.arange(8.0).reshape(4, 2), np.array([0.0, 1.0, 3.0]), extrapolate="periodic"),
        "CubicSpline": si.CubicSpline(X, Y, bc_type="natural"),
        "CubicSpline of a table": si.CubicSpline(X, table.T, axis=1),
        "CubicHermiteSpline": si.CubicHermiteSpline(X, Y, np.cos(X)),
        "PchipInterpolator": si.PchipInterpolator(X, Y),
        "Akima1DInterpolator": si.Akima1DInterpolator(X, Y),
    }


@pytest.mark.parametrize("name", splines())
def test_splines_and_piecewise_polynomials_come_back(name: str) -> None:
    """Attributes and values, inside and outside of the breakpoints."""
    spline = splines()[name]
    found = copy_of(spline)
    assert_same(spline, found)
    where = np.linspace(-1.0, 6.0, 50)
    assert np.array_equal(spline(where), found(where), equal_nan=True)
    if getattr(spline, "k", 1) > 0:
        assert np.array_equal(spline.derivative()(where), found.derivative()(where), equal_nan=True)


def test_a_polynomial_in_two_variables_comes_back() -> None:
    """Coefficients and two arrays of breakpoints."""
    made = si.NdPPoly(np.arange(24.0).reshape(2, 3, 2, 2), (np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 3.0])))
    found = copy_of(made)
    assert_same(made, found)
    assert made([(0.5, 0.5)]) == found([(0.5, 0.5)])


def test_coefficients_that_splines_share_are_shared_again() -> None:
    """SplineTransformer gives all its splines one array."""
    knots = np.r_[[0.0] * 4, 1.5, 3.0, [5.0] * 4]
    shared = np.eye(6)
    found = copy_of([si.BSpline(knots, shared, 3), si.BSpline(knots + 1, shared, 3)])
    assert found[0].c is found[1].c


def spline_fields(**changes: Any) -> dict[str, Any]:
    fields = {"t": np.arange(10.0), "c": np.arange(6.0), "k": 3, "extrapolate": True, "axis": 0}
    return {**fields, **changes}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"c": np.arange(5.0)}, "knots, coefficients and degree do not fit"),
        ({"c": np.zeros(0)}, "knots, coefficients and degree do not fit"),
        ({"c": np.array(1.0)}, "axis is out of range"),
        ({"c": np.array([None] * 6, object)}, "c must be a plain value or an array"),
        ({"c": [0.0] * 6}, "c must be a plain value or an array"),
        ({"t": np.arange(10.0)[::-1].copy()}, "knots must be finite and must not decrease"),
        ({"t": np.r_[np.arange(9.0), np.nan]}, "knots must be finite and must not decrease"),
        ({"t": np.r_[np.arange(9.0), np.inf]}, "knots must be finite and must not decrease"),
        ({"t": np.arange(7.0)}, "knots, coefficients and degree do not fit"),
        ({"t": np.arange(10)}, "knots and coefficients must be arrays of numbers"),
        ({"t": np.arange(10.0).reshape(5, 2)}, "knots and coefficients must be arrays of numbers"),
        ({"k": -1}, "degree must be an int from 0 to 100"),
        ({"k": 10**6}, "degree must be an int from 0 to 100"),
        ({"k": 2**70}, "degree must be an int from 0 to 100"),
        ({"k": 3.0}, "degree must be an int from 0 to 100"),
        ({"k": True}, "degree must be an int from 0 to 100"),
        ({"axis": 1}, "axis is out of range"),
        ({"axis": -1}, "axis is out of range"),
        ({"axis": None}, "axis is out of range"),
        ({"extrapolate": "yes"}, "extrapolate is True, False, None or 'periodic'"),
        ({"extrapolate": 2}, "extrapolate is True, False, None or 'periodic'"),
    ],
)
def test_impossible_b_splines_are_refused(change: dict[str, Any], says: str) -> None:
    """Too few coefficients would give foreign memory as predictions."""
    assert vitrify.loads(forge("scipy.interpolate.BSpline", spline_fields())).k == 3
    refuse("scipy.interpolate.BSpline", says, **spline_fields(**change))


@pytest.mark.parametrize("name", ["PPoly", "BPoly", "CubicSpline", "PchipInterpolator", "Akima1DInterpolator"])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"c": np.ones((4, 3))}, "each piece lies between two breakpoints"),
        ({"c": np.ones((0, 2))}, "an order from 1 to 101 is needed"),
        ({"c": np.ones((10**4, 2))}, "an order from 1 to 101 is needed"),
        ({"c": np.ones(4)}, "an order from 1 to 101 is needed"),
        ({"c": np.ones((4, 2), np.int64)}, "breakpoints and coefficients must be arrays of numbers"),
        ({"x": np.arange(2.0)}, "each piece lies between two breakpoints"),
        ({"x": np.arange(1.0)}, "each piece lies between two breakpoints"),
        ({"x": np.array([0.0, 2.0, 1.0])}, "`x` must be strictly increasing or decreasing"),
        ({"x": np.array([0.0, np.nan, 1.0])}, "`x` must be strictly increasing or decreasing"),
        ({"axis": 1}, "axis is out of range"),
        ({"axis": -1}, "axis is out of range"),
        ({"extrapolate": "x"}, "extrapolate is True, False, None or 'periodic'"),
    ],
)
def test_impossible_piecewise_polynomials_are_refused(name: str, change: dict[str, Any], says: str) -> None:
    """A column of coefficients for each interval, breakpoints in order."""
    fields: dict[str, Any] = {"c": np.ones((4, 2)), "x": np.arange(3.0), "extrapolate": True, "axis": 0}
    assert vitrify.loads(forge(f"scipy.interpolate.{name}", fields)).axis == 0
    refuse(f"scipy.interpolate.{name}", says, **{**fields, **change})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"x": [np.arange(3.0)] * 3}, "coefficients have too few dimensions"),
        ({"x": [np.arange(4.0), np.arange(3.0)]}, "each piece lies between two breakpoints"),
        ({"x": [np.arange(3.0)[::-1].copy(), np.arange(3.0)]}, "breakpoints must not decrease"),
        ({"x": []}, "breakpoints must be arrays"),
        ({"x": None}, "breakpoints must be arrays"),
        ({"c": np.ones((0, 2, 2, 2))}, "coefficients have too few dimensions"),
        ({"c": np.ones((2, 2, 2))}, "coefficients have too few dimensions"),
        ({"extrapolate": 1}, "coefficients must be an array of numbers"),
    ],
)
def test_impossible_polynomials_in_two_variables_are_refused(change: dict[str, Any], says: str) -> None:
    """Orders and intervals in each dimension."""
    fields: dict[str, Any] = {"c": np.ones((2, 2, 2, 2)), "x": [np.arange(3.0), np.arange(3.0)], "extrapolate": True}
    assert len(vitrify.loads(forge("scipy.interpolate.NdPPoly", fields)).x) == 2
    refuse("scipy.interpolate.NdPPoly", says, **{**fields, **change})


def fitted() -> dict[str, Any]:
    noise = Y + 0.1 * np.cos(37 * X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "smoothing": si.UnivariateSpline(X, noise, s=0.01),
            "one polynomial": si.UnivariateSpline(X, noise),
            "no smoothing": si.UnivariateSpline(X, noise, s=0, ext=3),
            "degree 5, weights": si.UnivariateSpline(X, noise, np.linspace(1, 2, 12), k=5, s=1e-5, ext="zeros"),
            "degree 1, bounds": si.UnivariateSpline(X, noise, k=1, bbox=[-1, 7], s=0.05),
            "interpolated": si.InterpolatedUnivariateSpline(X, noise),
            "given knots": si.LSQUnivariateSpline(X, noise, [1, 2, 3]),
            "derivative": si.UnivariateSpline(X, noise, s=0).derivative(),
            "antiderivative": si.UnivariateSpline(X, noise, k=4, s=0).antiderivative(),
        }


@pytest.mark.parametrize("name", fitted())
def test_fitpack_splines_come_back(name: str) -> None:
    """Values, knots, coefficients, residual, kind."""
    spline = fitted()[name]
    found = copy_of(spline)
    assert type(found) is type(spline)
    assert vars(found).keys() == vars(spline).keys()
    assert found.ext == spline.ext
    where = np.linspace(-1.0, 6.0, 50)
    assert np.array_equal(spline(where), found(where))
    assert np.array_equal(spline.get_knots(), found.get_knots())
    assert np.array_equal(spline.get_coeffs(), found.get_coeffs())
    assert spline.get_residual() == found.get_residual()
    assert spline.integral(0, 3) == found.integral(0, 3)
    assert np.array_equal(spline.derivative()(where), found.derivative()(where))


@pytest.mark.parametrize("name", ["smoothing", "one polynomial", "degree 5, weights", "degree 1, bounds"])
def test_smoothing_goes_on_where_it_was(name: str) -> None:
    """The state of FITPACK is that of the original, not that of a new fit."""
    spline = fitted()[name]
    found = copy_of(spline)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spline.set_smoothing_factor(1e-3)
        found.set_smoothing_factor(1e-3)
    assert np.array_equal(spline.get_knots(), found.get_knots())
    assert np.array_equal(spline(X), found(X))


def test_a_degree_beyond_fitpacks_is_refused() -> None:
    """Scipy makes an antiderivative of degree 6, and crashes when it integrates that."""
    with pytest.raises(UnsupportedError, match="degree"):
        vitrify.dumps(si.UnivariateSpline(X, Y, k=5, s=0).antiderivative())


def test_memory_that_fitpack_did_not_set_is_not_saved() -> None:
    """Two fits of the same points give the same bytes."""
    files = set()
    for fill in (1.0, 2.0, 3.0):
        rubbish = [np.full(n, fill) for n in range(1, 40)]
        del rubbish
        files.add(vitrify.dumps(list(fitted().values())))
    assert len(files) == 1


def curve_fields(**changes: Any) -> dict[str, Any]:
    """Those of a smoothing spline of 12 points with 10 knots."""
    fields: dict[str, Any] = {
        "t": np.array([0.0, 0, 0, 0, 1, 3, 5, 5, 5, 5]), "c": np.arange(6.0), "k": 3, "ext": 0, "spline_class": None,
        "x": X, "y": Y, "w": np.ones(12), "xb": 0.0, "xe": 5.0, "s": 0.01, "nest": 16, "fp": 0.01,
        "fpint": np.zeros(10), "nrdata": ints(2, 2, 4, 0, 0, 0, 0, 0, 0, 1), "ier": 0,
    }  # fmt: skip
    return {**fields, **changes}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"t": np.arange(7.0)}, "knots, coefficients and degree do not fit"),
        ({"t": np.r_[np.arange(9.0), 0.0]}, "knots must be finite and must not decrease"),
        ({"t": np.r_[np.arange(9.0), np.nan]}, "knots must be finite and must not decrease"),
        ({"t": np.arange(10)}, "knots and coefficients must be arrays of floats"),
        ({"c": np.arange(5.0)}, "knots, coefficients and degree do not fit"),
        ({"c": np.arange(6)}, "knots and coefficients must be arrays of floats"),
        ({"k": 6}, "degree must be an int up to 5"),
        ({"k": 0, "c": np.arange(9.0)}, "too few points, or too much room for knots"),
        ({"k": -1}, "degree must be an int up to 5"),
        ({"k": 2**40}, "degree must be an int up to 5"),
        ({"ext": 4}, "ext must be 0, 1, 2 or 3"),
        ({"ext": "zeros"}, "ext must be 0, 1, 2 or 3"),
        ({"spline_class": "BSpline"}, "unknown kind of spline"),
        ({"spline_class": "interp1d"}, "unknown kind of spline"),
        ({"x": X[:11]}, "x, y, w must be alike"),
        ({"x": X[::-1].copy()}, "x must not decrease and must lie in its bounds"),
        ({"x": np.full(12, np.nan)}, "x, y and w must be finite"),
        ({"x": None}, "a spline without data has no state"),
        ({"y": np.arange(12)}, "x, y, w must be alike"),
        ({"w": np.ones((12, 1))}, "x, y, w must be alike"),
        ({"xb": 1.0}, "x must not decrease and must lie in its bounds"),
        ({"xe": 4.0}, "x must not decrease and must lie in its bounds"),
        ({"xe": 5}, "bounds and sums must be floats"),
        ({"s": None}, "bounds and sums must be floats"),
        ({"nest": 9}, "nest is less than the number of knots"),
        ({"nest": 2**40}, "too few points, or too much room for knots"),
        ({"fpint": np.zeros(9)}, "fpint must have a value a knot"),
        ({"fpint": np.full(10, np.nan)}, "fpint must be finite"),
        ({"fpint": None}, "fpint and nrdata go together"),
        ({"nrdata": ints(2, 2, 5, 0, 0, 0, 0, 0, 0, 1)}, "nrdata does not count the points between knots"),
        ({"nrdata": ints(2, 2, 4, 0, 0, 0, 0, 0, 0, 2**30)}, "nrdata does not count the points between knots"),
        ({"nrdata": ints(-2, 6, 4, 0, 0, 0, 0, 0, 0, 1)}, "nrdata does not count the points between knots"),
        (
            {"nrdata": ints(2**31 - 1, 2**31 - 1, 10, 0, 0, 0, 0, 0, 0, 1)},
            "nrdata does not count the points between knots",
        ),
        ({"nrdata": ints(2, 2, 4)}, "nrdata must have a value a knot"),
        ({"nrdata": np.zeros(10)}, "nrdata must have a value a knot"),
        ({"ier": None}, "bounds and sums must be floats"),
    ],
)
def test_impossible_fitpack_splines_are_refused(change: dict[str, Any], says: str) -> None:
    """Fortran believes every number."""
    assert vitrify.loads(forge("scipy.interpolate.UnivariateSpline", curve_fields())).ext == 0
    refuse("scipy.interpolate.UnivariateSpline", says, **curve_fields(**change))


def surfaces() -> dict[str, Any]:
    one, two = np.meshgrid(X, X)
    flat = one.ravel(), two.ravel(), np.sin(one + two).ravel()
    knots = [1.0, 2.5]
    return {
        "rectangular": si.RectBivariateSpline(X, X, np.sin(one + two)),
        "smoothing": si.SmoothBivariateSpline(*flat, kx=2, ky=4, s=1.0),
        "given knots": si.LSQBivariateSpline(*flat, knots, knots),
    }


@pytest.mark.parametrize("name", surfaces())
def test_fitpack_surfaces_come_back(name: str) -> None:
    """Knots, coefficients and values."""
    surface = surfaces()[name]
    found = copy_of(surface)
    assert_same(surface, found)
    assert np.array_equal(surface(X, X), found(X, X))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"c": np.ones(15)}, "knots, coefficients and degrees do not fit"),
        ({"c": np.ones(17)}, "knots, coefficients and degrees do not fit"),
        ({"kx": 4}, "knots and degree do not fit"),
        ({"ky": 6}, "degrees must be ints up to 5"),
        ({"kx": -1}, "degrees must be ints up to 5"),
        ({"tx": np.arange(7.0)}, "knots and degree do not fit"),
        ({"ty": np.full(8, np.nan)}, "knots must be finite and must not decrease"),
        ({"tx": np.arange(8.0)[::-1].copy()}, "knots must be finite and must not decrease"),
        ({"fp": "x"}, "fp must be a float"),
        ({"tx": None}, "knots and coefficients must be float64"),
    ],
)
def test_impossible_fitpack_surfaces_are_refused(change: dict[str, Any], says: str) -> None:
    """As many coefficients as knots and degrees ask for."""
    fields: dict[str, Any] = {
        "tx": np.arange(8.0), "ty": np.arange(8.0), "c": np.ones(16), "kx": 3, "ky": 3, "fp": 0.0,
    }  # fmt: skip
    assert vitrify.loads(forge("scipy.interpolate.RectBivariateSpline", fields)).degrees == (3, 3)
    refuse("scipy.interpolate.RectBivariateSpline", says, **{**fields, **change})


def lines() -> dict[str, Any]:
    table = np.stack([Y, Y**2], axis=1)
    kinds = ("linear", "nearest", "nearest-up", "previous", "next", "zero", "slinear", "quadratic", "cubic", 5)
    return {
        **{f"{kind}": si.interp1d(X, Y, kind=kind, bounds_error=False) for kind in kinds},
        "extrapolated": si.interp1d(X, Y, fill_value="extrapolate"),
        "previous, extrapolated": si.interp1d(X, Y, kind="previous", fill_value="extrapolate"),
        "fill": si.interp1d(X, Y, bounds_error=False, fill_value=(-1.0, 7)),
        "fill array": si.interp1d(X, table, axis=0, bounds_error=False, fill_value=np.array([1.0, 2.0])),
        "unsorted": si.interp1d(X[::-1], Y, bounds_error=False),
        "last axis": si.interp1d(X, table.T, bounds_error=False),
        "not copied": si.interp1d(X, Y, copy=False, assume_sorted=True, bounds_error=False),
        "ints": si.interp1d(np.arange(4), np.arange(4), bounds_error=False),
        "nan": si.interp1d(X, np.where(Y > 0.9, np.nan, Y), kind="cubic", bounds_error=False),
        "complex": si.interp1d(X, Y * 1j, bounds_error=False),
    }


@pytest.mark.parametrize("name", lines())
def test_interp1d_comes_back(name: str) -> None:
    """Every kind, and every way to fill what is outside."""
    line = lines()[name]
    found = copy_of(line)
    assert_same(line, found)
    where = np.linspace(-1.0, 6.0, 50)
    assert np.array_equal(line(where), found(where), equal_nan=True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"x": np.arange(3.0)}, "axis is out of range"),
        ({"x": np.ones((4, 1))}, "x and y must be arrays of numbers"),
        ({"x": np.array(list("abcd"))}, "x and y must be arrays of numbers"),
        ({"y": np.arange(4)}, "x and y must be arrays of numbers"),
        ({"y": np.array(1.0)}, "x and y must be arrays of numbers"),
        ({"kind": "nope"}, "unknown kind"),
        ({"kind": 10**6}, "unknown kind"),
        ({"kind": -1}, "unknown kind"),
        ({"kind": 3.0}, "unknown kind"),
        ({"axis": 1}, "axis is out of range"),
        ({"axis": -5}, "axis is out of range"),
        ({"copy": "x"}, "copy must be True, False or None"),
        ({"bounds_error": "x"}, "bounds_error must be a bool"),
        ({"fill_value": "nope"}, "unknown fill_value"),
        ({"fill_value": {}}, "unknown fill_value"),
        ({"fill_value": np.ones(9)}, "fill_value argument must"),
        ({"bounds_error": True, "fill_value": "extrapolate"}, "Cannot extrapolate and raise at the same time."),
        ({"kind": 9}, "number of derivatives at boundaries"),
    ],
)
def test_impossible_interp1d_are_refused(change: dict[str, Any], says: str) -> None:
    """Numbers, a known kind, an axis that fits."""
    fields: dict[str, Any] = {
        "x": np.arange(4.0), "y": np.arange(4.0), "kind": "linear", "axis": 0, "copy": True, "bounds_error": None,
        "fill_value": np.nan,
    }  # fmt: skip
    assert vitrify.loads(forge("scipy.interpolate.interp1d", fields))(1.5) == 1.5
    refuse("scipy.interpolate.interp1d", says, **{**fields, **change})


def grids() -> dict[str, Any]:
    one, two = np.meshgrid(X, X[:7], indexing="ij")
    table = np.sin(one) + two
    made = {
        method: si.RegularGridInterpolator((X, X[:7]), table, method=method, bounds_error=False)
        for method in ("linear", "nearest", "slinear", "cubic", "pchip")
    }
    return {
        **made,
        "filled": si.RegularGridInterpolator((X, X[:7]), table, bounds_error=False, fill_value=None),
        "descending": si.RegularGridInterpolator((X[::-1], X[:7]), table, bounds_error=False),
        "ints": si.RegularGridInterpolator((np.arange(3), np.arange(2)), np.arange(6).reshape(3, 2)),
    }


@pytest.mark.parametrize("name", grids())
def test_regular_grids_come_back(name: str) -> None:
    """Every method, and points in either order."""
    grid = grids()[name]
    found = copy_of(grid)
    assert_same(grid, found)
    where = np.array([[0.5, 0.5], [1.0, 0.25]])
    assert np.array_equal(grid(where), found(where), equal_nan=True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"points": [np.arange(3.0), np.arange(4.0)]}, "values and points do not fit"),
        ({"points": [np.arange(3.0)] * 3}, "points must be arrays of floats"),
        ({"points": [np.array([0.0, 2.0, 1.0]), np.arange(2.0)]}, "points in dimension 0 must be strictly ascending"),
        ({"points": [np.array([0.0, 0.0, 1.0]), np.arange(2.0)]}, "points in dimension 0 must be strictly ascending"),
        (
            {"points": [np.array([0.0, np.nan, 1.0]), np.arange(2.0)]},
            "points in dimension 0 must be strictly ascending",
        ),
        ({"points": []}, "values must be an array of floats"),
        ({"points": None}, "values must be an array of floats"),
        ({"values": np.arange(6).reshape(3, 2)}, "values must be an array of floats"),
        ({"method": "nope"}, "unknown method"),
        ({"method": None}, "unknown method"),
        ({"bounds_error": "x"}, "bounds_error must be a bool"),
        ({"fill_value": "x"}, "unknown fill_value"),
    ],
)
def test_impossible_regular_grids_are_refused(change: dict[str, Any], says: str) -> None:
    """Points in order, as many as there are values."""
    fields: dict[str, Any] = {
        "points": [np.arange(3.0), np.arange(2.0)], "values": np.ones((3, 2)), "method": "linear",
        "bounds_error": True, "fill_value": np.nan, "knots": None, "coefficients": None,
    }  # fmt: skip
    assert vitrify.loads(forge("scipy.interpolate.RegularGridInterpolator", fields)).method == "linear"
    refuse("scipy.interpolate.RegularGridInterpolator", says, **{**fields, **change})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"knots": [np.arange(5.0)]}, "knots for each dimension"),
        ({"knots": [np.arange(5.0), np.arange(5.0)]}, "knots, degree and values do not fit"),
        ({"knots": [np.arange(5.0), np.full(4, np.nan)]}, "knots must be finite and must not decrease"),
        ({"knots": [np.arange(5.0)[::-1].copy(), np.arange(4.0)]}, "knots must be finite and must not decrease"),
        ({"knots": [[0.0] * 5, [0.0] * 4]}, "knots, degree and values do not fit"),
        ({"knots": None}, "knots and coefficients go together"),
        ({"coefficients": np.ones((2, 2))}, "coefficients must be as many as values"),
        ({"coefficients": np.ones(6)}, "coefficients must be as many as values"),
        ({"coefficients": np.array([[None]], object)}, "coefficients must be as many as values"),
        ({"coefficients": None}, "knots and coefficients go together"),
        ({"method": "cubic"}, "knots, degree and values do not fit"),
        ({"method": "linear"}, "knots for each dimension"),
        ({"method": "pchip"}, "knots for each dimension"),
    ],
)
def test_impossible_splines_of_grids_are_refused(change: dict[str, Any], says: str) -> None:
    """Compiled code believes that knots, degrees and coefficients fit."""
    fields: dict[str, Any] = {
        "points": [np.arange(3.0), np.arange(2.0)], "values": np.ones((3, 2)), "method": "slinear",
        "bounds_error": True, "fill_value": np.nan, "knots": [np.arange(5.0), np.arange(4.0)],
        "coefficients": np.ones((3, 2)),
    }  # fmt: skip
    assert vitrify.loads(forge("scipy.interpolate.RegularGridInterpolator", fields)).method == "slinear"
    refuse("scipy.interpolate.RegularGridInterpolator", says, **{**fields, **change})


@pytest.mark.skipif(VERSION < (1, 13), reason="scipy solves nothing for a grid")
def test_the_spline_of_a_big_grid_is_not_solved_for_a_file() -> None:
    """The iteration may take long, and a file can choose values for which it does."""
    fields = {
        "points": [np.arange(200.0)] * 2, "values": np.ones((200, 200)), "method": "cubic", "bounds_error": True,
        "fill_value": np.nan, "knots": None, "coefficients": None,
    }  # fmt: skip
    with pytest.raises(UnsupportedError, match="without the spline"):
        vitrify.loads(forge("scipy.interpolate.RegularGridInterpolator", fields))


def test_one_array_cannot_be_checked_a_thousand_times() -> None:
    """A small file could keep the reader busy for days."""
    n = 1 << 22
    fields = {
        "shape": ints(1, n, dtype=np.int64), "data": np.zeros(n, np.int8), "indices": np.zeros(n, np.int32),
        "indptr": ints(0, n), "maxprint": 50,
    }  # fmt: skip
    with pytest.raises(LimitError, match="share arrays"):
        vitrify.loads(forge_value([Forged("scipy.sparse.csr_matrix", fields) for _ in range(2000)]))


def test_a_million_distributions_are_not_made() -> None:
    """Each takes a millisecond, and only a few bytes of a file."""
    fields = {"distribution": scipy.stats.norm, "args": (), "kwds": {}, "random_state": None}
    with pytest.raises(LimitError, match=r"would take [0-9]+ bytes"):
        vitrify.loads(forge_value([Forged("scipy.stats.frozen", fields) for _ in range(10_000)]))


# k-d trees


@pytest.mark.parametrize("cls", [scipy.spatial.cKDTree, scipy.spatial.KDTree], ids=lambda cls: cls.__name__)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"leafsize": 1},
        {"compact_nodes": False},
        {"balanced_tree": False},
        {"compact_nodes": False, "balanced_tree": False, "leafsize": 3},
        {"boxsize": 1.0},
        {"boxsize": [1.0, 0.0, 2.0]},
    ],
    ids=str,
)
def test_k_d_trees_come_back(cls: Any, settings: dict[str, Any]) -> None:
    """Data, settings, the order of the points and the neighbours found."""
    rng = np.random.RandomState(0)
    tree = cls(rng.random_sample((200, 3)), **settings)
    found = copy_of(tree)
    assert type(found) is cls
    for name in ("n", "m", "leafsize", "size"):
        assert getattr(tree, name) == getattr(found, name)
    for name in ("data", "indices", "maxes", "mins"):
        assert np.array_equal(getattr(tree, name), getattr(found, name))
    assert (tree.boxsize is None) == (found.boxsize is None)
    assert np.array_equal(tree.boxsize, found.boxsize) or tree.boxsize is None
    where = rng.random_sample((20, 3))
    for mine, theirs in zip(tree.query(where, k=4), found.query(where, k=4), strict=False):
        assert np.array_equal(mine, theirs)


def test_a_k_d_tree_over_data_that_changed_is_refused() -> None:
    """Its nodes could not be built again."""
    data = np.random.RandomState(0).random_sample((200, 3))
    tree = scipy.spatial.cKDTree(data)
    data[:] = data[::-1].copy()
    with pytest.raises(UnsupportedError, match="not what its data give"):
        vitrify.dumps(tree)


@pytest.mark.parametrize("name", ["cKDTree", "KDTree"])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"data": np.full((3, 2), np.nan)}, "data must be finite"),
        ({"data": np.ones(3)}, "data must be a table of float64"),
        ({"data": np.ones((3, 2), np.float32)}, "data must be a table of float64"),
        ({"data": np.asfortranarray(np.ones((3, 2)))}, "data must be contiguous"),
        ({"data": [[1.0]]}, "data must be a plain value or an array"),
        ({"leafsize": 0}, "leafsize must be a positive int"),
        ({"leafsize": -1}, "leafsize must be a positive int"),
        ({"leafsize": 2**40}, "leafsize must be a positive int"),
        ({"leafsize": 1.5}, "leafsize must be a positive int"),
        ({"compact_nodes": 1}, "settings must be bools"),
        ({"balanced_tree": None}, "settings must be bools"),
        ({"boxsize": np.ones(3)}, "boxsize has another size than the data"),
        ({"boxsize": np.array([0.5, 0.5])}, "greater than the size of the periodic box"),
        ({"boxsize": np.array([np.nan, 1.0])}, "boxsize has another size than the data"),
        ({"boxsize": 1.0}, "boxsize must be float64"),
    ],
)
def test_impossible_k_d_trees_are_refused(name: str, change: dict[str, Any], says: str) -> None:
    """Data are finite and lie in their box (attacks M24)."""
    fields: dict[str, Any] = {
        "data": np.ones((3, 2)), "leafsize": 10, "boxsize": None, "compact_nodes": True, "balanced_tree": True,
    }  # fmt: skip
    assert vitrify.loads(forge(f"scipy.spatial.{name}", fields)).n == 3
    refuse(f"scipy.spatial.{name}", says, **{**fields, **change})


def test_a_tree_that_could_be_too_deep_is_refused() -> None:
    """Compiled code would recurse once for each point."""
    fields = {"leafsize": 1, "boxsize": None, "compact_nodes": True, "balanced_tree": False}
    refuse(
        "scipy.spatial.cKDTree",
        "an unbalanced tree of so many points could be too deep",
        data=np.zeros((20_001, 10)),
        **fields,
    )


# The rest


def test_results_of_optimizers_come_back() -> None:
    """A dict whose items are attributes."""
    result = scipy.optimize.minimize(lambda x: float((x - 1) @ (x - 1)), np.zeros(2), method="Nelder-Mead")
    found = copy_of(result)
    assert_same(result, found)
    assert found.x is found["x"]


def test_a_linear_operator_is_refused() -> None:
    """It holds functions."""
    with pytest.raises(UnsupportedError, match="LinearOperator"):
        vitrify.dumps(scipy.sparse.linalg.aslinearoperator(DENSE))


@pytest.mark.parametrize("items", [[("x", 1)], {1: 2}, None, "x"])
def test_impossible_results_of_optimizers_are_refused(items: Any) -> None:
    """Keys are names."""
    refuse("scipy.optimize.OptimizeResult", "needs a dict of names", items=items)


@pytest.mark.parametrize("name", NAMES)
def test_reviewed_functions_are_themselves_again(name: str) -> None:
    """A function travels by its id."""
    module, last = NAMES[name]
    function = getattr(__import__(module, fromlist=["*"]), last, None)
    if function is None:
        pytest.skip(f"this scipy has no {name}")
    assert copy_of(function) is function


def test_other_functions_of_scipy_are_refused() -> None:
    """What reads files or calls back is on no list."""
    import scipy.io

    for function in (scipy.io.loadmat, scipy.sparse.load_npz, scipy.optimize.minimize, scipy.special.roots_legendre):
        with pytest.raises(UnsupportedError, match=rf"cannot save the function scipy\.[a-z._]+\.{function.__name__}\b"):
            vitrify.dumps(function)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.module.rpartition(".")[2])
def test_the_index_lists_what_the_converters_save(family: Any) -> None:
    """`__init__` and the modules agree."""
    converters = __import__(family.module, fromlist=["CONVERTERS"]).CONVERTERS
    assert {name: c.type_id for c in converters for name in c.types} == dict(family.types)


def test_equal_objects_have_equal_bytes() -> None:
    """Made anew, every object gives the same file."""

    def everything() -> list[Any]:
        made = [cls(DENSE) for cls in sparse_kinds()]
        made += [make() for make in FROZEN.values()]
        return [*made, *splines().values(), *lines().values(), *grids().values(), *surfaces().values()]

    assert vitrify.dumps(everything()) == vitrify.dumps(everything())


def test_the_spline_of_a_constant_feature_comes_back() -> None:
    """All its knots are one number, which the constructor of BSpline refuses and SplineTransformer makes."""
    rows = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 3.0]])
    model = SplineTransformer().fit(rows)
    np.testing.assert_array_equal(vitrify.loads(vitrify.dumps(model)).transform(rows), model.transform(rows))
