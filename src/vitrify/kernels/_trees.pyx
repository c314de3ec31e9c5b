# cython: language_level=3, auto_pickle=False, wraparound=False, boundscheck=False, cdivision=True
"""Packed trees back to nodes and values, in two passes over each tree.

`vitrify.container.trees.unpacking` is the reference, and says what is wrong where this one only says no. It has read the
places of all trees, which lie within `out` and not upon one another, and cut the streams to the lengths that follow
from the number of nodes and of leaves. What is left to be seen here is that trees end where they should, that stored
children are later nodes of their tree, each once, that classes exist, and that sums stay below 63 bits.

Numbers are written by `memcpy`, which needs no alignment. `inner` and `leaf` count the zeros and ones of the same bits
that gave the streams their lengths, so that none is read beyond its end. Counts are below 2**31 in each leaf (`_small`)
and there are fewer than 2**31 leaves, so sums fit into 63 bits.
"""

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

cdef struct Ints:  # numbers in planes of bytes, zigzag
    const uint8_t* data
    Py_ssize_t n
    int width

cdef struct Streams:
    const uint8_t* bits
    bint is_depth_first
    Ints left, right, feature, samples, weights, impure
    const uint8_t* threshold  # eight planes of n_inner
    bint sums_samples
    const uint8_t* missing         # bits, or NULL as the following, for what is derived
    const uint8_t* plain_weights
    const uint8_t* classes         # NULL if there are plain values
    const uint8_t* plain_values
    const uint8_t* plain_impurity
    Py_ssize_t n_nodes, n_inner, n_values
    Py_ssize_t item_bytes, width

cdef struct Cursor:  # how far the streams of a group have been read
    Py_ssize_t node, inner, leaf, impure

cdef struct Scratch:  # for the largest tree
    Py_ssize_t* stack
    Py_ssize_t* left
    Py_ssize_t* right
    int64_t* samples
    int64_t* totals
    int64_t* counts
    uint8_t* has_parent


cdef class _Buffers:
    """The buffers of the streams, held while they are read."""

    cdef Py_buffer views[16]
    cdef int n

    def __cinit__(self):
        self.n = 0

    def __dealloc__(self):
        cdef int i
        for i in range(self.n):
            PyBuffer_Release(&self.views[i])

    cdef uint8_t* hold(self, object data, bint writable=False) except? NULL:
        PyObject_GetBuffer(data, &self.views[self.n], PyBUF_WRITABLE if writable else PyBUF_SIMPLE)
        self.n += 1
        return <uint8_t*> self.views[self.n - 1].buf


def unpack_trees(columns, spans, out) -> bool:
    """Fill `out` with nodes and values; False where the columns cannot be those of such trees.

    Args:
        columns: The `vitrify.container.trees.Columns` of the group.
        spans: For each tree the offset of its nodes, their number, and the offset of its values, shape (n, 3) int64.
        out: The bytes of the group, writable.
    """
    cdef _Buffers held = _Buffers()
    cdef Streams s
    cdef Cursor at
    cdef Scratch scratch
    cdef uint8_t* target = held.hold(out, True)
    cdef const int64_t* places = <const int64_t*> held.hold(spans)
    cdef Py_ssize_t n_trees = len(spans), i, n, largest = 0
    memset(&at, 0, sizeof(Cursor))
    memset(&s, 0, sizeof(Streams))
    _cut(&s, held, columns)
    for i in range(n_trees):
        largest = max(largest, places[3 * i + 1])
    cdef Py_ssize_t counts_room = largest * s.width if s.classes != NULL else 1
    cdef char* memory = <char*> malloc(largest * (3 * sizeof(Py_ssize_t) + 2 * 8 + 1) + counts_room * 8)
    if memory == NULL:
        raise MemoryError
    scratch.stack = <Py_ssize_t*> memory
    scratch.left = scratch.stack + largest
    scratch.right = scratch.left + largest
    scratch.samples = <int64_t*> (scratch.right + largest)
    scratch.totals = scratch.samples + largest
    scratch.counts = scratch.totals + largest
    scratch.has_parent = <uint8_t*> (scratch.counts + counts_room)
    with nogil:
        for i in range(n_trees):
            n = places[3 * i + 1]
            if not _grow(&s, &at, &scratch, n, target + places[3 * i]):
                break
            if not _fill(&s, &at, &scratch, n, target + places[3 * i], target + places[3 * i + 2]):
                break
        else:
            i = n_trees
        free(memory)
    return i == n_trees


cdef int _cut(Streams* s, _Buffers held, columns) except -1:
    s.n_nodes, s.n_inner = columns.n_nodes, columns.n_inner
    s.item_bytes, s.width = columns.item_bytes, columns.width
    s.n_values = s.n_nodes * s.width
    s.bits = held.hold(columns.bits)
    s.is_depth_first = columns.left is None
    if not s.is_depth_first:
        s.left, s.right = _ints(held, columns.left), _ints(held, columns.right)
    s.feature, s.threshold = _ints(held, columns.feature), held.hold(columns.threshold)
    s.sums_samples = columns.sums_samples
    s.samples = _ints(held, columns.samples)
    if columns.missing is not None:
        s.missing = held.hold(columns.missing)
    if columns.weights is not None:
        s.weights = _ints(held, columns.weights)
    else:
        s.plain_weights = held.hold(columns.plain_weights)
    if columns.classes is not None:
        s.classes, s.impure = held.hold(columns.classes), _ints(held, columns.impure)
    else:
        s.plain_values = held.hold(columns.plain_values)
    if columns.plain_impurity is not None:
        s.plain_impurity = held.hold(columns.plain_impurity)
    return 0


cdef Ints _ints(_Buffers held, tuple stream):
    cdef Ints found
    found.width, found.n = stream[0], stream[1]
    found.data = held.hold(stream[2])
    return found


cdef inline int64_t _int(const Ints* stream, Py_ssize_t i) noexcept nogil:
    cdef uint64_t folded = 0
    cdef int k
    if stream.width == 1:
        folded = stream.data[i]
    else:
        for k in range(stream.width):
            folded |= <uint64_t> stream.data[k * stream.n + i] << (8 * k)
    return <int64_t> (folded >> 1) ^ -<int64_t> (folded & 1)


cdef inline void _float(const uint8_t* planes, Py_ssize_t n, Py_ssize_t i, uint8_t* to) noexcept nogil:
    cdef int k
    for k in range(8):
        to[k] = planes[k * n + i]


cdef inline bint _small(int64_t value) noexcept nogil:
    return -(<int64_t> 1 << 31) <= value <= (<int64_t> 1 << 31)


cdef inline bint _bit(const uint8_t* bits, Py_ssize_t i) noexcept nogil:
    return bits[i >> 3] >> (i & 7) & 1


cdef bint _grow(const Streams* s, Cursor* at, Scratch* scratch, Py_ssize_t n, uint8_t* item) noexcept nogil:
    """Children, features and thresholds, in the order of the nodes; the rest of each node is cleared."""
    cdef Py_ssize_t i, depth = 0
    cdef int64_t left, right, feature
    cdef double undefined = -2.0
    if not s.is_depth_first:
        memset(scratch.has_parent, 0, n)
        scratch.has_parent[0] = 1
    for i in range(n):
        memset(item, 0, s.item_bytes)
        if _bit(s.bits, at.node + i):
            left = right = -1
            feature = -2
            memcpy(item + 24, &undefined, 8)
            scratch.left[i] = -1
            if s.is_depth_first:
                if depth == 0:
                    if i != n - 1:
                        return False
                else:
                    depth -= 1
                    if i + 1 >= n:
                        return False
                    scratch.right[scratch.stack[depth]] = i + 1
        else:
            if s.is_depth_first:
                left = i + 1
                if left >= n:
                    return False
                scratch.stack[depth] = i
                depth += 1
                right = -1
            else:
                left, right = _int(&s.left, at.inner), _int(&s.right, at.inner)
                if not _small(left) or not _small(right):
                    return False
                left += i
                right += left
                if not (i < left < n and i < right < n) or left == right:
                    return False
                if scratch.has_parent[left] or scratch.has_parent[right]:
                    return False
                scratch.has_parent[left] = scratch.has_parent[right] = 1
                scratch.right[i] = right
            scratch.left[i] = left
            feature = _int(&s.feature, at.inner)
            _float(s.threshold, s.n_inner, at.inner, item + 24)
            at.inner += 1
        memcpy(item, &left, 8)
        memcpy(item + 8, &right, 8)
        memcpy(item + 16, &feature, 8)
        item += s.item_bytes
    if s.is_depth_first:
        return depth == 0
    for i in range(n):
        if not scratch.has_parent[i]:
            return False
    return True


cdef bint _fill(
    const Streams* s, Cursor* at, Scratch* scratch, Py_ssize_t n, uint8_t* nodes, uint8_t* values
) noexcept nogil:
    """What leaves say, from the first to the last, and then sums, from the last node to the root."""
    cdef Py_ssize_t i, k, left, right, node
    cdef int64_t right64, share_of
    cdef int64_t* counts
    cdef uint8_t kind
    cdef uint8_t missing
    cdef double total, squares, share, impurity
    cdef uint8_t* item
    for i in range(n):
        node = at.node + i
        if not s.sums_samples:
            scratch.samples[i] = _int(&s.samples, node)
        if scratch.left[i] != -1:
            continue
        if s.sums_samples:
            scratch.samples[i] = _int(&s.samples, at.leaf)
            if not _small(scratch.samples[i]):
                return False
        if s.plain_weights == NULL:
            share_of = _int(&s.weights, at.leaf)
            if not _small(share_of) or not _small(scratch.samples[i]):
                return False
            scratch.totals[i] = share_of + scratch.samples[i]
            if not _small(scratch.totals[i]):
                return False
        if s.classes != NULL:
            counts = scratch.counts + i * s.width
            kind = s.classes[at.leaf]
            if kind == 255:
                for k in range(s.width):
                    counts[k] = _int(&s.impure, k * (s.impure.n // s.width) + at.impure)
                    if not _small(counts[k]):
                        return False
                at.impure += 1
            else:
                if kind >= s.width:
                    return False
                memset(counts, 0, s.width * 8)
                counts[kind] = scratch.totals[i]
        at.leaf += 1
    for i in range(n - 1, -1, -1):
        item = nodes + i * s.item_bytes
        left = scratch.left[i]
        missing = 0
        if left != -1:
            right = scratch.right[i]
            right64 = right
            memcpy(item + 8, &right64, 8)
            if s.sums_samples:
                scratch.samples[i] = scratch.samples[left] + scratch.samples[right]
            if s.plain_weights == NULL:
                scratch.totals[i] = scratch.totals[left] + scratch.totals[right]
            if s.classes != NULL:
                for k in range(s.width):
                    scratch.counts[i * s.width + k] = (
                        scratch.counts[left * s.width + k] + scratch.counts[right * s.width + k]
                    )
            missing = scratch.samples[left] > scratch.samples[right]
        memcpy(item + 40, &scratch.samples[i], 8)
        if s.item_bytes == 64:
            item[56] = missing if s.missing == NULL else _bit(s.missing, at.node + i)
        if s.plain_weights == NULL:
            total = <double> scratch.totals[i]
            memcpy(item + 48, &total, 8)
        else:
            _float(s.plain_weights, s.n_nodes, at.node + i, item + 48)
        if s.classes != NULL:
            if scratch.totals[i] < 1:
                return False
            squares = 0.0
            for k in range(s.width):
                share = <double> scratch.counts[i * s.width + k]
                squares += share * share
                share = share / total
                memcpy(values + (i * s.width + k) * 8, &share, 8)
            impurity = 1.0 - squares / (total * total)
            if s.plain_impurity == NULL:
                memcpy(item + 32, &impurity, 8)
        else:
            for k in range(s.width):
                _float(s.plain_values, s.n_values, (at.node + i) * s.width + k, values + (i * s.width + k) * 8)
        if s.plain_impurity != NULL:
            _float(s.plain_impurity, s.n_nodes, at.node + i, item + 32)
    at.node += n
    return True
