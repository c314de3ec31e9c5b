"""Numbers and records in planes: every bit comes back, whichever way each field is stored."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.support.decoding import agreed
from tests.support.decoding import decoded as tried
from tests.support.independent_codecs import unshuffle
from vitrify import kernels
from vitrify.container import shuffle, zstd
from vitrify.container.shuffle import codec
from vitrify.container.shuffle.layout import STRETCH_ITEMS, Kind
from vitrify.container.shuffle.splitting import splits
from vitrify.errors import FormatError

NOISE = np.random.default_rng(0).integers(0, 256, 1 << 21, np.uint8)


def noise(n: int, dtype: str = "<u8") -> npt.NDArray[Any]:
    """Numbers without a pattern."""
    return NOISE[: n * np.dtype(dtype).itemsize].view(dtype).copy()


def encoded(array: npt.NDArray[Any], dtype: Any = None) -> bytes | None:
    """The stored form."""
    return codec.encode(array.tobytes(), array.dtype if dtype is None else np.dtype(dtype), 3)


def decoded(stored: bytes, n_bytes: int) -> bytes:
    """What the codec makes of it."""
    out = bytearray(n_bytes)
    codec.decode(memoryview(stored), memoryview(out))
    return bytes(out)


def packed(array: npt.NDArray[Any], dtype: Any = None) -> shuffle.Packed:
    """The items in planes."""
    found = shuffle.pack(array.reshape(-1).view(np.uint8), array.dtype if dtype is None else np.dtype(dtype))
    assert found is not None
    return found


def content(array: npt.NDArray[Any], dtype: Any = None) -> bytes:
    """The same, joined."""
    return b"".join(part.tobytes() for part in packed(array, dtype).parts())


def frame(data: bytes) -> bytes:
    """A zstd frame of these bytes."""
    return zstd.frame([data], len(data), 3)


def kinds(array: npt.NDArray[Any], dtype: Any = None) -> list[tuple[int, str]]:
    """The width and the kind of each field."""
    return [(field.width, field.kind.name) for field in packed(array, dtype).fields]


def fields(*fields: tuple[int, int]) -> bytes:
    """The beginning of a content by hand: the width and the kind of each field."""
    return bytes([len(fields)]) + b"".join(width.to_bytes(2, "little") + bytes([kind]) for width, kind in fields)


def floats(n: int) -> npt.NDArray[Any]:
    """Numbers from 0.5 to 1."""
    return noise(n).astype(np.float64) / 2**65 + 0.5


def sorted_ints(n: int) -> npt.NDArray[Any]:
    """Numbers that ascend by 1000 or a little more."""
    return np.cumsum(noise(n, "<u4") % 7 + 1000)


def walk(n: int) -> npt.NDArray[Any]:
    """Few numbers, neighbours in turn."""
    return np.sort(floats(500))[np.cumsum(noise(n, "u1") % 4) % 500]


def record(n: int) -> npt.NDArray[Any]:
    """Records with a hole of three bytes."""
    items = np.zeros(n, np.dtype([("x", "<f8"), ("flag", "?"), ("class", "<i4")], align=True))
    classes = noise(n, "<u4") % 40
    items["x"], items["flag"], items["class"] = floats(n), noise(n * 2, "u1")[n:] < 100, classes * 1001
    return items


SAMPLES: dict[str, tuple[Callable[[int], npt.NDArray[Any]], list[tuple[int, str]]]] = {
    "floats": (floats, [(8, "PLANES")]),
    "singles": (lambda n: floats(n).astype("<f4"), [(4, "PLANES")]),
    "big-endian floats": (lambda n: floats(n).astype(">f8"), [(8, "PLANES")]),
    "sorted": (sorted_ints, [(8, "DIFFERENCES")]),
    "falling": (lambda n: sorted_ints(n)[::-1].copy(), [(8, "DIFFERENCES")]),
    "few values": (lambda n: floats(300)[noise(n, "<u2") % 300], [(8, "DICTIONARY")]),
    "neighbours": (walk, [(8, "DICTIONARY_DIFFERENCES")]),
    "two values": (lambda n: np.array([-0.0, 0.0])[noise(n, "u1") % 2], [(8, "DICTIONARY")]),
    "flags": (lambda n: noise(n, "u1") < 30, [(1, "DICTIONARY")]),
    "complex": (lambda n: floats(2 * n).view("<c16"), [(8, "PLANES"), (8, "PLANES")]),
    "text": (lambda n: (noise(n, "<u2") % 999).astype("<U5"), [(20, "PLANES")]),
    "records": (record, [(8, "PLANES"), (1, "DICTIONARY"), (3, "PLANES"), (4, "DICTIONARY")]),
}


@pytest.fixture(params=["kernel", "numpy"])
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the compiled kernel, and without."""
    if request.param == "numpy":
        monkeypatch.setattr(kernels, "COMPILED", False)
    elif not kernels.COMPILED:
        pytest.skip("no compiled kernels here")


@pytest.mark.usefixtures("both")
class TestRoundTrip:
    @pytest.mark.parametrize("n", [1000, STRETCH_ITEMS, STRETCH_ITEMS + 1])
    @pytest.mark.parametrize("name", SAMPLES)
    def test_the_same_bytes_come_back(self, name: str, n: int) -> None:
        """Also from a reader that was written from SPEC.md alone; the parts have the length that was said before."""
        make, expected = SAMPLES[name]
        array = make(n)
        assert kinds(array) == expected
        data = content(array)
        assert len(data) == packed(array).n_bytes
        assert unshuffle(data, array.nbytes) == array.tobytes()
        stored = encoded(array)
        assert stored is not None
        assert len(stored) < len(zstd.frame([array.tobytes()], array.nbytes, 3))
        assert decoded(stored, array.nbytes) == array.tobytes()

    @pytest.mark.parametrize("n", [STRETCH_ITEMS, STRETCH_ITEMS + 1])
    def test_one_value_takes_no_room(self, n: int) -> None:
        """However often it comes."""
        array = np.full(n, np.nan)
        assert kinds(array) == [(8, "DICTIONARY")]
        assert len(content(array)) == 1 + 3 + 8 + 8
        assert (
            decoded(encoded(array) or b"", array.nbytes) == unshuffle(content(array), array.nbytes) == array.tobytes()
        )

    @pytest.mark.parametrize("width", [1, 2, 4, 8])
    @pytest.mark.parametrize("kind", [1, 2, 3])
    def test_the_largest_and_the_smallest_numbers_come_back(self, width: int, kind: int) -> None:
        """Differences wrap around: every step between the ends of the range, in every width, by hand."""
        top = 256**width - 1
        ends = [0, 1, top // 2, top // 2 + 1, top - 1, top]
        values = [value for pair in product(ends, ends) for value in pair]
        data = fields((width, kind)) + _by_hand(values, width, kind)
        expected = b"".join(value.to_bytes(width, "little") for value in values)
        assert decoded(frame(data), len(expected)) == expected
        assert unshuffle(data, len(expected)) == expected

    def test_nans_and_zeros_keep_their_bits(self) -> None:
        """A dictionary of floats is one of patterns: signs of zero, payloads, signalling NaNs."""
        odd = np.array([0, 1 << 63, 0x7FF8000000000000, 0xFFF0000000000001, 0x7FF0000000000001], "<u8")
        array = odd[noise(4000, "u1") % 5].view("<f8")
        assert kinds(array) == [(8, "DICTIONARY")]
        assert len(packed(array).fields[0].table) == 5
        assert decoded(encoded(array) or b"", array.nbytes) == array.tobytes()

    def test_a_field_that_follows_from_another_is_left_out(self) -> None:
        """Two fields of a thousand numbers each, one of which says what the other is."""
        n = 20_000
        items = np.zeros(n, [("cut", "<f8"), ("column", "<i8"), ("gain", "<f4")])
        which = noise(n, "<u2") % 1000
        items["cut"], items["column"], items["gain"] = floats(1000)[which], which * 7 % 31, floats(n)
        assert kinds(items) == [(8, "DICTIONARY"), (8, "FOLLOWS"), (4, "PLANES")]
        assert decoded(encoded(items) or b"", items.nbytes) == items.tobytes()
        items["column"][-1] += 1
        assert (8, "FOLLOWS") not in kinds(items)
        assert decoded(encoded(items) or b"", items.nbytes) == items.tobytes()

    def test_a_field_that_is_small_by_itself_follows_from_none(self) -> None:
        """Numbers of groups in order, beside a value of each group: the values in order say them less briefly."""
        items = np.zeros(20_000, [("value", "<f8"), ("group", "<i8")])
        group = np.arange(len(items)) // 5 + noise(len(items) // 5, "u1").repeat(5) // 250
        items["value"], items["group"] = np.sort(floats(5000))[group * 7 % 5000], group
        assert kinds(items)[1] == (8, "DIFFERENCES")

    def test_of_two_fields_that_follow_from_one_another_one_is_left_out(self) -> None:
        """The same classes in two spellings."""
        n = 20_000
        items = np.zeros(n, [("cut", "<f8"), ("rank", "<i8")])
        which = noise(n, "<u2") % 1000
        items["cut"], items["rank"] = np.sort(floats(1000))[which], which
        assert kinds(items) == [(8, "DICTIONARY"), (8, "FOLLOWS")]
        assert decoded(encoded(items) or b"", items.nbytes) == items.tobytes()

    def test_rows_are_split_where_that_pays(self) -> None:
        """A table of numbers whose columns are unlike; not one whose columns are alike."""
        unlike = np.stack([np.arange(5000) / 8, noise(5000, "u1") % 3, floats(5000)], axis=1)
        assert [kind for _, kind in kinds(unlike, ("<f8", (3,)))] == ["DIFFERENCES", "DICTIONARY", "PLANES"]
        assert decoded(encoded(unlike, ("<f8", (3,))) or b"", unlike.nbytes) == unlike.tobytes()
        assert kinds(floats(15_000), ("<f8", (3,))) == [(8, "PLANES")]

    def test_what_repeats_in_the_same_order_is_left_to_zstd(self) -> None:
        """Ten times the same thousands of floats, farther apart than a sample sees; not in another order each time."""
        once = floats(60_000)
        assert encoded(np.tile(once, 10)) is None
        assert encoded(np.concatenate([once[noise(60_000, "<u8") >> i & 0x7FFF] for i in range(10)])) is not None

    def test_more_effort_is_not_larger(self) -> None:
        """Where a high effort finds less than the lowest, the latter's is taken."""
        sizes = [len(codec.encode(walk(20_000).tobytes(), np.dtype("<f8"), n) or b"") for n in (1, 3, 4, 7, 8, 9)]
        assert sizes[0] == sizes[1] > sizes[2] > sizes[3] > sizes[4] == sizes[5]

    def test_large_blocks_of_noise_take_no_effort(self) -> None:
        """Floats of which the exponent alone shrinks, of more than 4 MiB."""
        data = np.random.default_rng(1).random(600_000).tobytes()
        assert codec.encode(data, np.dtype("<f8"), 9) == codec.encode(data, np.dtype("<f8"), 1)

    @pytest.mark.parametrize("array", [noise(9000), noise(9000, "u1"), np.zeros(0)], ids=["numbers", "bytes", "none"])
    def test_what_would_not_shrink_is_left_to_others(self, array: npt.NDArray[Any]) -> None:
        """Bytes without a pattern."""
        assert encoded(array) is None

    def test_the_stored_form_does_not_depend_on_what_was_stored_before(self) -> None:
        """Nothing of one block is kept for the next."""
        first = encoded(record(5000))
        encoded(floats(9000))
        assert encoded(record(5000)) == first


def _by_hand(values: list[int], width: int, kind: int) -> bytes:
    """The planes of numbers by SPEC.md 4.7, one by one."""
    if kind == 1:
        return _planes(_zigzag(values, width), width)
    table = sorted(set(values))
    apart = [b - a for a, b in zip([0, *table], table, strict=False)]
    indexes = [table.index(value) for value in values]
    head = len(table).to_bytes(8, "little") + _planes(apart, width)
    return head + _planes(indexes if kind == 2 else _zigzag(indexes, 1), 1)


def _zigzag(values: list[int], width: int) -> list[int]:
    half, found, last = 256**width // 2, list[int](), 0
    for value in values:
        apart = (value - last + half) % (2 * half) - half
        found.append(2 * apart if apart >= 0 else -2 * apart - 1)
        last = value
    return found


def _planes(values: list[int], width: int) -> bytes:
    return b"".join(bytes(value >> 8 * i & 255 for value in values) for i in range(width))


class TestSplits:
    @pytest.mark.parametrize(
        ("dtype", "widths"),
        [
            ("<f8", [8]),
            ("<c8", [4, 4]),
            ("S7", [7]),
            ([("a", "u1"), ("b", "<f8")], [1, 8]),
            ({"names": ["b"], "formats": ["<i2"], "offsets": [3], "itemsize": 9}, [3, 2, 4]),
            ({"names": ["b", "a"], "formats": ["<i2", "<f4"], "offsets": [4, 0]}, [4, 2]),
            ([("in", [("a", "<c16"), ("b", "u1", (2, 2))]), ("c", "<i4")], [8, 8, 1, 1, 1, 1, 4]),
            ([("none", "S0"), ("a", "<i4")], [4]),
            ([("many", "u1", (255,))], [1] * 255),
        ],
    )
    def test_fields_fill_the_item(self, dtype: Any, widths: list[int]) -> None:
        """In the order of their places, with what lies between them."""
        item, row = splits(np.dtype(dtype))
        assert [width for _, width in item] == widths
        assert [offset for offset, _ in item] == np.cumsum([0, *widths])[:-1].tolist()
        assert row == []

    def test_a_union_is_one_field(self) -> None:
        """Fields that share bytes cannot be split."""
        union = np.dtype({"names": ["a", "b"], "formats": ["<u4", "<u2"], "offsets": [0, 2], "itemsize": 8})
        assert splits(union) == ([(0, 8)], [])

    @pytest.mark.parametrize("dtype", ["V0", "V65536", [("many", "u1", (256,))]])
    def test_what_has_too_many_or_too_wide_fields_has_none(self, dtype: Any) -> None:
        """The format has no place for them."""
        assert splits(np.dtype(dtype)) == ([], [])
        assert encoded(np.zeros(9, dtype)) is None

    @pytest.mark.parametrize(("columns", "n_fields"), [(1, 1), (64, 64), (65, 0)])
    def test_rows_have_a_field_for_each_number(self, columns: int, n_fields: int) -> None:
        """Up to 64."""
        item, row = splits(np.dtype(("<f4", (columns,))))
        assert (item, len(row)) == ([(0, 4)], n_fields)


@pytest.mark.usefixtures("both")
class TestDamage:
    @pytest.mark.parametrize("name", ["neighbours", "records", "flags", "sorted"])
    def test_every_change_is_refused_or_read_alike(self, name: str) -> None:
        """The second reader agrees, whatever byte is changed, and wherever the content is cut off."""
        array = SAMPLES[name][0](500)
        data = content(array)
        rng = np.random.default_rng(len(data))
        refused = 0
        for round_ in range(300):
            changed = bytearray(data)
            for at in rng.integers(0, len(data) if round_ % 3 else 40, 1 + round_ % 2):
                changed[at] = rng.choice([0, 1, 2, 3, 4, 255, rng.integers(256)])
            changed = changed[: len(data) - round_ % 5 // 4]
            found = tried(codec.decode, bytes(changed), array.nbytes)
            assert found == agreed(unshuffle, bytes(changed), array.nbytes)
            refused += found is None
        assert 0 < refused <= 300

    @pytest.mark.parametrize("n_bytes", [0, 12, 20])
    def test_another_size_is_refused(self, n_bytes: int) -> None:
        """Two items of eight bytes fill sixteen."""
        data = fields((8, 0)) + bytes(16)
        assert decoded(frame(data), 16) == bytes(16)
        with pytest.raises(FormatError, match="shuffled items of 8 bytes do not fill"):
            decoded(frame(data), n_bytes)

    def test_a_size_that_zstd_does_not_say_is_refused(self) -> None:
        """A frame must carry its content size."""
        whole = frame(constant := fields((1, 2)) + bytes([1, 0, 0, 0, 0, 0, 0, 0, 7]))
        assert decoded(whole, 100) == bytes([7]) * 100
        without = b"\x28\xb5\x2f\xfd\0\x38" + b"\x69\0\0" + constant
        with pytest.raises(FormatError, match="shuffled items take 18446744073709551615 bytes"):
            decoded(without, 100)

    @pytest.mark.parametrize("kind", list(Kind))
    def test_a_kind_alone_is_too_little(self, kind: Kind) -> None:
        """Whatever should come next."""
        with pytest.raises(FormatError, match=r"shuffled items (end too early|have a field that follows one without)"):
            decoded(frame(fields((8, kind))), 16)


@pytest.mark.skipif(not kernels.COMPILED, reason="no compiled kernels here")
class TestKernel:
    @pytest.mark.parametrize("width", [1, 2, 3, 4, 8, 20])
    def test_planes_go_where_their_field_is(self, width: int) -> None:
        """And nowhere else; numpy's way beside it."""
        n, item_bytes = 50, width + 9
        planes, out = noise(n * width, "u1"), np.full((n, item_bytes), 0xAA, np.uint8)
        expected = out.copy()
        expected[:, 5 : 5 + width] = planes.reshape(width, n).T
        assert kernels.put_planes(planes, out, 5, width, item_bytes)
        assert np.array_equal(out, expected)

    @pytest.mark.parametrize("width", [1, 2, 3, 4, 8, 20])
    def test_entries_go_where_their_field_is(self, width: int) -> None:
        """And are marked."""
        n, item_bytes = 50, width + 9
        table, numbers = noise(7, f"V{width}"), noise(n, "<u4") % 5
        used, out = np.zeros(7, np.bool_), np.full((n, item_bytes), 0xAA, np.uint8)
        expected = out.copy()
        expected[:, 2 : 2 + width] = table.view(np.uint8).reshape(7, width)[numbers]
        assert kernels.put_entries(numbers, table, used, out, 2, width, item_bytes)
        assert np.array_equal(out, expected)
        assert set(np.flatnonzero(used)) == set(numbers.tolist())

    @pytest.mark.parametrize(
        ("n", "offset", "width", "item_bytes"),
        [(11, 0, 8, 8), (10, 1, 8, 8), (10, -1, 4, 8), (10, 0, 0, 8), (10, 0, -8, 8), (10, 0, 16, 8), (10, 0, 8, 9)],
    )
    def test_nothing_is_written_where_there_is_no_room(self, n: int, offset: int, width: int, item_bytes: int) -> None:
        """Each length is compared with the buffers: ten items of eight bytes have eighty."""
        out = np.full(80, 0xAA, np.uint8)
        assert not kernels.put_planes(np.zeros(n * abs(width), np.uint8), out, offset, width, item_bytes)
        table, used, numbers = np.zeros(abs(width), np.uint8), np.zeros(1, np.bool_), np.zeros(n, np.uint32)
        assert not kernels.put_entries(numbers, table, used, out, offset, width, item_bytes)
        assert (out == 0xAA).all()

    def test_numbers_and_tables_that_do_not_fit_are_refused(self) -> None:
        """A plane too few, a mark too many, an entry that is not there."""
        out, numbers = np.zeros(80, np.uint8), np.zeros(10, np.uint32)
        assert not kernels.put_planes(np.zeros(79, np.uint8), out, 0, 8, 8)
        assert not kernels.put_entries(numbers, np.zeros(2, "<u8"), np.zeros(3, np.bool_), out, 0, 8, 8)
        assert kernels.put_entries(numbers + 1, np.zeros(2, "<u8"), np.zeros(2, np.bool_), out, 0, 8, 8)
        assert not kernels.put_entries(numbers + 2, np.zeros(2, "<u8"), np.zeros(2, np.bool_), out, 0, 8, 8)
