# cython: language_level=3, auto_pickle=False, wraparound=False, boundscheck=False, cdivision=True
"""Packed trees back to nodes and values, in two passes over each tree.

`vitrify.container.trees.unpacking` is the reference, and says what is wrong where this one only says no. It has read
the places of all trees, which lie within `out` and not upon one another, and cut the streams to the lengths that follow
from the number of nodes and of leaves; what has a dictionary, and what is near something, comes in arrays of that
length. What is left to be seen here is that trees end where they should, that stored children are later nodes of their
tree, each once, that classes exist, and that sums stay below 63 bits.

Numbers are written by `memcpy`, which needs no alignment. `inner` and `leaf` count the zeros and ones of the same bits
that gave the streams their lengths, so that none is read beyond its end. All bytes of a node and of its values are
written, those of inner nodes after those of both children. Counts are below 2**31 in each leaf (`_small`)
and there are fewer than 2**31 leaves, so sums fit into 63 bits.
"""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

include "_buffers.pxi"
include "_numbers.pxi"

cdef struct Streams:  # where there is NULL in one, it is derived
    const uint8_t* bits
    bint is_depth_first
    Ints left, right, feature, samples, weights, impure
    Floats threshold, plain_weights, plain_values, plain_impurity
    Near near_weights, near_values, near_impurity
    bint sums_samples, sums_weights, is_entropy
    const uint8_t* missing
    const uint8_t* classes
    Py_ssize_t n_nodes, n_inner, n_outputs
    Py_ssize_t item_bytes, width

cdef struct Cursor:  # how far the streams of a group have been read
    Py_ssize_t node, inner, leaf, impure

cdef struct Scratch:  # for the largest tree
    Py_ssize_t* stack
    Py_ssize_t* left
    Py_ssize_t* right
    Py_ssize_t* inner  # the nodes that are no leaves
    int64_t* samples
    int64_t* totals
    int64_t* counts
    uint8_t* has_parent


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
    cdef Py_ssize_t n_trees = len(spans), i, n, n_inner, largest = 0
    memset(&at, 0, sizeof(Cursor))
    memset(&s, 0, sizeof(Streams))
    _cut(&s, held, columns)
    for i in range(n_trees):
        largest = max(largest, places[3 * i + 1])
    cdef Py_ssize_t counts_room = largest * s.width if s.classes != NULL else 1
    cdef char* memory = <char*> malloc(largest * (4 * sizeof(Py_ssize_t) + 2 * 8 + 1) + counts_room * 8)
    if memory == NULL:
        raise MemoryError
    scratch.stack = <Py_ssize_t*> memory
    scratch.left = scratch.stack + largest
    scratch.right = scratch.left + largest
    scratch.inner = scratch.right + largest
    scratch.samples = <int64_t*> (scratch.inner + largest)
    scratch.totals = scratch.samples + largest
    scratch.counts = scratch.totals + largest
    scratch.has_parent = <uint8_t*> (scratch.counts + counts_room)
    with nogil:
        for i in range(n_trees):
            n, n_inner = places[3 * i + 1], at.inner
            if not _grow(&s, &at, &scratch, n, target + places[3 * i], target + places[3 * i + 2]):
                break
            n_inner = at.inner - n_inner
            if not _fill(&s, &at, &scratch, n_inner, target + places[3 * i], target + places[3 * i + 2]):
                break
            at.node += n
        else:
            i = n_trees
        free(memory)
    return i == n_trees


cdef int _cut(Streams* s, _Buffers held, columns) except -1:
    s.n_nodes, s.n_inner = columns.n_nodes, columns.n_inner
    s.item_bytes, s.width = columns.item_bytes, columns.width
    s.bits = held.hold(columns.bits)
    s.is_depth_first = columns.left is None
    if not s.is_depth_first:
        s.left, s.right = _ints(held, columns.left), _ints(held, columns.right)
    s.feature, s.threshold = _ints(held, columns.feature), _floats(held, columns.threshold)
    s.sums_samples = columns.sums_samples
    s.samples = _ints(held, columns.samples)
    if columns.missing is not None:
        s.missing = held.hold(columns.missing)
    s.sums_weights = columns.weights is not None
    if s.sums_weights:
        s.weights = _ints(held, columns.weights)
    else:
        s.plain_weights = _floats(held, columns.plain_weights)
    if columns.classes is not None:
        s.classes, s.impure = held.hold(columns.classes), _ints(held, columns.impure)
    else:
        s.plain_values = _floats(held, columns.plain_values)
    if columns.plain_impurity is not None:
        s.plain_impurity = _floats(held, columns.plain_impurity)
    s.near_weights = _near(held, columns.near_weights)
    s.near_values = _near(held, columns.near_values)
    s.near_impurity, s.n_outputs = _near(held, columns.near_impurity), columns.n_outputs
    s.is_entropy = columns.is_entropy
    return 0


cdef bint _grow(
    const Streams* s, Cursor* at, Scratch* scratch, Py_ssize_t n, uint8_t* nodes, uint8_t* values
) noexcept nogil:
    """Children, features and thresholds, in the order of the nodes, and leaves as a whole; padding is cleared."""
    cdef Py_ssize_t i, depth = 0, n_inner = 0
    cdef uint8_t* item = nodes
    cdef int64_t left, right, feature
    cdef double undefined = -2.0
    cdef uint64_t cleared = 0
    if not s.is_depth_first:
        memset(scratch.has_parent, 0, n)
        scratch.has_parent[0] = 1
    for i in range(n):
        if s.item_bytes == 64:
            memcpy(item + 56, &cleared, 8)
        if not s.sums_samples:
            scratch.samples[i] = _int(&s.samples, at.node + i)
        if _bit(s.bits, at.node + i):
            left = right = -1
            feature = -2
            memcpy(item + 24, &undefined, 8)
            scratch.left[i] = -1
            if not _leaf(s, at, scratch, i, item, values + i * s.width * 8):
                return False
            if not _finish(s, at.node + i, 0, scratch, i, nodes, values, True):
                return False
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
            scratch.inner[n_inner] = i
            n_inner += 1
            feature = _int(&s.feature, at.inner)
            _float(&s.threshold, at.inner, item + 24)
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


cdef inline bint _leaf(
    const Streams* s, Cursor* at, Scratch* scratch, Py_ssize_t i, uint8_t* item, uint8_t* row
) noexcept nogil:
    """What is stored of node `i` of a tree, a leaf."""
    cdef Py_ssize_t k
    cdef int64_t more
    cdef int64_t* counts
    cdef uint8_t kind
    if s.sums_samples:
        scratch.samples[i] = _int(&s.samples, at.leaf)
        if not _small(scratch.samples[i]):
            return False
    if s.sums_weights:
        more = _int(&s.weights, at.leaf)
        if not _small(more) or not _small(scratch.samples[i]) or not _small(more + scratch.samples[i]):
            return False
        scratch.totals[i] = more + scratch.samples[i]
    elif s.near_weights.bits != NULL:
        _float(&s.plain_weights, at.leaf, item + 48)
    if s.near_values.bits != NULL:
        for k in range(s.width):
            _float(&s.plain_values, at.leaf * s.width + k, row + k * 8)
    elif s.classes != NULL:
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
            for k in range(s.width):
                counts[k] = 0
            counts[kind] = scratch.totals[i]
    at.leaf += 1
    return True


cdef bint _fill(
    const Streams* s, const Cursor* at, Scratch* scratch, Py_ssize_t n_inner, uint8_t* nodes, uint8_t* values
) noexcept nogil:
    """What follows, from the last inner node to the root; of `at.inner` inner nodes `n_inner` are of this tree."""
    cdef Py_ssize_t i, k, first = at.inner - n_inner
    for k in range(n_inner - 1, -1, -1):
        i = scratch.inner[k]
        if not _finish(s, at.node + i, first + k, scratch, i, nodes, values, False):
            return False
    return True


cdef inline bint _finish(
    const Streams* s, Py_ssize_t node, Py_ssize_t inner, Scratch* scratch, Py_ssize_t i,
    uint8_t* nodes, uint8_t* values, bint is_leaf,
) noexcept nogil:
    """What follows for node `i` of a tree, number `node` of all and, unless it is a leaf, `inner` of all inner ones."""
    cdef uint8_t* item = nodes + i * s.item_bytes
    cdef uint8_t* row = values + i * s.width * 8
    cdef Py_ssize_t k, left = -1, right = -1
    cdef int64_t right64
    cdef uint8_t missing = 0
    cdef double total = 0.0, squares, share
    if not is_leaf:
        left, right = scratch.left[i], scratch.right[i]
        right64 = right
        memcpy(item + 8, &right64, 8)
        if s.sums_samples:
            scratch.samples[i] = scratch.samples[left] + scratch.samples[right]
        if s.sums_weights:
            scratch.totals[i] = scratch.totals[left] + scratch.totals[right]
        if s.classes != NULL:
            for k in range(s.width):
                scratch.counts[i * s.width + k] = (
                    scratch.counts[left * s.width + k] + scratch.counts[right * s.width + k]
                )
        missing = scratch.samples[left] > scratch.samples[right]
    memcpy(item + 40, &scratch.samples[i], 8)
    if s.item_bytes == 64:
        item[56] = missing if s.missing == NULL else _bit(s.missing, node)
    if s.sums_weights:
        total = <double> scratch.totals[i]
        memcpy(item + 48, &total, 8)
    elif s.near_weights.bits == NULL:
        _float(&s.plain_weights, node, item + 48)
    elif not is_leaf:
        _moved(&s.near_weights, inner, _weight(s, nodes, left) + _weight(s, nodes, right), item + 48)
    if s.classes != NULL:
        if scratch.totals[i] < 1:
            return False
        squares = 0.0
        for k in range(s.width):
            share = <double> scratch.counts[i * s.width + k]
            squares += share * share
            share = share / total
            memcpy(row + k * 8, &share, 8)
        share = 1.0 - squares / (total * total)
        memcpy(item + 32, &share, 8)
    elif s.near_values.bits == NULL:
        for k in range(s.width):
            _float(&s.plain_values, node * s.width + k, row + k * 8)
    elif not is_leaf:
        for k in range(s.width):
            share = _mean(
                s, nodes, i, left, right,
                _read(values + (left * s.width + k) * 8), _read(values + (right * s.width + k) * 8),
            )  # fmt: skip
            _moved(&s.near_values, inner * s.width + k, share, row + k * 8)
    if s.plain_impurity.data != NULL:
        _float(&s.plain_impurity, node, item + 32)
    elif s.near_impurity.bits != NULL:
        squares = _squares(row, s.width)
        if s.is_entropy:
            _shifted(&s.near_impurity, node, _entropy(row, s.width) / <double> s.n_outputs, 1.0, item + 32)
        elif s.n_outputs > 0:
            _shifted(&s.near_impurity, node, 1.0 - squares / <double> s.n_outputs, 1.0, item + 32)
        elif is_leaf:
            _shifted(&s.near_impurity, node, 0.0, squares, item + 32)
        else:
            total = _number(
                _mean(s, nodes, i, left, right, _all_of(s, nodes, values, left), _all_of(s, nodes, values, right))
            )
            _shifted(&s.near_impurity, node, (total - squares) / <double> s.width, total, item + 32)
    return True


cdef inline double _weight(const Streams* s, const uint8_t* nodes, Py_ssize_t i) noexcept nogil:
    return _read(nodes + i * s.item_bytes + 48)


cdef inline double _mean(
    const Streams* s, const uint8_t* nodes, Py_ssize_t i, Py_ssize_t left, Py_ssize_t right,
    double of_left, double of_right,
) noexcept nogil:
    """What is expected of the mean of a node from those of its children."""
    return (_weight(s, nodes, left) * of_left + _weight(s, nodes, right) * of_right) / _weight(s, nodes, i)


cdef inline double _all_of(const Streams* s, const uint8_t* nodes, const uint8_t* values, Py_ssize_t i) noexcept nogil:
    """The mean square of a node, from its impurity and the squares of its means."""
    return _read(nodes + i * s.item_bytes + 32) * <double> s.width + _squares(values + i * s.width * 8, s.width)
