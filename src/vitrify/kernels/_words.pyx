# cython: language_level=3, auto_pickle=False, wraparound=False, boundscheck=False, cdivision=True
"""Front-coded words back to lines, in one pass; those of a vocabulary to where its dicts have them.

`vitrify.container.words.unpacking` is the reference, and says what is wrong where this one only says no. It has cut the
streams: `shared` and `lengths` have a byte for each word, and the runs add up: their keys to the number of words, their
values to `values`, those that number keys, of which there is one, to `planes`, the others to `plain`. No number in them
is negative. The bytes of `keys` are fewer than 2**31, and at least so many as there are NULs between its words.

A word is written at `out + place` after `place + length <= n_out` has been found true. Its beginning comes from the
word before it, which has been written, and of which it takes no more than there is. `places[i]` is the length of word
`i` until a key is found to be it, and then its place, marked by the highest bit.
"""

from libc.stdint cimport int64_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memchr, memcpy, memset

include "_buffers.pxi"

cdef enum:
    MOST_SHARED = 255

cdef uint32_t TAKEN = <uint32_t> 1 << 31

cdef struct Words:
    const uint8_t* shared
    const uint8_t* lengths  # NULL where the rests are lines
    const uint8_t* rest
    Py_ssize_t n, n_rest

cdef struct Numbers:
    const int64_t* runs  # three each: keys and values of other dicts, and then how many a dict has of both
    Py_ssize_t n_runs
    const uint8_t* plain
    const uint8_t* planes
    Py_ssize_t n  # of those in planes
    int n_planes, width


def unpack_words(shared, lengths, rest, out) -> bool:
    """Fill `out` with the words, joined by NUL; False where these cannot be words of so many bytes.

    Args:
        shared: How many bytes each word has in common with the one before, shape (n,) uint8.
        lengths: How many it has in all, shape (n,) uint8, or None if `rest` is lines.
        rest: The other bytes, as lines or in columns.
        out: Writable bytes.
    """
    cdef _Buffers held = _Buffers()
    cdef Words words = _cut(held, shared, lengths, rest)
    cdef uint8_t* target = held.hold(out, True)
    cdef Py_ssize_t n_out = len(out)
    cdef bint holds
    with nogil:
        holds = _write(&words, NULL, target, n_out)
    return holds


def unpack_vocabulary(shared, lengths, rest, runs, plain, planes, keys, values, int width) -> bool:
    """Fill `keys` and `values` with those of dicts; False where these cannot be theirs.

    Args:
        shared: As in `unpack_words`, as are the next two: the words of all dicts.
        lengths: See there.
        rest: See there.
        runs: How many keys and values come before each dict that numbers its keys, and how many it has, shape (d, 3)
            int64.
        plain: The other values, as they are.
        planes: The numbers of keys: the lowest byte of each, then the next.
        keys: Writable bytes.
        values: Writable bytes.
        width: The bytes of a value.
    """
    cdef _Buffers held = _Buffers()
    cdef Words words = _cut(held, shared, lengths, rest)
    cdef Numbers numbers
    cdef Py_ssize_t i
    numbers.runs, numbers.n_runs = <const int64_t*> held.hold(runs), len(runs)
    numbers.plain, numbers.planes = held.hold(plain), held.hold(planes)
    numbers.n = 0
    for i in range(numbers.n_runs):
        numbers.n += numbers.runs[3 * i + 2]
    numbers.n_planes, numbers.width = len(planes) // numbers.n, width
    cdef uint8_t* target = held.hold(keys, True)
    cdef uint8_t* target_values = held.hold(values, True)
    cdef Py_ssize_t n_out = len(keys)
    cdef uint32_t* places = <uint32_t*> malloc(words.n * sizeof(uint32_t))
    cdef bint holds
    if places == NULL:
        raise MemoryError
    with nogil:
        holds = (
            _measure(&words, places, n_out)
            and _place(&numbers, places, n_out, target_values)
            and _write(&words, places, target, n_out)
        )
        free(places)
    return holds


cdef Words _cut(_Buffers held, object shared, object lengths, object rest):
    cdef Words words
    words.n, words.n_rest = len(shared), len(rest)
    words.shared, words.rest = held.hold(shared), held.hold(rest)
    words.lengths = NULL if lengths is None else held.hold(lengths)
    return words


cdef bint _measure(const Words* words, uint32_t* places, Py_ssize_t n_out) noexcept nogil:
    """The length of each word; False where one is longer than all may be."""
    cdef Py_ssize_t i, length
    cdef const uint8_t* rest = words.rest
    cdef const uint8_t* end = rest + words.n_rest
    cdef const uint8_t* found
    for i in range(words.n):
        if words.lengths != NULL:
            length = words.lengths[i]
        else:
            found = end if i == words.n - 1 else <const uint8_t*> memchr(rest, 0, end - rest)
            if found == NULL:
                return False
            length = words.shared[i] + (found - rest)
            rest = found + 1
        if length > n_out:
            return False
        places[i] = <uint32_t> length
    return True


cdef bint _place(const Numbers* numbers, uint32_t* places, Py_ssize_t n_out, uint8_t* values) noexcept nogil:
    """Where each word goes; values are written. False where a number is of no word, or comes again."""
    cdef Py_ssize_t first = 0, at = 0, j = 0, r, t, plain_bytes
    cdef const uint8_t* plain = numbers.plain
    cdef const int64_t* run = numbers.runs
    cdef uint32_t value
    cdef int k
    for r in range(numbers.n_runs):
        for t in range(run[0]):
            if not _take(places + first + t, &at, n_out):
                return False
        first += run[0]
        plain_bytes = run[1] * numbers.width
        memcpy(values, plain, plain_bytes)
        plain += plain_bytes
        values += plain_bytes
        for t in range(run[2]):
            value = 0
            for k in range(numbers.n_planes):
                value |= <uint32_t> numbers.planes[k * numbers.n + j] << (8 * k)
            if value >= run[2] or not _take(places + first + value, &at, n_out):
                return False
            for k in range(numbers.width):
                values[k] = value >> (8 * k) & 255 if k < 4 else 0
            values += numbers.width
            j += 1
        first += run[2]
        run += 3
    return at == n_out + 1


cdef inline bint _take(uint32_t* place, Py_ssize_t* at, Py_ssize_t n_out) noexcept nogil:
    """Put a word where the one before it ends; False where it has a place, or none is left."""
    cdef uint32_t length = place[0]
    if length & TAKEN or length > n_out - at[0]:
        return False
    place[0] = <uint32_t> at[0] | TAKEN
    at[0] += length + 1
    return True


cdef bint _columns(const Words* words, Py_ssize_t* column) noexcept nogil:
    """Where each column begins; False where they are not all of the rest."""
    cdef Py_ssize_t i, more = 0, at = 0
    memset(column, 0, (MOST_SHARED + 1) * sizeof(Py_ssize_t))
    for i in range(words.n):
        if words.lengths[i] < words.shared[i]:
            return False
        column[words.shared[i]] += 1
        column[words.lengths[i]] -= 1
    for i in range(MOST_SHARED + 1):
        more += column[i]
        column[i] = at
        at += more
    return at == words.n_rest


cdef bint _write(const Words* words, const uint32_t* places, uint8_t* out, Py_ssize_t n_out) noexcept nogil:
    """All words, each where it belongs, and a NUL behind all but the last one there."""
    cdef Py_ssize_t i, k, shared, length, place = 0, after = 0, n_before = 0
    cdef Py_ssize_t column[MOST_SHARED + 1]
    cdef const uint8_t* rest = words.rest
    cdef const uint8_t* end = rest + words.n_rest
    cdef const uint8_t* found = NULL
    cdef const uint8_t* before = out
    cdef uint8_t* word
    if words.lengths != NULL and not _columns(words, column):
        return False
    for i in range(words.n):
        shared = words.shared[i]
        if words.lengths != NULL:
            length = words.lengths[i]
        else:
            found = <const uint8_t*> memchr(rest, 0, end - rest)
            if (found == NULL) != (i == words.n - 1):
                return False
            if found == NULL:
                found = end
            length = shared + (found - rest)
        place = after if places == NULL else <Py_ssize_t> (places[i] & ~TAKEN)
        if shared > n_before or place > n_out or length > n_out - place:
            return False
        word = out + place
        memcpy(word, before, shared)
        if words.lengths != NULL:
            for k in range(shared, length):
                word[k] = words.rest[column[k]]
                column[k] += 1
                if word[k] == 0:
                    return False
        else:
            memcpy(word + shared, rest, length - shared)
            rest = found + 1
        if shared < MOST_SHARED and shared < n_before and shared < length and word[shared] == before[shared]:
            return False
        after = place + length + 1
        if after <= n_out:
            out[after - 1] = 0
        before, n_before = word, length
    return places != NULL or after == n_out + 1
