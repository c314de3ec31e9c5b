"""The codecs of SPEC.md §4, byte by byte and node by node, written from it alone: this never imports vitrify.

Numbers in comments are the points of 4.6 to 4.9.
"""

from __future__ import annotations

import struct
from itertools import accumulate, pairwise
from typing import Any

import zstandard

_UNDEFINED = (-1, -1, -2, -2.0)


def require(ok: object, message: str) -> None:
    """Raise ValueError unless `ok`."""
    if not ok:
        raise ValueError(message)


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


class Columns:
    """Reads what the clause writes as *mode*, *bits*, *ints* and *floats*."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, n: int) -> bytes:
        """The next n bytes."""
        require(n <= len(self.data), "packed trees end too early")
        taken, self.data = self.data[:n], self.data[n:]
        return taken

    def is_stored(self) -> bool:
        """A mode."""
        mode = self.take(1)[0]
        require(mode <= 1, "mode of a column of packed trees")
        return mode == 1

    def bits(self, n: int) -> list[int]:
        """So many bits."""
        packed = int.from_bytes(self.take(-(-n // 8)), "little")
        require(packed >> n == 0, "bits after the last")
        return [packed >> i & 1 for i in range(n)]

    def planes(self, n: int, width: int) -> list[int]:
        """Unsigned numbers of so many bytes."""
        data = self.take(n * width)
        return [int.from_bytes(data[i::n], "little") if width else 0 for i in range(n)] if n else []

    def ints(self, n: int) -> list[int]:
        """So many integers."""
        width = self.take(1)[0]
        require(width in (0, 1, 2, 4, 8), "width of packed integers")
        return [-(u + 1) // 2 if u % 2 else u // 2 for u in self.planes(n, width)]

    def floats(self, n: int) -> list[float]:
        """So many float64 numbers."""
        return list(struct.unpack(f"<{n}d", struct.pack(f"<{n}Q", *self.planes(n, 8))))


def small(numbers: list[int]) -> list[int]:
    """Numbers of which sums or distances are made."""
    require(all(-(2**31) <= number <= 2**31 for number in numbers), "packed numbers beyond 31 bits")
    return numbers


def untree(packed: bytes, n_bytes: int) -> bytes:
    """The group that was packed."""
    require(1 <= len(packed) <= n_bytes, "size of packed trees")
    columns = Columns(packed)
    size = columns.take(1)[0]
    (width,), (n_trees,) = columns.ints(1), columns.ints(1)  # 1
    require(size in (56, 64) and width >= 1 and 1 <= n_trees <= n_bytes, "kind of packed trees")
    counts = columns.ints(n_trees)
    require(min(counts) >= 1 and sum(counts) * (size + 8 * width) <= n_bytes, "numbers of nodes")
    runs, places = [], []
    for unit in (size, 8 * width):
        position, begins = 0, []
        for count, distance in zip(counts, columns.ints(n_trees), strict=True):
            begins.append(position + distance)
            position += distance + count * unit
            runs.append((begins[-1], position))
        places.append(begins)
    out, taken = bytearray(n_bytes), [(0, 0), *sorted(runs), (n_bytes, n_bytes)]
    gaps = [(a[1], b[0]) for a, b in pairwise(taken)]
    require(all(begin <= end for begin, end in gaps), "trees outside of their group, or upon one another")
    nodes, values = _nodes(columns, counts, size, width)
    first = 0
    for count, at, values_at in zip(counts, *places, strict=True):
        out[at : at + count * size] = b"".join(nodes[first : first + count])
        out[values_at : values_at + count * 8 * width] = b"".join(values[first : first + count])
        first += count
    for begin, end in gaps:  # 9
        out[begin:end] = columns.take(end - begin)
    require(not columns.data, "bytes after packed trees")
    return bytes(out)


def _nodes(columns: Columns, counts: list[int], size: int, width: int) -> tuple[list[bytes], list[bytes]]:
    """The bytes of each node, and of its values."""
    n, firsts = sum(counts), [sum(counts[:i]) for i in range(len(counts))]
    is_leaf = columns.bits(n)  # 2
    leaves, inner = [i for i in range(n) if is_leaf[i]], [i for i in range(n) if not is_leaf[i]]
    children = _children(columns, is_leaf, inner, firsts, counts)
    feature = dict(zip(inner, columns.ints(len(inner)), strict=True))  # 3
    threshold = dict(zip(inner, columns.floats(len(inner)), strict=True))

    def sums(of_leaves: list[Any]) -> list[Any]:
        found: dict[int, Any] = dict(zip(leaves, of_leaves, strict=True))
        for i in reversed(inner):
            left, right = children[i]
            found[i] = [a + b for a, b in zip(found[left], found[right], strict=True)]
        return [found[i] for i in range(n)]

    def sums_of(of_leaves: list[int]) -> list[int]:
        return [total for (total,) in sums([[number] for number in small(of_leaves)])]

    samples = columns.ints(n) if columns.is_stored() else sums_of(columns.ints(len(leaves)))  # 4
    missing = [0] * n  # 5
    if size == 64:
        if columns.is_stored():
            missing = columns.bits(n)
        else:
            missing = [int(i in children and samples[children[i][0]] > samples[children[i][1]]) for i in range(n)]
    totals, weights = None, list[float]()  # 6
    if columns.is_stored():
        weights = columns.floats(n)
    else:
        more = zip(small(columns.ints(len(leaves))), small([samples[i] for i in leaves]), strict=True)
        totals = sums_of([a + b for a, b in more])
        weights = [float(total) for total in totals]
    tallies = None
    if columns.is_stored():  # 7
        flat = columns.floats(n * width)
        values = [flat[i * width : (i + 1) * width] for i in range(n)]
    else:
        require(totals is not None and min(totals) >= 1 and 2 <= width <= 254, "shares of nothing")
        kinds = columns.take(len(leaves))
        several = sum(kind == 255 for kind in kinds)
        impure = small(columns.ints(several * width))
        rows = iter([impure[i::several] for i in range(several)])
        require(all(kind == 255 or kind < width for kind in kinds), "a class that is not there")
        tallies = sums(
            [
                next(rows) if kind == 255 else [(totals or [])[leaf] * (c == kind) for c in range(width)]
                for leaf, kind in zip(leaves, kinds, strict=True)
            ]
        )
        values = [[float(c) / weight for c in row] for row, weight in zip(tallies, weights, strict=True)]
    if columns.is_stored():  # 8
        impurity = columns.floats(n)
    else:
        require(tallies is not None, "an impurity of nothing")
        squares = [sum(float(c) * float(c) for c in row) for row in tallies or []]
        impurity = [1.0 - q / (w * w) for q, w in zip(squares, weights, strict=True)]
    offsets = [first for first, count in zip(firsts, counts, strict=True) for _ in range(count)]
    records = []
    for i in range(n):
        left, right = (child - offsets[i] for child in children.get(i, (0, 0)))
        begin = _UNDEFINED if is_leaf[i] else (left, right, feature[i], threshold[i])
        record = struct.pack("<qqqddqd", *begin, impurity[i], samples[i], weights[i])
        records.append(record + (bytes([missing[i]]) + bytes(7) if size == 64 else b""))
    return records, [struct.pack(f"<{width}d", *row) for row in values]


def _children(
    columns: Columns, is_leaf: list[int], inner: list[int], firsts: list[int], counts: list[int]
) -> dict[int, tuple[int, int]]:
    """The children of each inner node."""
    found: dict[int, tuple[int, int]] = {}
    if columns.is_stored():
        for i, left, right in zip(inner, small(columns.ints(len(inner))), columns.ints(len(inner)), strict=True):
            found[i] = i + left, i + left + small([right])[0]
    else:
        for first, count in zip(firsts, counts, strict=True):
            waiting: list[int] = []
            for i in range(first, first + count):
                if i > first and is_leaf[i - 1]:
                    require(waiting, "a tree ends before its last node")
                    parent = waiting.pop()
                    found[parent] = parent + 1, i
                if not is_leaf[i]:
                    waiting.append(i)
            require(not waiting and is_leaf[first + count - 1], "a tree does not end with its last node")
    ends = [first + count for first, count in zip(firsts, counts, strict=True) for _ in range(count)]
    require(all(i < child < ends[i] for i, pair in found.items() for child in pair), "children outside of their tree")
    once = sorted([child for pair in found.values() for child in pair] + firsts)
    require(once == list(range(len(is_leaf))), "a node that is not the child of one node")
    return found


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


def _small(content: bytes, n_bytes: int) -> bytes:
    """What a frame holds, if it is no more than what it is unpacked to."""
    require(1 <= len(content) <= n_bytes, "size of what is packed")
    return content


CODECS = {
    "zstd": unzstd,
    "trees": lambda stored, n_bytes: untree(unzstd(stored, None), n_bytes),
    "shuffle": lambda stored, n_bytes: unshuffle(unzstd(stored, None), n_bytes),
    "words": lambda stored, n_bytes: b"\0".join(unwords(_small(unzstd(stored, None), n_bytes), n_bytes)),
    "vocabulary": lambda stored, n_bytes: unvocabulary(_small(unzstd(stored, None), n_bytes), n_bytes),
}
GROUPS = {"trees", "vocabulary"}
