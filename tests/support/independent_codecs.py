"""The codecs of SPEC.md §4, byte by byte, written from it alone: this never imports vitrify.

Numbers in comments are the points of 4.7 to 4.11; the trees of 4.6 stand in a file of their own.
"""

from __future__ import annotations

import struct
from itertools import accumulate

import zstandard

from tests.support.independent_columns import Columns, require
from tests.support.independent_trees import untree


def unzstd(stored: bytes, n_bytes: int | None) -> bytes:
    """The content of exactly one zstd frame (4.2), of so many bytes if that is known."""
    try:
        frame = zstandard.get_frame_parameters(stored)
        n_bytes = min(frame.content_size, 2**40) if n_bytes is None else n_bytes
        require(frame.content_size == n_bytes and frame.window_size <= 2**27 and not frame.dict_id, "zstd frame")
        decoder, content = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj(), b""
        for begin in range(0, len(stored), 1024):
            content += decoder.decompress(stored[begin : begin + 1024])
            require(len(content) <= n_bytes, "a zstd frame holds more than it says")
    except zstandard.ZstdError as error:
        raise ValueError(f"damaged zstd frame: {error}") from error
    require(len(content) == n_bytes and decoder.eof and not decoder.unused_data, "content of a zstd frame")
    return content


def unshuffle(content: bytes, n_bytes: int) -> bytes:
    """The items whose planes these are (4.7)."""
    require(len(content) <= 2 * n_bytes + 4096, "size of shuffled items")
    columns = Columns(content)
    fields = [(field[0] | field[1] << 8, field[2]) for field in map(columns.take, [3] * columns.take(1)[0])]  # 1
    require(all(w and kind <= 4 and (w in (1, 2, 4, 8) or kind in (0, 4)) for w, kind in fields), "fields")
    size = sum(w for w, _ in fields)
    require(size and n_bytes and n_bytes % size == 0, "size of items")
    n, tables, leaders = n_bytes // size, dict[int, list[int]](), dict[int, int]()
    for i, (w, kind) in enumerate(fields):  # 2
        if kind in (2, 3):
            count = int.from_bytes(columns.take(8), "little")
            require((1 if kind == 2 else 3) <= count <= min(n, 2**32), "size of a dictionary")
            tables[i] = list(accumulate(columns.planes(count, w)))
            require(tables[i] == sorted(set(tables[i])) and tables[i][-1] < 256**w, "order of a dictionary")
    followers = [i for i, (_, kind) in enumerate(fields) if kind == 4]
    entries = {i: set[int]() for i in tables}
    for i in followers:  # 3
        leaders[i] = columns.take(1)[0]
        require(leaders[i] in entries, "a dictionary to follow")
        tables[i] = columns.planes(len(tables[leaders[i]]), fields[i][0])
    rows = list[bytes]()
    for begin in range(0, n, 65536):  # 4
        m = min(65536, n - begin)
        numbers = {i: _numbers(columns, m, w, kind, tables.get(i, [])) for i, (w, kind) in enumerate(fields)}
        for i in entries:
            entries[i] |= set(numbers[i])
            require(max(numbers[i]) < len(tables[i]), "an entry that is not there")
        for i in followers:
            numbers[i] = numbers[leaders[i]]
        values = [[tables[i][u] for u in numbers[i]] if i in tables else numbers[i] for i in range(len(fields))]
        for row in zip(*values, strict=True):
            rows.append(b"".join(value.to_bytes(w, "little") for value, (w, _) in zip(row, fields, strict=True)))
    require(not columns.data, "bytes after shuffled items")
    require(all(len(entries[i]) == len(tables[i]) for i in entries), "an entry that no item has")
    return b"".join(rows)


def _numbers(columns: Columns, m: int, width: int, kind: int, table: list[int]) -> list[int]:
    """What stands for a field of m items: numbers, or the numbers of entries."""
    if kind in (2, 3):
        width = next(w for w in (1, 2, 4) if len(table) <= 256**w)
    if kind == 4 or (kind == 2 and len(table) == 1):
        return [0] * m
    if kind == 2 and len(table) == 2:
        return columns.bits(m)
    found = columns.planes(m, width)
    if kind in (1, 3):
        found = [total % 256**width for total in accumulate(-(u + 1) // 2 if u % 2 else u // 2 for u in found)]
    return found


def unwords(content: bytes, n_bytes: int) -> list[bytes]:
    """The words that are packed to this, whose block has so many bytes (4.8)."""
    columns = Columns(content)
    form, n = columns.take(1)[0], int.from_bytes(columns.take(8), "little")  # 1 2
    require(form <= 1 and n >= 1, "form and number of words")
    shared = columns.take(n)  # 3
    if form == 0:
        rests = columns.data.split(b"\0")  # 4
        require(len(rests) == n, "number of rests")
    else:
        lengths = columns.take(n)  # 5
        require(all(s <= length for s, length in zip(shared, lengths, strict=True)), "lengths")
        parts = [list[int]() for _ in range(n)]
        for k in range(max(lengths)):
            for i in range(n):
                if shared[i] <= k < lengths[i]:
                    parts[i].append(columns.take(1)[0])
        require(not columns.data and not any(0 in part for part in parts), "columns")
        rests = [bytes(part) for part in parts]
    found, before, left = list[bytes](), b"", n_bytes + 1
    for s, rest in zip(shared, rests, strict=True):
        left -= s + len(rest) + 1
        require(s <= len(before) and left >= 0, "length of a word")
        word = before[:s] + rest
        common = next((k for k, (a, b) in enumerate(zip(before, word, strict=False)) if a != b), None)
        require(s == min(255, len(before), len(word)) if common is None else s == min(255, common), "what is shared")
        found.append(word)
        before = word
    require(left == 0, "size of words")
    return found


def unvocabulary(content: bytes, n_bytes: int) -> bytes:
    """The keys and values of dicts that are packed to this (4.9)."""
    require(n_bytes < 2**31, "size of a vocabulary")
    columns = Columns(content)
    width, n_runs = columns.take(1)[0], int.from_bytes(columns.take(8), "little")  # 1 2
    require(width in (1, 2, 4, 8) and 1 <= n_runs <= n_bytes, "width, or number of runs")
    runs = [struct.unpack("<3Q", columns.take(24)) for _ in range(n_runs)]
    others, plain_values, sizes = (list(numbers) for numbers in zip(*runs, strict=True))
    require(min([*sizes[:-1], sum(runs[-1]), max(sizes)]) >= 1, "a run of nothing")
    require(sum(map(sum, runs)) <= 2 * n_bytes and max(sizes) <= 2 ** (8 * width - 1), "sizes of runs")
    plain = columns.take(sum(plain_values) * width)  # 3
    numbers = columns.planes(sum(sizes), next(w for w in range(9) if max(sizes) <= 256**w))  # 4
    n, n_values = sum(others) + sum(sizes), sum(plain_values) + sum(sizes)
    words = unwords(columns.data, n_bytes - n_values * width)  # 5
    require(len(words) == n, "number of words")
    keys, values = list[bytes](), b""
    for a, b, k in runs:
        mine, numbers = numbers[:k], numbers[k:]
        require(sorted(mine) == list(range(k)), "numbers of the keys of a dict")
        keys += words[:a] + [words[a + number] for number in mine]
        values += plain[: b * width] + b"".join(number.to_bytes(width, "little") for number in mine)
        words, plain = words[a + k :], plain[b * width :]
    return b"\0".join(keys) + values


def unsparse(content: bytes, n_bytes: int) -> bytes:
    """The numbers most of which are the same that are packed to this (4.11)."""
    columns = Columns(content)
    width = columns.take(1)[0]  # 1
    require(width in (1, 2, 4, 8) and n_bytes % width == 0, "width of sparse numbers")
    common, n = columns.planes(1, width)[0], n_bytes // width  # 2
    (k,), gap_width = columns.planes(1, 8), columns.take(1)[0]  # 3 4
    require(1 <= k <= n // 2 and gap_width in (1, 2, 4, 8), "how many are others, or width of gaps")
    gaps, others = columns.planes(k, gap_width), columns.planes(k, width)  # 5 6
    require(not columns.data and common not in others, "bytes after sparse numbers, or the common one among others")
    require(gap_width == next(w for w in (1, 2, 4, 8) if max(gaps) < 256**w), "wide gaps")
    places = list(accumulate(gap + 1 for gap in gaps))
    require(places[-1] <= n, "a place that is not there")
    found = dict(zip(places, others, strict=True))
    return b"".join(found.get(place, common).to_bytes(width, "little") for place in range(1, n + 1))


def _small(content: bytes, n_bytes: int) -> bytes:
    """What a frame holds, if it is no more than what it is unpacked to."""
    require(1 <= len(content) <= n_bytes, "size of what is packed")
    return content


CODECS = {
    "zstd": unzstd,
    "trees": lambda stored, n_bytes: untree(unzstd(stored, None), n_bytes),
    "shuffle": lambda stored, n_bytes: unshuffle(unzstd(stored, None), n_bytes),
    "sparse": lambda stored, n_bytes: unsparse(_small(unzstd(stored, None), n_bytes), n_bytes),
    "words": lambda stored, n_bytes: b"\0".join(unwords(_small(unzstd(stored, None), n_bytes), n_bytes)),
    "vocabulary": lambda stored, n_bytes: unvocabulary(_small(unzstd(stored, None), n_bytes), n_bytes),
}
GROUPS = {"trees", "vocabulary"}
