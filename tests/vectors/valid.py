"""What the valid golden files hold, one function a file: its name is the file's, its docstring says what it is for.

A function returns the object, and what it returns is the same in every process and under every numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import numpy as np

from tests.vectors.own import Access, Color, Money, Row, Slotted, Stack, double

CASES: dict[str, Callable[[], Any]] = {}
TREES = ("trees", "trees_best_first", "trees_of_errors", "trees_of_shares", "trees_of_entropy", "trees_of_numbers")
WORDS = ("words", "words_in_columns", "vocabulary")
EFFORT = dict.fromkeys(("zstd", "shuffle", "sparse", *TREES, *WORDS, "equal_arrays_packed"), 5)
KEPT = frozenset({"pipeline", *TREES})
CHOSEN_ANEW = frozenset({"shuffle"})
"""Files with a block that today's writer stores in another way, since a codec has been added."""


def case(build: Callable[[], Any]) -> Callable[[], Any]:
    """Add a file."""
    CASES[build.__name__] = build
    return build


@case
def tiny() -> Any:
    """The example of SPEC.md §11."""
    return {"coef": np.array([0.5, -1.0]), "n": 3}


@case
def none() -> Any:
    """The smallest file: no table, no cell, one block without bytes."""
    return None


@case
def constants() -> Any:
    """Columns without cells (6.2.1 - 6.2.4), the last with the negative zero and the infinity."""
    rows = [Row(none=None, yes=True, no=False, n=-(2**63), text='é"\\\n\x00', half=0.5, cls=int) for _ in range(3)]
    for row in rows:
        row.zero, row.most, row.other = -0.0, float("inf"), Row(a=1)
    return rows


@case
def numbers() -> Any:
    """Columns of numbers (6.2.5) of every width, with NaNs whose bits count, names and references out of order."""
    nan = np.array([0x7FF8000000000000, 0xFFF0000000000001, 0], "<u8").view("<f8").tolist()
    lists: list[list[Any]] = [[], [0], [1]]
    rows: list[Any] = [lists]
    for i in range(3):
        row = Row(bits=i == 1, i1=-i, i2=i * 200, i4=i * 70_000, i8=i * 2**40, floats=nan[i])
        row.names, row.refs = (int, float, int)[i], lists[(0, 2, 1)[i]]
        rows.append(row)
    return rows


@case
def strings() -> Any:
    """Columns of strings (6.2.6, 6.2.7): lines, NUL in text, lone surrogates, bytes, ints beyond 64 bits."""
    lines, nul, lone = ("", "ä€😀", "b\u2028"), ("a\0b", "", "\0"), ("\ud800", "x\udfff", "")
    data, big = (b"", b"\0\xff", b"x" * 300), (2**63, -(2**63) - 1, 10**40)
    return [Row(lines=lines[i], nul=nul[i], lone=lone[i], data=data[i], big=big[i]) for i in range(3)]


@case
def mixed() -> Any:
    """One column with a part for every kind (6.2.8): ints split by size, references by table."""
    shared: list[Any] = [1]
    plain = [1, None, 2**64, True, 1.0, "1", b"1", np.float64(1), np.int8(1)]
    return [*plain, int, double, shared, (1,), shared, -1, False]


@case
def numpy_scalars() -> Any:
    """Scalars of every dtype that columns hold by themselves (6.2.5)."""
    signed = [kind(-1) for kind in (np.int8, np.int16, np.int32, np.int64)]
    unsigned = [kind(3) for kind in (np.uint8, np.uint16, np.uint32, np.uint64)]
    floats = [kind(-0.5) for kind in (np.float16, np.float32, np.float64)]
    return [np.bool_(True), np.bool_(False), *signed, *unsigned, *floats, np.complex64(1 - 2j), np.complex128(2 + 1j)]


@case
def windows_and_32_bit() -> Any:
    """What numpy 1 on Windows (`long`) and every 32-bit platform (`intp`) hold where others have 64 bits."""
    return {"classes_": np.arange(3, dtype=np.int32), "n_features": np.int32(4), "support_": np.array([2, 0], np.int32)}


@case
def big_endian() -> Any:
    """Arrays keep their byte order (1.3)."""
    kinds = (">i2", ">u4", ">i8", ">f4", ">f8", ">c16", ">U2", ">M8[s]")
    return [np.arange(3).astype("i8").astype(kind) for kind in kinds]


@case
def fortran() -> Any:
    """Arrays in Fortran order (6.6.2), among them one whose block is transposed (2.11)."""
    small, large = np.arange(6.0).reshape(2, 3), np.arange(1024, dtype=np.float32).reshape(16, 64)
    cube = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    return {"small": np.asfortranarray(small), "large": np.asfortranarray(large), "cube": np.asfortranarray(cube)}


@case
def views() -> Any:
    """Arrays that share memory (6.6.3, 6.6.4): with one that covers the others, without one, with themselves."""
    covering = np.arange(12.0)
    without = np.arange(10, dtype=np.int32)
    spread = np.lib.stride_tricks.as_strided(np.array([7.0]), (3, 2), (0, 0))
    pair = [without[0:6], without[4:10][::-1]]
    return {
        "all": covering,
        "even": covering[::2],
        "back": covering[::-1].reshape(3, 4),
        "bytes": covering.view(np.uint8)[8:16],
        "pair": pair,
        "spread": spread,
        "rows": np.lib.stride_tricks.sliding_window_view(np.arange(5, dtype=np.int8), 3),
        "again": covering,
        "objects": np.array([None, 1], object),
    }


@case
def spaced() -> Any:
    """Matrices with gaps (6.6.7): columns left out, rows and columns swapped, backwards; too wide a gap is lost."""
    whole = np.arange(48.0).reshape(6, 8)
    cube = np.arange(24, dtype=np.int16).reshape(2, 3, 4).transpose(1, 0, 2)
    return [whole.copy()[:, :3], whole.copy().T[::2, ::-1], cube]


@case
def shared() -> Any:
    """The same object twice is one object (6.1.5), equal objects are two."""
    one, array = [1], np.array([1])
    return [one, one, [1], array, array, np.array([1]), {"k": one}]


@case
def tuples() -> Any:
    """Tuples within tuples, which need a table for each level (6.5.3)."""
    return ((1, (2, (3, ()))), ((), (4,)), [(5, (6,))])


@case
def cycles() -> Any:
    """References to what is still being built (6.5.1), and a tuple between two lists."""
    loop: list[Any] = []
    loop.append(loop)
    table: dict[str, Any] = {"loop": loop}
    table["self"] = table
    row = Row(next=None)
    row.next = Row(next=row)
    back: list[Any] = []
    back.append((back, row))
    return [table, row, back, _chain(20)]


def _chain(n: int) -> list[Any]:
    chain: list[Any] = []
    for _ in range(n):
        chain = [chain]
    return chain


@case
def sets() -> Any:
    """Sets are ordered by value, or by the bytes of their items (6.1.4); frozensets within frozensets."""
    inner = frozenset({1, 2})
    return [
        {"b", "a", "ä"},
        {3, -1, 2**70},
        {1, "1", None, 2.5, (1, 2)},
        {inner, frozenset()},
        frozenset({inner}),
        set(),
    ]


@case
def dict_keys() -> Any:
    """Keys of every hashable kind, in their own order, which is not sorted."""
    return {
        "z": 1,
        1: "a",
        None: 2,
        (1, (2,)): 3,
        0.5: 4,
        b"k": 5,
        np.int64(7): 6,
        frozenset({1}): 7,
        True + 1: 8,
        int: 9,
    }


@case
def object_arrays() -> Any:
    """Arrays of objects (6.6.5) of several shapes and orders, one that holds itself."""
    flat = np.array(["a", None, 1.5, [1]], object)
    square = np.asfortranarray(np.array([[1, "x"], [None, 2.0], [(), b""]], object))
    zero = np.array(None, object)
    loop = np.empty(1, object)
    loop[0] = loop
    return [flat, square, zero, np.empty((2, 0), object), loop]


@case
def structured() -> Any:
    """Structured dtypes (6.4.3): padding, alignment, nesting, subarrays, titles, overlapping fields, no fields."""
    aligned = np.dtype([("a", "i1"), ("b", "<f8"), ("c", "<U2")], align=True)
    nested = np.dtype([("in", aligned), ("grid", "<i2", (2, 3)), ("big", ">f4")])
    titled = np.dtype({"names": ["x"], "formats": ["<i4"], "titles": ["the x"], "offsets": [4], "itemsize": 12})
    over = np.dtype({"names": ["word", "low"], "formats": ["<u4", "<u2"], "offsets": [0, 0], "itemsize": 4})
    filled = np.frombuffer(b"\xaa" * 3 * aligned.itemsize, aligned).copy()
    filled["a"], filled["b"], filled["c"] = [1, 2, 3], [0.5, -0.0, np.inf], ["ab", "", "ö"]
    whole = np.zeros(2, nested)
    whole["in"], whole["grid"], whole["big"] = filled[:2], np.arange(12).reshape(2, 2, 3), 1.5
    return [filled, whole, np.array([(7,)], titled), np.array([0x12345678], "<u4").view(over), np.zeros(3, [])]


@case
def times() -> Any:
    """Dates and spans with units, steps and NaT (6.4.1)."""
    days = np.array(["2020-02-29", "NaT", "1969-12-31"], "M8[D]")
    return [days, days.astype("M8[ns]"), np.array([1, -1], "m8[25s]"), np.array([5], "m8"), np.array(["NaT"], "M8")]


@case
def texts() -> Any:
    """Arrays of text and bytes of fixed size, and items without size (6.6.6)."""
    void = np.array([b"\0a", b"bc"], "V2")
    return [
        np.array(["", "ab", "\ud800\U0010ffff"]),
        np.array([b"a", b"\0b"]),
        void,
        np.zeros(2, [("e", "S0"), ("n", "i1")]),
    ]


@case
def numbers_in_arrays() -> Any:
    """Arrays of every other dtype, each value an odd one."""
    bools = np.array([True, False])
    halves = np.array([6e-8, -0.0, np.inf], "<f2")
    nans = np.array([0x7F800001, 0xFFC00000], "<u4").view("<f4")
    return [bools, halves, nans, np.array([1 + 2j], "<c8"), np.array([complex(0, -0.0)]), np.array([2**64 - 1], "<u8")]


@case
def empty() -> Any:
    """Empty containers, arrays without elements and without dimensions."""
    return [[], {}, (), set(), np.empty(0), np.empty((0, 3), "<i4"), np.empty((2, 0), order="F"), np.array(1.5), Row()]


@case
def blocks() -> Any:
    """Runs just below and above 4096 bytes (6.3.2), sizes with other powers of two (2.10), names that come again."""
    arrays = [np.arange(n, dtype=np.uint8) for n in (4095, 4096, 4098, 4100, 4112, 5000)]
    small = [np.arange(300, dtype=np.int64) + i for i in range(2)]
    texts = [str(i) for i in range(1000)]
    tags = [i if i % 2 else str(i) for i in range(4100)]
    return {
        "a.b": arrays,
        "a": {"b": [np.zeros(1024)]},
        "small": small,
        "texts": texts,
        "ints": list(range(2100)),
        "nul": ["\0" * (i % 3) for i in range(4100)],
        "tags": tags,
    }


@case
def two_blocks() -> Any:
    """Two blocks of one size, in the order of their numbers (2.10)."""
    return {"zeros": np.zeros(512), "ones": np.ones(512)}


@case
def mebibyte() -> Any:
    """More than 1 MiB: room for a signature (2.12), and two digests for one block (3.2)."""
    return {"weights": np.zeros((2**17 + 3, 1))}


@case
def zstd() -> Any:
    """Encoded blocks (4.2), `$cells` and `$graph` among them, after a raw one."""
    return {
        "noise": np.frombuffer(_noise(8000), np.uint8).copy(),
        "bytes": [b"word"] * 3 + [str(i).encode() for i in range(3000)],
    }


@case
def shuffle() -> Any:
    """Items in planes (4.7): every kind of field, rows of numbers, padding, more than 65536 items."""
    noise = np.frombuffer(_noise(65536), np.uint8)
    items = np.zeros(600, np.dtype([("cut", "<f8"), ("leaf", "?"), ("gain", "<f4"), ("column", "<i2")], align=True))
    items["cut"] = np.sort(noise[:256].view("<f8"))[noise[:600] % 30]
    items["leaf"], items["gain"] = noise[:600] % 30 < 12, noise[8000:10400].view("<u4") % 99991
    items["column"] = noise[:600] % 30 * np.int16(1001)
    kinds = np.sort(noise[20000:21600].view("<f8").copy().view("<u8") >> np.uint64(12)).view("<f8")
    rows = np.stack([np.arange(400) / 8, np.full(400, -0.0), noise[400:800] % 3, noise[800:1200] / 256], axis=1)
    return {
        "half": (noise[28000:32096].view("<u4") / 2**33 + 0.5).astype("<f4"),
        "items": items,
        "walk": kinds[np.cumsum(noise[32100:33100] % 4) % 200],
        "rows": rows,
        "sums": np.cumsum(np.arange(70_000) % 7 + 1000),
        "flags": noise[40000:45001] < 50,
    }


@case
def sparse() -> Any:
    """Numbers most of which are the same (4.11): of every width, near and far apart, 0.0 beside -0.0."""
    noise = np.frombuffer(_noise(65536), np.uint8)
    rare = noise[:60_000].view("<u4").repeat(5) % 400 == 0
    return {
        "mask": rare[:74_999],
        "coefficients": np.where(noise[:9000] < 40, noise[9000:18_000] / 256 - 0.5, -0.0),
        "zeros": np.where(noise[:4500] < 9, -0.0, 0.0),
        "singles": np.where(noise[:4000] < 20, noise[4000:8000].astype("<f4") / 3, np.float32(np.nan)),
        "counts": (noise[:6000] // 200).astype("<u2"),
        "far": np.isin(np.arange(90_000), [*np.cumsum(noise[:80]), 89_999]),
        "complex": np.where(noise[:3000] < 30, noise[3000:6000] + 1j, 0),
        "big-endian": np.where(noise[:3000] < 30, noise[3000:6000], 7).astype(">i4"),
    }


def _noise(n_bytes: int) -> bytes:
    return b"".join(sha256(bytes([i & 255, i >> 8])).digest() for i in range(n_bytes // 32))


@case
def own_classes() -> Any:
    """Objects of the caller's classes in every layout (6.1.4): attrs, new, call, member, value."""
    stack = Stack([1, [2]])
    stack.label = "s"
    slotted = Slotted(None, Row(left=1))
    return [
        Row(b=1, a=2),
        slotted,
        Money(3, "EUR"),
        stack,
        Color.RED,
        Color.GREEN,
        Access.READ | Access.RUN,
        Access.WRITE,
    ]


@case
def names() -> Any:
    """Classes and functions as values (6.7.1): builtin, of numpy, the caller's own."""
    return {"dtype": np.float32, "func": np.log1p, "inverse": np.expm1, "own": double, "cls": Row, "builtin": float}


@case
def registered() -> Any:
    """Objects of registered types (6.7.2), layout `fields`."""
    return [complex(1, -0.0), complex(0, float("inf")), {complex(2, 3): "key"}]


@case
def longdouble() -> Any:
    """Long doubles are x87 extended precision, with zeros for padding (6.4.2)."""
    return np.array([1, 3], np.longdouble) / 3


@case
def pipeline() -> Any:
    """A fitted scikit-learn pipeline; its file is kept, since another scikit-learn would fit another one."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = np.array([[0.0, 1.0], [1.0, 0.5], [2.0, -1.0], [3.0, 2.0], [4.0, 0.0], [5.0, -2.0]])
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.5)).fit(rows, np.array(list("aabbab")))


@case
def trees() -> Any:
    """Packed trees (4.6): of counts of classes, from which values and impurities follow, and of other numbers."""
    import sklearn.tree._tree as library

    made = []
    for is_counted in (True, False):
        n, width = 127, 5  # depth first: the halves of what is left
        state = balanced(n, width, is_counted=is_counted)
        tree = library.Tree(3, np.array([width], np.intp), 1)
        tree.__setstate__({"max_depth": 6, "node_count": n, **in_dtype(state, library.NODE_DTYPE)})
        made.append(tree)
    return made


@case
def trees_best_first() -> Any:
    """Packed trees whose children are stored (4.6.2): each node's two come next in turn."""
    import sklearn.tree._tree as library

    n, width = 127, 5
    state = balanced(n, width, is_counted=True)
    nodes, order = state["nodes"], [0]
    for i in order:  # breadth first: the list grows
        order += [int(child) for child in (nodes["left_child"][i], nodes["right_child"][i]) if child >= 0]
    place = np.argsort(order)
    moved = nodes[order]
    for name in ("left_child", "right_child"):
        moved[name] = np.where(moved[name] < 0, -1, place[moved[name]])
    tree = library.Tree(3, np.array([width], np.intp), 1)
    values = state["values"][order]
    found = in_dtype({"nodes": moved, "values": values}, library.NODE_DTYPE)
    tree.__setstate__({"max_depth": 6, "node_count": n, **found})
    return tree


def in_dtype(state: dict[str, Any], dtype: Any) -> dict[str, Any]:
    nodes = np.zeros(len(state["nodes"]), dtype)
    for name in state["nodes"].dtype.names:
        nodes[name] = state["nodes"][name]
    return {"nodes": nodes, "values": state["values"]}


def balanced(n: int, width: int, *, is_counted: bool) -> dict[str, Any]:
    """A full tree, depth first; its leaves hold one class, or every seventh of them several."""
    fields = [(name, "<i8") for name in ("left_child", "right_child", "feature", "n_node_samples")]
    fields += [(name, "<f8") for name in ("threshold", "impurity", "weighted_n_node_samples")]
    nodes, counts = np.zeros(n, [*fields, ("missing_go_to_left", "u1")]), np.zeros((n, width), np.int64)

    def grow(i: int, size: int) -> int:
        if size == 1:
            nodes[i] = (-1, -1, -2, 1 + i % 3, -2.0, 0, 0, 0)
            counts[i, i % width] = 1 + i % 4
            counts[i, (i + 1) % width] += i % 7 == 0
            return 1
        half = (size - 1) // 2
        grow(i + 1, half)
        grow(i + 1 + half, half)
        left, right = i + 1, i + 1 + half
        counts[i] = counts[left] + counts[right]
        samples = nodes["n_node_samples"][left] + nodes["n_node_samples"][right]
        goes_left = nodes["n_node_samples"][left] > nodes["n_node_samples"][right]
        nodes[i] = (left, right, i % 3, samples, i / 8 - 3, 0, 0, goes_left)
        return size

    grow(0, n)
    totals = counts.sum(axis=1).astype(float)
    nodes["weighted_n_node_samples"] = totals if is_counted else totals + 0.25
    squares = sum(counts[:, k].astype(float) ** 2 for k in range(width))
    nodes["impurity"] = 1.0 - squares / (totals * totals) if is_counted else totals / 3
    return {"nodes": nodes, "values": (counts / totals[:, None]).reshape(n, 1, width)}
