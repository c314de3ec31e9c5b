# cython: language_level=3, auto_pickle=False, wraparound=False
"""The nodes of decision trees in one pass: does every one of them hold what prediction relies on?

Each function answers yes or no for all trees of a list. It says neither what is wrong nor where: that is for the numpy
versions in `vitrify.converters.sklearn`, which check the same and are the reference (attacks M01-M07, M09, M10).

Memory of nodes is read by `memcpy` alone, which needs no alignment, from `tree.data + i * tree.stride + tree.at[field]`:

- `i` is in `[0, tree.n)`: it is the variable of a loop over that range and nothing else;
- item `i` of a one-dimensional buffer starts at `data + i * stride` and has `itemsize` bytes (PEP 3118);
- the field lies inside the item: `_place` has seen to it.

A child is used for one thing, as an index of `above`, after `i < child < tree.n` has been found true; `above` has room
for the largest tree. A feature is used as an index of flags, after `0 <= feature < tree.bound`; there are so many. No number from a node takes part in arithmetic: they are compared, in types that hold them all,
so none can overflow.
"""

from cpython.buffer cimport PyBUF_STRIDES, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

cdef enum:  # the fields of both kinds of nodes, those of trees, those of predictors
    LEFT, RIGHT, FEATURE, MISSING
    THRESHOLD = 4, SAMPLES = 5
    BITSET = 4, IS_LEAF = 5, IS_CATEGORICAL = 6
    N_FIELDS = 7

# Their names in that order, with the dtypes that each may have.
_TREE = (
    ("left_child", ("<i8",)), ("right_child", ("<i8",)), ("feature", ("<i8",)), ("missing_go_to_left", ("|u1",)),
    ("threshold", ("<f8",)), ("n_node_samples", ("<i8",)),
)
_PREDICTOR = (
    ("left", ("<u4",)), ("right", ("<u4",)), ("feature_idx", ("<i8", "<u4")), ("missing_go_to_left", ("|u1",)),
    ("bitset_idx", ("<u4",)), ("is_leaf", ("|u1",)), ("is_categorical", ("|u1",)),
)

cdef struct Tree:
    const char* data
    Py_ssize_t n
    Py_ssize_t stride
    Py_ssize_t at[N_FIELDS]  # where in a node each field lies; -1 where there is no `missing_go_to_left`
    bint is_wide             # whether `feature_idx` has 8 bytes
    int64_t bound            # of features, or of bitsets
    int64_t max_depth


def tree_nodes_hold(list nodes, list n_features, list max_depth):
    """Whether all nodes of `sklearn.tree._tree.Tree` objects are in order.

    Args:
        nodes: For each tree its nodes, shape (n,), with the fields of scikit-learn's node dtype.
        n_features: For each tree the number of features, int.
        max_depth: For each tree the number of steps to its deepest leaf, int.
    """
    cdef _Trees held = _Trees(nodes, n_features, max_depth, _TREE)
    cdef Py_ssize_t i
    with nogil:
        for i in range(held.n):
            if not _tree_holds(&held.trees[i], held.above):
                break
        else:
            i = held.n
    return i == held.n


def predictor_nodes_hold(list nodes, list n_bitsets):
    """Whether all nodes of the trees of histogram gradient boosting are in order.

    Args:
        nodes: For each tree its nodes, shape (n,), with the fields of scikit-learn's predictor record.
        n_bitsets: For each tree the number of its bitsets, int.
    """
    cdef _Trees held = _Trees(nodes, n_bitsets, [0] * len(nodes), _PREDICTOR)
    cdef Py_ssize_t i
    with nogil:
        for i in range(held.n):
            if not _predictor_holds(&held.trees[i], held.above):
                break
        else:
            i = held.n
    return i == held.n


def predictor_splits_hold(list nodes, int64_t n_features, bytes is_categorical):
    """Whether all splits of such trees test features of the input, and categories only where they are known.

    Args:
        nodes: For each tree its nodes, shape (n,), with the fields of scikit-learn's predictor record.
        n_features: Of the input.
        is_categorical: For each feature a byte, 1 where its categories are known; none if none are.

    Raises:
        ValueError: There are as many flags as neither.
    """
    cdef _Trees held = _Trees(nodes, [n_features] * len(nodes), [0] * len(nodes), _PREDICTOR)
    cdef Py_ssize_t i
    cdef const char* flags = NULL
    if is_categorical:
        if len(is_categorical) != n_features:
            raise ValueError("each feature needs its flag")
        flags = is_categorical
    with nogil:
        for i in range(held.n):
            if not _splits_hold(&held.trees[i], flags):
                break
        else:
            i = held.n
    return i == held.n


cdef bint _tree_holds(const Tree* tree, Py_ssize_t* above) noexcept nogil:
    """One pass, since children come after their parent: `above[i]` is 0, or the number of nodes down to node i."""
    cdef Py_ssize_t i, deepest = 1
    cdef const char* item
    cdef int64_t left, right, feature, samples
    cdef double threshold
    cdef uint8_t missing = 0
    if tree.n < 1:
        return False
    memset(above, 0, tree.n * sizeof(Py_ssize_t))
    above[0] = 1
    for i in range(tree.n):
        if above[i] == 0:  # no node before it has it as its child, and no later one may
            return False
        item = tree.data + i * tree.stride
        memcpy(&left, item + tree.at[LEFT], 8)
        memcpy(&right, item + tree.at[RIGHT], 8)
        memcpy(&feature, item + tree.at[FEATURE], 8)
        memcpy(&samples, item + tree.at[SAMPLES], 8)
        if tree.at[MISSING] >= 0:
            memcpy(&missing, item + tree.at[MISSING], 1)
        if samples < 0 or missing > 1:
            return False
        if left == -1:
            if right != -1 or feature != -2:
                return False
            continue
        memcpy(&threshold, item + tree.at[THRESHOLD], 8)
        if not (i < left < tree.n and i < right < tree.n and 0 <= feature < tree.bound and threshold == threshold):
            return False
        if not _adopt(above, i, <Py_ssize_t> left, <Py_ssize_t> right):
            return False
        deepest = max(deepest, above[i] + 1)
    return tree.max_depth == deepest - 1


cdef bint _predictor_holds(const Tree* tree, Py_ssize_t* above) noexcept nogil:
    """As `_tree_holds`; children and features of leaves have no meaning and may be anything."""
    cdef Py_ssize_t i
    cdef const char* item
    cdef uint32_t left, right, bitset
    cdef int64_t feature
    cdef uint8_t is_leaf, is_categorical, missing = 0
    if tree.n < 1:
        return False
    memset(above, 0, tree.n * sizeof(Py_ssize_t))
    above[0] = 1
    for i in range(tree.n):
        if above[i] == 0:
            return False
        item = tree.data + i * tree.stride
        memcpy(&is_leaf, item + tree.at[IS_LEAF], 1)
        memcpy(&is_categorical, item + tree.at[IS_CATEGORICAL], 1)
        if tree.at[MISSING] >= 0:
            memcpy(&missing, item + tree.at[MISSING], 1)
        if is_leaf > 1 or is_categorical > 1 or missing > 1:
            return False
        if is_leaf:
            continue
        memcpy(&left, item + tree.at[LEFT], 4)
        memcpy(&right, item + tree.at[RIGHT], 4)
        memcpy(&bitset, item + tree.at[BITSET], 4)
        feature = _feature_of(tree, item)
        if not (i < <int64_t> left < tree.n and i < <int64_t> right < tree.n and 0 <= feature <= 0x7FFFFFFF):
            return False
        if is_categorical and <int64_t> bitset >= tree.bound:
            return False
        if not _adopt(above, i, <Py_ssize_t> left, <Py_ssize_t> right):
            return False
    return True


cdef bint _splits_hold(const Tree* tree, const char* flags) noexcept nogil:
    """Whether features lie below `bound`; `flags` has so many items, or is NULL."""
    cdef Py_ssize_t i
    cdef const char* item
    cdef int64_t feature
    cdef uint8_t is_leaf, is_categorical
    for i in range(tree.n):
        item = tree.data + i * tree.stride
        memcpy(&is_leaf, item + tree.at[IS_LEAF], 1)
        if is_leaf:
            continue
        memcpy(&is_categorical, item + tree.at[IS_CATEGORICAL], 1)
        feature = _feature_of(tree, item)
        if not 0 <= feature < tree.bound:
            return False
        if is_categorical and (flags == NULL or not flags[feature]):
            return False
    return True


cdef inline int64_t _feature_of(const Tree* tree, const char* item) noexcept nogil:
    """What a node tests, whichever of both types the field has."""
    cdef int64_t feature
    cdef uint32_t narrow
    if tree.is_wide:
        memcpy(&feature, item + tree.at[FEATURE], 8)
        return feature
    memcpy(&narrow, item + tree.at[FEATURE], 4)
    return narrow


cdef inline bint _adopt(Py_ssize_t* above, Py_ssize_t i, Py_ssize_t left, Py_ssize_t right) noexcept nogil:
    """Make both nodes children of node i, unless they are one node or have a parent already."""
    if left == right or above[left] != 0 or above[right] != 0:
        return False
    above[left] = above[right] = above[i] + 1
    return True


cdef class _Trees:
    """The buffers of a list of trees, held until this object goes, and one number for each node of the largest."""

    cdef Py_ssize_t n
    cdef Tree* trees
    cdef Py_buffer* buffers
    cdef Py_ssize_t* above

    def __cinit__(self, list nodes, list bounds, list depths, tuple fields):
        cdef Py_ssize_t i, total = len(nodes), largest = 0
        cdef Py_buffer* buffer
        cdef Tree tree
        dtype = None
        if len(bounds) != total or len(depths) != total:
            raise ValueError("each tree needs its bound and its depth")
        self.trees = <Tree*> calloc(total + 1, sizeof(Tree))
        self.buffers = <Py_buffer*> calloc(total + 1, sizeof(Py_buffer))
        if self.trees == NULL or self.buffers == NULL:
            raise MemoryError
        for i in range(total):  # and not over `nodes`, whose length might change: there is room for `total`
            array = nodes[i]
            if array.dtype is not dtype:
                dtype = array.dtype
                _place(dtype, fields, &tree)
            buffer = &self.buffers[i]
            PyObject_GetBuffer(array, buffer, PyBUF_STRIDES)
            self.n = i + 1  # so many are released
            if buffer.ndim != 1 or buffer.itemsize != dtype.itemsize:
                raise ValueError("the nodes of a tree must be a one-dimensional array")
            tree.data = <const char*> buffer.buf
            tree.n = buffer.shape[0]
            tree.stride = buffer.strides[0]
            tree.bound = bounds[i]
            tree.max_depth = depths[i]
            self.trees[i] = tree
            largest = max(largest, tree.n)
        self.above = <Py_ssize_t*> calloc(largest + 1, sizeof(Py_ssize_t))
        if self.above == NULL:
            raise MemoryError

    def __dealloc__(self):
        cdef Py_ssize_t i
        for i in range(self.n):
            PyBuffer_Release(&self.buffers[i])
        free(self.buffers)
        free(self.trees)
        free(self.above)


cdef int _place(dtype, tuple fields, Tree* tree) except -1:
    """Where the fields of a node lie.

    Raises:
        ValueError: One is missing, is of another dtype, or lies outside the node.
    """
    cdef Py_ssize_t i, offset
    known = dtype.fields or {}
    tree.is_wide = False
    for i, (name, formats) in enumerate(fields):
        if name == "missing_go_to_left" and name not in known:
            tree.at[i] = -1
            continue
        found, offset = known.get(name, (None, 0))[:2]
        if found is None or found.str not in formats or offset < 0 or offset + found.itemsize > dtype.itemsize:
            raise ValueError(f"the nodes of a tree cannot have the field {name} of {dtype}")
        tree.at[i] = offset
        tree.is_wide = tree.is_wide or (i == FEATURE and found.itemsize == 8)
    return 0
