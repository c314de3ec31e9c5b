# cython: language_level=3, auto_pickle=False, wraparound=False, boundscheck=False, cdivision=True
"""Nodes and values of trees to columns, and what follows from what, in two passes over each tree.

`vitrify.container.trees.survey` is the reference. The nodes are those of somebody's model, and not trusted: a child is
used as an index after `i < child < n` has been found true, and both passes end if a tree is not proper. All trees lie
within `data`, and every output has room for all nodes: both are seen to before anything is read.

Numbers are read by `memcpy`, which needs no alignment. Counts are below 2**31 in each leaf before they are added up,
and there are fewer than 2**31 leaves, so sums fit into 63 bits.
"""

from libc.math cimport rint
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

include "_buffers.pxi"

cdef enum:
    IMPURE = 255
    MAX_CLASSES = 255

cdef int64_t BEYOND = <int64_t> 1 << 31

cdef struct Findings:
    bint is_depth_first, sums_samples, follows_missing, sums_weights, has_classes, is_gini
    Py_ssize_t node, inner, leaf, impure  # how many there were in the trees before

cdef struct Outputs:
    uint8_t* is_leaf
    int64_t* left
    int64_t* right
    int64_t* feature
    uint8_t* threshold
    int64_t* samples
    int64_t* weights
    uint8_t* classes
    int64_t* impure

cdef struct Tree:
    const uint8_t* nodes
    const uint8_t* values
    Py_ssize_t n, item_bytes, width

cdef struct Scratch:  # for the largest tree
    Py_ssize_t* stack
    Py_ssize_t* left
    Py_ssize_t* right
    int64_t* samples
    int64_t* totals
    int64_t* counts
    uint8_t* has_parent


def survey_trees(data, spans, Py_ssize_t item_bytes, Py_ssize_t width, columns) -> tuple | None:
    """How many inner nodes there are and leaves with several classes, and then six yeses or noes.

    Whether every tree grew depth first; whether the samples of inner nodes are sums; whether missing values go where
    more samples went; whether weights are whole and those of inner nodes sums; whether values are shares of counts;
    whether impurities are those of these counts. None where they are no proper trees.

    Args:
        data: The bytes of a group.
        spans: For each tree the offset of its nodes, their number, and the offset of its values, shape (n, 3) int64.
        item_bytes: The size of a node.
        width: The float64 numbers of a node in the values.
        columns: What is filled: for each node whether it is a leaf; for each inner node its children, numbered through,
            its feature and threshold; for each leaf its samples, its weight less these, its class; the counts of
            leaves with several classes, row by row. All have room for all nodes.
    """
    cdef _Buffers held = _Buffers()
    cdef const uint8_t* source = held.hold(data)
    cdef Py_ssize_t n_data = held.n_bytes
    cdef const int64_t* places = <const int64_t*> held.hold(spans)
    cdef Py_ssize_t n_trees = held.n_bytes // 24, n_nodes = 0, largest = 0, i
    if item_bytes != 56 and item_bytes != 64 or not 1 <= width <= n_data // 8:
        return None
    cdef int64_t n, most = n_data // (item_bytes + 8 * width)
    for i in range(n_trees):
        n = places[3 * i + 1]
        if not 1 <= n <= most or not 0 <= places[3 * i] <= n_data - n * item_bytes:
            return None
        if not 0 <= places[3 * i + 2] <= n_data - n * 8 * width:
            return None
        n_nodes += n
        largest = max(largest, n)
    cdef Outputs out
    out.is_leaf = held.room(columns[0], n_nodes)
    out.left, out.right = <int64_t*> held.room(columns[1], 8 * n_nodes), <int64_t*> held.room(columns[2], 8 * n_nodes)
    out.feature, out.threshold = <int64_t*> held.room(columns[3], 8 * n_nodes), held.room(columns[4], 8 * n_nodes)
    out.samples = <int64_t*> held.room(columns[5], 8 * n_nodes)
    out.weights = <int64_t*> held.room(columns[6], 8 * n_nodes)
    out.classes = held.room(columns[7], n_nodes)
    cdef bint may_count = 2 <= width < MAX_CLASSES
    out.impure = <int64_t*> held.room(columns[8], 8 * n_nodes * width if may_count else 0)
    cdef Findings found
    memset(&found, 0, sizeof(Findings))
    found.is_depth_first = found.sums_samples = found.sums_weights = True
    found.follows_missing = item_bytes == 64
    found.has_classes = found.is_gini = may_count
    cdef Py_ssize_t counts_room = largest * width if may_count else 1
    cdef char* memory = <char*> malloc(largest * (3 * sizeof(Py_ssize_t) + 2 * 8 + 1) + counts_room * 8)
    if memory == NULL:
        raise MemoryError
    cdef Scratch scratch
    scratch.stack = <Py_ssize_t*> memory
    scratch.left = scratch.stack + largest
    scratch.right = scratch.left + largest
    scratch.samples = <int64_t*> (scratch.right + largest)
    scratch.totals = scratch.samples + largest
    scratch.counts = scratch.totals + largest
    scratch.has_parent = <uint8_t*> (scratch.counts + counts_room)
    cdef Tree tree
    tree.item_bytes, tree.width = item_bytes, width
    with nogil:
        for i in range(n_trees):
            tree.n = places[3 * i + 1]
            tree.nodes, tree.values = source + places[3 * i], source + places[3 * i + 2]
            if not _shape(&tree, &found, &out, &scratch):
                break
            _leaves(&tree, &found, &out, &scratch)
            _sums(&tree, &found, &scratch)
            found.node += tree.n
        else:
            i = n_trees
        free(memory)
    if i < n_trees:
        return None
    return (
        found.inner, found.impure, found.is_depth_first, found.sums_samples, found.follows_missing,
        found.sums_weights, found.has_classes, found.is_gini,
    )  # fmt: skip


cdef inline int64_t _int(const uint8_t* at) noexcept nogil:
    cdef int64_t value
    memcpy(&value, at, 8)
    return value


cdef inline double _float(const uint8_t* at) noexcept nogil:
    cdef double value
    memcpy(&value, at, 8)
    return value


cdef inline int64_t _bits(double value) noexcept nogil:
    cdef int64_t found
    memcpy(&found, &value, 8)
    return found


cdef bint _shape(const Tree* tree, Findings* found, Outputs* out, Scratch* scratch) noexcept nogil:
    """Children, features and thresholds; False where nodes do not look as in scikit-learn, or are no tree."""
    cdef Py_ssize_t i, depth = 0, n = tree.n
    cdef int64_t left, right
    cdef const uint8_t* item = tree.nodes
    cdef int64_t undefined = _bits(-2.0)
    cdef bint is_depth_first = found.is_depth_first
    cdef uint64_t last
    memset(scratch.has_parent, 0, n)
    scratch.has_parent[0] = 1
    for i in range(n):
        if tree.item_bytes == 64:
            memcpy(&last, item + 56, 8)
            if last > 1:  # the byte for missing values, and seven of padding
                return False
        left, right = _int(item), _int(item + 8)
        out.is_leaf[found.node + i] = left == -1
        if left == -1:
            if right != -1 or _int(item + 16) != -2 or _int(item + 24) != undefined:
                return False
            scratch.left[i] = -1
            if depth:
                depth -= 1
                is_depth_first = is_depth_first and scratch.right[scratch.stack[depth]] == i + 1
        else:
            if not (i < left < n and i < right < n) or left == right:
                return False
            if scratch.has_parent[left] or scratch.has_parent[right]:
                return False
            scratch.has_parent[left] = scratch.has_parent[right] = 1
            scratch.left[i], scratch.right[i] = left, right
            is_depth_first = is_depth_first and left == i + 1
            scratch.stack[depth] = i  # of all nodes before this one, at most all are on it
            depth += 1
            out.left[found.inner], out.right[found.inner] = found.node + left, found.node + right
            memcpy(&out.feature[found.inner], item + 16, 8)
            memcpy(out.threshold + 8 * found.inner, item + 24, 8)
            found.inner += 1
        item += tree.item_bytes
    for i in range(n):
        if not scratch.has_parent[i]:
            return False
    found.is_depth_first = is_depth_first
    return True


cdef void _leaves(const Tree* tree, Findings* found, Outputs* out, Scratch* scratch) noexcept nogil:
    """What leaves hold, as far as it may be added up."""
    cdef Py_ssize_t i, k, n_classes
    cdef int64_t samples, total, count, kind
    cdef int64_t* counts
    cdef double weight, share
    cdef const uint8_t* item = tree.nodes
    for i in range(tree.n):
        samples = scratch.samples[i] = _int(item + 40)
        if not 0 <= samples < BEYOND:
            found.sums_weights = False  # weights are told from all samples
        if scratch.left[i] == -1:
            if not 0 <= samples < BEYOND:
                found.sums_samples = False
            out.samples[found.leaf] = samples
            weight = _float(item + 48)
            if not 0.0 <= weight < <double> BEYOND or _bits(<double> <int64_t> weight) != _bits(weight):
                found.sums_weights = False
            if found.sums_weights:
                total = scratch.totals[i] = <int64_t> weight
                out.weights[found.leaf] = total - samples
                found.has_classes = found.has_classes and total >= 1
            if found.sums_weights and found.has_classes:
                counts, n_classes, kind, count = scratch.counts + i * tree.width, 0, 0, 0
                for k in range(tree.width):
                    share = _float(tree.values + (i * tree.width + k) * 8) * <double> total
                    if not -0.5 <= share <= <double> BEYOND:
                        found.has_classes = False
                        break
                    counts[k] = <int64_t> rint(share)
                    count += counts[k]
                    if counts[k]:
                        n_classes += 1
                        kind = k
                found.has_classes = found.has_classes and count == total
                out.classes[found.leaf] = kind if n_classes == 1 else IMPURE
                if n_classes > 1 and found.has_classes:
                    memcpy(out.impure + found.impure * tree.width, counts, tree.width * 8)
                    found.impure += 1
            found.leaf += 1
        item += tree.item_bytes


cdef void _sums(const Tree* tree, Findings* found, Scratch* scratch) noexcept nogil:
    """Whether inner nodes hold what follows from their children, from the last node to the root."""
    cdef Py_ssize_t i, k, left, right
    cdef const uint8_t* item
    cdef uint8_t missing
    cdef double total, squares, share
    cdef int64_t* counts
    cdef bint sums_samples = found.sums_samples, follows_missing = found.follows_missing
    cdef bint sums_weights = found.sums_weights
    cdef bint has_classes = found.has_classes and sums_weights, is_gini = found.is_gini and has_classes
    for i in range(tree.n - 1, -1, -1):
        item = tree.nodes + i * tree.item_bytes
        left, right, missing = scratch.left[i], scratch.right[i], 0
        if left != -1:
            if sums_samples and scratch.samples[left] + scratch.samples[right] != scratch.samples[i]:
                sums_samples = False
            missing = scratch.samples[left] > scratch.samples[right]
            if sums_weights:
                scratch.totals[i] = scratch.totals[left] + scratch.totals[right]
                if _bits(<double> scratch.totals[i]) != _int(item + 48):
                    sums_weights = has_classes = is_gini = False
        if follows_missing and item[56] != missing:
            follows_missing = False
        if not has_classes:
            continue
        counts, squares, total = scratch.counts + i * tree.width, 0.0, <double> scratch.totals[i]
        for k in range(tree.width):
            if left != -1:
                counts[k] = scratch.counts[left * tree.width + k] + scratch.counts[right * tree.width + k]
            share = <double> counts[k]
            squares += share * share
            if _bits(share / total) != _int(tree.values + (i * tree.width + k) * 8):
                has_classes = is_gini = False
        if is_gini and _bits(1.0 - squares / (total * total)) != _int(item + 32):
            is_gini = False
    found.sums_samples, found.follows_missing = sums_samples, follows_missing
    found.sums_weights, found.has_classes, found.is_gini = sums_weights, has_classes, is_gini
