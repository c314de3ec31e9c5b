"""Numbers most of which are the same: every bit comes back, and nothing else is taken for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
import pytest

from tests.support.decoding import agreed
from tests.support.decoding import decoded as tried
from tests.support.independent_codecs import unsparse, unzstd
from vitrify.container import choice, sparse, zstd
from vitrify.container.codecs import SHUFFLE, SPARSE, ZSTD
from vitrify.errors import FormatError

NOISE = np.random.default_rng(0).integers(0, 256, 1 << 21, np.uint8)


def rare(n: int, one_in: int) -> npt.NDArray[np.bool_]:
    """One flag in so many is set, by chance, and the last one."""
    found: npt.NDArray[np.bool_] = NOISE[: 4 * n].view("<u4") % one_in == 0
    found[-1] = True
    return found


def encoded(array: npt.NDArray[Any], effort: int = 3) -> bytes:
    """The stored form."""
    found = sparse.encode(array.tobytes(), array.dtype, effort)
    assert found is not None
    return found


def decoded(stored: bytes, n_bytes: int) -> bytes:
    """What the codec makes of it."""
    out = bytearray(n_bytes)
    sparse.decode(memoryview(stored), memoryview(out))
    return bytes(out)


def by_hand(places: list[int], others: list[int], *, width: int, common: int, gap_bytes: int) -> bytes:
    """A content by SPEC.md 4.11, number by number."""
    gaps = [place - before - 1 for before, place in zip([-1, *places], places, strict=False)]
    planes = [
        bytes(number >> 8 * i & 255 for number in numbers)
        for numbers, size in ((gaps, gap_bytes), (others, width))
        for i in range(size)
    ]
    head = bytes([width]) + common.to_bytes(width, "little") + len(places).to_bytes(8, "little") + bytes([gap_bytes])
    return head + b"".join(planes)


SAMPLES: dict[str, Callable[[int], npt.NDArray[Any]]] = {
    "mask": lambda n: rare(n, 300),
    "coefficients": lambda n: np.where(rare(n, 9), NOISE[: 8 * n].view("<u8") / 2**65, 0.0),
    "signs": lambda n: np.where(rare(n, 50), -0.0, 0.0),
    "missing": lambda n: np.where(rare(n, 50), 1.5, np.nan),
    "singles": lambda n: np.where(rare(n, 3), NOISE[:n], 0).astype("<f4"),
    "counts": lambda n: (rare(n, 20) * NOISE[:n]).astype("<u2"),
    "big-endian": lambda n: np.where(rare(n, 20), NOISE[:n], -7).astype(">i4"),
    "complex": lambda n: np.where(rare(n, 40), NOISE[:n] + 2j, 0),
    "dates": lambda n: np.where(rare(n, 90), 1, 0).astype("<M8[s]"),
}


class TestRoundTrip:
    @pytest.mark.parametrize("n", [1000, 140_000])
    @pytest.mark.parametrize("name", SAMPLES)
    def test_the_same_bytes_come_back(self, name: str, n: int) -> None:
        """Of every width, by both readers; where there are many, smaller than by zstd alone."""
        array = SAMPLES[name](n)
        stored = encoded(array)
        assert n == 1000 or len(stored) < len(zstd.frame([array.tobytes()], array.nbytes, 3))
        assert decoded(stored, array.nbytes) == array.tobytes()
        assert unsparse(unzstd(stored, None), array.nbytes) == array.tobytes()

    @pytest.mark.parametrize("gap", [0, 255, 256, 65535, 65536])
    @pytest.mark.parametrize("width", [1, 2, 4, 8])
    def test_gaps_take_the_fewest_bytes(self, gap: int, width: int) -> None:
        """By hand, at the edges of one byte and of two; the last number of all may be another."""
        numbers = np.full(gap + 3, 3, f"<u{width}")
        numbers[[gap, gap + 2]] = 256**width - 1, 0
        gap_bytes = 1 if gap < 256 else 2 if gap < 65536 else 4
        content = by_hand([gap, gap + 2], [256**width - 1, 0], width=width, common=3, gap_bytes=gap_bytes)
        n_bytes = max(numbers.nbytes, len(content))  # at least as large as what is packed
        numbers = np.append(numbers, np.full(-(-(n_bytes - numbers.nbytes) // width) + 4, 3, f"<u{width}"))
        assert decoded(zstd.frame([content], len(content), 1), numbers.nbytes) == numbers.tobytes()
        assert unsparse(content, numbers.nbytes) == numbers.tobytes()
        assert unzstd(encoded(numbers), None) == content or gap == 0

    def test_more_effort_is_not_larger(self) -> None:
        """Where more effort finds less, the lowest one's is taken."""
        for make in SAMPLES.values():
            sizes = [len(encoded(make(20_000), effort)) for effort in (1, 5, 9)]
            assert sizes[0] >= max(sizes)


class TestChoice:
    @pytest.mark.parametrize("name", ["mask", "coefficients", "counts", "missing"])
    def test_it_is_taken_where_it_is_smallest(self, name: str) -> None:
        """Beside zstd and planes."""
        array = SAMPLES[name](50_000)
        found = choice.encode(array.tobytes(), array.dtype, 5)
        assert found is not None
        assert found[0] is SPARSE
        assert found[1] == encoded(array, 5)

    def test_what_has_an_order_is_left_to_zstd(self) -> None:
        """Flags that are set at every 37th place."""
        array = np.arange(100_000) % 37 == 0
        found = choice.encode(array.tobytes(), array.dtype, 5)
        assert found is not None
        assert found[0] is ZSTD
        assert len(found[1]) < len(encoded(array, 5))

    def test_what_has_few_values_is_left_to_planes(self) -> None:
        """Nearly half of the flags are set: a bit each is less than a place for every other one."""
        array = NOISE[:50_000] < 110
        found = choice.encode(array.tobytes(), array.dtype, 5)
        assert found is not None
        assert found[0] is SHUFFLE

    @pytest.mark.parametrize(
        "array",
        [
            NOISE[:9000],
            np.zeros(9000),
            np.zeros(0),
            np.zeros(900, "<U3"),
            np.zeros(900, "<f8,<i4"),
            NOISE[:9000] % 3,
            np.arange(9000) < 4600,
            np.zeros(900, np.longdouble),
        ],
        ids=["noise", "constant", "none", "text", "records", "three values", "half and more", "other widths"],
    )
    def test_other_arrays_are_not_tried(self, array: npt.NDArray[Any]) -> None:
        """Without a number that half of them are; or with that one alone; or not of one number each."""
        assert sparse.encode(array.tobytes(), array.dtype, 3) is None

    def test_rows_are_numbers(self) -> None:
        """A table of which most is zero: its dtype has a shape."""
        rows = np.where(rare(30_000, 9), 2.5, 0.0)
        assert sparse.encode(rows.tobytes(), np.dtype(("<f8", (30,))), 3) == encoded(rows)

    def test_an_end_within_a_number_is_left_to_others(self) -> None:
        """Such a block has another dtype than it seems."""
        assert sparse.encode(bytes(1003) + b"\1", np.dtype("<f8"), 3) is None

    def test_what_would_be_larger_is_left_to_others(self) -> None:
        """Two bytes for each other number, of which there are many."""
        alternating = np.arange(9000) % 2 == 0
        with mock.patch.object(sparse, "_common", return_value=np.zeros(1, np.uint8)):
            assert sparse.encode(alternating.tobytes(), alternating.dtype, 3) is None


class TestDamage:
    @pytest.mark.parametrize("name", ["mask", "counts", "coefficients"])
    def test_every_change_is_refused_or_read_alike(self, name: str) -> None:
        """The second reader agrees, whatever byte is changed, and wherever the content is cut off."""
        array = SAMPLES[name](3000)
        data = unzstd(encoded(array), None)
        rng = np.random.default_rng(len(data))
        refused = 0
        for round_ in range(300):
            changed = bytearray(data)
            for at in rng.integers(0, len(data) if round_ % 3 else 24, 1 + round_ % 2):
                changed[at] = rng.choice([0, 1, 2, 3, 4, 8, 255, rng.integers(256)])
            content = bytes(changed[: len(data) - round_ % 5 // 4])
            found = tried(sparse.decode, content, array.nbytes)
            assert found == agreed(unsparse, content, array.nbytes)
            refused += found is None
        assert 0 < refused < 300

    @pytest.mark.parametrize("n_bytes", [0, 9, 15])
    def test_another_size_is_refused(self, n_bytes: int) -> None:
        """Too few for the two places, for what is packed, or for numbers of two bytes."""
        content = by_hand([1, 9], [5, 6], width=2, common=3, gap_bytes=1)
        assert decoded(zstd.frame([content], len(content), 1), 20)[:6] == b"\3\0\5\0\3\0"
        with pytest.raises(FormatError, match="sparse numbers"):
            decoded(zstd.frame([content], len(content), 1), n_bytes)
