"""The comparator on dtypes, arrays, scalars and sparse matrices: near misses differ, likes do not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from tests.support.equality import assert_same, differences
from tests.support.near_misses import Make, check_each_differs_from_the_others, check_each_equals_its_like

NAN_WITH_PAYLOAD = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)
POINTS = np.random.RandomState(0).rand(40, 2)


def changed(array: Any, index: Any, value: object) -> Any:
    array = array.copy()
    array[index] = value
    return array


def padded(**values: object) -> np.ndarray[Any, Any]:
    """A record with seven bytes of padding between its fields, which hold garbage."""
    array = np.frombuffer(np.random.bytes(32), dtype=np.dtype([("a", "u1"), ("b", "f8")], align=True)).copy()
    array["a"], array["b"] = 1, [0.5, np.nan]
    for name, value in values.items():
        array[name][1] = value
    return array


def masked(*, data: float = 9.0, mask: bool = True, **options: Any) -> Any:
    return np.ma.masked_array([1.0, data], mask=[False, mask], **options)


def nested_fields(value: float) -> np.ndarray[Any, Any]:
    array = np.zeros(2, dtype=[("a", [("b", "f8", (2,)), ("c", "S3")]), ("d", "O")])
    array["a"]["b"][1, 1] = value
    array["d"][1] = [value]
    return array


def read_only() -> np.ndarray[Any, Any]:
    array = np.arange(3.0)
    array.flags.writeable = False
    return array


def csr(**changes: Any) -> Any:
    matrix = sp.csr_matrix(np.array([[0.0, 1.0], [2.0, 3.0]]))
    for name, value in changes.items():
        setattr(matrix, name, value)
    return matrix


def unsorted_csr() -> Any:
    return sp.csr_matrix((np.array([1.0, 3.0, 2.0]), np.array([1, 1, 0]), np.array([0, 1, 3])), shape=(2, 2))


def dok(*keys: tuple[int, int]) -> Any:
    matrix = sp.dok_matrix((2, 2))
    for key in keys:
        matrix[key] = 1.0
    return matrix


GROUPS: dict[str, tuple[Make, ...]] = {
    "dtypes": (
        lambda: np.dtype("<f8"),
        lambda: np.dtype(">f8"),
        lambda: np.dtype("f4"),
        lambda: np.dtype("i8"),
        lambda: np.dtype("O"),
        lambda: np.dtype("S2"),
        lambda: np.dtype("U2"),
        lambda: np.dtype("V2"),
        lambda: np.dtype("M8[s]"),
        lambda: np.dtype("M8[25s]"),
        lambda: np.dtype("m8[s]"),
        lambda: np.dtype([("a", "u1"), ("b", "f8")]),
        lambda: np.dtype([("a", "u1"), ("b", "f8")], align=True),
        lambda: np.dtype([("a", "u1"), ("b", ">f8")]),
        lambda: np.dtype([("a", "u1"), ("c", "f8")]),
        lambda: np.dtype([(("title", "a"), "u1"), ("b", "f8")]),
        lambda: np.dtype([("a", "u1"), ("b", "f8", (1,))]),
        lambda: np.dtype((np.record, [("a", "u1"), ("b", "f8")])),
        lambda: np.dtype({"names": ["a", "b"], "formats": ["u1", "f8"], "offsets": [0, 2]}),
        lambda: np.dtype({"names": ["a", "b"], "formats": ["u1", "f8"], "itemsize": 16}),
        lambda: np.float64,
    ),
    "float arrays": (
        lambda: np.array([1.0, 0.0, np.nan]),
        lambda: np.array([1.0, -0.0, np.nan]),
        lambda: np.array([1.0, 0.0, np.inf]),
        lambda: np.array([1.0, 5e-324, np.nan]),
        lambda: np.array([1.0, 0.0, np.nan], dtype=">f8"),
        lambda: np.array([1.0, 0.0, np.nan], dtype="f4"),
        lambda: np.array([1.0, 0.0, np.nan], dtype="f2"),
        lambda: np.array([1.0, 0.0, np.nan], dtype="longdouble"),
        lambda: np.array([1.0, -0.0, np.nan], dtype="longdouble"),
        lambda: np.array([[1.0, 0.0, np.nan]]),
        lambda: np.array([1.0, 0.0]),
        lambda: np.array([], dtype=float),
        lambda: np.zeros((0, 3)),
        lambda: np.zeros((3, 0)),
        lambda: np.array(1.0),
        lambda: [1.0, 0.0, np.nan],
    ),
    "complex arrays": (
        lambda: np.array([0j, complex(0, np.nan)]),
        lambda: np.array([-0j, complex(0, np.nan)]),
        lambda: np.array([complex(0.0, -0.0), complex(0, np.nan)]),
        lambda: np.array([0j, complex(np.nan, 0)]),
        lambda: np.array([0j, complex(np.nan, np.nan)]),
        lambda: np.array([0j, complex(0, np.nan)], dtype="c8"),
        lambda: np.array([0j, complex(0, np.nan)], dtype="clongdouble"),
    ),
    "other arrays": (
        lambda: np.array([1, 2, 3]),
        lambda: np.array([1, 2, 4]),
        lambda: np.array([1, 2, 3], dtype="u8"),
        lambda: np.array([1, 2, 3], dtype="i4"),
        lambda: np.array([True, True, True]),
        lambda: np.array([True, True, False]),
        lambda: np.array(["a", "b", "c"]),
        lambda: np.array(["a", "b", "cc"]),
        lambda: np.array(["a", "b", "d"]),
        lambda: np.array([b"a", b"b", b"c"]),
        lambda: np.array(["2020", "2021", "NaT"], dtype="M8[Y]"),
        lambda: np.array(["2020", "2021", "NaT"], dtype="M8[D]"),
        lambda: np.array(["2020", "2021", "2022"], dtype="M8[Y]"),
        lambda: np.array([1, 2, 3], dtype="m8[s]"),
        lambda: np.array([b"a", b"b", b"c"], dtype="V3"),
        lambda: np.array([b"a", b"b", b"c\0d"], dtype="V3"),
    ),
    "object arrays": (
        lambda: np.array([1, "a", None], dtype=object),
        lambda: np.array([1, "a", np.nan], dtype=object),
        lambda: np.array([1, "b", None], dtype=object),
        lambda: np.array([True, "a", None], dtype=object),
        lambda: np.array([1.0, "a", None], dtype=object),
        lambda: np.array([1, "a", [None]], dtype=object),
        lambda: np.array([1, "a", (None,)], dtype=object),
        lambda: np.array([[1, "a", None]], dtype=object),
        lambda: np.array([[1, 2], [3, [4]]], dtype=object),
        lambda: np.array([[1, 2], [3, [5]]], dtype=object),
        lambda: np.array(1, dtype=object),
        lambda: np.array([np.zeros(2), np.zeros(3)], dtype=object),
        lambda: np.array([np.zeros(2), -np.zeros(3)], dtype=object),
    ),
    "structured arrays": (
        padded,
        lambda: padded(a=2),
        lambda: padded(b=0.0),
        lambda: padded().view(np.recarray),
        lambda: np.array([(1, 0.5), (1, np.nan)], dtype=[("a", "u1"), ("b", "f8")]),
        lambda: nested_fields(0.0),
        lambda: nested_fields(-0.0),
        lambda: nested_fields(1.0),
    ),
    "memory order": (
        lambda: np.arange(6.0).reshape(2, 3),
        lambda: np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        lambda: np.arange(6.0).reshape(3, 2),
    ),
    "subclasses": (
        lambda: np.array([[1.0, 9.0]]),
        lambda: np.array([[1.0, 9.0]]).view(np.matrix),
        masked,
        lambda: masked(data=8.0),
        lambda: masked(mask=False),
        lambda: masked(fill_value=7.0),
        lambda: masked(hard_mask=True),
        lambda: np.ma.masked_array([1.0, 9.0]),
        lambda: np.ma.masked_array(np.array([[1.0, 9.0]]).view(np.matrix)),
        lambda: np.ma.masked_array([[1.0, 9.0]]),
        lambda: np.ma.masked_array(["a", "b"]),
        lambda: np.ma.masked,
    ),
    "scalars": (
        lambda: np.float64(0.0),
        lambda: np.float64(-0.0),
        lambda: np.float64(np.nan),
        lambda: np.float32(0.0),
        lambda: np.longdouble(0.0),
        lambda: np.longdouble(1) + np.finfo(np.longdouble).eps,
        lambda: np.longdouble(1),
        lambda: np.complex128(0.0),
        lambda: np.complex128(complex(0.0, -0.0)),
        lambda: np.datetime64("2020"),
        lambda: np.datetime64("2020-01-01"),
        lambda: np.datetime64("NaT", "D"),
        lambda: np.timedelta64(0, "s"),
        lambda: np.timedelta64("NaT", "s"),
        lambda: dt.timedelta(0),
        lambda: np.void(b"\0"),
        lambda: np.void(b"\1"),
        lambda: padded()[1],
        lambda: padded(a=3)[1],
        lambda: padded().view(np.recarray)[1],
        lambda: np.int64(0),
        lambda: np.uint64(0),
    ),
    "sparse formats": (
        *(
            lambda kind=kind: getattr(sp, f"{kind}_matrix")(np.eye(2))
            for kind in ["csr", "csc", "bsr", "coo", "dia", "lil", "dok"]
        ),
        *(
            lambda kind=kind: getattr(sp, f"{kind}_array")(np.eye(2))
            for kind in ["csr", "csc", "bsr", "coo", "dia", "lil", "dok"]
        ),
        lambda: np.eye(2),
    ),
    "sparse content": (
        csr,
        lambda: csr(data=np.array([1.0, 2.0, 4.0])),
        lambda: csr(data=np.array([1.0, 2.0, 3.0], dtype="f4")),
        lambda: csr(indices=np.array([1, 0, 1])),
        lambda: csr(note=1),
        unsorted_csr,
        lambda: sp.csr_matrix(np.array([[0.0, 1.0, 0.0], [2.0, 3.0, 0.0]])),
        lambda: sp.lil_matrix(np.array([[0.0, 1.0], [2.0, 3.0]])),
        lambda: sp.lil_matrix(np.array([[0.0, 1.0], [2.0, 4.0]])),
        lambda: sp.coo_matrix(np.array([[0.0, 1.0], [2.0, 3.0]])),
        lambda: sp.coo_matrix(np.array([[0.0, 1.0], [2.0, 4.0]])),
        lambda: dok((0, 0), (1, 1)),
        lambda: dok((1, 1), (0, 0)),
        lambda: dok((0, 0), (1, 0)),
        lambda: dok((0, 0)),
    ),
}
if hasattr(getattr(np, "dtypes", None), "StringDType"):
    GROUPS["variable-width strings"] = (
        lambda: np.array(["a", "bb"], dtype=np.dtypes.StringDType()),
        lambda: np.array(["a", "bc"], dtype=np.dtypes.StringDType()),
        lambda: np.array(["a", "bb\0"], dtype=np.dtypes.StringDType()),
        lambda: np.array(["a", "bb"]),
        lambda: np.array(["a", "bb"], dtype=np.dtypes.StringDType(coerce=False)),
        lambda: np.array(["a", "bb"], dtype=np.dtypes.StringDType(na_object=None)),
        lambda: np.array(["a", "bb"], dtype=np.dtypes.StringDType(na_object=np.nan)),
        lambda: np.array(["a", np.nan], dtype=np.dtypes.StringDType(na_object=np.nan)),
        np.dtypes.StringDType,
        lambda: np.dtypes.StringDType(na_object=np.nan),
        lambda: np.dtypes.StringDType(na_object=""),
    )


@pytest.mark.parametrize("name", GROUPS)
def test_an_array_equals_one_made_in_the_same_way(name: str) -> None:
    """No false alarm."""
    check_each_equals_its_like(GROUPS[name])


@pytest.mark.parametrize("name", GROUPS)
def test_an_array_differs_from_every_near_miss(name: str) -> None:
    """No difference is overlooked, whichever side it is on and however deep it lies."""
    check_each_differs_from_the_others(GROUPS[name])


@pytest.mark.parametrize("index", [0, 1, 500, 999])
def test_every_element_counts(index: int) -> None:
    """Not only the first elements of an array are compared."""
    array = np.zeros(1000)
    for kind in (float, complex, int, object, "U3", "M8[s]", "f4"):
        one = array.astype(int).astype(kind)
        lines = differences(one, changed(one, index, 1))
        assert len(lines) == 1
        assert f"$[{index}]" in lines[0]


def test_a_matrix_element_is_named_by_its_indices() -> None:
    """The first element that differs is named, the others are counted."""
    one = np.zeros((3, 4))
    two = changed(one, (1, slice(2, 4)), 5.0)
    assert differences(one, two)[0].startswith("$[1, 2] : expected float64")
    assert differences(one, two)[0].endswith("(and 1 more)")


def test_the_payload_of_nan_does_not_count() -> None:
    """Every NaN equals every NaN, its sign and payload are not part of its value."""
    assert_same(np.array([np.nan]), NAN_WITH_PAYLOAD.copy())
    assert_same(np.float64(np.nan), -NAN_WITH_PAYLOAD[0])
    assert_same(float("nan"), -float("nan"))


def test_an_array_in_no_order_may_come_back_in_c_order() -> None:
    """Contiguity counts only where the original has it."""
    base = np.arange(24.0).reshape(4, 6)
    assert_same(base[::2, ::2], base[::2, ::2].copy())
    assert differences(base[::2, ::2].copy(), base[::2, ::2])


def test_an_array_must_stay_writeable() -> None:
    """A read-only copy breaks estimators; the other way round nothing is lost."""
    assert differences(np.arange(3.0), read_only())
    assert_same(read_only(), np.arange(3.0))


def test_a_mapped_file_counts_as_an_array(tmp_path: Any) -> None:
    """An original may be mapped, or the copy, as long as the elements are equal."""
    mapped = np.memmap(tmp_path / "array", dtype="f8", mode="w+", shape=(3,))
    mapped[:] = 1.0
    assert_same(mapped, np.ones(3))
    assert_same(np.ones(3), mapped)
    assert differences(np.zeros(3), mapped)


def test_lazy_flags_of_a_sparse_matrix_count_as_scipy_shows_them() -> None:
    """A flag not asked for yet equals the same flag once computed, and comparing leaves no trace."""
    one, two = unsorted_csr(), unsorted_csr()
    vars(one).pop("_has_sorted_indices", None)
    vars(one).pop("_has_canonical_format", None)
    assert not two.has_sorted_indices
    before = set(vars(one))
    assert_same(one, two)
    assert set(vars(one)) == before
    two.has_sorted_indices = True
    assert differences(one, two) == ["$.has_sorted_indices : expected False, found True"]


def test_reading_leaves_no_trace_in_a_masked_array() -> None:
    """A fill value that nobody asked for stays unset."""
    one, two = masked(), masked()
    assert_same(one, two)
    assert one._fill_value is None
